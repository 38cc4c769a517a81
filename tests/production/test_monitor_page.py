"""The monitor as a manager reads it: in short first, then the promise, money, service, drift."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.engine.monitoring.service import PERIOD, Tally
from apps.jobs.pulse import Pulse
from apps.production import queries, work
from apps.production.endpoint import serving
from apps.production.endpoint.standing import Standing
from apps.production.log import tallying
from apps.production.models import Alarm, CallSum, FallbackKind, Incident, Prediction, Switch
from tests.production.conftest import TARGET, trips


@pytest.fixture(autouse=True)
def _live(release, monkeypatch):
    monkeypatch.setattr(queries, "answering", lambda deployment: Standing(release))


@pytest.fixture
def monitor(client, manager, release):
    client.force_login(manager)
    address = reverse("production:monitor", args=[release.deployment.project.slug])
    return lambda: " ".join(client.get(address).content.decode().split())


def sent(caller, release, *, rows=120, seed=5, **but):
    """Rows of the same world sent and confirmed, unless ``but`` changes columns of them."""
    frame = trips(rows, seed=seed).assign(**but)
    names = [item["name"] for item in release.contract["fields"]]
    asked = frame[names].astype(object).where(frame[names].notna(), None).to_dict("records")
    for row in asked:
        row["at"] = row["at"].isoformat()
    told = caller.post("predict", {"rows": asked}).json()["predictions"]
    truth = [
        {"prediction_id": answer["id"], "value": value}
        for answer, value in zip(told, frame[TARGET], strict=True)
    ]
    return truth


def test_before_anybody_called_the_page_says_so(monitor):
    shown = monitor()
    assert "Cannot tell yet</strong><span>the promise" in shown
    assert "Nobody has called it yet" in shown


def test_the_promise_and_the_money_of_the_signed_plan_are_told(monitor, caller, release):
    truth = sent(caller, release)
    caller.post("actuals", {"rows": truth[:100]})
    report = work.watch_release(release)
    told = report.performance["money"]
    known = {item.pk: item for item in Prediction.objects.select_related("actual")}
    booked = [
        (item.prediction, item.actual.value) for item in known.values() if hasattr(item, "actual")
    ]
    assert told["delivered"] == sum(
        100.0 if actual == "yes" else -5.0 for answered, actual in booked if answered == "yes"
    )
    assert told["open"] == sum(
        item.prediction == "yes" for item in known.values() if not hasattr(item, "actual")
    )
    shown = monitor()
    assert "Kept</strong><span>the promise" in shown
    assert f"{told['delivered']:,.0f} delivered: {told['hits']} right alarms" in shown
    assert "Truth known for 100 of 120 answered rows" in shown


def test_a_moved_world_is_one_alarm_and_its_columns_are_named(monitor, caller, release):
    release.monitor = {
        "tripwires": [{"metric": "psi", "threshold": 0.25, "says": "It moves", "action": "Stop"}]
    }
    release.save()
    sent(caller, release, distance=500.0, desk="moon")
    work.watch_release(release)
    assert Alarm.objects.count() == 1
    shown = monitor()
    assert "1</strong><span>open incident<" in shown
    assert Incident.objects.get().action == "Stop"
    assert "moon" in shown


def test_what_the_page_reads_does_not_grow_with_the_calls(monitor, caller, release):
    sent(caller, release)
    work.watch_release(release)
    with CaptureQueriesContext(connection) as before:
        monitor()
    (kept,) = CallSum.objects.all()
    day = Tally()
    for _ in range(20):
        day.take(tallying.tally_of(kept))
    tallying.count_sums(
        {
            (release.deployment_id, kept.start - place * PERIOD, release.pk): day
            for place in range(1, 100)
        }
    )
    with CaptureQueriesContext(connection) as after:
        shown = monitor()
    assert len(after) <= len(before)  # the first one also learns what others remember
    assert len(after) <= 40
    assert not [each["sql"] for each in after if 'FROM "production_call"' in each["sql"]]
    # 48 half hours of 20 calls before the one of the call itself, or 47 where a new one has begun.
    assert any(f"<strong>{calls}</strong><span>calls" in shown for calls in (961, 941))


def test_whoever_opens_the_page_of_a_stopped_endpoint_reads_that_first(
    monitor, release, analyst, monkeypatch
):
    word = Switch(kind=FallbackKind.STOP, person=analyst, reason="It harms", at=timezone.now())
    standing = Standing(release, stopped=word.reason, switch=word)
    monkeypatch.setattr(queries, "answering", lambda deployment: standing)
    shown = monitor()
    assert f"<dd>{analyst}: It harms</dd>" in shown
    assert shown.index("The endpoint is stopped: each call is") < shown.index(">the promise<")


def test_processes_are_told_with_memory_loads_deaths_and_what_waits(
    monitor, release, client, broker
):
    serving.KNOWN.models.forget()
    serving.scorer_for(release)
    first = Pulse("web")
    first.beat()
    first.end()
    Pulse("web", more=serving.KNOWN.models.told).beat()
    shown = monitor()
    assert "None died and 1 was started again" in shown
    assert "Release 1, " in shown
    assert ">Messages<" in shown
    address = reverse("production:figure", args=[release.deployment.project.slug, "latency"])
    assert client.get(address).status_code == 404  # nobody called, so there is nothing to draw


def test_without_a_broker_the_page_says_that_nothing_is_known_of_processes(monitor):
    assert "nothing is known of processes" in monitor()
