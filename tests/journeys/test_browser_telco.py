"""The whole way in Chromium, on telco churn, where the shared data lies beside the project."""

import pytest

from tests.builders import TELCO
from tests.journeys.travel import Case, travel

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
    pytest.mark.once,
]


def test_the_same_way_on_telco_churn(person, crew, live_server):
    files = sorted(TELCO.glob("*.csv"))
    if not files:
        pytest.skip("the shared data folder with telco_churn is not beside the project")
    case = Case("Churn", "Churn", "Yes", "0.8", "customerID", "No")
    assert travel(person, crew, live_server.url, files[0], case) >= 0.82
