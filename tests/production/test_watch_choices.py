"""What a person says to the watch, and what the rail and the postmen do about it."""

import json

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.governance import rail, tasks
from apps.governance.state import GateState
from apps.jobs.models import Job, JobState, Queue
from apps.production import queries, watch_actions, work
from apps.production.endpoint.standing import Standing
from apps.production.models import Call, DriftReference, Incident
from apps.production.watch import booking
from apps.projects.models import Event
from apps.projects.stages import TASKS
from apps.web.refusals import Refusal
from tests.production.test_monitor_page import sent


@pytest.fixture(autouse=True)
def _live(release, monkeypatch):
    monkeypatch.setattr(queries, "answering", lambda deployment: Standing(release))


def test_what_drift_is_held_against_is_chosen_with_a_reason_and_told(
    caller, release, client, analyst
):
    deployment = release.deployment
    for kind, reason, says in (("moon", "x", "from the list"), ("hour", " ", "Say why")):
        with pytest.raises(Refusal, match=says):
            watch_actions.set_reference(deployment=deployment, kind=kind, reason=reason, by=analyst)
    client.force_login(analyst)
    slug = deployment.project.slug
    address = reverse("production:set_reference", args=[slug])
    done = client.post(address, {"kind": "hour", "reason": "Nights differ"})
    assert done["Location"] == reverse("production:monitor", args=[slug])
    assert DriftReference.objects.get().person == analyst
    facts = Event.objects.get(verb="production.drift_reference_set").facts
    assert facts["reason"] == "Nights differ"
    sent(caller, release)
    report = work.watch_release(release)
    assert report.reference["kind"] == "hour"
    assert "kept no seasons" in report.reference["says"]  # its table was split at random
    shown = client.get(done["Location"]).content.decode()
    assert "Ann Lind chose it: Nights differ" in shown
    assert "Wasserstein" in shown


def test_a_half_hour_in_which_nothing_was_answered_draws_no_line(caller, release, client, analyst):
    caller.post("predict", b"{")
    client.force_login(analyst)
    address = reverse("production:figure", args=[release.deployment.project.slug, "latency"])
    figure = json.loads(client.get(address).content)["figure"]
    assert figure["data"][0]["y"] == [None]
    shown = client.get(reverse("production:monitor", args=[release.deployment.project.slug]))
    assert "bad_json" in shown.content.decode()
    assert Call.objects.get().error == "bad_json"


def test_what_workers_spent_is_told_with_its_price(release, settings):
    project, now = release.cycle.project, timezone.now()
    for hours in (1, 2):
        Job.objects.create(
            task="x.y",
            queue=Queue.DATA,
            title="x",
            project=project,
            state=JobState.DONE,
            started_at=now - timezone.timedelta(hours=hours),
            finished_at=now,
        )
    assert booking.cost_of(project).hours == pytest.approx(3.0)
    assert booking.cost_of(project).price is None
    settings.WORKER_HOUR_PRICE = 0.5
    assert booking.cost_of(project).price == pytest.approx(1.5)


def test_a_live_monitor_is_in_work_and_needs_you_while_an_incident_is_open(release, analyst):
    class Passed:
        state, cycle = GateState.PASSED, release.cycle

    task = next(task for task in TASKS if task.key == "monitor")
    assert rail._task_state(task, Passed, set()) == "work"
    now = timezone.now()
    Incident.objects.create(
        deployment=release.deployment,
        number=1,
        severity="low",
        says="It drifts",
        owner=analyst,
        due_at=now,
        raised_at=now,
        last_seen_at=now,
    )
    assert rail._task_state(task, Passed, set()) == "attention"


def test_a_slow_receiver_does_not_hold_the_worker(monkeypatch):
    handed = []
    monkeypatch.setattr(tasks.POSTMEN, "submit", lambda *told: handed.append(told))
    monkeypatch.setattr(tasks.runner, "run", lambda *told: pytest.fail("the worker waits for it"))
    tasks.deliver("some job")
    assert handed == [(tasks._deliver, "some job")]
