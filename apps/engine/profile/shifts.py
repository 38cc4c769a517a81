"""Where a series of periods changes its level, or rises or falls all along."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau, rankdata

LEAST_PERIODS = 8
SURE = 0.01
STEADY = 0.5
CYCLES = {"hour": 24, "day": 7, "month": 12, "quarter": 4}
"""Periods after which a season comes back."""


@dataclass(frozen=True)
class Shift:
    """The period from which a series lies on another level; ``at`` counts from 0."""

    at: int
    p: float
    before: float
    after: float


def pettitt(series: NDArray[np.float64]) -> tuple[int, float]:
    """First period of the likeliest new level, and the chance of as much without any.

    Pettitt (1979), A non-parametric approach to the change-point problem, Applied Statistics
    28(2), 126-135: U_t = 2 * (sum of the first t ranks) - t (T + 1), K = max |U_t|,
    p = 2 exp(-6 K ** 2 / (T ** 3 + T ** 2)), an approximation that is good below 0.5. O(n log n).
    """
    n = len(series)
    ranks = rankdata(series)
    u = 2 * np.cumsum(ranks)[:-1] - np.arange(1, n) * (n + 1)
    at = int(np.abs(u).argmax()) + 1
    p = 2 * np.exp(-6 * float(np.abs(u).max()) ** 2 / (n**3 + n**2))
    return at, min(1.0, float(p))


def level_shift(values: list[float | None], *, step: str) -> dict[str, Any] | None:
    """The level shift of a series by period, None when chance may have made it.

    Where the season comes round at least twice, each part of it is measured against its own mean.
    ``before`` and ``after`` are plain means of the periods in the unit of the series. The change
    has to be as large as the spread within the two levels: a small one is no news.
    """
    known = np.array([place for place, value in enumerate(values) if value is not None])
    if len(known) < LEAST_PERIODS:
        return None
    series = np.array([values[place] for place in known], dtype=np.float64)
    at, p = pettitt(_without_season(series, known, cycle=CYCLES.get(step)))
    flat = _without_season(series, known, cycle=CYCLES.get(step))
    within = np.concatenate([flat[:at] - flat[:at].mean(), flat[at:] - flat[at:].mean()]).std()
    if p > SURE or abs(flat[at:].mean() - flat[:at].mean()) < within:
        return None
    shift = Shift(int(known[at]), p, float(series[:at].mean()), float(series[at:].mean()))
    return asdict(shift)


def steady_trend(values: list[float | None]) -> dict[str, Any] | None:
    """Whether a series rises or falls all along; None when chance may have made it.

    Kendall's tau with the number of the period: Mann (1945), Nonparametric tests against trend,
    Econometrica 13(3), 245-259. ``first`` and ``last`` are the values at the ends.
    """
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    if len(known) < LEAST_PERIODS:
        return None
    found = kendalltau([place for place, _ in known], [value for _, value in known])
    if not found.pvalue < SURE or abs(found.statistic) < STEADY:
        return None
    return {
        "tau": float(found.statistic),
        "p": float(found.pvalue),
        "first": float(known[0][1]),
        "last": float(known[-1][1]),
    }


def _without_season(
    series: NDArray[np.float64], known: NDArray[np.int64], *, cycle: int | None
) -> NDArray[np.float64]:
    if cycle is None or len(series) < 2 * cycle:
        return series
    flat = series.copy()
    for phase in range(cycle):
        mine = known % cycle == phase
        if mine.any():
            flat[mine] -= series[mine].mean()
    return flat
