"""What the plan promises reaches every number that is computed: parameter, margin, guardrails."""

import pytest
from django.urls import reverse

from apps.datasets.queries import closed_data
from apps.modeling import actions
from apps.modeling.leaderboard import board_of
from apps.modeling.queries import latest_evaluation, verdict_summary
from apps.projects.stages import Stage
from apps.web.refusals import Refusal
from tests import builders

pytestmark = pytest.mark.once  # test_whole_cycle.py trains on every database
METRICS = {
    "items": [
        {
            "metric": "recall_at_precision",
            "direction": "up",
            "threshold": 0.5,
            "role": "primary",
            "parameter": 0.9,
            "margin": 0.05,
        },
        {
            "metric": "f_beta",
            "direction": "up",
            "threshold": 0.6,
            "role": "guardrail",
            "parameter": 2,
        },
        {"metric": "value_per_decision", "direction": "up", "threshold": 10, "role": "guardrail"},
    ],
    "baseline": 0.2,
    "threshold_policy": "fixed",
    "threshold_value": 0.3,
    "slices": ["desk", "mean radius"],
    "latency_p95_ms": 60_000,
    "calibration_error": 0.3,
    "group_column": "desk",
    "group_difference": 0.8,
}


@pytest.fixture
def promised(cycle, analyst, pass_gate, run_jobs, tmp_path, here):
    """An experiment under a plan that uses everything that a promise can say."""
    builders.make_plan(
        cycle, analyst, metrics=METRICS, objective={"value_missed": 20.0, "value_quiet": 1.0}
    )
    pass_gate(cycle, Stage.PLAN)
    builders.built_table(cycle, analyst, run_jobs, tmp_path=tmp_path)
    builders.sealed_split(cycle, analyst, run_jobs)
    pass_gate(cycle, Stage.DATA)
    names = [column.name for column in actions.usable_features(closed_data(cycle))][:4]
    with run_jobs():
        return actions.start_experiment(
            cycle=cycle, by=analyst, candidates=["linear"], features=[*names, "desk"]
        )


def test_nothing_that_is_promised_is_lost_on_the_way(promised, analyst, run_jobs, client, subtests):
    cycle = promised.cycle
    board = board_of(promised)
    trial = board.best.trial
    with subtests.test("the folds are scored by the promise, at the plan's threshold"):
        keys = ["recall_at_precision:0.9", "f_beta:2", "value_per_decision", "calibration_error"]
        assert sorted(trial.result["scores"]) == sorted(keys)  # PostgreSQL keeps no order
        assert board.metric.title == "Recall at precision ≥ 0.9"
        assert next(title for title, _ in board.best.guardrails) == "F2"
        assert {fold["threshold"] for fold in trial.result["folds"]} == {0.3}
    with (
        subtests.test("another threshold than the plan's needs another plan"),
        pytest.raises(Refusal, match=r"fixes the threshold at 0\.3"),
    ):
        actions.freeze(trial=trial, by=analyst, threshold=0.6)
    with run_jobs():
        candidate = actions.freeze(trial=trial, by=analyst)
    assert (candidate.threshold, candidate.threshold_why) == (0.3, "0.3: the plan fixes it")
    candidate.refresh_from_db()
    candidate.baseline.refresh_from_db()
    with run_jobs():
        actions.open_test(candidate=candidate, by=analyst)
    result = latest_evaluation(cycle).result
    lines = {row["metric"]: row for row in result["verdicts"]}
    with subtests.test("each promise, margin and guardrail is a line with its reason"):
        assert list(lines) == [
            "recall_at_precision:0.9",
            "f_beta:2",
            "value_per_decision",
            "calibration_error",
            "recall_at_precision:0.9.margin",
            "latency_p95_ms",
            "group_difference",
        ]
        assert all(row["reason"] for row in lines.values())
        assert lines["latency_p95_ms"]["outcome"] == "pass"
        first, margin = lines["recall_at_precision:0.9"], lines["recall_at_precision:0.9.margin"]
        assert margin["result"] == pytest.approx(first["result"] - 0.2)
        assert lines["value_per_decision"]["result"] == pytest.approx(
            result["money"]["value"] / result["payoff"]["per_month"]
        )
    with subtests.test("the slices are the planned ones"):
        assert {row["column"] for row in result["slices"]} == {"desk", "mean radius"}
        assert verdict_summary(cycle).planned_slices
    with subtests.test("the pages show them"):
        client.force_login(analyst)
        slug = cycle.project.slug
        for address in (
            reverse("modeling:evaluate", args=[slug]),
            reverse("modeling:card", args=[slug, candidate.pk]),
            reverse("governance:gate", args=[slug, "model"]),
            reverse("governance:project", args=[slug]),
        ):
            page = client.get(address).content.decode()
            for title in ("Recall at precision ≥ 0.9", "F2", "Latency, p95 in ms", "by desk"):
                assert title in page, (address, title)
