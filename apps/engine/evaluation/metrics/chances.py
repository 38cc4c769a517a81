"""Metrics of the probability itself: can it be taken at its word?"""

import math
from typing import Any

import numpy as np
from sklearn import metrics as sk

from apps.engine.evaluation.metrics.kinds import (
    BINARY,
    NAMED,
    Measure,
    Metric,
    Predictions,
    positive_of,
)
from apps.engine.evaluation.metrics.sets import losses_of_sets

BINS = 10


def _log_loss(truth: Any, told: Predictions, measure: Measure, positive: str | None) -> float:
    if told.sets:
        return float(np.mean(losses_of_sets(truth, told)))
    return float(sk.log_loss(truth, told.probabilities, labels=list(told.classes)))


def _brier(truth: Any, told: Predictions, measure: Measure, positive: str | None) -> float:
    name = positive_of(measure, positive)
    return float(np.mean((told.chance_of(name) - (truth == name)) ** 2))


def equal_mass(rows: Any) -> Any:
    """Bin, 0 to BINS - 1, of each distinct score, so that the bins hold about equally many rows.

    ``rows``: (n_levels,) rows per distinct score, lowest first. Equal scores stay together: the
    middle of a level decides, so a constant score is one bin and the order of rows is no matter.
    """
    middle = np.cumsum(rows) - rows / 2
    return np.minimum((BINS * middle / np.sum(rows)).astype(int), BINS - 1)


def calibration_gap(up: Any, down: Any, scores: Any) -> float:
    """Expected calibration error over equal-mass bins, 0 to 1.

    ``up`` and ``down``: (n_levels,) positive and other rows per distinct score, lowest first.
    """
    rows = up + down
    bins = equal_mass(rows)
    said = np.bincount(bins, weights=rows * scores, minlength=BINS)
    seen = np.bincount(bins, weights=up, minlength=BINS)
    return float(np.sum(np.abs(said - seen)) / np.sum(rows))


def _calibration(truth: Any, told: Predictions, measure: Measure, positive: str | None) -> float:
    name = positive_of(measure, positive)
    scores, level = np.unique(told.chance_of(name), return_inverse=True)
    up = np.bincount(level, weights=truth == name, minlength=len(scores))
    return calibration_gap(up, np.bincount(level, minlength=len(scores)) - up, scores)


def entropy(base_rate: float) -> float:
    """Log loss in nats of always telling the base rate."""
    if not 0 < base_rate < 1:
        return 0.0
    return -base_rate * math.log(base_rate) - (1 - base_rate) * math.log(1 - base_rate)


CHANCES = (
    Metric(
        "log_loss",
        "Log loss",
        NAMED,
        "down",
        "probabilities",
        (0.0, None),
        "Mean surprise at the truth in nats; a confident mistake costs most, 0 is perfect.",
        _log_loss,
        "the entropy of the base rate",
        lambda base_rate, _: entropy(base_rate),
        source="Good 1952, JRSS B 14",
    ),
    Metric(
        "brier",
        "Brier score",
        BINARY,
        "down",
        "probabilities",
        (0.0, 1.0),
        "Mean squared distance of the probability from what happened; 0 is perfect.",
        _brier,
        "p (1 − p) at base rate p, by always telling it",
        lambda base_rate, _: base_rate * (1 - base_rate),
        source="Brier 1950, Monthly Weather Review 78",
    ),
    Metric(
        "calibration_error",
        "Expected calibration error",
        BINARY,
        "down",
        "probabilities",
        (0.0, 1.0),
        "Mean distance between the probability told and the share that came true, over ten bins "
        "of about equally many rows.",
        _calibration,
        "0, by always telling the base rate: it guards, it is no goal",
        source="Naeini et al. 2015, AAAI 29; equal-mass bins: Nixon et al. 2019, CVPR workshops",
    ),
)
