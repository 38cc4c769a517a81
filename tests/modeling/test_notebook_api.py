"""A notebook with a token: it fetches development rows and registers a pipeline, and no more."""

import io
from datetime import timedelta

import pandas as pd
import pytest
from django.urls import reverse
from django.utils import timezone
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from skops import io as skops_io

from apps.datasets.storage import local
from apps.jobs.models import JobState
from apps.modeling import notebook_actions
from apps.modeling.actions import freeze, reproduce
from apps.modeling.leaderboard import board_of
from apps.projects.models import Event, Role

pytestmark = pytest.mark.once  # pages and files, the same on every database


def doubled(values):
    return 2 * values


@pytest.fixture
def door(trained, analyst, client):
    """Calls an address of the experiment with a token; without one with token=None."""
    secret = notebook_actions.issue_token(experiment=trained, name="ideas", by=analyst)

    def call(name, *, method="get", token=secret, experiment=trained.pk, **how):
        address = reverse("notebook:experiment", args=[experiment]) + name
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return getattr(client, method)(address, headers=headers, **how)

    return call


def sent(door, pipeline, title="Small"):
    body = skops_io.dumps(pipeline)
    return door(f"/models?title={title}", method="post", data=body, content_type="application/zip")


def test_a_pipeline_of_a_notebook_comes_as_far_as_the_gate(
    trained, door, analyst, manager, run_jobs, subtests
):
    features = [item["name"] for item in trained.features if item["kind"] == "number"]
    with subtests.test("the notebook learns what it needs and fetches development rows only"):
        about = door("").json()
        assert (about["problem"], about["folds"]) == ("binary", trained.split.folds)
        rows = pd.read_parquet(io.BytesIO(door("/development.parquet").getvalue()))
        assert len(rows) == pd.read_parquet(local(trained.split.development)).shape[0]
        assert door("/split.parquet").status_code == 200
        assert door("/sealed.parquet").json()["error"]["code"] == "no_file"
        assert Event.objects.filter(verb="model.rows_taken").count() == 2
    with subtests.test("its pipeline is trained on our folds and stands on the leaderboard"):
        chosen = make_column_transformer((StandardScaler(), features[:3]))
        pipeline = make_pipeline(chosen, LogisticRegression())
        pipeline.fit(rows, rows[about["target"]])  # is forgotten
        with run_jobs():
            answer = sent(door, pipeline)
        assert answer.status_code == 202
        trial = trained.trials.get(pk=answer.json()["model"])
        assert trial.job.state == JobState.DONE, trial.job.problem
        told = door(f"/models/{trial.pk}").json()
        assert told["state"] == "done"
        assert told["scores"]["roc_auc"]["mean"] > 0.9
        line = next(line for line in board_of(trained).lines if line.trial == trial)
        assert line.to_baseline.outcome == "better"
    with subtests.test("it can be made again and frozen, as any other"):
        with run_jobs():
            reproduce(trial=trial, by=analyst)
        assert trial.reproductions.get().result["level"] == "A"
        with run_jobs():
            candidate = freeze(trial=trial, by=analyst)
        candidate.refresh_from_db()
        assert candidate.is_ready


def test_code_of_ones_own_and_other_bytes_are_refused_in_a_sentence(trained, door, run_jobs):
    with run_jobs():
        answer = sent(door, make_pipeline(FunctionTransformer(doubled), LogisticRegression()))
    trial = trained.trials.get(pk=answer.json()["model"])
    assert trial.job.state == JobState.FAILED
    assert "class that is not allowed" in trial.job.problem
    with run_jobs():
        answer = sent(door, StandardScaler())
    assert "no scikit-learn estimator" in trained.trials.get(pk=answer.json()["model"]).job.problem
    raw = door("/models?title=x", method="post", data=b"pickle", content_type="application/zip")
    assert (raw.status_code, raw.json()["error"]["code"]) == (422, "refused")
    assert "no skops file" in raw.json()["error"]["message"]
    assert sent(door, StandardScaler(), title="").status_code == 422


def test_a_token_opens_its_experiment_only_as_long_as_it_lasts(
    trained, door, analyst, client, join, subtests
):
    token = trained.tokens.get()
    assert door("", token=None).status_code == 401
    assert door("", token="mln_wrong").json()["error"]["code"] == "bad_token"
    assert door("", experiment=trained.pk + 1).json()["error"]["code"] == "no_experiment"
    assert door("/models").status_code == 405
    with subtests.test("the page issues it once, and revokes it"):
        client.force_login(analyst)
        url = reverse("modeling:tokens", args=[trained.cycle.project.slug, trained.pk])
        html = client.post(url, {"name": "more"}).content.decode()
        assert "mln_" in html
        assert "shown this once" in html
        client.post(reverse("modeling:revoke_token", args=[trained.cycle.project.slug, token.pk]))
        client.logout()
        assert door("").json()["error"]["code"] == "bad_token"
    with subtests.test("it ends with its days, and with the rights of whoever issued it"):
        secret = notebook_actions.issue_token(experiment=trained, name="late", by=analyst)
        assert door("", token=secret).status_code == 200
        trained.tokens.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert door("", token=secret).status_code == 401
        trained.tokens.update(expires_at=timezone.now() + timedelta(days=1))
        trained.cycle.project.team.memberships.filter(user=analyst).update(role=Role.VIEWER)
        answer = sent(lambda name, **how: door(name, token=secret, **how), StandardScaler())
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_allowed")
