"""A project whose objective is a quantile: from the plan to a prediction that says so."""

import json

import numpy as np
import pandas as pd
import pytest
from django.urls import reverse

from apps.datasets import actions as data
from apps.datasets.queries import closed_data
from apps.eda.actions import start_profile
from apps.engine.percent import percent
from apps.governance.state import ask
from apps.jobs import runner
from apps.modeling import actions as modeling
from apps.modeling.aiming import Aim
from apps.modeling.models import Candidate
from apps.planning.queries import as_signed
from apps.production import actions as production
from apps.production.endpoint import serving
from apps.production.log import taking
from apps.production.models import Actual, Prediction
from apps.production.watch.looks import look_at
from apps.projects.stages import Stage
from apps.web.refusals import Refusal
from tests import builders
from tests.journeys.ways import alike, at_home, card, compared, notebook, scored, scrutinised, tried
from tests.modeling.conftest import Here

LEVEL, ROWS = 0.9, 600


def parcels() -> bytes:
    """Whole days, few different ones: a quantity only because the plan promises so."""
    random = np.random.default_rng(4)
    km = random.uniform(1, 10, ROWS).round(2)
    desk = random.choice(["north", "south"], ROWS)
    days = np.clip(np.round(1 + km / 2 + random.exponential(1 + km / 8)), 1, 15).astype(int)
    return pd.DataFrame({"km": km, "desk": desk, "days": days}).to_csv(index=False).encode()


def promise(metric, threshold, role):
    return {
        "metric": metric,
        "direction": "down",
        "threshold": threshold,
        "role": role,
        "parameter": LEVEL,
    }


PLAN = {
    "objective": {"value_right": None, "value_wrong": None},
    "features": {"target": "days", "positive": "", "base_rate": None},
    "metrics": {
        "items": [promise("pinball", 0.6, "primary"), promise("coverage_error", 0.08, "guardrail")],
        "baseline": 0.9,
        "slices": ["desk"],
        "expected_rows": ROWS,
    },
}


@pytest.fixture
def closed(cycle, analyst, pass_gate, run_jobs, tmp_path, monkeypatch, settings):
    """The data gate is passed; engine functions run in this process, to be quick."""
    monkeypatch.setattr(runner, "Child", Here)
    serving.KNOWN.forget()
    settings.CALL_LOG = tmp_path / "calls"
    builders.make_plan(cycle, analyst, **PLAN)
    pass_gate(cycle, Stage.PLAN)
    with run_jobs():
        version = builders.upload(cycle, analyst, parcels(), tmp_path=tmp_path)
    data.set_base(cycle=cycle, source=version.source, by=analyst)
    with run_jobs():
        data.build_table(cycle=cycle, by=analyst)
    with run_jobs():
        data.draw_split(cycle=cycle, method="random", by=analyst, folds=3)
        start_profile(cycle=cycle, by=analyst)
    pass_gate(cycle, Stage.DATA)
    return cycle


def page(client, name, *args, **query):
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == 200, name
    return answer.content.decode()


def test_a_quantile_goes_from_the_plan_to_an_answer_that_names_its_level(
    closed, analyst, pass_gate, run_jobs, client, tmp_path
):
    slug = closed.project.slug
    client.force_login(analyst)
    offered = page(client, "modeling:select", slug)
    assert "It is quantile regression: the plan&#x27;s primary metric is Pinball loss" in offered
    assert "its leaves hold means" in offered
    other = page(client, "modeling:select", slug, aim="mean")
    assert "Random forest" in other
    assert "its leaves hold means" not in other
    told = client.get(reverse("modeling:select", args=[slug]), {"aim": "quantile"})
    assert told.status_code == 422
    assert "Say which quantile" in told.content.decode()

    signed = closed_data(closed)
    with pytest.raises(Refusal, match="Random forest: its trees average"):
        modeling.start_experiment(
            cycle=closed, by=analyst, candidates=["forest"], features=["km", "desk"]
        )
    with run_jobs():
        experiment = modeling.start_experiment(
            cycle=closed, by=analyst, candidates=["lightgbm"], features=["km", "desk"]
        )
    assert (experiment.level, experiment.problem) == (LEVEL, "regression")
    trial = experiment.trials.get(candidate="lightgbm")
    shown = page(client, "modeling:trial", slug, trial.pk)
    assert "truths are at or below the answer" in shown
    assert "quantile regression at level 0.9" in shown
    page(client, "modeling:trial_figure", slug, trial.pk, "coverage")
    with run_jobs():
        modeling.freeze(trial=trial, by=analyst)
    candidate = Candidate.objects.get(trial=trial)
    with run_jobs():
        modeling.open_test(candidate=candidate, by=analyst)
    result = candidate.openings.get().evaluation.result
    assert [item["outcome"] for item in result["verdicts"][:1]] == ["pass"]
    assert result["verdicts"][1]["metric"] == "coverage_error:0.9"
    assert {row["value"] for row in result["slices"]} == {"north", "south"}
    assert all(0.7 < row["covered"] <= 1 for row in result["slices"])
    judged = page(client, "modeling:evaluate", slug)
    assert "At or below" in judged
    assert "0.9 quantile of the truth by twentieth of the predictions" in judged
    scrutiny(client, trial, analyst, run_jobs)
    assert ask(closed, Stage.MODEL).record
    pass_gate(closed, Stage.MODEL)

    with run_jobs():
        release = production.deploy(cycle=closed, by=analyst)
    release.refresh_from_db()
    assert release.report["engine"] == "compiled", release.report["compiled"]
    assert "The 0.9 quantile: 90 % of the truths" in page(client, "production:deploy", slug)
    pass_gate(closed, Stage.PRODUCTION)
    secret = production.issue_token(deployment=release.deployment, name="test", by=analyst)
    sent = answered(client, release, secret)
    watched(release, signed)
    every_way(client, release, sent, run_jobs, tmp_path / "home")
    chosen_otherwise(closed, analyst, run_jobs)
    assert "cannot tell yet" in page(client, "production:monitor", slug)


