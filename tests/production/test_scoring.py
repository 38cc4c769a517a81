"""Batch scoring through the product: a file, a job, a download that equals answers of calls."""

import csv
import io

import pandas as pd
import pyarrow.parquet as pq
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.engine.serving.fallback import Rule
from apps.jobs import runner
from apps.jobs.models import JobState
from apps.planning.classing import classify
from apps.planning.models import Sensitivity
from apps.production import score_actions
from apps.production.batch import scores, scoring
from apps.production.endpoint.standing import Standing
from apps.production.models import Call, Scores, Scoring
from apps.projects.models import Event, Role
from apps.web.refusals import Refusal
from tests.production.conftest import trips

ROWS = 60


@pytest.fixture
def standing(release, monkeypatch):
    """``standing(...)`` is what answers from then on; at first the release."""

    def stands(**how):
        monkeypatch.setattr(scores, "answering", lambda deployment: Standing(**how))

    stands(release=release)
    return stands


def rows() -> pd.DataFrame:
    """Rows as a person brings them, one of them refused, one with a formula."""
    frame = trips(ROWS, seed=5).drop(columns="late").astype(object)
    frame.insert(0, "note", [f"0{place}" for place in range(ROWS)])
    frame.loc[3, "note"] = "=1+1"
    frame.loc[4, "stops"] = "many"
    return frame


@pytest.fixture
def batch(release, standing, analyst, run_jobs, tmp_path):
    path = tmp_path / "trips.csv"
    rows().to_csv(path, index=False)
    with run_jobs():
        made = score_actions.score_file(
            release=release, path=path, filename="trips.csv", all_or_nothing=False, by=analyst
        )
    return Scoring.objects.get(pk=made.pk)


def lines(answer):
    body = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(body)))


def test_an_upload_becomes_a_job_and_a_download_that_equals_the_answers_of_calls(
    release, standing, caller, client, analyst, run_jobs
):
    project = release.cycle.project
    client.force_login(analyst)
    page = client.get(reverse("production:score", args=[project.slug])).content.decode()
    assert "Score by release 1" in page
    file = SimpleUploadedFile("trips.csv", rows().to_csv(index=False).encode())
    with run_jobs():
        sent = client.post(
            reverse("production:start_scoring", args=[project.slug, release.pk]),
            {"file": file, "refused": "go on", "version": ""},
        )
    assert sent.status_code == 302
    made = Scores.objects.get()
    assert (made.rows, made.answered, made.refused) == (ROWS, ROWS - 1, 1)
    page = client.get(reverse("production:score", args=[project.slug])).content.decode()
    assert "“stops” takes" in page or "&quot;stops&quot; takes a number" in page
    found = lines(client.get(reverse("production:scores_csv", args=[project.slug, 1])))
    assert found[3]["note"] == "'=1+1"
    assert found[4]["refused"] == '"stops" takes a number, not "many".'
    asked = rows().drop(columns="note").drop(index=4)
    asked["at"] = [at.isoformat() for at in asked["at"]]
    body = {"rows": asked.where(asked.notna(), None).to_dict("records")}
    told = caller.post("predict", body).json()["predictions"]
    answered = [row for row in found if not row["refused"]]
    for row, answer in zip(answered, told, strict=True):
        assert row["prediction"] == answer["prediction"]
        chance = float(row["probability yes"])
        assert chance == pytest.approx(answer["probabilities"]["yes"], abs=1e-9)
    assert not Call.objects.exclude(token=None).exclude(rows=len(told)).exists(), "no call of it"
    verbs = set(Event.objects.values_list("verb", flat=True))
    assert {"production.scoring_asked", "production.scored"} <= verbs


def test_sensitive_columns_are_taken_out_of_both_downloads(batch, client, analyst):
    project = batch.deployment.project
    classify(project=project, classes={"desk": Sensitivity.PERSONAL}, by=analyst)
    client.force_login(analyst)
    address = [project.slug, batch.number]
    found = lines(client.get(reverse("production:scores_csv", args=address)))
    assert {row["desk"] for row in found} == {"not shown: sensitive"}
    answer = client.get(reverse("production:scores_parquet", args=address))
    table = pq.read_table(io.BytesIO(b"".join(answer.streaming_content)))
    assert set(table["desk"].to_pylist()) == {"not shown: sensitive"}
    assert table.schema.metadata[b"model_sha256"].decode() == batch.release.candidate.model
    assert table["row"].to_pylist() == list(range(1, ROWS + 1))


def test_only_who_may_see_whole_rows_takes_answers_and_strangers_find_nothing(
    batch, client, join, stranger
):
    address = reverse("production:scores_csv", args=[batch.deployment.project.slug, 1])
    for person, status in ((join(Role.MANAGER), 403), (join(Role.VIEWER), 403), (stranger, 404)):
        client.force_login(person)
        assert client.get(address).status_code == status
    client.force_login(join(Role.ANALYST))
    assert client.get(address.replace("1.csv", "2.csv")).status_code == 404


@pytest.mark.parametrize(
    ("how", "says"),
    [
        (lambda release, other: {}, "No release of this endpoint is signed"),
        (lambda release, other: {"release": release, "stopped": "Wrong."}, "was stopped"),
        (lambda release, other: {"release": release, "rule": Rule(then="no")}, "A simple rule"),
        (lambda release, other: {"release": other}, "Release 2 answers now, not release 1"),
    ],
)
def test_a_release_scores_only_while_it_answers(
    release, other, standing, analyst, tmp_path, how, says, run_jobs
):
    path = tmp_path / "rows.csv"
    rows().to_csv(path, index=False)
    start = {"path": path, "filename": "rows.csv", "all_or_nothing": False, "by": analyst}
    with run_jobs():  # it answers when it is asked, and no more when the worker comes to it
        made = score_actions.score_file(release=release, **start)
        standing(**how(release, other))
    job = Scoring.objects.get(pk=made.pk).job
    assert job.state == JobState.FAILED
    assert says in job.problem
    with pytest.raises(Refusal, match=says):
        score_actions.score_file(release=release, **start)


def test_a_worker_that_lost_its_job_writes_no_answers(batch, monkeypatch, run_jobs):
    job = batch.job
    runner.run(str(job.pk), scoring.score)  # a second delivery
    assert Scores.objects.count() == 1
    job.state = JobState.RUNNING
    desk = runner.Desk(job)  # its lease is another's by now
    with pytest.raises(runner.LostLease):
        scoring.score(job, desk)
    assert Scores.objects.count() == 1


def test_neither_or_both_of_file_and_version_and_an_empty_file_are_told(
    release, standing, client, analyst
):
    client.force_login(analyst)
    address = reverse("production:start_scoring", args=[release.cycle.project.slug, release.pk])
    nothing = client.post(address, {"refused": "go on"})
    assert (nothing.status_code, b"one of them" in nothing.content) == (422, True)
    empty = SimpleUploadedFile("empty.csv", b"")
    told = client.post(address, {"refused": "go on", "file": empty})
    assert (told.status_code, b"it has 0 bytes" in told.content) == (422, True)
