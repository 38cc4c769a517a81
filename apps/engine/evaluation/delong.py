"""The area under the ROC curve with its variance, in closed form: no resampling, no chance."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats
from scipy.optimize import brentq
from scipy.special import expit, logit

from apps.engine.types import Interval


@dataclass(frozen=True)
class Area:
    """An area under the ROC curve, 0 to 1, the variance of its estimate, and how well that is
    known: its degrees of freedom."""

    value: float
    variance: float
    freedom: float


def area_of(is_positive: Any, scores: Any) -> Area:
    """The area under the ROC curve (ties count half) and the variance of its estimate.

    Parameters
    ----------
    is_positive : (n,) bool, with at least one row of each kind
    scores : (n,) numbers, higher for rows that look positive; need not be probabilities

    Notes
    -----
    O(n log n). The area is a mean of placements: the share of the others that each row is rightly
    above, or below. Its variance is that of the placements of each kind, over their number. Of
    one row nothing can be told; it gets the greatest variance that numbers from 0 to 1 with this
    mean can have. Source: DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44, 837-845; by
    midranks as in Sun and Xu (2014), IEEE Signal Processing Letters 21, 1389-1393; degrees of
    freedom (Satterthwaite) as in Brunner and Munzel (2000), Biometrical Journal 42, 17-25.
    """
    positive = np.asarray(is_positive, dtype=bool)
    values = np.asarray(scores, dtype="float64")
    of_all, above, below = stats.rankdata(values), values[positive], values[~positive]
    placed_up = (of_all[positive] - stats.rankdata(above)) / len(below)
    placed_down = 1 - (of_all[~positive] - stats.rankdata(below)) / len(above)
    area = float(np.mean(placed_up))
    parts, known = [], 0.0
    for placed in (placed_up, placed_down):
        rows = len(placed)
        spread = float(np.var(placed, ddof=1)) if rows > 1 else area * (1 - area)
        parts.append(spread / rows)
        known += parts[-1] ** 2 / max(1, rows - 1)
    return Area(area, sum(parts), sum(parts) ** 2 / known if known else np.inf)


MODEL_FREEDOM = 10.0
"""What the variance of the model is worth beside that of the rows, in degrees of freedom."""


def auc_interval(is_positive: Any, scores: Any, *, confidence: float = 0.95) -> Interval:
    """Interval of the area under the ROC curve after DeLong, on the logit scale.

    The logit keeps it inside of 0 to 1 and lets it be lopsided near the edge, where a symmetric
    one is too short on the side that matters (Pepe 2003, The Statistical Evaluation of Medical
    Tests, section 5.2). A few rows of a kind never show how rare a bad one is, and tell too small
    a variance. So DeLong's is moderated by that which two exponential distributions with this area
    would have, as if it came from MODEL_FREEDOM further degrees of freedom (the moderated t of
    Smyth 2004, Statistical Applications in Genetics 3, article 3; that variance: Newcombe 2006,
    Statistics in Medicine 25, 559-573). With many rows of both kinds it is DeLong's. Rows in
    perfect order, or perfectly wrong, show no error: they get Newcombe's own interval (his method
    5). Coverage: ``benchmarks/coverage.py``. Arguments as ``area_of`` takes them; rows must be
    independent.
    """
    positive = np.asarray(is_positive, dtype=bool)
    area, pairs = area_of(positive, scores), _Pairs(int(positive.sum()), int((~positive).sum()))
    if not 0.0 < area.value < 1.0:
        return _unseen_interval(area.value, pairs, confidence=confidence)
    freedom = min(area.freedom, float(len(positive)))
    moderate = freedom * area.variance + MODEL_FREEDOM * pairs.variance(area.value)
    error = (moderate / (freedom + MODEL_FREEDOM)) ** 0.5
    t = float(stats.t.ppf(0.5 + confidence / 2, freedom + MODEL_FREEDOM))
    half = t * error / (area.value * (1 - area.value))
    low, high = expit(logit(area.value) + np.array([-half, half]))
    return Interval(float(low), float(high))


@dataclass(frozen=True)
class _Pairs:
    """How many rows there are of each kind."""

    positives: int
    negatives: int

    def variance(self, area: float) -> float:
        """Of the estimate, where scores are as Hanley and McNeil's exponential distributions."""
        both = self.positives * self.negatives
        more = (self.positives + self.negatives) / 2 - 1
        spread = (1 - area) / (2 - area) + area / (1 + area)
        return area * (1 - area) * (1 + more * spread) / both


def _unseen_interval(area: float, pairs: _Pairs, *, confidence: float) -> Interval:
    """The areas from which a whole order lies no further away than chance: a score interval."""
    z = float(stats.norm.ppf(0.5 + confidence / 2))

    def beyond(missed: float) -> float:
        return missed**2 - z**2 * pairs.variance(1 - missed)

    missed = float(brentq(beyond, 1e-12, 1.0))
    return Interval(1 - missed, 1.0) if area == 1.0 else Interval(0.0, missed)
