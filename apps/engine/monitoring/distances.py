"""Distances between two distributions over the same bins: PSI, Jensen-Shannon, Kolmogorov."""

from typing import Any

import numpy as np
from scipy.special import chdtri

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
    return float(chdtri(bins - 1, 1 - certainty)) * (1 / rows + 1 / reference_rows)


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
    """Largest distance of the two cumulative shares at the edges of the bins, 0 to 1.

    The exact statistic looks at every value and is at least this large; within a bin it can be
    larger by at most the larger of the two shares of that bin.
    """
    gap = np.cumsum(np.asarray(expected, dtype=float)) - np.cumsum(np.asarray(actual, dtype=float))
    return float(np.max(np.abs(gap))) if len(gap) else 0.0
