"""Metrics of the class that is told, after the threshold."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import metrics as sk

from apps.engine.evaluation.metrics.kinds import (
    CLASSES,
    NAMED,
    Measure,
    Metric,
    Parameter,
    Predictions,
)
from apps.engine.evaluation.metrics.sets import of_sets

ALL_AVERAGES = ("macro", "weighted", "micro")


def _plain(function: Callable[..., float]) -> Callable[..., float]:
    def compute(truth: Any, told: Predictions, measure: Measure, positive: str | None) -> float:
        return float(function(truth, told.labels))

    return compute


def _averaged(function: Callable[..., float]) -> Callable[..., float]:
    def compute(truth: Any, told: Predictions, measure: Measure, positive: str | None) -> float:
        if told.sets:
            return of_sets(measure, truth, told)(np.arange(len(truth)))
        more: dict[str, Any] = {"average": measure.averaging or "macro"}
        if positive is not None:
            more = {"average": "binary", "pos_label": positive}
        if measure.parameter is not None:
            more["beta"] = measure.parameter
        return float(function(truth, told.labels, zero_division=0.0, **more))

    return compute


def always_yes(base_rate: float, beta: float) -> float:
    """F-beta of calling everything positive: precision is the base rate, recall is 1."""
    return (1 + beta**2) * base_rate / (beta**2 * base_rate + 1)


LABELS = (
    Metric(
        "accuracy",
        "Accuracy",
        CLASSES,
        "up",
        "labels",
        (0.0, 1.0),
        "Share of rows with the right class; it says little when one class is rare.",
        _plain(sk.accuracy_score),
        "the share of the commoner class",
        lambda base_rate, _: max(base_rate, 1 - base_rate),
    ),
    Metric(
        "balanced_accuracy",
        "Balanced accuracy",
        CLASSES,
        "up",
        "labels",
        (0.0, 1.0),
        "Mean recall of the classes, so that a rare class counts as much as a common one.",
        _plain(sk.balanced_accuracy_score),
        "0.5 (one over the number of classes)",
        lambda base_rate, _: 0.5,
        source="Brodersen et al. 2010, ICPR 20",
    ),
    Metric(
        "precision",
        "Precision",
        NAMED,
        "up",
        "labels",
        (0.0, 1.0),
        "Share of the alarms that are right.",
        _averaged(sk.precision_score),
        "the base rate, by alarms at random",
        lambda base_rate, _: base_rate,
        averages=ALL_AVERAGES,
    ),
    Metric(
        "recall",
        "Recall",
        NAMED,
        "up",
        "labels",
        (0.0, 1.0),
        "Share of the positive rows that are found; alone it is reached by an alarm for everyone.",
        _averaged(sk.recall_score),
        "1, by an alarm for everyone: promise it beside a precision or a payoff",
        averages=ALL_AVERAGES,
    ),
    Metric(
        "f1",
        "F1",
        NAMED,
        "up",
        "labels",
        (0.0, 1.0),
        "Harmonic mean of precision and recall, as if both mattered alike.",
        _averaged(sk.f1_score),
        "2p / (1 + p) at base rate p, by an alarm for everyone",
        lambda base_rate, _: always_yes(base_rate, 1.0),
        averages=ALL_AVERAGES,
        source="van Rijsbergen 1979, Information Retrieval",
    ),
    Metric(
        "f_beta",
        "F-beta",
        NAMED,
        "up",
        "labels",
        (0.0, 1.0),
        "Harmonic mean of precision and recall in which recall weighs beta times as much.",
        _averaged(sk.fbeta_score),
        "(1 + β²) p / (β² p + 1) at base rate p, by an alarm for everyone",
        lambda base_rate, measure: always_yes(base_rate, measure.parameter or 1.0),
        Parameter("beta", "How much more recall weighs than precision; 1 is F1.", 2.0, 0.1, 10.0),
        "F{0:g}",
        ALL_AVERAGES,
        source="van Rijsbergen 1979, Information Retrieval",
    ),
    Metric(
        "mcc",
        "Matthews correlation",
        CLASSES,
        "up",
        "labels",
        (-1.0, 1.0),
        "Correlation of truth and answer; high only when both classes are told well.",
        _plain(sk.matthews_corrcoef),
        "0",
        lambda base_rate, _: 0.0,
        source="Matthews 1975, BBA 405; Gorodkin 2004 for more than two classes",
    ),
)
