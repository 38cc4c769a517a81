"""Intervals of Cramér's V and of the correlation ratio, from counts and sums of groups.

Each is as wide as the wider of two published intervals. That of the noncentral distribution is
right where there is little or no association, and too narrow for rare groups with a large effect;
that of the delta method is right there, and fails at no association, where its error is 0.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chndtrinc, ncfdtrinc

from apps.engine.profile.associations import cramers_v

Z_95 = 1.959963984540053
TAILS = (0.975, 0.025)
FAR_FROM_NONE = 1_000.0
"""Test statistics above this leave the noncentral interval to its limit, a normal one."""

Interval = tuple[float, float]


def cramers_v_interval(counts: NDArray[np.int64]) -> Interval | None:
    """95 % interval of Cramér's V of a contingency table, (n_row_levels, n_column_levels).

    None where the table has no corrected V. Sources: Smithson (2003), Confidence Intervals,
    chapter 4 (noncentral chi-squared, told without the bias of the degrees of freedom, as the
    corrected V is); Bishop, Fienberg, Holland (1975), Discrete Multivariate Analysis, 11.3.2
    (delta method under multinomial sampling).
    """
    value = cramers_v(counts)
    table = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0].astype(np.float64)
    n, most = table.sum(), min(table.shape) - 1
    if value is None:
        return None
    shares = table / n
    across, up = shares.sum(axis=1, keepdims=True), shares.sum(axis=0, keepdims=True)
    ratios = shares / (across * up)
    phi2 = float((shares * ratios).sum()) - 1
    slope = 2 * ratios - (shares * ratios).sum(axis=1, keepdims=True) / across
    slope -= (shares * ratios).sum(axis=0, keepdims=True) / up
    spread = float((shares * slope**2).sum() - (shares * slope).sum() ** 2)
    free = (table.shape[0] - 1) * (table.shape[1] - 1)
    low, high = noncentral_chi2(phi2 * float(n), free=free)
    return _hull(
        (low / (n * most), high / (n * most)), squared=value**2, error=(spread / n) ** 0.5 / most
    )


def correlation_ratio_interval(moments: NDArray[np.float64]) -> Interval | None:
    """95 % interval of the correlation ratio (eta) of numbers by group.

    ``moments``, shape (5, n_groups), are the rows of each group and the sums of its first four
    powers about the mean of all. None without variance, or with fewer than two groups or spare
    rows. Sources: Steiger (2004), Psychological Methods 9(2), 164-182 (noncentral F); the delta
    method on the variances within and of all: Bishop, Fienberg, Holland (1975), 14.6.
    """
    rows, first, second, third, fourth = moments[:, moments[0] > 0]
    n, groups = float(rows.sum()), len(rows)
    if groups < 2 or n <= groups + 1 or second.sum() <= 0:
        return None
    means, total = first / rows, float(second.sum())
    share = min(1.0, float((rows * means**2).sum()) / total)
    if share >= 1:
        return None
    # What a row adds to eta squared is quadratic in its value y: a y ** 2 + b y + c by group.
    a, b, c = -share, 2 * means, -(means**2)
    squared = a**2 * fourth + 2 * a * b * third + (b**2 + 2 * a * c) * second
    squared += 2 * b * c * first + c**2 * rows
    centre = float((a * second + b * first + c * rows).sum()) / n
    spread = max(0.0, float(squared.sum()) / n - centre**2) / (total / n) ** 2
    ratio = share / (groups - 1) / ((1 - share) / (n - groups))
    low, high = _noncentral_f(ratio, between=groups - 1, within=n - groups)
    unbiased = max(0.0, 1 - (1 - share) * (n - 1) / (n - groups))
    return _hull((low / (low + n), high / (high + n)), squared=unbiased, error=(spread / n) ** 0.5)


def power_sums(values: NDArray[np.float64], *, groups: NDArray[Any]) -> NDArray[np.float64]:
    """``moments`` of finite (n,) values by (n,) codes of groups, none of them negative."""
    away = values - values.mean()
    powers = (None, away, away**2, away**3, away**4)
    return np.array([np.bincount(groups, weights=power) for power in powers], dtype=np.float64)


def _hull(noncentral: Interval, *, squared: float, error: float) -> Interval:
    """The wider of both on each side, from squares to what is told; within 0 and 1."""
    value = squared**0.5
    reach = Z_95 * error / (2 * value) if value else 0.0
    low, high = (min(1.0, max(0.0, bound)) ** 0.5 for bound in noncentral)
    return max(0.0, min(low, value - reach)), min(1.0, max(high, value + reach))


def noncentral_chi2(value: float, *, free: int) -> Interval:
    """95 % interval of the noncentrality behind a chi-squared statistic of ``free`` degrees."""
    if value > FAR_FROM_NONE + free:
        root = (value - free) ** 0.5
        return (root - Z_95) ** 2, (root + Z_95) ** 2
    low, high = chndtrinc(value, free, TAILS)
    return float(low), float(high)


def _noncentral_f(value: float, *, between: int, within: float) -> Interval:
    if value * between > FAR_FROM_NONE + between:
        return noncentral_chi2(value * between, free=between)
    low, high = ncfdtrinc(between, within, TAILS, value)
    return float(low), float(high)
