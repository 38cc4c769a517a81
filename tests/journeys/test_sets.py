"""Tickets with several labels each, from a plan to a served answer and its truth."""

import json
import re

import pytest
from django.urls import reverse
from django.utils import timezone
from sklearn.datasets import make_multilabel_classification

from apps.datasets import actions as data
from apps.datasets.queries import closed_data, current_split
from apps.eda.actions import start_profile
from apps.governance.state import ask
from apps.modeling import actions as modeling
from apps.modeling.models import Candidate
from apps.modeling.queries import latest_evaluation
from apps.planning.problems import problems_of
from apps.production import actions as production
from apps.production.endpoint import serving
from apps.production.log.taking import take_up
from apps.production.models import Actual, Prediction
from apps.production.queries import signed_release
from apps.production.watch import looks
from apps.projects.stages import Stage
from tests import builders
from tests.journeys.ways import alike, at_home, card, compared, notebook, scored, scrutinised, tried
from tests.modeling.conftest import here  # noqa: F401  (children in this process)

LABELS = ("access", "billing", "outage")
FEATURES = {
    "target": "tags",
    "definition": "All that the ticket was about, as the desk closed it",
    "positive": "",
    "base_rate": None,
}
METRICS = {
    "items": [
        {"metric": "jaccard", "direction": "up", "threshold": 0.45, "role": "primary"},
        {
            "metric": "f1",
            "direction": "up",
            "threshold": 0.2,
            "role": "guardrail",
            "averaging": "micro",
        },
        {"metric": "hamming_loss", "direction": "down", "threshold": 0.45, "role": "guardrail"},
    ],
    "baseline": 0.2,
    "expected_rows": 240,
}


def tickets_csv() -> bytes:
    numbers, labels = make_multilabel_classification(
        240, n_features=4, n_classes=3, n_labels=2, random_state=3
    )
    lines = ["n0,n1,n2,n3,tags"]
    for values, row in zip(numbers, labels, strict=True):
        names = [name for name, has in zip(LABELS[::-1], row[::-1], strict=True) if has]
        lines.append(",".join([*(f"{value:g}" for value in values), "|".join(names) or "(none)"]))
    return "\n".join(lines).encode()


@pytest.fixture
def live(cycle, analyst, pass_gate, run_jobs, tmp_path, settings, here):  # noqa: F811
    """The token of an endpoint that answers with labels, and its release."""
    serving.KNOWN.forget()
    settings.CALL_LOG = tmp_path / "calls"
    plan = builders.make_plan(cycle, analyst, features=FEATURES, metrics=METRICS)
    assert not [found for found in problems_of(plan.content) if found.blocks]
    pass_gate(cycle, Stage.PLAN)
    with run_jobs():
        version = builders.upload(cycle, analyst, tickets_csv(), tmp_path=tmp_path)
    data.set_base(cycle=cycle, source=version.source, by=analyst)
    with run_jobs():
        data.build_table(cycle=cycle, by=analyst)
    builders.sealed_split(cycle, analyst, run_jobs)
    with run_jobs():
        start_profile(cycle=cycle, by=analyst)
    assert not ask(cycle, Stage.DATA).blocking
    pass_gate(cycle, Stage.DATA)
    names = [column.name for column in modeling.usable_features(closed_data(cycle))]
    with run_jobs():
        experiment = modeling.start_experiment(
            cycle=cycle,
            by=analyst,
            candidates=["linear"],
            features=names[:2],
            rule={
                "column": "n0",
                "comparison": "at least",
                "value": "10",
                "then": "outage;access",
                "otherwise": "(none)",
            },
        )
    trial = experiment.trials.get(candidate="linear")
    with run_jobs():
        modeling.freeze(trial=trial, by=analyst, threshold=0.4)
    with run_jobs():
        modeling.open_test(candidate=Candidate.objects.get(trial=trial), by=analyst)
    pass_gate(cycle, Stage.MODEL)
    with run_jobs():
        release = production.deploy(cycle=cycle, by=analyst)
    release.refresh_from_db()
    assert release.is_ready, release.job.problem
    pass_gate(cycle, Stage.PRODUCTION)
    return production.issue_token(deployment=release.deployment, name="test", by=analyst)


def post(client, url, token, body):
    return client.post(
        url,
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )


def test_a_plan_with_a_metric_of_sets_ends_in_a_served_set_of_labels(
    cycle, live, client, analyst, run_jobs, tmp_path, subtests
):
    split, evaluation = current_split(cycle), latest_evaluation(cycle)
    trial = evaluation.opening.candidate.trial
    with subtests.test("the kind of problem has its reason"):
        assert split.report["problem"] == trial.experiment.problem == "multilabel"
        assert "“|” joins several of 3 labels" in split.report["problem_why"]
    with subtests.test("today's rule may say several labels"):
        rule = trial.experiment.trials.get(candidate="rule")
        assert rule.params["then"] == "access; outage"
        assert rule.result["scores"]["jaccard"]["mean"] > 0
    with subtests.test("the verdict is on the locked metrics, at the frozen threshold"):
        assert [line["metric"] for line in evaluation.result["verdicts"][:2]] == [
            "jaccard",
            "f1/micro",
        ]
        assert evaluation.result["threshold"] == 0.4
    client.force_login(analyst)
    slug = cycle.project.slug
    with subtests.test("the pages tell each label"):
        for name, arguments in (
            ("modeling:select", [slug]),
            ("modeling:train", [slug]),
            ("modeling:trial", [slug, trial.pk]),
            ("modeling:evaluate", [slug]),
            ("modeling:card", [slug, evaluation.opening.candidate.pk]),
            ("production:deploy", [slug]),
            ("datasets:split", [slug]),
        ):
            page = client.get(reverse(name, args=arguments))
            assert page.status_code == 200, name
            assert name in {"modeling:train", "production:deploy", "modeling:card"} or (
                b"outage" in page.content
            ), name
        figure = reverse("modeling:trial_figure", args=[slug, trial.pk, "class-recall"])
        assert client.get(figure).status_code == 200
    with subtests.test("what scrutinises a candidate takes a set for a set"):
        sets_are_scrutinised(client, trial, analyst, run_jobs)
    with subtests.test("form, file and bundle answer as the API does"):
        every_way_tells_the_same_sets(client, signed_release(cycle), live, run_jobs, tmp_path)
    client.logout()
    with subtests.test("an answer is a list of labels, each with its probability"):
        a_set_comes_back_with_its_truth(cycle, live, client)
    with subtests.test("the watch judges the promise on known sets"):
        the_watch_judges_sets(cycle, client, analyst)


