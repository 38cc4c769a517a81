"""From alarm to incident: folded, owned, ranked, closed as true or false, and learnt from."""

import json
from datetime import timedelta

import numpy as np
import pytest
from django.db import transaction
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone

from apps.engine.errors import NotEnoughData
from apps.engine.evaluation.metrics import Predictions
from apps.engine.monitoring.level import level_loss
from apps.engine.percent import THIN
from apps.production import actions, incident_actions, queries, watch_queries, work
from apps.production.endpoint.standing import Standing
from apps.production.log import tallying
from apps.production.models import (
    Actual,
    Alarm,
    AnswerSum,
    Call,
    CallSum,
    Incident,
    Prediction,
    WatchReport,
)
from apps.production.release.reviews import REVIEW_AFTER
from apps.production.watch import changes
from apps.production.watch.lessons import lessons, taught
from apps.projects import ledger
from apps.projects.models import Event
from apps.web.refusals import Refusal
from tests.production.test_monitor_page import sent

WIRE = {"says": "The scanner is replaced", "action": "Read in order of arrival"}


@pytest.fixture(autouse=True)
def _live(release, monkeypatch):
    monkeypatch.setattr(queries, "answering", lambda deployment: Standing(release))


def hang(release, *metrics: tuple[str, float]):
    release.monitor = {
        "tripwires": [{"metric": metric, "threshold": limit, **WIRE} for metric, limit in metrics]
    }
    release.save()


@pytest.fixture
def moved(caller, release):
    """An incident about a world that moved: two wires of one cause."""
    hang(release, ("psi", 0.25), ("new_share", 0.5))
    sent(caller, release, desk="moon")
    work.watch_release(release)
    return Incident.objects.get()


def test_alarms_of_one_cause_are_one_incident_with_its_risk_and_owner(moved, analyst, release):
    assert sorted(moved.alarms.values_list("key", flat=True)) == [
        "tripwire:new_share:0.5",
        "tripwire:psi:0.25",
    ]
    assert (moved.number, moved.owner, moved.risk) == (1, analyst, WIRE["says"])
    assert (moved.weight, moved.action) == (6, WIRE["action"])
    assert moved.due_at == moved.raised_at + timedelta(days=3)
    assert moved.cause["name"] == "desk"
    assert moved.cause["sentence"].startswith("Likely: 100 % of desk hold values never seen before")
    assert "Folded into this incident" in moved.notes.get().text


def test_the_same_again_is_no_new_incident(moved, release):
    before = moved.last_seen_at
    work.watch_release(release)
    moved.refresh_from_db()
    assert Incident.objects.count() == 1
    assert Alarm.objects.count() == 2
    assert moved.last_seen_at > before
    assert moved.notes.count() == 1


def test_a_closed_one_closes_its_alarms_and_rests_until_its_window_is_over(moved, manager, release):
    incident_actions.close(incident=moved, outcome="true", resolution="Feed mended", by=manager)
    assert not Alarm.objects.filter(closed_at=None).exists()
    assert Alarm.objects.first().answer == "Feed mended"
    work.watch_release(release)
    assert Incident.objects.count() == 1
    Alarm.objects.update(closed_at=timezone.now() - timedelta(days=2))
    work.watch_release(release)
    assert Incident.objects.count() == 2
    assert Event.objects.filter(verb="production.incident_closed").get().facts["outcome"] == "true"


@pytest.mark.parametrize(
    ("outcome", "resolution", "says"),
    [("", "x", "true or false"), ("maybe", "x", "true or false"), ("true", " ", "what was done")],
)
def test_an_end_needs_an_outcome_and_a_sentence(moved, manager, outcome, resolution, says):
    with pytest.raises(Refusal, match=says):
        incident_actions.close(incident=moved, outcome=outcome, resolution=resolution, by=manager)
    moved.refresh_from_db()
    assert moved.is_open


def test_a_closed_incident_takes_no_more_words(moved, manager, analyst):
    incident_actions.close(incident=moved, outcome="false", resolution="A test", by=manager)
    with pytest.raises(Refusal, match="closed already, by Mo Okafor"):
        incident_actions.say(incident=moved, text="Wait", by=analyst)


def test_only_somebody_of_the_team_is_given_it(moved, manager, stranger):
    tomorrow = timezone.localdate() + timedelta(days=1)
    with pytest.raises(Refusal, match="does not belong"):
        incident_actions.assign(incident=moved, owner=stranger, due_on=tomorrow, by=manager)
    with pytest.raises(Refusal, match="is over"):
        incident_actions.assign(
            incident=moved, owner=manager, due_on=tomorrow - timedelta(days=2), by=manager
        )
    incident_actions.assign(incident=moved, owner=manager, due_on=tomorrow, by=manager)
    moved.refresh_from_db()
    assert (moved.owner, timezone.localtime(moved.due_at).date()) == (manager, tomorrow)


