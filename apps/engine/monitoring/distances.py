"""Distances between two distributions: PSI, Jensen-Shannon, Kolmogorov, Wasserstein, chi2."""

from functools import lru_cache
from typing import Any

import numpy as np
from scipy.special import chdtrc, chdtri

LEAST_SHARE = 1e-4


def psi(expected: Any, actual: Any) -> float:
    """``psi_each`` of one pair."""
    return float(psi_each(expected, actual))


def psi_each(expected: Any, actual: Any) -> Any:
    """Population stability index: sum of (a - e) ln(a / e) over bins (the last axis), in nats.

    Shares below LEAST_SHARE count as LEAST_SHARE, so that an empty bin stays finite. Below 0.1 is
    stable, from 0.25 on a large shift: the convention of credit scoring, Siddiqi (2006), Credit
    Risk Scorecards, chapter 8.
    """
    e = np.maximum(np.asarray(expected, dtype=float), LEAST_SHARE)
    a = np.maximum(np.asarray(actual, dtype=float), LEAST_SHARE)
    return np.sum((a - e) * np.log(a / e), axis=-1)


def psi_by_chance(bins: int, *, rows: int, reference_rows: int, certainty: float = 0.999) -> float:
    """The PSI that two samples of the same world stay below with this certainty.

    Few rows make a large PSI out of nothing: it is distributed about as
    (1 / n + 1 / N) chi2(bins - 1). Source: Yurdakul, Naranjo (2020), Statistical properties of
    the population stability index, Journal of Risk Model Validation 14(4).
    """
    if bins < 2 or rows < 1 or reference_rows < 1:
        return 0.0
    return _chi2_level(bins - 1, 1 - certainty) * (1 / rows + 1 / reference_rows)


@lru_cache(maxsize=256)
def _chi2_level(free: int, tail: float) -> float:
    return float(chdtri(free, tail))


def jensen_shannon(expected: Any, actual: Any) -> float:
    """Jensen-Shannon divergence in bits: 0 for equal shares, 1 when no bin is shared.

    Source: Lin (1991), IEEE Transactions on Information Theory 37(1), 145-151.
    """
    e, a = np.asarray(expected, dtype=float), np.asarray(actual, dtype=float)
    middle = (e + a) / 2
    return float(0.5 * _relative_entropy(e, middle) + 0.5 * _relative_entropy(a, middle))


def _relative_entropy(shares: Any, of: Any) -> Any:
    held = shares > 0
    return np.sum(shares[held] * np.log2(shares[held] / of[held]))


def kolmogorov_smirnov(expected: Any, actual: Any) -> float:
    """Largest distance of two cumulative shares, each given at the same edges, 0 to 1.

    The exact statistic looks at every value and is at least this large; within a bin it can be
    larger by at most the larger of the two shares of that bin.
    """
    gap = np.asarray(expected, dtype=float) - np.asarray(actual, dtype=float)
    return float(np.max(np.abs(gap))) if len(gap) else 0.0


def wasserstein(
    edges: Any, expected: Any, actual: Any, *, ordered: Any, areas: tuple[Any, Any] | None = None
) -> float:
    """Mean distance that values have to be moved: the area between the cumulative shares.

    ``expected`` and ``actual``: shares at most each of ``edges``; ``ordered``: (n,) all actual
    values, ascending, for what lies beyond the first and the last edge; ``areas``: the areas under
    both up to each edge. With them it is exact but for bins in which the two cross; without them,
    and there, shares are straight lines between two edges. In the unit of the values.
    Source: Vallender (1974), Theory of Probability and its Applications 18(4), 784-786.
    """
    if not len(edges) or not len(ordered):
        return 0.0
    edges = np.asarray(edges, dtype=float)
    gap = np.asarray(expected, dtype=float) - np.asarray(actual, dtype=float)
    before, after = gap[:-1], gap[1:]
    same = before * after >= 0
    size = np.abs(before) + np.abs(after)
    with np.errstate(divide="ignore", invalid="ignore"):
        crossed = np.where(size > 0, (before**2 + after**2) / (2 * size), 0.0)
    between = np.where(same, size / 2, crossed) * np.diff(edges)
    if areas is not None:
        exact = np.abs(np.diff(areas[0]) - np.diff(areas[1]))
        between = np.where(same, exact, np.maximum(between, exact))
    inside = np.sum(between)
    low = ordered[: np.searchsorted(ordered, edges[0], side="right")]
    high = ordered[np.searchsorted(ordered, edges[-1], side="right") :]
    beyond = np.sum(edges[0] - low) + np.sum(high - edges[-1])
    return float(inside + beyond / len(ordered))


def chi_squared(
    expected: Any, actual: Any, *, reference_rows: int, rows: int
) -> tuple[float, float]:
    """Pearson's chi2 of two samples over the same bins, and its p-value.

    It grows with n, so that many rows make the smallest difference certain: it is shown beside the
    size of the effect and decides nothing. Source: Pearson (1900), Philosophical Magazine 50(302).
    """
    e, a = np.asarray(expected, dtype=float), np.asarray(actual, dtype=float)
    held = (e + a) > 0
    if rows < 1 or reference_rows < 1 or held.sum() < 2:
        return 0.0, 1.0
    pooled = (e * reference_rows + a * rows)[held] / (reference_rows + rows)
    found = float(np.sum((e - a)[held] ** 2 / pooled) / (1 / rows + 1 / reference_rows))
    return found, float(chdtrc(held.sum() - 1, found))
