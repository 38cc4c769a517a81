"""While no truth came back: the release brings an estimator, the monitor shows what it says."""

from datetime import timedelta

import numpy as np
import pytest
from django.urls import reverse

from apps.engine.serving.release import build_release
from apps.engine.training.answers import pooled, write_answers
from apps.engine.training.files import load_model
from apps.engine.training.rows import load_rows, predict, specs
from apps.engine.types import Problem, silent
from apps.production import queries, work
from apps.production.endpoint.standing import Standing
from apps.production.models import Prediction
from tests.production.conftest import STEPS, TARGET
from tests.production.test_monitor_page import sent

PROMISE = {"metric": "roc_auc", "threshold": 0.9, "direction": "up", "role": "primary"}


@pytest.fixture
def estimator(built, tmp_path):
    """Of a release that was built with a file of answers, as the worker builds it."""
    path = built.folder / "rows.parquet"
    rows = load_rows(str(path), target=TARGET, spec=specs(built.features), problem=Problem.BINARY)
    model = load_model(str(built.folder / "model.skops"), sha256=built.model)
    told = predict(model, rows.features, problem=Problem.BINARY, positive="yes")
    places = [np.arange(len(rows.target))[number::3] for number in range(3)]
    answers = pooled([(part, rows.target[part], told.take(part)) for part in places])
    write_answers(answers, tmp_path / "answers.parquet")
    return build_release(
        model=str(built.folder / "model.skops"),
        sha256=built.model,
        raw_development=str(path),
        development=str(path),
        target=TARGET,
        steps=STEPS,
        features=built.features,
        problem=Problem.BINARY,
        positive="yes",
        threshold=0.5,
        report=silent,
        answers=str(tmp_path / "answers.parquet"),
        promises=[PROMISE],
    )["estimator"]


def test_the_estimate_and_its_known_error_stand_beside_the_promise(
    estimator, caller, release, client, viewer, monkeypatch
):
    monkeypatch.setattr(queries, "answering", lambda deployment: Standing(release))
    release.report = {**release.report, "estimator": estimator}
    release.save()
    sent(caller, release)
    half = Prediction.objects.values_list("pk", flat=True)[:60]
    day = Prediction.objects.first().at - timedelta(days=1)
    Prediction.objects.filter(pk__in=list(half)).update(at=day)
    report = work.watch_release(release)
    line = report.performance["estimate"]["metrics"][0]
    assert report.performance["verdicts"] == []
    assert line["value"] > 0.9
    assert (line["trials"], line["trial_rows"]) == (12, 80)
    assert 0 < line["error"] <= line["worst"]
    client.force_login(viewer)
    slug = release.deployment.project.slug
    page = client.get(reverse("production:monitor", args=[slug])).content.decode()
    assert "Estimated while the truth is missing" in page
    assert "in 12 trials of 80 development rows" in page
    drawn = client.get(reverse("production:figure", args=[slug, "promise"])).json()
    assert [row[-1] for row in drawn["table"]["rows"]] == ["estimate", "estimate"]
    assert any("promised" in line.get("name", "") for line in drawn["figure"]["layout"]["shapes"])
