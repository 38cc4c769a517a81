"""From one answer back to the plan; of sensitive columns no value is shown."""

import uuid

import pytest
from django.urls import reverse
from django.utils.html import escape

from apps.datasets.models import Source, Version
from apps.engine.recipe.registry import step_from
from apps.jobs.models import Job, Queue
from apps.modeling.models import Evaluation, Opening
from apps.planning.models import Plan


@pytest.fixture
def key(caller, row):
    row["desk"] = "west"
    return caller.post("predict", {"rows": [row]}).json()["predictions"][0]["id"]


@pytest.fixture
def seen(client, viewer, release):
    client.force_login(viewer)

    def get(name, *args, **query):
        address = reverse(f"production:{name}", args=[release.deployment.project.slug, *args])
        return client.get(address, query, follow=True)

    return get


def test_the_trace_names_release_test_data_files_and_plan(seen, key, release, analyst):
    candidate, project = release.candidate, release.deployment.project
    split = candidate.trial.experiment.split
    job = Job.objects.create(task="x.y", queue=Queue.DATA, title="x", project=project, by=analyst)
    opening = Opening.objects.create(
        cycle=release.cycle,
        number=1,
        candidate=candidate,
        plan=split.plan,
        split=split,
        job=job,
        by=analyst,
    )
    verdict = {"title": "ROC AUC", "result": 0.912, "outcome": "pass"}
    Evaluation.objects.create(opening=opening, result={"verdicts": [verdict]})
    source = Source.objects.create(project=project, name="trips", created_by=analyst)
    Version.objects.create(
        source=source,
        number=14,
        filename="trips.csv",
        size_bytes=1,
        uploaded_by=analyst,
        parquet="a" * 64,
    )
    split.table.inputs = {"base": "a" * 64, "joins": [], "steps": []}
    split.table.save()
    page = seen("trace", key).content.decode()
    for told in (
        release.content_hash,
        candidate.model,
        split.plan.content_hash,
        "ROC AUC 0.912 (pass)",
        "trips: trips.csv",
        escape(step_from(release.steps[0]).sentence()),
        "west",
        "the token “test”",
    ):
        assert told in page, told
    assert "trim_text" not in page, "a step is a sentence"


def test_a_sensitive_column_is_veiled(seen, key, release, monkeypatch):
    columns = [{"name": "desk", "known": "at", "sensitive": True}]
    monkeypatch.setattr(Plan, "task", lambda plan, name: {"columns": columns})
    page = seen("trace", key).content.decode()
    assert "not shown: sensitive" in page
    assert "<dd>west</dd>" not in page


def test_an_id_is_found_from_the_monitor_and_a_wrong_one_is_told(seen, key, release):
    assert "Trace of one answer" in seen("trace_find", id=f" {key.upper()} ").content.decode()
    assert "is no id of a prediction" in seen("trace_find", id="4711").content.decode()
    other = str(uuid.uuid4())
    assert f"gave the prediction {other}" in seen("trace_find", id=other).content.decode()
    assert seen("trace", other).status_code == 404


def test_another_teams_answer_is_not_there(client, stranger, key, release):
    client.force_login(stranger)
    address = reverse("production:trace", args=[release.deployment.project.slug, key])
    assert client.get(address).status_code == 404
