"""Any metric of resampled rows, quickly: what can be prepared once is not done in every round."""

from collections.abc import Callable
from typing import Any

import numpy as np

from apps.engine.evaluation.metrics import Measure, Predictions, measure_of
from apps.engine.evaluation.metrics.chances import calibration_gap
from apps.engine.evaluation.metrics.quantities import (
    MEAN_LOSSES,
    covered,
    decision_values,
    level_of,
    row_losses,
)
from apps.engine.evaluation.metrics.ranks import (
    averaged,
    precision_at_k,
    precision_at_recall,
    recall_at_k,
    recall_at_precision,
)
from apps.engine.evaluation.metrics.sets import losses_of_sets, of_sets
from apps.engine.labels import matrix_of

Recompute = Callable[[Any], float]
"""``recompute(rows)``: the metric of the rows at these positions, repeats allowed."""


def recomputer(
    metric: str | Measure, truth: Any, predictions: Predictions, *, positive: str | None = None
) -> Recompute:
    """Function of row positions that equals ``score`` of those rows.

    Every resample must keep at least one row of each class of ``truth``. Preparing is
    O(rows log rows), each call O(rows) without sorting and without comparing texts.

    Parameters
    ----------
    metric : as ``measure_of`` takes it
    truth : (n,) class names as text, or numbers
    positive : the positive class of a binary problem; None for the others
    """
    measure = measure_of(metric)
    key = measure.of.key
    if predictions.sets and measure.needs == "labels":
        return of_sets(measure, truth, predictions)
    if key in _OF_COUNTS:
        return _from_counts(measure, truth, predictions, positive)
    if key in _OF_RANKS:
        return _from_ranks(measure, truth, predictions, positive)
    if key == "median_ae":
        errors = np.abs(truth - predictions.labels)
        return lambda rows: float(np.median(errors[rows]))
    if key == "coverage_error":
        under, level = covered(truth, predictions.labels), level_of(measure)
        return lambda rows: abs(float(np.mean(under[rows])) - level)
    if key == "r2":
        return _r2(truth, predictions.labels)
    losses = _losses(measure, truth, predictions, positive)
    if key == "rmse":
        return lambda rows: float(np.sqrt(np.mean(losses[rows])))
    return lambda rows: float(np.mean(losses[rows]))


def _losses(measure: Measure, truth: Any, told: Predictions, positive: str | None) -> Any:
    """Loss of each row, for the metrics that are a mean of them."""
    metric = measure.of.key
    if metric in MEAN_LOSSES:
        return row_losses(measure, truth, told.labels)
    if metric == "value_per_decision":
        return decision_values(measure, truth, told.labels, positive=positive)
    if metric in {"mae", "mape", "rmse"}:
        return _distances(metric, truth, told.labels)
    assert told.probabilities is not None, f"{metric} needs probabilities"
    if metric == "brier":
        return (told.chance_of(str(positive)) - (truth == positive)) ** 2
    if told.sets:
        return losses_of_sets(truth, told)
    column = {name: index for index, name in enumerate(told.classes)}
    right = told.probabilities[np.arange(len(truth)), [column[name] for name in truth]]
    return -np.log(np.clip(right, np.finfo(np.float64).eps, 1.0))


def _distances(metric: str, truth: Any, predicted: Any) -> Any:
    distance = np.abs(truth - predicted)
    if metric == "mape":
        return distance / np.maximum(np.abs(truth), np.finfo(np.float64).eps)
    return distance**2 if metric == "rmse" else distance


def _r2(truth: Any, predicted: Any) -> Recompute:
    squares = (truth - predicted) ** 2

    def recompute(rows: Any) -> float:
        spread = float(np.sum((truth[rows] - np.mean(truth[rows])) ** 2))
        missed = float(np.sum(squares[rows]))
        if spread == 0.0:
            return 1.0 if missed == 0.0 else 0.0
        return 1.0 - missed / spread

    return recompute


def _from_counts(
    measure: Measure, truth: Any, told: Predictions, positive: str | None
) -> Recompute:
    """Metrics of labels: from the counts by true and predicted class."""
    names, codes = np.unique(
        np.concatenate([np.asarray(truth, dtype="U"), np.asarray(told.labels, dtype="U")]),
        return_inverse=True,
    )
    size = len(names)
    cells = codes[: len(truth)] * size + codes[len(truth) :]
    wanted = None if positive is None else int(np.searchsorted(names, positive))
    compute = _OF_COUNTS[measure.of.key]
    return lambda rows: compute(
        np.bincount(cells[rows], minlength=size * size).reshape(size, size).astype(float),
        wanted,
        measure,
    )


