"""Metrics of the order of the rows by their score: no threshold is needed.

The functions of counts take (n_levels,) rows per distinct score, lowest score first: ``up`` the
positive rows, ``down`` the others. A level may be empty, as in a resample.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import metrics as sk

from apps.engine.evaluation.metrics.kinds import (
    BINARY,
    NAMED,
    Measure,
    Metric,
    Parameter,
    Predictions,
    positive_of,
)
from apps.engine.evaluation.metrics.sets import over_labels

TINY = 1e-12
"""A recall of 0.8 that floating point makes 0.7999999999999999 is 0.8."""


def _roc_auc(truth: Any, told: Predictions, measure: Measure, positive: str | None) -> float:
    if positive is not None:
        return float(sk.roc_auc_score(truth == positive, told.chance_of(positive)))
    if told.sets:
        return over_labels(measure, truth, told, sk.roc_auc_score)
    average = measure.averaging or "macro"
    return float(
        sk.roc_auc_score(
            truth, told.probabilities, multi_class="ovr", average=average, labels=told.classes
        )
    )


def _average_precision(
    truth: Any, told: Predictions, measure: Measure, positive: str | None
) -> float:
    if positive is not None:
        return float(sk.average_precision_score(truth == positive, told.chance_of(positive)))
    if told.sets:
        return over_labels(measure, truth, told, sk.average_precision_score)
    values = [_average_precision(truth, told, measure, name) for name in told.classes]
    rows = [float(np.sum(truth == name)) for name in told.classes]
    return averaged(values, rows, measure.averaging)


def averaged(values: Any, rows: Any, averaging: str) -> float:
    """Mean over classes; ``weighted`` by the rows of each class, else every class alike."""
    return float(np.average(values, weights=rows if averaging == "weighted" else None))


def rows_at(k: float, rows: float) -> int:
    """How many rows k means: a share of them below 1, a number of them from 1 on; at least one."""
    return int(min(rows, max(1, round(k * rows) if k < 1 else round(k))))


def _found_at(up: Any, down: Any, k: float) -> tuple[float, int]:
    """Positives expected among the k rows with the highest score, and k in rows.

    Rows that tie at the border are taken at random: each counts with the share of them that fits
    in (McSherry and Najork 2008, ECIR 30), so the order of the table does not matter.
    """
    rows = (up + down)[::-1]
    wanted = rows_at(k, float(rows.sum()))
    taken = np.clip(wanted - (np.cumsum(rows) - rows), 0, rows)
    share = np.divide(taken, rows, out=np.zeros_like(taken, dtype=float), where=rows > 0)
    return float(np.sum(up[::-1] * share)), wanted


def precision_at_k(up: Any, down: Any, parameter: float) -> float:
    """Share of positives among the k rows with the highest score."""
    found, rows = _found_at(up, down, parameter)
    return found / rows


def recall_at_k(up: Any, down: Any, parameter: float) -> float:
    """Share of the positives that are among the k rows with the highest score."""
    return _found_at(up, down, parameter)[0] / float(up.sum())


def _curve(up: Any, down: Any) -> tuple[Any, Any]:
    """Precision and recall when alarms are raised from each level on, highest first."""
    found = np.cumsum(up[::-1]).astype(float)
    called = found + np.cumsum(down[::-1])
    precision = np.divide(found, called, out=np.zeros_like(found), where=called > 0)
    return precision, found / found[-1]


def precision_at_recall(up: Any, down: Any, parameter: float) -> float:
    """Best precision of all thresholds that find at least this share of the positives."""
    precision, recall = _curve(up, down)
    return float(np.max(precision[recall >= parameter - TINY]))


def recall_at_precision(up: Any, down: Any, parameter: float) -> float:
    """Best recall of all thresholds with at least this precision; 0 where there is none."""
    precision, recall = _curve(up, down)
    return float(np.max(recall[precision >= parameter - TINY], initial=0.0))


def _of_counts(function: Callable[..., float]) -> Callable[..., float]:
    def compute(truth: Any, told: Predictions, measure: Measure, positive: str | None) -> float:
        name = positive_of(measure, positive)
        _, level = np.unique(told.chance_of(name), return_inverse=True)
        all_rows = np.bincount(level)
        up = np.bincount(level, weights=truth == name)
        return function(up, all_rows - up, measure.parameter)

    return compute


_K = "Rows with the highest score: a share of all rows below 1, a number of rows from 1 on."

RANKS = (
    Metric(
        "roc_auc",
        "ROC AUC",
        NAMED,
        "up",
        "probabilities",
        (0.0, 1.0),
        "Chance that a positive row scores higher than a negative one.",
        _roc_auc,
        "0.5",
        lambda base_rate, _: 0.5,
        averages=("macro", "weighted"),
        source="Hanley and McNeil 1982, Radiology 143",
    ),
    Metric(
        "average_precision",
        "Average precision",
        NAMED,
        "up",
        "probabilities",
        (0.0, 1.0),
        "Mean precision over all recalls: how clean the top of the list is.",
        _average_precision,
        "the base rate",
        lambda base_rate, _: base_rate,
        averages=("macro", "weighted"),
        source="Davis and Goadrich 2006, ICML 23",
    ),
    Metric(
        "precision_at_k",
        "Precision at k",
        BINARY,
        "up",
        "probabilities",
        (0.0, 1.0),
        "Share of positives among the rows that the desk has time for.",
        _of_counts(precision_at_k),
        "the base rate",
        lambda base_rate, _: base_rate,
        Parameter("k", _K, 0.1, 0.0001, 1e7),
        "Precision at k = {0:g}",
    ),
    Metric(
        "recall_at_k",
        "Recall at k",
        BINARY,
        "up",
        "probabilities",
        (0.0, 1.0),
        "Share of all positives that are among the rows that the desk has time for.",
        _of_counts(recall_at_k),
        "k as a share of the rows",
        lambda base_rate, measure: measure.parameter if (measure.parameter or 1) < 1 else None,
        Parameter("k", _K, 0.1, 0.0001, 1e7),
        "Recall at k = {0:g}",
    ),
    Metric(
        "precision_at_recall",
        "Precision at a fixed recall",
        BINARY,
        "up",
        "probabilities",
        (0.0, 1.0),
        "Best share of right alarms of all thresholds that find enough of the positives.",
        _of_counts(precision_at_recall),
        "the base rate",
        lambda base_rate, _: base_rate,
        Parameter("recall", "Share of the positives that has to be found.", 0.8, 0.01, 1.0),
        "Precision at recall ≥ {0:g}",
    ),
    Metric(
        "recall_at_precision",
        "Recall at a fixed precision",
        BINARY,
        "up",
        "probabilities",
        (0.0, 1.0),
        "Greatest share of positives found by a threshold whose alarms are right often enough.",
        _of_counts(recall_at_precision),
        "0, once the precision is above the base rate",
        lambda base_rate, measure: 0.0 if (measure.parameter or 0.0) > base_rate else 1.0,
        Parameter("precision", "Share of the alarms that has to be right.", 0.8, 0.01, 1.0),
        "Recall at precision ≥ {0:g}",
    ),
)
