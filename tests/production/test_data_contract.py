"""A release that took a data contract with it: requests refused, warned, counted, described."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.engine.contract.rule import Rule, relation
from apps.production import queries, work
from apps.production.endpoint import serving
from apps.production.endpoint.standing import Standing
from tests.production.conftest import one, told

RULES = [
    Rule("between", ("stops",), "refuse", low=0.0, high=6.0),
    Rule("filled", ("distance",), "warn"),
    relation("distance < 1000 or paid", severity="refuse"),
]


@pytest.fixture(autouse=True)
def agreed(release, monkeypatch):
    """The release of the tests, built while a contract was in force."""
    release.contract = {**release.contract, "rules": [rule.as_dict() for rule in RULES]}
    serving.KNOWN.forget()
    monkeypatch.setattr(queries, "answering", lambda deployment: Standing(release))


def test_what_refuses_is_refused_at_its_field_and_what_warns_is_answered(caller, row):
    assert told(caller.post("predict", one(row, stops=7))) == (422, "contract_range", "stops", 1)
    bad = one(row, distance=2000.0, paid=False)
    assert told(caller.post("predict", bad)) == (422, "contract_relation", "distance", 1)
    answer = caller.post("predict", one(row, stops=6, distance=None))
    assert answer.status_code == 200
    assert [(item["field"], item["code"]) for item in answer.json()["warnings"]] == [
        ("distance", "contract_missing")
    ]


def test_a_warm_call_still_asks_the_database_nothing(caller, row):
    body = one(row, stops=3)
    caller.post("predict", body)
    with CaptureQueriesContext(connection) as asked:
        rows = serving.answer(serving.answering(None).release, body["rows"]).rows
    assert (len(rows), len(asked)) == (1, 0)


def test_breaches_are_counted_on_the_monitor(caller, row, release, client, manager):
    for stops in (7, 8):
        caller.post("predict", one(row, stops=stops))
    caller.post("predict", {"rows": [{**row, "stops": 1, "distance": None}] * 3})
    caller.post("predict", one(row, stops=1))
    report = work.watch_release(release)
    assert report.service["contract"] == [
        {"says": "“distance” is never missing.", "rows": 3, "share": 0.75}
    ]
    assert report.service["contract_refused"] == 2
    client.force_login(manager)
    page = client.get(reverse("production:monitor", args=[release.deployment.project.slug]))
    shown = " ".join(page.content.decode().split())
    assert "2 calls of the last 24 hours before the look were refused by it" in shown
    assert "“distance” is never missing." in shown


def test_the_doors_tell_the_rules(caller, client):
    head = {"Authorization": f"Bearer {caller.secret}"}
    contract = client.get(reverse("api:contract", args=[caller.slug]), headers=head).json()
    assert contract["rules"][0] == {
        "says": "“stops” lies between 0 and 6.",
        "columns": ["stops"],
        "severity": "refuse",
        "after_recipe": False,
    }
    schema = client.get(reverse("api:schema", args=[caller.slug]), headers=head).json()
    assert schema["components"]["schemas"]["Row"]["properties"]["stops"]["maximum"] == 6.0
