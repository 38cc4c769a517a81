"""Metrics of sets of labels, and those of names taken label by label.

For sets, precision, recall, F1, ROC AUC and average precision are those of each label against the
rest. A label counts where these rows tell something of it: hits where it occurs or was told, ranks
where some of the rows have it and others do not.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from apps.engine.errors import BadParameter, NotEnoughData
from apps.engine.evaluation.metrics.kinds import SETS, Measure, Metric, Predictions
from apps.engine.labels import matrix_of, names_in

Weighed = Callable[[Any], float]
"""Rows at these positions, repeats allowed, to the value of the metric."""


def hits_of(truth: Any, told: Predictions) -> tuple[Any, Any]:
    """(n, n_labels) booleans each: labels that are true, and labels that were told."""
    names = tuple(sorted({*told.classes, *names_in(truth), *names_in(told.labels)}))
    return matrix_of(truth, names), matrix_of(told.labels, names)


def of_sets(measure: Measure, truth: Any, told: Predictions) -> Weighed:
    """A metric of labels as a function of row positions. Preparing is O(rows x labels)."""
    true, said = hits_of(truth, told)
    both = true & said
    if measure.of.key in _OF_ROWS:
        values = _OF_ROWS[measure.of.key](true, said, both)
        return lambda rows: float(np.mean(values[rows]))
    above, below = _PARTS[measure.of.key](measure.parameter or 1.0)
    parts = np.concatenate([both, said, true], axis=1).astype("float64")
    size = true.shape[1]

    def value(rows: Any) -> float:
        counts = np.bincount(rows, minlength=len(parts)) @ parts
        hits, called, there = counts[:size], counts[size : 2 * size], counts[2 * size :]
        return _averaged(measure, above(hits), below(called, there), called, there)

    return value


def _averaged(measure: Measure, above: Any, below: Any, called: Any, there: Any) -> float:
    if measure.averaging == "micro":
        return float(above.sum() / below.sum()) if below.sum() else 0.0
    values = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
    if measure.averaging == "weighted":
        return float(values @ there / there.sum()) if there.sum() else 0.0
    counts = called + there > 0
    return float(np.mean(values[counts])) if counts.any() else 0.0


_PARTS: dict[str, Callable[[float], tuple[Callable[..., Any], Callable[..., Any]]]] = {
    "precision": lambda _: (lambda hits: hits, lambda called, there: called),
    "recall": lambda _: (lambda hits: hits, lambda called, there: there),
    "f1": lambda _: (lambda hits: 2 * hits, lambda called, there: called + there),
    "f_beta": lambda beta: (
        lambda hits: (1 + beta**2) * hits,
        lambda called, there: called + beta**2 * there,
    ),
}


def _overlap(true: Any, said: Any, both: Any) -> Any:
    """Labels in both sets over labels in any; two empty sets are alike."""
    either = (true | said).sum(axis=1)
    return np.where(either > 0, both.sum(axis=1) / np.maximum(either, 1), 1.0)


_OF_ROWS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "subset_accuracy": lambda true, said, both: (true == said).all(axis=1).astype("float64"),
    "hamming_loss": lambda true, said, both: (true != said).mean(axis=1),
    "jaccard": _overlap,
}


def losses_of_sets(truth: Any, told: Predictions) -> Any:
    """(n,) mean over the labels of the log loss of each, in nats."""
    assert told.probabilities is not None, "asked for probabilities only"
    true = matrix_of(truth, told.classes)
    right = np.where(true, told.probabilities, 1 - told.probabilities)
    return -np.log(np.clip(right, np.finfo(np.float64).eps, 1.0)).mean(axis=1)


def over_labels(
    measure: Measure,
    truth: Any,
    told: Predictions,
    value: Callable[[Any, Any], float],
) -> float:
    """Mean over the labels of ``value(is_it, scores)``; weighted by the rows of each label."""
    true = matrix_of(truth, told.classes)
    rows = true.sum(axis=0)
    usable = np.flatnonzero((rows > 0) & (rows < len(true)))
    if not len(usable):
        raise NotEnoughData(
            f"{measure.title} needs a label that some of the rows have and others do not."
        )
    values = [value(true[:, place], told.chance_of(told.classes[place])) for place in usable]
    return float(
        np.average(values, weights=rows[usable] if measure.averaging == "weighted" else None)
    )


def _of_rows(truth: Any, told: Predictions, measure: Measure, positive: str | None) -> float:
    if not told.sets:
        raise BadParameter(f"{measure.title} is for sets of labels; the target holds one class.")
    return of_sets(measure, truth, told)(np.arange(len(truth)))


SETS_OF_LABELS = (
    Metric(
        "jaccard",
        "Jaccard index",
        SETS,
        "up",
        "labels",
        (0.0, 1.0),
        "Mean over the rows of the labels in both sets, told and true, over those in any of them.",
        _of_rows,
        "the mean share of the labels that a row has, by telling all of them",
        lambda base_rate, _: base_rate,
        source="Jaccard 1912, New Phytologist 11; Godbole and Sarawagi 2004, PAKDD 8",
    ),
    Metric(
        "subset_accuracy",
        "Subset accuracy",
        SETS,
        "up",
        "labels",
        (0.0, 1.0),
        "Share of the rows whose set of labels is told exactly; one label too many is an error.",
        _of_rows,
        "the share of the commonest set; it does not follow from the share of labels",
        source="Tsoumakas and Katakis 2007, IJDWM 3",
    ),
    Metric(
        "hamming_loss",
        "Hamming loss",
        SETS,
        "down",
        "labels",
        (0.0, 1.0),
        "Share of all decisions, row by label, that are wrong; it is small where labels are rare.",
        _of_rows,
        "the mean share of the labels that a row has, by telling none (at most one half)",
        lambda base_rate, _: min(base_rate, 1 - base_rate),
        source="Schapire and Singer 2000, Machine Learning 39",
    ),
)