def _divide(above: Any, below: Any) -> Any:
    """Quotient, 0 where nothing is divided by nothing (scikit-learn's zero_division=0)."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _chosen(above: Any, below: Any, counts: Any, wanted: int | None, measure: Measure) -> float:
    """A quotient for the positive class, or averaged over the classes that occur."""
    if wanted is not None:
        return float(_divide(above, below)[wanted])
    if measure.averaging == "micro":
        return float(above.sum() / below.sum())
    values, rows = _divide(above, below), counts.sum(axis=1)
    if measure.averaging == "weighted":
        return float(values @ rows / rows.sum())
    return float(np.mean(values[(counts.sum(axis=0) + rows) > 0]))


def _accuracy(counts: Any, wanted: int | None, measure: Measure) -> float:
    return float(np.trace(counts) / counts.sum())


def _balanced_accuracy(counts: Any, wanted: int | None, measure: Measure) -> float:
    rows = counts.sum(axis=1)
    return float(np.mean(_divide(counts.diagonal().copy(), rows)[rows > 0]))


def _precision(counts: Any, wanted: int | None, measure: Measure) -> float:
    return _chosen(counts.diagonal().copy(), counts.sum(axis=0), counts, wanted, measure)


def _recall(counts: Any, wanted: int | None, measure: Measure) -> float:
    return _chosen(counts.diagonal().copy(), counts.sum(axis=1), counts, wanted, measure)


def _f(counts: Any, wanted: int | None, measure: Measure) -> float:
    weight = (measure.parameter or 1.0) ** 2
    above = (1 + weight) * counts.diagonal()
    below = counts.sum(axis=0) + weight * counts.sum(axis=1)
    return _chosen(above, below, counts, wanted, measure)


def _mcc(counts: Any, wanted: int | None, measure: Measure) -> float:
    told, true, n = counts.sum(axis=0), counts.sum(axis=1), counts.sum()
    shared = np.trace(counts) * n - true @ told
    spread = (n**2 - told @ told) * (n**2 - true @ true)
    return float(shared / np.sqrt(spread)) if spread > 0 else 0.0


_OF_COUNTS: dict[str, Callable[[Any, int | None, Measure], float]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "precision": _precision,
    "recall": _recall,
    "f1": _f,
    "f_beta": _f,
    "mcc": _mcc,
}


def _from_ranks(measure: Measure, truth: Any, told: Predictions, positive: str | None) -> Recompute:
    """Metrics of ranks: scores are sorted once per class, then rows are counted per level."""
    compute = _OF_RANKS[measure.of.key]
    ranked = []
    for name in told.classes if positive is None else (positive,):
        distinct, level = np.unique(told.chance_of(name), return_inverse=True)
        is_it = matrix_of(truth, [name])[:, 0] if told.sets else truth == name
        ranked.append((level, is_it, distinct))

    def recompute(rows: Any) -> float:
        values, positives = [], []
        for level, is_class, distinct in ranked:
            levels = level[rows]
            all_rows = np.bincount(levels, minlength=len(distinct))
            up = np.bincount(levels, weights=is_class[rows], minlength=len(distinct))
            if told.sets and not 0 < up.sum() < len(rows):
                continue  # these rows tell nothing of the order of this label
            values.append(compute(up, all_rows - up, distinct, measure.parameter))
            positives.append(float(up.sum()))
        return averaged(values, positives, measure.averaging)

    return recompute


def _auc(up: Any, down: Any) -> float:
    """Share of pairs in the right order, ties as half; counts per level, lowest first."""
    below = np.cumsum(down) - down
    return float(np.sum(up * (below + down / 2.0)) / (up.sum() * down.sum()))


def _average_precision(up: Any, down: Any) -> float:
    """Precision at each level, weighted by the recall that it adds."""
    found = np.cumsum(up[::-1])
    called = found + np.cumsum(down[::-1])
    return float(np.sum(_divide(found, called) * up[::-1]) / up.sum())


_OF_RANKS: dict[str, Callable[[Any, Any, Any, Any], float]] = {
    "roc_auc": lambda up, down, scores, parameter: _auc(up, down),
    "average_precision": lambda up, down, scores, parameter: _average_precision(up, down),
    "precision_at_k": lambda up, down, scores, parameter: precision_at_k(up, down, parameter),
    "recall_at_k": lambda up, down, scores, parameter: recall_at_k(up, down, parameter),
    "precision_at_recall": lambda up, down, _, parameter: precision_at_recall(up, down, parameter),
    "recall_at_precision": lambda up, down, _, parameter: recall_at_precision(up, down, parameter),
    "calibration_error": lambda up, down, scores, _: calibration_gap(up, down, scores),
}
