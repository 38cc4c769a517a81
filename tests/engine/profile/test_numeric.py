import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.datasets import load_iris

from apps.engine.profile import ordering
from apps.engine.profile.cells import cells_of
from apps.engine.profile.numeric import histogram, log_histogram, profile_numbers


def sort_numbers(series):
    return ordering.sort_numbers(cells_of(series))


IRIS = load_iris(as_frame=True).data


def test_iris_has_the_published_means_and_deviations():
    """Fisher's iris as described with the data set in the UCI repository."""
    for name, mean, deviation in zip(
        IRIS.columns, (5.84, 3.06, 3.76, 1.20), (0.83, 0.43, 1.76, 0.76), strict=True
    ):
        profile = profile_numbers(sort_numbers(IRIS[name]))
        assert round(profile["mean"], 2) == pytest.approx(mean, abs=0.006)
        assert round(profile["std"], 2) == pytest.approx(deviation, abs=0.011)


@pytest.mark.parametrize("name", IRIS.columns)
def test_moments_quantiles_and_bins_agree_with_numpy_and_scipy(name):
    column = IRIS[name]
    profile = profile_numbers(sort_numbers(column))
    assert profile["skew"] == pytest.approx(stats.skew(column))
    assert profile["distinct"] == column.nunique()
    for entry in profile["quantiles"]:
        assert entry["value"] == pytest.approx(np.quantile(column, entry["at"]))
    edges = np.histogram_bin_edges(column, "fd")
    assert profile["histogram"]["edges"] == pytest.approx(edges.tolist())
    assert profile["histogram"]["counts"] == np.histogram(column, edges)[0].tolist()


def rows_absent(ordered):
    return [False] * len(ordered.codes) if ordered.absent is None else ordered.absent.tolist()


NUMBERS = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(-5, 5))


@given(st.lists(NUMBERS, max_size=60))
def test_whole_numbers_are_counted_exactly(values):
    column = pd.Series(values, dtype="Int64")
    ordered = sort_numbers(column)
    assert ordered.ascending.tolist() == sorted(value for value in values if value is not None)
    assert ordered.distinct == column.nunique()
    shape = profile_numbers(ordered)["histogram"]
    if shape is not None:
        assert sum(shape["counts"]) + shape["below"] + shape["above"] == column.count()


@given(st.lists(st.one_of(st.none(), st.floats(-1e300, 1e300)), min_size=2, max_size=60))
def test_ranks_agree_with_scipy(values):
    column = pd.Series(values, dtype="float64")
    ordered = sort_numbers(column)
    ranks, n = ordered.ranks_of(ordered.codes), column.count()
    assert rows_absent(ordered) == column.isna().tolist()
    assert not ranks[column.isna()].any()
    if n > 1:
        expected = 2 * (stats.rankdata(column.dropna()) - 1) / (n - 1) - 1
        np.testing.assert_allclose(ranks[column.notna()], expected, atol=1e-6)


def test_infinite_numbers_are_counted_and_left_out():
    ordered = sort_numbers(pd.Series([1.0, np.inf, 3.0, -np.inf, np.nan]))
    profile = profile_numbers(ordered)
    assert (profile["infinite"], profile["mean"], profile["maximum"]) == (2, 2.0, 3.0)
    assert rows_absent(ordered) == [False, True, False, True, True]


def test_moments_that_overflow_are_none_and_not_nan():
    profile = profile_numbers(sort_numbers(pd.Series([1e308, -1e308, 1e308])))
    assert profile["std"] is None
    assert profile["maximum"] == 1e308


def test_small_whole_numbers_get_a_bin_each_and_large_ones_bins_of_whole_width():
    small = histogram(np.sort(np.array([1, 2, 2, 5])))
    assert small["edges"] == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
    assert small["counts"] == [1, 2, 0, 0, 1]
    large = histogram(np.arange(1000))
    assert len(set(large["counts"][:-1])) == 1
    assert sum(large["counts"]) == 1000


