"""The promised metric on rows whose truth is known."""

import json

import numpy as np
import pytest

from apps.engine.evaluation.metrics import Predictions
from apps.engine.evaluation.verdict import Promise
from apps.engine.monitoring.performance import (
    BROKEN,
    FEW_ROWS,
    FEW_ROWS_A_PERIOD,
    KEPT,
    UNKNOWN,
    realised,
)

ACCURACY = Promise("accuracy", 0.8, "up", "primary")
AUC = Promise("roc_auc", 0.7, "up", "guardrail")


def seen(hits: int, misses: int, *, promises=(ACCURACY,), days=None, answered=None):
    """``hits`` right and ``misses`` wrong answers, half of the truth "yes"."""
    rows = hits + misses
    truth = np.array(["yes", "no"] * rows, dtype=object)[:rows]
    other = np.where(truth == "yes", "no", "yes")
    labels = np.where(np.arange(rows) < hits, truth, other)
    chance = np.where(labels == "yes", 0.9, 0.1)
    told = Predictions(labels, np.column_stack([1 - chance, chance]), ("no", "yes"))
    return realised(
        list(promises),
        truth,
        told,
        days=days or ["2026-01-01"] * rows,
        answered=answered or rows,
        positive="yes",
    )


@pytest.mark.parametrize(
    ("hits", "misses", "kept"), [(180, 20, KEPT), (120, 80, BROKEN), (82, 18, UNKNOWN)]
)
def test_a_promise_is_kept_broken_or_cannot_be_told_yet(hits, misses, kept):
    verdict = seen(hits, misses)["verdicts"][0]
    assert verdict["kept"] == kept
    assert verdict["result"] == hits / (hits + misses)
    assert verdict["low"] < verdict["result"] < verdict["high"]


def test_the_interval_is_the_published_one():
    verdict = seen(81, 182)["verdicts"][0]  # Newcombe (1998), table I, method 3
    assert (round(verdict["low"], 4), round(verdict["high"], 4)) == (0.2553, 0.3662)


def test_coverage_is_the_share_of_answers_whose_truth_is_known():
    told = seen(60, 0, answered=240)
    assert (told["rows"], told["answered"], told["coverage"]) == (60, 240, 0.25)
    assert realised([ACCURACY], [], Predictions(np.array([])), days=[], answered=0, positive=None)[
        "coverage"
    ] == pytest.approx(0)


def test_too_few_rows_judge_nothing_and_say_how_many_are_needed():
    told = seen(FEW_ROWS - 1, 0)
    assert (told["verdicts"], told["periods"]) == ([], [])
    assert told["untold"] == [
        {
            "metric": "accuracy",
            "says": "49 rows with a known outcome are too few; 50 are needed.",
        }
    ]
    assert len(seen(FEW_ROWS, 0)["verdicts"]) == 1


def test_one_metric_without_a_value_does_not_silence_the_others():
    truth = ["yes"] * 80
    labels = np.array(truth, dtype=object)
    told = realised(
        [AUC, ACCURACY],
        truth,
        Predictions(labels, np.tile([0.1, 0.9], (80, 1)), ("no", "yes")),
        days=["2026-01-01"] * 80,
        answered=80,
        positive="yes",
    )
    assert [verdict["metric"] for verdict in told["verdicts"]] == ["accuracy"]
    assert told["untold"][0]["metric"] == "roc_auc"
    assert "two classes" in told["untold"][0]["says"]


def test_periods_follow_the_primary_promise_in_time_order():
    days = ["2026-01-03"] * 30 + ["2026-01-01"] * 30 + ["2026-01-02"] * (FEW_ROWS_A_PERIOD - 1)
    told = seen(60, 19, promises=(AUC, ACCURACY), days=days)
    assert [verdict["role"] for verdict in told["verdicts"]] == ["primary", "guardrail"]
    assert [(period["at"], period["rows"]) for period in told["periods"]] == [
        ("2026-01-01", 30),
        ("2026-01-03", 30),
    ]
    assert all(period["value"] == 1.0 and 0.8 < period["low"] < 1 for period in told["periods"])


def test_a_class_that_the_model_never_saw_counts_as_wrong():
    truth = np.array(["yes"] * 60 + ["no"] * 30 + ["maybe"] * 10, dtype=object)
    labels = np.where(truth == "maybe", "yes", truth)
    chance = np.where(labels == "yes", 0.8, 0.2)
    promises = [ACCURACY, Promise("log_loss", 0.5, "down", "guardrail")]
    told = realised(
        promises,
        truth,
        Predictions(labels, np.column_stack([1 - chance, chance]), ("no", "yes")),
        days=["2026-01-01"] * 100,
        answered=100,
        positive=None,
    )
    assert told["verdicts"][0]["result"] == 0.9
    assert told["verdicts"][1]["kept"] == BROKEN


def test_a_quantity_is_judged_by_its_error_and_the_answer_is_json():
    generator = np.random.default_rng(0)
    truth = generator.normal(0, 1, 400)
    told = realised(
        [Promise("mae", 0.5, "down", "primary")],
        truth,
        Predictions(truth + generator.choice([-0.3, 0.3], 400)),
        days=["2026-01-01"] * 200 + ["2026-01-02"] * 200,
        answered=500,
        positive=None,
    )
    assert told["verdicts"][0]["result"] == pytest.approx(0.3)
    assert told["verdicts"][0]["kept"] == KEPT
    assert len(told["periods"]) == 2
    json.dumps(told, allow_nan=False)
