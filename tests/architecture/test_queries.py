"""The main pages ask the database as many questions for many rows as for one."""

import re
from collections import Counter
from contextlib import suppress

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from tests.rows import Rows

MANY = 12


def queries_of(client, address):
    """How often a page asks the database, once it was visited before."""
    assert client.get(address).status_code == 200
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return asked


def address_of(name, project):
    """The page of the project or its team, or the one that everybody has."""
    for whose in ([], [project.slug], [project.team_id]):
        with suppress(NoReverseMatch):
            return reverse(name, args=whose)
    raise AssertionError(f"{name} takes other arguments")


PAGES = [
    ("governance:home", Rows.project_to_sign),
    ("governance:home", Rows.prediction_and_alarm),
    ("governance:inbox", Rows.project_to_sign),
    ("governance:inbox", Rows.finding),
    ("governance:inbox", Rows.notice),
    ("planning:metrics", Rows.finding),
    ("governance:projects", Rows.project_to_sign),
    ("governance:project", Rows.project_to_sign),
    ("governance:audit", Rows.project_to_sign),
    ("governance:team", Rows.member),
    ("governance:alerts", Rows.told),
    ("governance:packs", Rows.pack),
    ("governance:ledgers", Rows.ledger),
    ("governance:team", Rows.delegation),
    ("jobs:jobs", Rows.job),
    ("planning:versions", Rows.plan_version),
    ("datasets:sources", Rows.source),
    ("modeling:train", Rows.trial),
    ("production:monitor", Rows.prediction_and_alarm),
]


@pytest.mark.parametrize(
    ("name", "add"), PAGES, ids=[f"{name} {add.__name__}" for name, add in PAGES]
)
def test_the_number_of_queries_does_not_grow_with_the_rows(
    client, project, analyst, manager, name, add
):
    rows = Rows(project, analyst)
    client.force_login(manager)
    address = address_of(name, project)
    add(rows, 0)
    few = queries_of(client, address)
    for number in range(1, MANY):
        add(rows, number)
    many = queries_of(client, address)
    assert len(many) == len(few), told(many) - told(few)


def told(asked):
    """Each query and how often it was asked, without the numbers in it."""
    return Counter(re.sub(r"\d+", "N", query["sql"])[:300] for query in asked.captured_queries)
