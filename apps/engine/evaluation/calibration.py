"""Can a probability be taken at its word? Bins with intervals, one gap, one test, one slope."""

from typing import Any

import numpy as np
from scipy import stats
from scipy.special import expit, logit

from apps.engine.evaluation.intervals import rate_interval
from apps.engine.evaluation.metrics.chances import equal_mass

SMALLEST = 1e-6
NEWTON_STEPS = 25


def calibration(is_positive: Any, scores: Any) -> dict[str, Any]:
    """How the probabilities of a binary classifier compare with what happened.

    Parameters
    ----------
    is_positive : (n,) bool; scores : (n,) probability of the positive class, 0 to 1

    Returns
    -------
    dict
        ``bins``: about tenths of the rows by score (equal scores stay together), each with mean
        ``score``, ``share`` of positives, its 95 % interval (Wilson) and ``n``; ``gap``: mean
        distance of score and share, weighted by rows (expected calibration error, 0 to 1; Guo et
        al. 2017, ICML 34); ``p_value`` of Spiegelhalter's test that the scores are right (1986,
        Statistics in Medicine 5, 421-433); ``slope`` of the truth on the log odds of the score:
        below 1 the scores are too extreme, above 1 too timid (Cox 1958,
        Biometrika 45, 562-565), None where it is not defined.
    """
    truth = np.asarray(is_positive, dtype=bool)
    chance = np.asarray(scores, dtype="float64")
    _, level = np.unique(chance, return_inverse=True)
    place = equal_mass(np.bincount(level))[level]
    bins = [_bin(truth[place == number], chance[place == number]) for number in np.unique(place)]
    return {
        "bins": bins,
        "gap": sum(item["n"] * abs(item["score"] - item["share"]) for item in bins) / len(truth),
        "p_value": spiegelhalter(truth, chance),
        "slope": _slope(truth, chance),
    }


def _bin(truth: Any, chance: Any) -> dict[str, Any]:
    low, high = rate_interval(int(truth.sum()), len(truth))
    return {
        "score": float(np.mean(chance)),
        "share": float(np.mean(truth)),
        "low": low,
        "high": high,
        "n": len(truth),
    }


def spiegelhalter(is_positive: Any, scores: Any) -> float | None:
    """Two-sided p-value that the scores are the true chances; None when every score is 0, ½ or 1.

    Z = sum((y - p)(1 - 2p)) / sqrt(sum((1 - 2p)² p (1 - p))), standard normal when they are.
    """
    y, p = np.asarray(is_positive, dtype="float64"), np.asarray(scores, dtype="float64")
    spread = float(np.sum((1 - 2 * p) ** 2 * p * (1 - p)))
    if spread <= 0.0:
        return None
    z = float(np.sum((y - p) * (1 - 2 * p))) / float(np.sqrt(spread))
    return float(2 * stats.norm.sf(abs(z)))


def _slope(truth: Any, chance: Any) -> float | None:
    """Slope of a logistic regression of the truth on logit(score), by Newton's method."""
    odds = logit(np.clip(chance, SMALLEST, 1 - SMALLEST))
    if truth.all() or not truth.any() or np.ptp(odds) == 0.0:
        return None
    design = np.column_stack([np.ones(len(odds)), odds])
    weights = np.array([0.0, 1.0])
    for _ in range(NEWTON_STEPS):
        told = expit(design @ weights)
        curvature = (design * (told * (1 - told))[:, None]).T @ design
        if not np.isfinite(curvature).all() or np.linalg.cond(curvature) > 1e12:
            return None
        step = np.linalg.solve(curvature, design.T @ (truth - told))
        weights = weights + step
        if float(np.max(np.abs(step))) < 1e-8:
            return float(weights[1])
    return None
