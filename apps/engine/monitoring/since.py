"""Since when: the moment at which the level of a series changed, unless chance explains it."""

from typing import Any

import numpy as np
from scipy.stats import kstwobign

LEAST_SIDE = 20
CERTAINTY = 0.999


def change_point(values: Any) -> int | None:
    """Position of the first value of the new level, or None where the level did not change.

    Parameters
    ----------
    values : (n,) numbers in the order of time, independent of each other

    Notes
    -----
    The place at which the cumulated sum of the deviations is farthest from zero. Without a change
    its greatest distance, over the deviation of a value and the root of n, is distributed as the
    largest value of a Brownian bridge (Kolmogorov). At least LEAST_SIDE values lie on each side.
    O(n). Source: Csörgő, Horváth (1997), Limit Theorems in Change-Point Analysis, section 2.1.
    """
    series = np.asarray(values, dtype="float64")
    rows = len(series)
    if rows < 2 * LEAST_SIDE:
        return None
    walk = np.cumsum(series - series.mean())
    inside = np.abs(walk[LEAST_SIDE - 1 : rows - LEAST_SIDE])
    place = int(np.argmax(inside)) + LEAST_SIDE
    # Measured on each side apart: a change must not widen what it is held against.
    spread = float(np.sqrt((_squares(series[:place]) + _squares(series[place:])) / (rows - 2)))
    if spread == 0.0:
        return place if inside.max() > 1e-9 else None
    farthest = float(inside.max()) / (spread * np.sqrt(rows))
    return place if farthest > float(kstwobign.ppf(CERTAINTY)) else None


def _squares(values: Any) -> float:
    return float(np.sum((values - values.mean()) ** 2))
