"""Latency and the difference between groups, each with its own outcome and reason."""

import numpy as np
import pandas as pd
import pytest

from apps.engine.evaluation.guardrails import group_verdict, latency_verdict
from apps.engine.evaluation.metrics import Predictions


def test_the_interval_of_a_latency_holds_the_true_percentile_in_about_95_of_100_samples():
    generator = np.random.default_rng(3)
    true = -np.log(0.05)  # p95 of an exponential with mean 1
    held = 0
    for _ in range(400):
        line = latency_verdict(generator.exponential(1.0, 200), limit_ms=5.0)
        held += line.low <= true <= line.high
    assert 0.93 <= held / 400 <= 0.99


@pytest.mark.parametrize(("limit", "outcome"), [(30, "pass"), (5, "fail"), (19, "inconclusive")])
def test_a_latency_is_kept_when_its_whole_interval_is(limit, outcome):
    line = latency_verdict(list(np.linspace(1, 20, 200)), limit_ms=limit)
    assert line.outcome == outcome
    assert line.result == pytest.approx(19.05)


def test_few_answers_cannot_promise_a_latency():
    line = latency_verdict([1.0] * 20, limit_ms=100)
    assert (line.outcome, line.high) == ("inconclusive", None)


def grouped(rows, right_a, right_b, limit):
    desk = np.repeat(["A", "B", "C"], [rows, rows, 10])
    wrong = np.concatenate(
        [np.arange(rows) >= right_a * rows, np.arange(rows) >= right_b * rows, np.ones(10)]
    ).astype(bool)
    truth = np.full(2 * rows + 10, "yes")
    told = Predictions(np.where(wrong, "no", "yes"))
    frame = pd.DataFrame({"desk": desk})
    return group_verdict(
        frame, "desk", metric="accuracy", limit=limit, truth=truth, predictions=told
    )


@pytest.mark.parametrize(
    ("limit", "outcome"), [(0.3, "pass"), (0.05, "fail"), (0.2, "inconclusive")]
)
def test_the_difference_between_groups_is_judged_by_its_interval(limit, outcome):
    line = grouped(1000, 0.9, 0.7, limit)
    assert line.result == pytest.approx(0.2)
    assert line.outcome == outcome
    assert "0.900 where it is A, 0.700 where it is B" in line.reason
    assert "Groups too small to tell: 1" in line.reason


def test_a_column_that_is_not_there_is_said_and_never_passes():
    truth = np.array(["yes"] * 40)
    line = group_verdict(
        pd.DataFrame({"a": range(40)}),
        "sex",
        metric="accuracy",
        limit=0.1,
        truth=truth,
        predictions=Predictions(truth),
    )
    assert (line.outcome, line.result) == ("inconclusive", None)
    assert "sex" in line.reason
