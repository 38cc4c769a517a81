"""A promise is kept, broken, or these rows cannot tell."""

import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from apps.engine.evaluation.metrics import Predictions
from apps.engine.evaluation.payoff import Payoff
from apps.engine.evaluation.slices import slices_of
from apps.engine.evaluation.verdict import Promise, judge, outcome_of

AT_LEAST = Promise("recall", 0.80, "up", "primary")
AT_MOST = Promise("brier", 0.20, "down", "guardrail")


@pytest.mark.parametrize(
    ("promise", "low", "high", "outcome"),
    [
        (AT_LEAST, 0.81, 0.90, "pass"),
        (AT_LEAST, 0.80, 0.90, "pass"),  # exactly at the threshold keeps "at least"
        (AT_LEAST, 0.75, 0.85, "inconclusive"),
        (AT_LEAST, 0.75, 0.80, "inconclusive"),
        (AT_LEAST, 0.60, 0.79, "fail"),
        (AT_MOST, 0.10, 0.20, "pass"),
        (AT_MOST, 0.15, 0.25, "inconclusive"),
        (AT_MOST, 0.21, 0.30, "fail"),
    ],
)
def test_the_outcome_follows_from_where_the_whole_interval_lies(promise, low, high, outcome):
    assert outcome_of(promise, low=low, high=high) == outcome


def test_few_rows_cannot_tell_what_many_rows_can():
    def judged(rows):
        truth = np.array(["yes", "no"] * (rows // 2))
        wrong = np.arange(rows) % 20 == 0
        labels = np.where(wrong, np.where(truth == "yes", "no", "yes"), truth)
        promise = Promise("accuracy", 0.92, "up", "primary")
        usual = Predictions(np.full(rows, "yes"))
        return judge([promise], truth, Predictions(labels), seed=1, baseline=usual)[0]

    assert judged(40).outcome == "inconclusive"
    assert judged(4000).outcome == "pass"
    assert judged(4000).baseline == 0.5
    assert judged(4000).gain["outcome"] == "better"
    assert judged(4000).gain["mean"] == pytest.approx(0.45)
    assert judged(4000).result == pytest.approx(0.95)


def test_slices_show_whom_the_average_fails_and_mark_small_groups():
    truth = np.array(["yes"] * 80 + ["no"] * 20)
    told = Predictions(np.array(["yes"] * 100))
    frame = pd.DataFrame({"desk": ["A"] * 80 + ["B"] * 20})
    found = slices_of(frame, ["desk"], metric="accuracy", truth=truth, predictions=told)
    assert [(row["value"], row["score"], row["few"]) for row in found] == [
        ("A", 1.0, False),
        ("B", 0.0, True),
    ]
    assert found[0]["low"] < 1.0 == found[0]["high"]
    assert found[1]["low"] == 0.0 < found[1]["high"]


def test_a_slice_with_one_class_has_no_ranking_and_says_so():
    truth = np.array(["yes"] * 40 + ["no"] * 40)
    chances = np.column_stack([np.linspace(1, 0, 80), np.linspace(0, 1, 80)])
    told = Predictions(truth, chances, ("no", "yes"))
    frame = pd.DataFrame({"desk": ["A"] * 40 + ["B"] * 40, "id": [str(n) for n in range(80)]})
    found = slices_of(
        frame, ["desk", "id"], metric="roc_auc", truth=truth, predictions=told, positive="yes"
    )
    assert [(row["column"], row["score"], row["low"]) for row in found] == [
        ("desk", None, None)
    ] * 2


def answers(rows, right):
    """Every second row is a yes; a share ``right`` of all is told as it is."""
    truth = np.array(["yes", "no"] * (rows // 2))
    wrong = np.arange(rows) % 1000 >= 1000 * right
    return truth, Predictions(np.where(wrong, np.where(truth == "yes", "no", "yes"), truth))


@pytest.mark.parametrize(
    ("margin", "outcome"), [(0.05, "pass"), (0.2, "fail"), (0.1, "inconclusive")]
)
def test_a_margin_is_the_gain_over_today_by_its_interval(margin, outcome):
    truth, told = answers(4000, 0.9)
    promise = Promise("accuracy", 0.5, "up", "primary", margin=margin)
    line = judge([promise], truth, told, today=0.8)[1]
    assert (line.outcome, line.role, line.threshold) == (outcome, "guardrail", margin)
    assert line.result == pytest.approx(0.1)
    assert "today's 0.8" in line.reason


def test_a_margin_of_a_guardrail_is_measured_from_the_baseline_and_is_never_dropped():
    truth, told = answers(4000, 0.9)
    promise = Promise("recall", 0.5, "up", "guardrail", margin=0.1)
    usual = Predictions(np.full(4000, "no"))
    with_one = judge([promise], truth, told, positive="yes", baseline=usual, today=0.8)[1]
    without = judge([promise], truth, told, positive="yes", today=0.8)[1]
    assert (with_one.outcome, with_one.result) == ("pass", pytest.approx(0.9))
    assert (without.outcome, without.result) == ("inconclusive", None)


def test_an_error_that_falls_is_a_gain():
    truth = np.arange(500, dtype=float)
    told = Predictions(truth + 1.0)
    promise = Promise("mae", 2.0, "down", "primary", margin=0.5)
    line = judge([promise], truth, told, today=3.0)[1]
    assert (line.result, line.outcome) == (2.0, "pass")


def test_a_promise_keeps_its_parameter_its_averaging_and_its_money_through_json():
    payoff = Payoff(80.0, 4.0, 100.0, 20.0, 1.0)
    promise = Promise("f_beta", 0.5, "up", "primary", 0.5, "weighted", 0.1, payoff, 2.0)
    assert Promise.from_dict(json.loads(json.dumps(asdict(promise)))) == promise
    assert promise.key == "f_beta:0.5/weighted"


def test_the_parameter_decides_the_verdict():
    truth = np.array(["yes"] * 50 + ["no"] * 50)
    chance = np.linspace(1, 0, 100)
    told = Predictions(truth, np.column_stack([1 - chance, chance]), ("no", "yes"))
    for k, result in ((10, 1.0), (100, 0.5)):
        promise = Promise("precision_at_k", 0.9, "up", "primary", k)
        assert judge([promise], truth, told, positive="yes")[0].result == result


def test_planned_slices_are_never_left_out():
    truth, told = answers(400, 0.9)
    frame = pd.DataFrame(
        {
            "age": np.arange(400) / 4,
            "id": [str(n // 2) for n in range(400)],
            "day": pd.date_range("2026-01-01", periods=400, freq="h"),
        }
    )
    found = slices_of(
        frame,
        ["age", "id", "day", "gone"],
        metric="accuracy",
        truth=truth,
        predictions=told,
        fold=True,
    )
    ages = [row for row in found if row["column"] == "age"]
    assert [row["rows"] for row in ages] == [100] * 4
    assert ages[0]["value"].endswith("to 24.94")
    assert next(row["value"] for row in found if row["column"] == "id") == "(others)"
    assert len([row for row in found if row["column"] == "day"]) == 4
    assert (found[-1]["value"], found[-1]["score"]) == ("(not in the table)", None)
