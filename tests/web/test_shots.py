"""The list of `make shots` leaves out no page."""

import re
import uuid

import pytest
from django.urls import URLResolver, get_resolver

from tests import shots

pytestmark = pytest.mark.once  # pages and files, the same on every database

NOT_A_PAGE = re.compile(
    r"\.(json|py|parquet|ipynb)$|/chart/$|^/(healthz|readyz|metrics)$|^/api/|^/admin/|/download/$"
    r"|/uploads/\d+/$|/versions/\d+/(original|rejected)/$|/checks/\d+/failing/$|/packs/\d+/$|/relations/pair/$"
    r"|/unmatched/\w+/$|/production/trace/$|/score/\d+(/unread)?\.csv$"
)
SEEN_ONLY_MIDWAY = {
    "/accounts/reauthenticate/",
    "/accounts/2fa/authenticate/",
    "/accounts/2fa/reauthenticate/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/totp/deactivate/",
    "/accounts/2fa/recovery-codes/",
    "/accounts/2fa/recovery-codes/generate/",
    "/p/card-fraud/data/consolidate/previews/1/",
    "/p/card-fraud/data/sources/1/query/",
    "/p/card-fraud/data/wrangle/fitted/1/edit/",
    "/p/card-fraud/data/wrangle/fitted/add/1/",
    "/p/card-fraud/data/wrangle/fitted/looks/1/",
    "/p/card-fraud/data/wrangle/merge/",
    "/p/card-fraud/data/wrangle/steps/1/edit/",
    "/p/card-fraud/production/releases/flips/1/",
    "/p/card-fraud/production/releases/1/canary/",
}
"""Steps of signing in and of the second factor, walked through in test_frame.py; a query, a join,
a change of a step, a fitted choice, merges and a new release that are being looked at, walked
through in the tests of their rooms."""
EXAMPLES = {"slug": "card-fraud", "stage": "plan", "job_id": str(uuid.UUID(int=1))}


def addresses(resolver=None, prefix="/"):
    """Every address with an example for each of its parameters."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, route)
        else:
            yield re.sub(r"<(?:\w+:)?(\w+)>", lambda found: EXAMPLES.get(found[1], "1"), route)


def is_photographed(address):
    shapes = [
        re.escape(path.format(project=shots.PROJECT)).replace(r"\*", "[0-9a-f.-]+")
        for path, _ in shots.PAGES
    ]
    return any(re.fullmatch(shape, address) for shape in shapes)


LEFT_OUT = sorted(
    address
    for address in set(addresses())
    if not NOT_A_PAGE.search(address)
    and address not in SEEN_ONLY_MIDWAY
    and not is_photographed(address)
)


@pytest.mark.parametrize("address", LEFT_OUT)
def test_what_is_not_photographed_is_not_a_page(client, analyst, address):
    client.force_login(analyst)
    answer = client.get(address)
    assert answer.status_code in {302, 405}, f"{address} is a page: add it to tests.shots.PAGES"


def test_the_pages_without_an_id_exist(client, analyst):
    client.force_login(analyst)
    paths = {path for path, _ in shots.PAGES if "{" not in path and "/p/" not in path}
    for path in sorted(path for path in paths if "*" not in path):
        missing = client.get(path).status_code == 404
        assert missing == (path in shots.MAY_BE_MISSING), path
