"""The area under the ROC curve with its variance, in closed form: no resampling, no chance."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats
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


def auc_interval(is_positive: Any, scores: Any, *, confidence: float = 0.95) -> Interval | None:
    """Interval of the area under the ROC curve after DeLong, on the logit scale.

    The logit keeps it inside of 0 to 1 and lets it be lopsided near the edge, where a symmetric
    one is too short on the side that matters (Pepe 2003, The Statistical Evaluation of Medical
    Tests, section 5.2); Student's t makes up for a variance that few rows tell
    (``benchmarks/coverage.py``). None where the rows are in perfect order, or perfectly wrong:
    they show no error to tell a width from. Arguments as ``area_of`` takes them; rows must be
    independent.
    """
    area = area_of(is_positive, scores)
    if area.variance == 0.0 or not 0.0 < area.value < 1.0:
        return None
    t = float(stats.t.ppf(0.5 + confidence / 2, area.freedom))
    half = t * area.variance**0.5 / (area.value * (1 - area.value))
    low, high = expit(logit(area.value) + np.array([-half, half]))
    return Interval(float(low), float(high))
