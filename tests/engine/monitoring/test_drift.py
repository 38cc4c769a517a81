"""Drift against a sketch: values by hand, what chance does, and what must be seen."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency, ks_2samp, wasserstein_distance

from apps.engine.monitoring.distances import (
    chi_squared,
    jensen_shannon,
    kolmogorov_smirnov,
    psi,
    psi_by_chance,
    wasserstein,
)
from apps.engine.monitoring.drift import FEW_ROWS, drift
from apps.engine.monitoring.sketch import sketch_of


def told(reference: pd.Series, recent: pd.Series) -> dict[str, object]:
    """Drift of one column, by way of JSON as in the product."""
    sketch = sketch_of(reference.to_frame("x"), prediction=pd.Series([0.1, 0.9]))
    found = drift(json.loads(json.dumps(sketch, allow_nan=False)), recent.to_frame("x"))
    json.dumps(found, allow_nan=False)
    return next(row for row in found if row["feature"] == "x")


def normal(rows: int, *, seed: int, mean: float = 0.0) -> pd.Series:
    return pd.Series(np.random.default_rng(seed).normal(mean, 1, rows))


def test_psi_of_two_bins_is_the_sum_done_by_hand():
    # (0.3 - 0.5) ln(0.3 / 0.5) + (0.7 - 0.5) ln(0.7 / 0.5)
    assert psi([0.5, 0.5], [0.3, 0.7]) == pytest.approx(0.2 * math.log(7 / 3))
    assert psi([0.2, 0.8], [0.2, 0.8]) == 0
    assert psi([1.0, 0.0], [0.0, 1.0]) == pytest.approx(2 * 0.9999 * math.log(1e4))


def test_jensen_shannon_runs_from_equal_to_nothing_in_common():
    assert jensen_shannon([0.5, 0.5], [0.5, 0.5]) == 0
    assert jensen_shannon([1, 0], [0, 1]) == pytest.approx(1)
    # H(3/4, 1/4) - H(1/2, 1/2) / 2 with H in bits
    entropy = -(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25))
    assert jensen_shannon([0.5, 0.5], [1, 0]) == pytest.approx(entropy - 0.5)


def test_kolmogorov_smirnov_is_the_largest_gap_of_the_cumulative_shares():
    assert kolmogorov_smirnov([0.2, 0.5], [0.5, 0.8]) == pytest.approx(0.3)


def test_the_sketch_s_kolmogorov_smirnov_is_within_a_bin_of_the_exact_one():
    reference, recent = normal(20_000, seed=1), normal(20_000, seed=2, mean=0.3)
    exact = ks_2samp(reference, recent).statistic
    ks = told(reference, recent)["ks"]
    assert exact - 0.02 < ks <= exact + 1e-9


def test_the_sketch_s_distances_are_those_of_all_rows_but_for_a_little():
    random = np.random.default_rng(3)
    for reference, recent in (
        (normal(8_000, seed=1), normal(5_000, seed=2, mean=0.4)),
        (pd.Series(random.exponential(size=8_000)), pd.Series(random.exponential(2.0, 3_000))),
        (pd.Series(random.poisson(4.0, 8_000) * 1.0), pd.Series(random.poisson(5.0, 3_000) * 1.0)),
    ):
        row = told(reference, recent)
        exact = wasserstein_distance(reference, recent) / reference.std(ddof=0)
        assert row["wasserstein"] == pytest.approx(exact, abs=0.02)
        assert row["ks"] == pytest.approx(ks_2samp(reference, recent).statistic, abs=0.015)


def test_chi_squared_is_pearson_s_and_so_is_its_p_value():
    before, now = np.array([120, 300, 80, 0]), np.array([40, 130, 50, 0])
    found = chi_squared(before / 500, now / 220, reference_rows=500, rows=220)
    exact = chi2_contingency([before[:3], now[:3]], correction=False)
    assert found == pytest.approx((exact.statistic, exact.pvalue))
    assert chi_squared([1.0], [1.0], reference_rows=5, rows=5) == (0.0, 1.0)


def test_the_area_between_crossing_shares_is_counted_on_both_sides():
    # Uniform on 0 to 2 beside uniform on 0.5 to 1.5: the mean distance of equal ranks is 1/4.
    edges = np.linspace(0, 2, 5)
    ordered = np.linspace(0.5, 1.5, 100_001)
    inside = np.clip(edges - 0.5, 0, 1)
    assert wasserstein(edges, edges / 2, inside, ordered=ordered) == pytest.approx(0.25, abs=1e-4)
    moved = wasserstein([0.0, 1.0], [0.0, 1.0], [0.0, 0.0], ordered=np.array([3.0, 3.0]))
    assert moved == pytest.approx(2.5)


def test_a_normal_that_moved_half_a_deviation_has_the_psi_of_its_shares():
    # Shares of N(0.5, 1) between the deciles of N(0, 1), computed from the normal distribution.
    cut = [-1.2816, -0.8416, -0.5244, -0.2533, 0, 0.2533, 0.5244, 0.8416, 1.2816]
    below = [0.5 * (1 + math.erf((edge - 0.5) / math.sqrt(2))) for edge in cut]
    expected = psi([0.1] * 10, np.diff([0, *below, 1]))
    row = told(normal(200_000, seed=3), normal(200_000, seed=4, mean=0.5))
    assert row["psi"] == pytest.approx(expected, abs=0.01)
    assert row["state"] == "drifting"
    assert told(normal(9_000, seed=5), normal(9_000, seed=6, mean=1.0))["state"] == "drifted"


def test_chance_alone_almost_never_drifts():
    states = [
        told(normal(500, seed=seed), normal(FEW_ROWS, seed=10_000 + seed))["state"]
        for seed in range(300)
    ]
    assert states.count("stable") >= 297
    sizes = [psi_by_chance(10, rows=rows, reference_rows=10**9) for rows in (100, 1_000)]
    assert sizes == pytest.approx([0.2788, 0.02788], abs=1e-4)  # chi2 0.999, 9 degrees: 27.88


def test_few_rows_show_chance_and_say_so():
    reference = pd.Series(list("abcdefghij") * 100, dtype="string")
    recent = pd.Series(list("aaabbbcccdddeeefffggghhhij") * 4, dtype="string")
    row = told(reference, recent)
    assert 0.1 < row["psi"] < row["psi_by_chance"]
    assert row["state"] == "stable"
    assert "by chance" in row["says"]


def test_too_few_rows_are_no_verdict():
    row = told(normal(500, seed=1), normal(FEW_ROWS - 1, seed=2, mean=9))
    assert (row["state"], row["n"]) == ("too few rows", 99)
    assert told(normal(500, seed=1), normal(0, seed=2))["state"] == "too few rows"


def test_a_shift_of_missing_values_is_drift_whatever_the_rest_does():
    reference = pd.Series([1.0, 2.0, 3.0, 4.0] * 250)
    some = reference.where(np.arange(1_000) % 14 > 0)  # 7.2 % missing
    row = told(reference, some)
    assert (row["state"], row["missing_rate_reference"]) == ("drifting", 0.0)
    assert "missing 7.2 %, was 0 %" in row["says"]
    assert told(reference, reference.where(np.arange(1_000) % 8 > 0))["state"] == "drifted"
    gone = told(reference, pd.Series([math.nan] * 1_000))
    assert (gone["state"], gone["psi"], gone["missing_rate"]) == ("drifted", 0.0, 1.0)


def test_new_categories_are_named_and_count_from_one_in_a_hundred():
    reference = pd.Series(["card", "cash"] * 500, dtype="string")
    recent = pd.Series(["card", "cash"] * 492 + ["phone"] * 12 + ["coin"] * 4, dtype="string")
    row = told(reference, recent)
    assert row["new_categories"] == ["phone", "coin"]
    assert row["new_share"] == pytest.approx(0.016)
    assert row["state"] == "drifting"
    assert '"phone", "coin"' in row["says"]
    few = pd.Series(["card", "cash"] * 60 + ["phone"] * 2, dtype="string")
    assert told(reference, few)["state"] == "stable"


def test_beyond_the_listed_categories_nothing_is_called_new():
    reference = pd.Series([f"c{number}" for number in range(300)] * 5, dtype="string")
    row = told(reference, pd.Series(["never"] * 1_000, dtype="string"))
    assert (row["new_share"], row["state"]) == (0.0, "drifted")


@pytest.mark.parametrize("moved", [-5.0, 5.0])
def test_a_constant_that_moves_either_way_is_seen(moved):
    assert told(pd.Series([0.0] * 500), pd.Series([moved] * 500))["state"] == "drifted"
    assert told(pd.Series([0.0] * 500), pd.Series([0.0] * 500))["psi"] == 0


def test_a_frequent_value_is_a_bin_of_its_own():
    rest = np.linspace(1, 100, 300)
    reference = pd.Series(np.concatenate([np.zeros(700), rest]))
    recent = pd.Series(np.concatenate([np.full(700, -1.0), rest]))
    assert told(reference, recent)["state"] == "drifted"
    inside = pd.Series(np.concatenate([np.full(700, 0.5), rest]))
    assert told(reference, inside)["state"] == "drifted"


def test_integers_booleans_and_dates_drift_too():
    days = pd.Series(pd.date_range("2024-01-01", periods=1_000, freq="h"))
    assert told(days, days + pd.Timedelta(days=400))["state"] == "drifted"
    assert told(days, days)["psi"] == 0
    flags = pd.Series([True, False] * 500, dtype="boolean")
    assert told(flags, pd.Series([True] * 500, dtype="boolean"))["state"] == "drifted"
    whole = pd.Series([1, 2, 3, None] * 250, dtype="Int64")
    assert told(whole, whole + 1)["state"] == "drifted"


def test_a_column_that_was_always_missing_has_no_size():
    empty = pd.Series([math.nan] * 500)
    row = told(empty, pd.Series([1.0] * 500))
    assert (row["psi"], row["state"], row["missing_rate"]) == (0.0, "drifted", 0.0)


def test_rows_are_taken_and_the_largest_comes_first():
    frame = pd.DataFrame({"a": normal(1_000, seed=1), "b": normal(1_000, seed=2)})
    sketch = sketch_of(frame, prediction=frame["a"])
    rows = [
        {"a": a, "b": b + 2, "prediction": a, "other": 1}
        for a, b in zip(frame["a"], frame["b"], strict=True)
    ]
    found = drift(sketch, rows)
    assert found[0]["feature"] == "b"
    assert {row["feature"] for row in found} == {"a", "b", "prediction"}
    assert [row["state"] for row in found] == ["drifted", "stable", "stable"]
