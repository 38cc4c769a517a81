"""How well a planned test will know a metric: half of the 95 % interval before there is data."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

from apps.engine.evaluation.intervals import rate_interval
from apps.engine.evaluation.metrics import Measure
from apps.engine.evaluation.metrics.ranks import rows_at

Z95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class PlannedTest:
    """A test before it is drawn. ``base_rate``: share of positives, None for more classes."""

    rows: int
    base_rate: float | None = None

    @property
    def positives(self) -> int | None:
        """Positive rows that are to be expected, at least one; None when the share is unknown."""
        return None if self.base_rate is None else max(1, round(self.rows * self.base_rate))


def half_width_of_rate(rate: float, trials: int) -> float:
    """Half of the Wilson interval of a rate seen on ``trials`` rows (see rate_interval)."""
    low, high = rate_interval(round(rate * trials), trials)
    return (high - low) / 2


def standard_error_of_auc(auc: float, *, positives: int, negatives: int) -> float:
    """Standard error of a ROC AUC from its value and the two counts alone.

    Source: Hanley and McNeil (1982), Radiology 143, 29-36, with Q1 = A / (2 - A) and
    Q2 = 2A² / (1 + A), which hold for exponential scores and are cautious for most others.
    """
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = (
        auc * (1 - auc) + (positives - 1) * (q1 - auc**2) + (negatives - 1) * (q2 - auc**2)
    ) / (positives * negatives)
    return math.sqrt(max(0.0, variance))


def half_width_of_average_precision(value: float, positives: int) -> float:
    """Half of the logit interval of an average precision seen on so many positive rows.

    Source: Boyd, Eng and Page (2013), ECML PKDD, LNCS 8190, 451-466: logit(AP) has the standard
    error (n AP (1 - AP))^-½ with n positive rows. ``value`` strictly between 0 and 1.
    """
    value = min(max(value, 1e-6), 1 - 1e-6)
    centre, spread = math.log(value / (1 - value)), Z95 / math.sqrt(positives * value * (1 - value))
    low, high = (1 / (1 + math.exp(-end)) for end in (centre - spread, centre + spread))
    return (high - low) / 2


def half_width_of_f1(value: float, positives: int) -> float:
    """Half of the interval of an F1 of the positive class.

    F1 = 2J / (1 + J), where J is the share of right alarms among all rows that are positive or
    alarmed: a rate, so its Wilson interval carries over. When precision and recall are alike,
    these rows number positives (2 - F1).
    """
    trials = max(1, round(positives * (2 - value)))
    share = value / (2 - value)
    low, high = (2 * end / (1 + end) for end in rate_interval(round(share * trials), trials))
    return (high - low) / 2


def half_width(measure: Measure, value: float, test: PlannedTest) -> float | None:
    """Half of the 95 % interval that the test will give at about this value.

    Returns
    -------
    float or None
        In the metric's unit. None where nothing is known before there is data: for errors of a
        quantity (they hang on its spread), log loss, Brier, F-beta, Matthews correlation, money,
        and where the share of positives is needed and unknown.

    Notes
    -----
    Rows are taken as independent. Precision rests on the alarms, which are as many as the
    positives when precision and recall are alike: that is assumed. O(1).
    """
    if measure.of.key in _OF_ROWS:
        return _OF_ROWS[measure.of.key](value, test, measure)
    if measure.of.key not in _OF_POSITIVES or test.positives is None:
        return None
    return _OF_POSITIVES[measure.of.key](value, test.positives, test)


def _balanced(value: float, positives: int, test: PlannedTest) -> float:
    """Half of the interval of a mean of two rates on rows of their own."""
    sides = (positives, max(1, test.rows - positives))
    return math.hypot(*(half_width_of_rate(value, side) for side in sides)) / 2


def _auc(value: float, positives: int, test: PlannedTest) -> float:
    negatives = max(1, test.rows - positives)
    return Z95 * standard_error_of_auc(value, positives=positives, negatives=negatives)


_OF_ROWS: dict[str, Callable[[float, PlannedTest, Measure], float]] = {
    "accuracy": lambda value, test, _: half_width_of_rate(value, test.rows),
    "subset_accuracy": lambda value, test, _: half_width_of_rate(value, test.rows),
    "within_tolerance": lambda value, test, _: half_width_of_rate(value, test.rows),
    # A share at the level itself: however good the model, its coverage is known no better.
    "coverage_error": lambda _, test, measure: half_width_of_rate(
        measure.parameter or 0.5, test.rows
    ),
    "precision_at_k": lambda value, test, measure: half_width_of_rate(
        value, rows_at(measure.parameter or 1, test.rows)
    ),
}
_OF_POSITIVES: dict[str, Callable[[float, int, PlannedTest], float]] = {
    "recall": lambda value, positives, _: half_width_of_rate(value, positives),
    "recall_at_k": lambda value, positives, _: half_width_of_rate(value, positives),
    "recall_at_precision": lambda value, positives, _: half_width_of_rate(value, positives),
    "precision": lambda value, positives, _: half_width_of_rate(value, positives),
    "precision_at_recall": lambda value, positives, _: half_width_of_rate(value, positives),
    "balanced_accuracy": _balanced,
    "roc_auc": _auc,
    "average_precision": lambda value, positives, _: half_width_of_average_precision(
        value, positives
    ),
    "f1": lambda value, positives, _: half_width_of_f1(value, positives),
}