def test_one_far_value_does_not_flatten_the_histogram():
    values = np.sort(np.append(np.random.default_rng(0).normal(0, 1, 1000), 1e9))
    shape = histogram(values)
    assert shape["above"] == 1
    assert shape["edges"][-1] < 20
    assert sum(shape["counts"]) == 1000


def test_a_constant_and_an_empty_column_have_a_profile():
    shape = histogram(np.full(9, 7.5))
    assert sum(shape["counts"]) == 9
    assert shape["edges"][0] < 7.5 < shape["edges"][-1]
    assert profile_numbers(sort_numbers(pd.Series([np.nan, np.nan])))["distinct"] == 0


@pytest.mark.parametrize("kind", ["floats", "close floats", "whole", "far whole"])
def test_sorting_by_digits_is_sorting(kind):
    rng = np.random.default_rng(0)
    values = {
        "floats": np.concatenate([rng.normal(size=9_000), [-0.0, 0.0, 1e300, -1e300, 5e-324]]),
        "close floats": 1 + rng.integers(0, 4_000, 9_000) * np.finfo(float).eps,
        "whole": rng.integers(-50, 50, 9_000),
        "far whole": rng.integers(-(2**62), 2**62, 9_000),
    }[kind]
    order, ascending = ordering.argsort(values, gone=np.array([], dtype=np.int64))
    np.testing.assert_array_equal(ascending, np.sort(values))
    np.testing.assert_array_equal(order, np.argsort(values, kind="stable"))
    ordered = sort_numbers(pd.Series(values))
    np.testing.assert_array_equal(ordered.ascending, np.sort(values))
    expected = 2 * (stats.rankdata(values) - 1) / (len(values) - 1) - 1
    np.testing.assert_allclose(ordered.ranks_of(ordered.codes), expected, atol=1e-6)


def test_a_logarithmic_histogram_has_steps_of_one_ratio_and_counts_every_positive_row():
    values = np.sort(np.random.default_rng(0).lognormal(0, 2, 3_000))
    shape = log_histogram(values)
    edges = np.array(shape["edges"])
    assert sum(shape["counts"]) == 3_000
    assert (edges[0], edges[-1]) == (values[0], values[-1])
    np.testing.assert_allclose(np.diff(np.log(edges)), np.diff(np.log(edges))[0], rtol=1e-6)
    assert log_histogram(np.linspace(1, 50, 3_000)) is None


def test_the_extremes_are_the_outermost_different_values_with_their_rows():
    profile = profile_numbers(sort_numbers(pd.Series([3, 1, 1, 9, 7, 8, 2, None], dtype="Int64")))
    assert [(one["value"], one["rows"]) for one in profile["extremes"]["least"][:2]] == [
        (1, 2),
        (2, 1),
    ]
    assert [one["value"] for one in profile["extremes"]["greatest"]] == [9, 8, 7, 3, 2]


def test_sorting_some_rows_tells_their_rows_and_ties_stay_in_order():
    values = np.random.default_rng(0).normal(size=5_000).round(2)
    rows = np.flatnonzero(np.arange(5_000) % 3)
    gone = np.setdiff1d(np.arange(5_000), rows)
    order, ascending = ordering.argsort(values, gone=gone)
    np.testing.assert_array_equal(order[: len(rows)], rows[np.argsort(values[rows], kind="stable")])
    np.testing.assert_array_equal(order[len(rows) :], gone)
    np.testing.assert_array_equal(ascending, values[order[: len(rows)]])


@given(st.lists(st.one_of(st.none(), st.integers(-9, 9), st.integers(0, 2**40)), max_size=40))
def test_whole_numbers_that_are_counted_are_those_that_are_sorted(values):
    """Of a short range they are counted: the codes lead back to the cells either way."""
    column = pd.Series(values, dtype="Int64")
    ordered = sort_numbers(column)
    assert ordered.unique.tolist() == sorted({value for value in values if value is not None})
    assert ordered.counts.tolist() == column.value_counts().sort_index().tolist()
    back = [*ordered.unique.tolist(), None]
    assert [back[code] for code in ordered.codes] == values
