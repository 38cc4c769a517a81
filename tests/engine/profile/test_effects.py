"""Intervals of Cramér's V and the correlation ratio: a published value, and what they hold."""

import numpy as np
import pytest
from scipy.stats import ncf

from apps.engine.profile.effects import (
    correlation_ratio_interval,
    cramers_v_interval,
    noncentral_chi2,
    power_sums,
)
from apps.engine.profile.strength import auc_interval, strength

TABLES = 400
HELD = 0.92
"""Least share of intervals that may hold the truth: 0.95 less three errors of 400 tables."""


def test_the_noncentral_interval_of_cramers_v_is_the_published_one():
    """R, statpsych, ci.cramer(.05, 19.21, 2, 3, 200): 0.1601 to 0.4417."""
    bounds = noncentral_chi2(19.21, free=2)
    assert [(bound / 200) ** 0.5 for bound in bounds] == pytest.approx([0.1601, 0.4417], abs=5e-5)


def test_the_interval_of_the_correlation_ratio_inverts_the_noncentral_f():
    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(5), 11)
    values = rng.normal(size=55) + 0.5 * groups
    moments = power_sums(values, groups=groups)
    low, high = correlation_ratio_interval(moments)
    means = moments[1] / moments[0]
    between = (moments[0] * means**2).sum()
    ratio = between / 4 / ((moments[2].sum() - between) / 50)
    tails = [ncf.sf(ratio, 4, 50, 55 * end**2 / (1 - end**2)) for end in (low, high)]
    assert tails[0] <= 0.025 + 1e-6
    assert tails[1] >= 0.975 - 1e-6


def classes(rows, columns, strength):
    """Shares of a table in which each row prefers one column; and its true V."""
    even = np.full((rows, columns), 1 / (rows * columns))
    chosen = np.zeros((rows, columns))
    chosen[np.arange(rows), np.arange(rows) % columns] = 1 / rows
    return (1 - strength) * even + strength * chosen


def together(rate, phi):
    """Two rare events that mostly come together: the usual shape of a fraud and its flag."""
    both = rate**2 + phi * rate * (1 - rate)
    return np.array([[1 - 2 * rate + both, rate - both], [rate - both, both]])


@pytest.mark.parametrize(
    ("shares", "rows"),
    [
        (classes(2, 2, 0.0), 300),
        (classes(4, 2, 0.1), 500),
        (classes(5, 5, 0.4), 1_000),
        (classes(30, 3, 0.2), 1_000),
        (together(0.05, 0.5), 1_000),
        (together(0.01, 0.5), 10_000),
    ],
)
def test_intervals_of_cramers_v_hold_the_truth_also_of_rare_events(shares, rows):
    expected = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    phi2 = ((shares - expected) ** 2 / expected).sum()
    true = (phi2 / (min(shares.shape) - 1)) ** 0.5
    rng = np.random.default_rng(8)
    drawn = rng.multinomial(rows, shares.ravel(), size=TABLES).reshape(-1, *shares.shape)
    found = [cramers_v_interval(counts) for counts in drawn]
    held = [low - 1e-9 <= true <= high for low, high in found]
    assert np.mean(held) >= HELD


def even_groups(rng, rows):
    groups = rng.integers(0, 5, rows)
    return rng.normal(size=rows) + 0.2 * groups, groups


def rare_group(rng, rows):
    groups = (rng.random(rows) < 0.02).astype(int)
    return rng.normal(size=rows) + 3 * groups, groups


def skewed_groups(rng, rows):
    groups = rng.integers(0, 3, rows)
    return rng.lognormal(size=rows) * (1 + 0.4 * groups), groups


def unrelated(rng, rows):
    return rng.normal(size=rows), rng.integers(0, 10, rows)


@pytest.mark.parametrize("draw", [unrelated, even_groups, rare_group, skewed_groups])
def test_intervals_of_the_correlation_ratio_hold_the_truth_also_of_rare_and_skewed_groups(draw):
    rng = np.random.default_rng(9)
    values, groups = draw(rng, 1_000_000)
    moments = power_sums(values, groups=groups)
    true = ((moments[1] ** 2 / moments[0]).sum() / moments[2].sum()) ** 0.5
    true = 0.0 if draw is unrelated else true
    held = []
    for _ in range(TABLES):
        values, groups = draw(rng, 2_000)
        low, high = correlation_ratio_interval(power_sums(values, groups=groups))
        held.append(low <= true <= high)
    assert np.mean(held) >= HELD


def test_a_table_without_variance_or_spare_rows_has_no_interval():
    assert cramers_v_interval(np.array([[5, 6]])) is None
    assert correlation_ratio_interval(power_sums(np.ones(9), groups=np.arange(9) % 3)) is None
    assert correlation_ratio_interval(power_sums(np.arange(9.0), groups=np.arange(9))) is None
    assert correlation_ratio_interval(power_sums(np.arange(9.0), groups=np.zeros(9, int))) is None


def test_of_two_classes_the_ratio_and_the_auc_are_one_number_on_two_scales():
    points = [{"value": 0.5, "low": 0.4, "high": 0.6}] * 2
    relation = {
        "labels": ["1", "2"],
        "rows": [100, 100],
        "series": [{"name": "yes", "points": points}],
        "auc": 0.7,
        "effect": {"name": "correlation_ratio", "value": 0.35, "interval": None},
    }
    low, high = strength(relation, kind="number")["effect"]
    of_auc = auc_interval(0.7, positives=100, negatives=100)
    assert (low / 0.35, high / 0.35) == pytest.approx([(end - 0.5) / 0.2 for end in of_auc])