def sets_are_scrutinised(client, trial, by, run_jobs):
    slug = trial.experiment.cycle.project.slug
    shown = scrutinised(client, trial, by, run_jobs)
    assert re.search(r"the probability of <strong>(access|billing|outage)</strong>", shown)
    assert "sets of labels, each of access, billing, outage by itself" in shown
    assert "drawn for two classes and for numbers" in shown
    rule = trial.experiment.trials.get(candidate="rule")
    assert "Jaccard index" in compared(client, [trial, rule])
    assert "class LabelSets" in notebook(client, trial.experiment)
    page, told = card(client, trial.frozen)
    assert "Each label by itself, told from a probability of 0.4" in page
    report = client.get(reverse("modeling:report_json", args=[slug, trial.frozen.pk])).json()
    (labels,) = (one for one in report["sections"] if one["title"] == "Labels, on sealed rows")
    assert {number["what"] for number in labels["numbers"]} >= {"outage: recall", "access: rows"}
    assert (told["model"]["problem"], told["model"]["classes"]) == ("sets of labels", [*LABELS])


def every_way_tells_the_same_sets(client, release, token, run_jobs, folder):
    rows = [{"n0": value, "n1": 9.0} for value in (3.0, 8.0, 16.0)]
    url = reverse("api:predict", args=[release.deployment.slug])
    sent = post(client, url, token, {"rows": rows, "reasons": True}).json()["predictions"]
    assert {reason["label"] for told in sent for reason in told["reasons"]} <= set(LABELS)
    shown = tried(client, release, rows[0])
    assert f"<strong>{'; '.join(sent[0]['prediction']) or '(none)'}</strong>" in shown
    assert "whose probability is 0.4 or more, maybe none" in shown
    assert sent[0]["reasons"][0]["label"] in shown.partition("What moves it most")[2]
    for line, told in zip(scored(client, release, rows, run_jobs), sent, strict=True):
        assert line["prediction"] == ("; ".join(told["prediction"]) or "(none)")
        for name, chance in told["probabilities"].items():
            assert float(line[f"probability {name}"]) == pytest.approx(chance, abs=1e-9)
    answers, readme, model_card = at_home(client, release, rows, folder / "home")
    assert alike(answers, sent)
    for says in (readme, model_card):
        assert "whose probability is 0.4 or more, maybe none" in says


def a_set_comes_back_with_its_truth(cycle, live, client):
    release = signed_release(cycle)
    assert release.report["engine"] == "compiled"
    url = reverse("api:predict", args=[release.deployment.slug])
    rows = [{"n0": value, "n1": 9.0} for value in (3.0, 8.0, 12.0, 16.0)] * 15
    answer = post(client, url, live, {"rows": rows})
    assert answer.status_code == 200, answer.content
    predictions = answer.json()["predictions"]
    for told in predictions:
        assert tuple(told["probabilities"]) == LABELS
        assert told["prediction"] == [name for name in LABELS if told["probabilities"][name] >= 0.4]
    truths = [["outage", "access"], "billing;access", [], "(none)"] * 15
    sent = [
        {"prediction_id": told["id"], "value": value}
        for told, value in zip(predictions, truths, strict=True)
    ]
    actuals = url.replace("predict", "actuals")
    wrong = post(client, actuals, live, {"rows": [{**sent[0], "value": ["moon"]}]})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (422, "unknown_class")
    assert post(client, actuals, live, {"rows": sent}).json()["accepted"] == 60
    again = post(client, actuals, live, {"rows": sent})
    assert again.json() == {"accepted": 0, "known_before": 60}
    kept = [Actual.objects.get(prediction_id=row["prediction_id"]).value for row in sent[:4]]
    assert kept == [["access", "outage"], ["access", "billing"], [], []]


def the_watch_judges_sets(cycle, client, analyst):
    take_up()
    release = signed_release(cycle)
    told = looks.look_at(release, now=timezone.now())
    verdict = told.performance["verdicts"][0]
    assert (verdict["metric"], verdict["rows"]) == ("jaccard", 60)
    assert any(line["feature"] == "prediction" for line in told.drift)
    client.force_login(analyst)
    page = client.get(reverse("production:monitor", args=[cycle.project.slug]))
    assert page.status_code == 200
    first = Prediction.objects.first()
    trace = client.get(reverse("production:trace", args=[cycle.project.slug, first.pk]))
    assert "; ".join(first.prediction).encode() in trace.content or not first.prediction
