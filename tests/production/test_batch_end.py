"""A batch ends by a person's word or when its time is over; its files go, what was asked stays."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone

from apps.datasets import storage
from apps.jobs.models import Job, JobState
from apps.production.batch import removal, scores
from apps.production.log.retention import Terms
from apps.production.models import Incident, Retention, Scores, Scoring, ScoringRemoval
from apps.projects.models import Event
from apps.web.refusals import Refusal
from tests.production.test_scoring import batch, rows, standing  # noqa: F401

pytestmark = pytest.mark.usefixtures("batch")


def files(scoring):
    return storage.shelved(scoring.shelf)


def test_a_person_removes_file_and_answers_with_a_reason(
    client, analyst, django_capture_on_commit_callbacks
):
    made = Scoring.objects.get()
    slug = made.deployment.project.slug
    assert len(files(made)) == 2
    client.force_login(analyst)
    address = reverse("production:remove_scoring", args=[slug, made.number])
    assert client.post(address, {"reason": " "}).status_code == 409
    with django_capture_on_commit_callbacks(execute=True):
        client.post(address, {"reason": "The claims were paid"})
    assert files(made) == []
    assert not default_storage.exists(made.shelf)
    event = Event.objects.get(verb="production.scoring_removed")
    assert "The claims were paid" in event.says
    page = client.get(reverse("production:score", args=[slug])).content.decode()
    assert "File and answers removed" in page
    csv = reverse("production:scores_csv", args=[slug, made.number])
    assert csv not in page
    assert client.get(csv).status_code == 404
    assert client.post(address, {"reason": "Again"}).status_code == 409
    assert Scores.objects.get().answered == 59


def test_a_batch_at_work_is_not_removed_and_a_removed_one_is_not_scored_again(
    analyst, run_jobs, django_capture_on_commit_callbacks
):
    made = Scoring.objects.get()
    Job.objects.filter(pk=made.job_id).update(state=JobState.RUNNING)
    with pytest.raises(Refusal, match="at work"):
        removal.remove_batch(scoring=made, reason="Gone", by=analyst)
    Job.objects.filter(pk=made.job_id).update(state=JobState.DONE)
    removal.remove_batch(scoring=made, reason="Gone", by=analyst)
    with pytest.raises(Refusal, match="were removed"):
        scores.require_kept(made)


def test_a_viewer_removes_nothing(client, viewer):
    made = Scoring.objects.get()
    client.force_login(viewer)
    address = reverse("production:remove_scoring", args=[made.deployment.project.slug, made.number])
    assert client.post(address, {"reason": "Gone"}).status_code == 403
    assert not ScoringRemoval.objects.exists()


@pytest.mark.parametrize(
    ("inputs", "answers", "days"), [(0, 0, 0), (30, 0, 30), (0, 9, 9), (30, 9, 9), (9, 30, 9)]
)
def test_a_batch_holds_rows_and_answers_so_the_shorter_time_counts(inputs, answers, days):
    assert removal.days_of(Terms(inputs, answers)) == days


def test_a_batch_goes_when_its_time_is_over_and_no_incident_rests_on_it(
    manager, monkeypatch, django_capture_on_commit_callbacks
):
    made = Scoring.objects.get()
    said = {"deployment": made.deployment, "reason": "The law", "person": manager}
    Retention.objects.create(inputs_days=30, answers_days=0, **said)
    assert removal.remove_due() == 0  # it is of today
    now = timezone.now() + timedelta(days=32)
    monkeypatch.setattr(timezone, "now", lambda: now)
    held = Incident.objects.create(
        deployment=made.deployment,
        number=1,
        severity="high",
        owner=manager,
        due_at=now,
        raised_at=now,
        last_seen_at=now,
    )
    assert removal.remove_due() == 0
    held.delete()
    with django_capture_on_commit_callbacks(execute=True):
        assert removal.remove_due() == 1
    assert files(made) == []
    gone = ScoringRemoval.objects.get()
    assert (gone.person, gone.reason) == (None, removal.OVER)
    assert removal.remove_due() == 0


def test_files_that_no_batch_has_are_swept_an_hour_later(tmp_path, monkeypatch):
    made = Scoring.objects.get()
    (tmp_path / "left").write_bytes(b"what a killed process left")
    storage.keep(tmp_path / "left", shelf="batches/nobody")
    removal.remove_due()
    assert storage.shelved("batches/nobody")
    now = timezone.now() + timedelta(hours=2)
    monkeypatch.setattr(timezone, "now", lambda: now)
    removal.remove_due()
    assert not storage.shelved("batches/nobody")
    assert len(files(made)) == 2


def test_files_without_a_shelf_are_never_cleared():
    with pytest.raises(ValueError, match="Files without a shelf stay"):
        storage.clear("")
    assert settings.VAR.exists()