def test_the_page_of_an_incident_tells_cause_risk_and_thread(moved, client, manager):
    client.force_login(manager)
    slug = moved.deployment.project.slug
    address = reverse("production:incident", args=[slug, moved.number])
    client.post(f"{address}say/", {"text": "I look at the feed"})
    shown = client.get(address).content.decode()
    for told in (moved.cause["sentence"].partition('"')[0], WIRE["says"], "I look at the feed"):
        assert told in shown
    assert "it is still so" in shown
    late = {"owner": manager.pk, "due_on": "2020-02-30"}
    assert client.post(f"{address}assign/", late).status_code == 422
    assert client.post(f"{address}close/", {"outcome": "true"}).status_code == 422
    done = client.post(f"{address}close/", {"outcome": "true", "resolution": "Mended"})
    assert done.status_code == 302
    shown = client.get(done["Location"]).content.decode()
    assert "1 of 1 closed ones were true alarms" in shown


def test_the_most_expensive_is_told_first(moved):
    def one(number, **but):
        fields = {"severity": "medium", "weight": 0, "raised_at": moved.raised_at} | but
        return Incident(number=number, **fields)

    found = watch_queries.ranked(
        [
            one(1, severity="low"),
            one(2, severity="high"),
            one(3, loss_a_month=10.0),
            one(4, loss_a_month=900.0, severity="low"),
            one(5, severity="high", weight=9),
        ]
    )
    assert [incident.number for incident in found] == [4, 3, 5, 2, 1]


def test_a_release_is_reviewed_when_it_is_old_and_only_once(release, manager):
    work.watch_release(release)
    assert not Incident.objects.exists()
    age = REVIEW_AFTER[release.cycle.project.tier]
    release.created_at = timezone.now() - age
    release.save()
    work.watch_release(release)
    incident = Incident.objects.get()
    assert (incident.severity, incident.cause) == ("low", {})
    incident_actions.close(incident=incident, outcome="true", resolution="It stays", by=manager)
    work.watch_release(release)
    assert Incident.objects.count() == 1


def test_the_next_plan_begins_with_what_was_measured(moved, release):
    seen = {
        "verdicts": [{"role": "primary", "result": 0.71234, "title": "ROC AUC"}],
        "delay": {"p50_days": 2.0, "p90_days": 8.4},
        "money": {"known": 400, "hits": 20, "missed": 20},
    }
    WatchReport.objects.create(release=release, at=timezone.now(), performance=seen)
    found = lessons(release)
    before = release.candidate.trial.experiment.plan.content
    content = taught(before, found)
    assert content["metrics"]["baseline"] == 0.7123
    assert content["features"]["delay_days"] == 9
    assert content["features"]["base_rate"] == 0.1
    risk = content["risks"]["items"][-1]
    assert "desk hold values never seen before" in risk["says"]
    assert risk["tripwire"]["metric"] == "psi"
    assert len(before["risks"]["items"]) == 1
    assert f"the plan said 37{THIN}%" in " ".join(lesson.says for lesson in found)


def test_a_false_alarm_teaches_no_risk(moved, release, manager):
    incident_actions.close(incident=moved, outcome="false", resolution="A drill", by=manager)
    assert [lesson for lesson in lessons(release) if lesson.task == "risks"] == []


def test_the_next_cycle_takes_the_lessons_into_its_draft(moved, release, analyst, monkeypatch):
    monkeypatch.setattr(actions, "signed_release", lambda cycle: release)
    following = actions.propose_iteration(cycle=release.cycle, reason="The desk moved", by=analyst)
    items = following.draft.content["risks"]["items"]
    assert [item["says"][:5] for item in items] == ["The s", "Again"]
    assert Event.objects.filter(verb="plan.filled").get().facts["learned"] == ["A new risk: desk."]


def test_wires_below_and_in_their_days_are_read_of_the_log(caller, release):
    hang(release, ("calls_a_day", 5))
    release.monitor["tripwires"][0] |= {"operator": "<", "window_days": 7}
    release.created_at = timezone.now() - timedelta(days=8)
    release.save()
    sent(caller, release)
    Call.objects.update(at=timezone.now() - timedelta(days=3))
    tallying.recount(release.deployment)
    report = work.watch_release(release)
    (wire,) = report.wires
    assert (wire["state"], wire["value"]) == ("tripped", pytest.approx(1 / 7, rel=0.01))
    assert report.service["calls"] == 0  # of the last day