def scrutiny(client, trial, by, run_jobs):
    """A second run, the attacks, one row, the notebook and the card take it for a quantile."""
    shown = scrutinised(client, trial, by, run_jobs)
    assert "D² of the pinball loss" in shown
    assert "Row 7: the answer is" in shown
    assert "fall of D² (pinball loss) when the feature is shuffled" in shown
    page(client, "modeling:trial_figure", trial.experiment.cycle.project.slug, trial.pk, "shape-1")
    dummy = trial.experiment.trials.get(candidate="dummy")
    assert "Pinball loss" in compared(client, [trial, dummy])
    assert "LEVEL = 0.9" in notebook(client, trial.experiment)
    shown, told = card(client, trial.frozen)
    assert "truths are at or below the answer" in shown
    kind = "quantile regression at level 0.9"
    assert (told["model"]["problem"], told["model"]["quantile"]) == (kind, LEVEL)


ROWS_SENT = [{"km": 2.0, "desk": "north"}, {"km": 9.0, "desk": "north"}]


def every_way(client, release, sent, run_jobs, folder):
    """The form, a file of rows and the bundle answer as the API does, and say what it is."""
    says = f"The 0.9 quantile: {percent(0.9, None)} of the truths"
    shown = tried(client, release, ROWS_SENT[0])
    assert says in shown
    assert "What moves it most: the number less" in shown
    for line, told in zip(scored(client, release, ROWS_SENT, run_jobs), sent, strict=True):
        assert float(line["prediction"]) == pytest.approx(told["prediction"])
    answers, *papers = at_home(client, release, ROWS_SENT, folder, needs="lightgbm")
    assert alike(answers, sent)
    assert all(says in paper for paper in papers)


def answered(client, release, secret):
    """Predictions over HTTP: numbers, with what they are named beside them."""
    url = reverse("api:predict", args=[release.deployment.slug])
    reply = client.post(
        url,
        json.dumps({"rows": ROWS_SENT}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert reply.status_code == 200, reply.content
    told = reply.json()
    assert told["quantile"] == LEVEL
    near, far = (row["prediction"] for row in told["predictions"])
    assert near < far
    taking.take_up()
    return told["predictions"]


def watched(release, signed):
    """What the watch makes of answers: judged at the level, where the truth is known."""
    call = Prediction.objects.first().call
    random = np.random.default_rng(1)
    for number in range(60):
        one = Prediction.objects.create(
            call=call,
            deployment=release.deployment,
            release=release,
            row={"km": float(number % 9 + 1), "desk": "south"},
            prediction=6.0,
            at=call.at,
        )
        Actual.objects.create(prediction=one, value=float(random.uniform(0, 6.4)), at=call.at)
    seen = look_at(release, now=call.at)
    verdicts = {item["metric"]: item for item in seen.performance["verdicts"]}
    assert set(verdicts) == {"pinball:0.9", "coverage_error:0.9"}
    assert verdicts["pinball:0.9"]["threshold"] == 0.6
    assert as_signed(signed.plan.plan).level == LEVEL


def chosen_otherwise(cycle, analyst, run_jobs):
    """The mean instead; a mean covers about half of the truths."""
    asked = {"cycle": cycle, "by": analyst, "candidates": ["linear"], "features": ["km"]}
    with run_jobs():
        experiment = modeling.start_experiment(**asked, aim=Aim(None))
    assert experiment.level is None
    scores = experiment.trials.get(candidate="linear").result["scores"]
    assert scores["coverage_error:0.9"]["mean"] > 0.2
    with pytest.raises(Refusal, match="level of a quantile lies between"):
        modeling.start_experiment(**asked, aim=Aim(1.0))
