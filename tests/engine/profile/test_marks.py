"""How marks fall on the values of a column, against counting them row by row."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from apps.engine.profile.categorical import code_values
from apps.engine.profile.cells import cells_of
from apps.engine.profile.marks import FEW, ByValue, InOrder, Marks
from apps.engine.profile.ordering import MOST_COUNTED, sort_numbers

FLOATS = st.one_of(st.none(), st.integers(-4, 4).map(float), st.floats(-1e9, 1e9))
WHOLE = st.one_of(st.none(), st.integers(-4, 4))


def marked(values, size, *, kind="float64"):
    """A column and marks of its rows."""
    marks = np.random.default_rng(0).integers(0, size, len(values)).astype(np.uint8)
    return sort_numbers(cells_of(pd.Series(values, dtype=kind))), Marks(marks, size)


def by_row(feature, marks, cuts):
    """Rows by stretch and mark, the last line those without a value."""
    stretch = np.searchsorted(cuts, feature.codes, side="right")
    stretch[feature.codes == feature.distinct] = len(cuts) + 1
    told = np.zeros((len(cuts) + 2, marks.size), dtype=np.int64)
    np.add.at(told, (stretch, marks.codes), 1)
    return told


def check(feature, marks):
    cuts = sorted({feature.distinct // 3, feature.distinct // 2, feature.distinct})
    told = feature.beside(marks)
    for some in ([], cuts):
        np.testing.assert_array_equal(told.rows(some), by_row(feature, marks, some))
    filled = feature.codes < feature.distinct
    if filled.any():
        ranks = stats.rankdata(feature.codes[filled])
        doubled = 2 * ranks - (filled.sum() + 1)
        for mark in range(marks.size):
            expected = doubled[marks.codes[filled] == mark].sum()
            assert told.rank_sum(mark) == pytest.approx(expected, abs=1e-6)
    return told


@given(st.lists(FLOATS, max_size=50), st.sampled_from([2, FEW, FEW + 1, 37]))
def test_rows_and_ranks_of_a_sorted_column_are_those_of_its_rows(values, size):
    assert isinstance(check(*marked(values, size)), InOrder)


@given(st.lists(WHOLE, min_size=12, max_size=50), st.sampled_from([2, 37]))
def test_rows_and_ranks_of_a_counted_column_are_those_of_its_rows(values, size):
    told = check(*marked(values, size, kind="Int64"))
    assert isinstance(told, InOrder if all(one is None for one in values) else ByValue)


def test_whole_numbers_of_a_long_range_are_sorted_and_not_counted():
    rows = MOST_COUNTED + 5
    for last, way in ((MOST_COUNTED - 1, ByValue), (MOST_COUNTED, InOrder)):
        values = np.arange(rows) % 100
        values[-1] = last
        feature, marks = marked(values, 3, kind="Int64")
        assert isinstance(check(feature, marks), way)


@given(st.lists(FLOATS, max_size=60), st.integers(2, 12))
def test_equal_shares_begin_where_the_average_place_of_a_value_says(values, parts):
    feature, _ = marked(values, 2)
    counts = feature.counts
    places = np.cumsum(counts) - counts + (counts - 1) / 2
    ends = np.arange(1, parts) * (feature.size - 1) / parts
    assert feature.shares(parts) == [int((places < end).sum()) for end in ends]


@given(st.lists(st.sampled_from([None, "a", "b", "c"]), min_size=1, max_size=40))
def test_marks_of_texts_are_counted_by_value_and_the_missing_ones_come_last(values):
    column = pd.Series(values, dtype="string")
    feature = code_values(cells_of(column))
    marks = Marks((np.arange(len(values)) % 3).astype(np.uint8), 3)
    told = feature.marked(marks)
    assert told.shape == (feature.distinct + 1, 3)
    for place, label in enumerate([*feature.labels, None]):
        mine = column.isna() if label is None else (column == label).fillna(False)
        expected = np.bincount(marks.codes[mine.to_numpy(dtype=bool)], minlength=3)
        np.testing.assert_array_equal(told[place], expected)