def test_the_books_equal_the_raw_log_added_up(caller, release, settings):
    truth = sent(caller, release)
    known = truth[:70]
    caller.post("actuals", {"rows": known})
    answers, actual = {}, {item["prediction_id"]: item["value"] for item in known}
    for path in settings.CALL_LOG.glob("*.log"):
        for line in path.read_text().splitlines():
            record = json.loads(line.partition(" ")[2])
            answers |= {told["id"]: told["prediction"] for told in record["predictions"]}
    worth = {("yes", "yes"): 100.0, ("yes", "no"): -5.0}
    total = sum(worth.get((answers[key], value), 0.0) for key, value in actual.items())
    money = work.watch_release(release).performance["money"]
    assert len(answers) == 120
    assert money["delivered"] == total
    open_alarms = sum(told == "yes" for key, told in answers.items() if key not in actual)
    assert (money["low"], money["high"]) == (total - 5 * open_alarms, total + 100 * open_alarms)
    assert money["answered"] == 120


def sums(deployment):
    calls = CallSum.objects.values_list("deployment", "release", "start", "calls", "rows")
    more = CallSum.objects.values("start", "errors", "refused", "kinds", "latency")
    rows = AnswerSum.objects.exclude(rows=0)
    fields = ("release", "day", "told", "is_known", "actual", "rows")
    told = sorted(json.dumps(line, sort_keys=True, default=str) for line in more)
    return sorted(map(str, calls)), told, sorted(rows.values_list(*fields))


def test_the_sums_equal_a_recomputation_from_the_log_row_by_row(caller, release, row):
    truth = sent(caller, release)
    caller.post("predict", {"rows": [{**row, "id": truth[0]["prediction_id"]}]})
    caller.post("predict", {"rows": [{}]})
    caller.post("predict", b"{")
    for rows in (truth[:40], truth[:70], truth[60:70]):
        caller.post("actuals", {"rows": rows})
    kept = sums(release.deployment)
    tallying.recount(release.deployment)
    assert sums(release.deployment) == kept
    assert sum(line[-1] for line in kept[2] if line[3]) == 70
    assert sum(line[-1] for line in kept[2]) == Prediction.objects.count()
    assert CallSum.objects.aggregate(calls=Sum("calls"))["calls"] == Call.objects.count()


def test_delay_and_coverage_are_measured(caller, release):
    truth = sent(caller, release)
    caller.post("actuals", {"rows": truth[:60]})
    Prediction.objects.update(at=timezone.now() - timedelta(days=4))
    Actual.objects.update(at=timezone.now() - timedelta(days=1))
    seen = work.watch_release(release).performance
    assert seen["delay"]["p50_days"] == pytest.approx(3.0, abs=0.01)
    assert seen["coverage"] == 0.5


def test_a_suspect_is_set_beside_our_own_change_before_it(release, analyst):
    project = release.cycle.project
    with transaction.atomic():
        ledger.record(
            "data.uploaded", "Ann Lind brought in crm version 14", actor=analyst, project=project
        )
        ledger.record("project.changed", "Renamed", actor=analyst, project=project)
    cause = {
        "kind": "column",
        "name": "desk",
        "says": "60% of desk are missing, 0% before",
        "share": 0.71,
        "of_loss": True,
        "since": (timezone.now() + timedelta(hours=2)).isoformat(),
    }
    told = changes.told(release, cause)
    assert told["change"]["says"] == "Ann Lind brought in crm version 14"
    assert told["sentence"].startswith("Likely: 60% of desk are missing, 0% before, 71 % of the")
    assert told["sentence"].endswith("2 hours after: Ann Lind brought in crm version 14.")
    late = {**cause, "since": (timezone.now() + timedelta(days=3)).isoformat()}
    assert changes.told(release, late)["change"] is None


def test_one_endpoint_that_cannot_be_looked_at_does_not_stop_the_watch(
    release, monkeypatch, caplog
):
    def fails(release):
        raise NotEnoughData("nothing")

    monkeypatch.setattr(work, "answering", lambda deployment: Standing(release))
    monkeypatch.setattr(work, "watch_release", fails)
    work.watch()
    assert "could not look at late-trips release 1" in caplog.text


@pytest.mark.parametrize(("truth", "share"), [(["no"] * 60, 0.0), (["yes"] * 60, 1.0)])
def test_a_truth_of_one_class_has_a_level_too(truth, share):
    chance = np.linspace(0, 1, 60)
    told = Predictions(
        np.array(truth, dtype=object), np.column_stack([1 - chance, chance]), ("no", "yes")
    )
    assert np.all(level_loss(np.array(truth), told, positive="yes") < 1e-3)
