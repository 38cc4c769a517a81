"""The quick way to a metric of resampled rows equals the plain way."""

import numpy as np
import pytest

from apps.engine.evaluation.metrics import Predictions, measure_of, metrics_for, score
from apps.engine.evaluation.resampled import recomputer
from apps.engine.types import Problem

GENERATOR = np.random.default_rng(7)
ROWS = 120


def classes(names):
    """Truth, and predictions with ties among the scores."""
    truth = GENERATOR.choice(names, ROWS).astype(object)
    chances = GENERATOR.integers(1, 9, (ROWS, len(names))).astype(float)
    chances[np.arange(ROWS), np.searchsorted(names, truth)] += 4
    chances /= chances.sum(axis=1, keepdims=True)
    labels = np.asarray(names, dtype=object)[chances.argmax(axis=1)]
    return truth, Predictions(labels, chances, tuple(names))


def numbers():
    truth = GENERATOR.normal(10, 3, ROWS)
    return truth, Predictions(truth + GENERATOR.normal(0, 1, ROWS))


MONEY = {
    "payoff": {"right": 80, "wrong": 4, "per_month": 1, "missed": 20, "quiet": 1},
    "error_cost": 3.0,
}


def asked(metric, averaging=""):
    return measure_of({"metric": metric.key, "averaging": averaging, **MONEY})


CASES = [
    (asked(metric, averaging), problem)
    for problem in (Problem.BINARY, Problem.MULTICLASS, Problem.REGRESSION)
    for metric in metrics_for(problem)
    for averaging in (metric.averages if problem == Problem.MULTICLASS else ()) or ("",)
]


@pytest.mark.parametrize(
    ("metric", "problem"), CASES, ids=[f"{metric.key}-{kind}" for metric, kind in CASES]
)
def test_the_quick_value_equals_the_plain_one_on_every_resample(metric, problem):
    positive = "yes" if problem == Problem.BINARY else None
    truth, told = {
        Problem.BINARY: lambda: classes(["no", "yes"]),
        Problem.MULTICLASS: lambda: classes(["a", "b", "c", "d"]),
        Problem.REGRESSION: numbers,
    }[problem]()
    quick = recomputer(metric, truth, told, positive=positive)
    for seed in range(20):
        rows = np.random.default_rng(seed).integers(0, ROWS, ROWS)
        plain = score(metric, truth[rows], told.take(rows), positive=positive)
        assert quick(rows) == pytest.approx(plain, abs=1e-12)


@pytest.mark.parametrize("metric", ["precision", "recall", "f1", "mcc", "balanced_accuracy"])
def test_a_class_that_is_never_told_counts_as_zero_as_in_scikit_learn(metric):
    truth = np.array(["yes", "no", "no", "yes"], dtype=object)
    told = Predictions(np.array(["no"] * 4, dtype=object))
    rows = np.arange(4)
    for positive in ("yes", None):
        plain = score(metric, truth, told, positive=positive)
        assert recomputer(metric, truth, told, positive=positive)(rows) == pytest.approx(plain)
