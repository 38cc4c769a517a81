"""Conditions and searches give the same rows from Parquet and from a layout."""

import numpy as np
import pandas as pd
import pytest

from apps.engine.errors import BadParameter, ColumnMissing
from apps.engine.grid.facet import facet
from apps.engine.grid.find import Wanted, find
from apps.engine.grid.rows import BATCH_ROWS
from apps.engine.profile.slices import Condition

FRAME = pd.DataFrame(
    {
        "n": pd.array([1, 2, None, 4, 5], "Int64"),
        "town": pd.array(["Köln", "Bonn", "köln", None, "Aachen"], "string"),
        "note": pd.array(["a", "b", "c", "in KÖLN", "50% off (all)"], "string"),
        "yes": pd.array([True, False, None, True, True], "boolean"),
        "x": [0.0, 1.0, 2.0, None, 10.0],
        "day": pd.to_datetime(["2024-01-01", None, "2024-01-03", "2024-01-11", "2024-01-02"]),
    }
)
ALL_TEXTS = ("town", "note")


@pytest.fixture(params=[None, 4, 65_536], ids=["parquet", "few words", "many words"])
def rows(request, opened):
    with opened(FRAME, words=request.param) as found:
        yield found


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        (Wanted(), [0, 1, 2, 3, 4]),
        (Wanted((Condition("is", "town", ("Köln", "Bonn")),)), [0, 1]),
        (Wanted((Condition("is", "note", ("c",)),)), [2]),
        (Wanted((Condition("missing", "town"),)), [3]),
        (Wanted((Condition("filled", "n"), Condition("between", "n", ("2", "")))), [1, 3, 4]),
        (Wanted((Condition("is", "yes", ("True",)),)), [0, 3, 4]),
        (Wanted((), "köln", ALL_TEXTS), [0, 2, 3]),
        (Wanted((), "% OFF (", ALL_TEXTS), [4]),
        (Wanted((), "köln", ("town",)), [0, 2]),
        (Wanted((Condition("is", "n", ("4",)),), "köln", ALL_TEXTS), [3]),
    ],
)
def test_the_wanted_rows_are_found(rows, wanted, places):
    assert np.flatnonzero(find(rows, wanted)).tolist() == places


def test_what_cannot_be_compared_is_refused(rows):
    with pytest.raises(ColumnMissing, match="no column named 'gone'"):
        find(rows, Wanted((Condition("missing", "gone"),)))
    with pytest.raises(BadParameter, match="which have no range"):
        find(rows, Wanted((Condition("between", "note", ("a", "b")),)))


def test_counts_add_up_and_each_leads_to_its_rows(rows):
    for kept in (None, np.array([True, True, True, False, True])):
        for name in FRAME:
            told = facet(rows, name, kept=kept)
            if told.is_too_many:
                assert name == "note"
                continue
            count = len(FRAME) if kept is None else int(kept.sum())
            assert told.filled + told.missing == count
            assert sum(line.rows for line in told.lines) + told.other_rows == told.filled
            for line in told.lines:
                found = find(rows, Wanted((line.condition,)))
                assert (found if kept is None else found & kept).sum() == line.rows


def test_whole_numbers_of_few_values_are_told_one_by_one(rows):
    told = facet(rows, "n", kept=None)
    assert [(line.says, line.rows) for line in told.lines] == [
        ("1", 1),
        ("2", 1),
        ("4", 1),
        ("5", 1),
    ]
    assert told.missing == 1


def test_the_most_frequent_values_come_first_and_the_rest_is_counted(opened):
    frame = pd.DataFrame({"t": [f"v{place:02d}" for place in range(20)] + ["often"] * 3})
    with opened(frame) as rows:
        told = facet(rows, "t", kept=None)
    assert (told.lines[0].says, told.lines[0].rows) == ("often", 3)
    assert (told.other_values, told.other_rows) == (9, 9)


@pytest.mark.parametrize(
    "values",
    [[-1.7e308, 0.0, 1.7e308], [0.1, 0.1], [1e-300, 2e-300]],
)
def test_ranges_of_any_width_hold_every_number(opened, values):
    with opened(pd.DataFrame({"x": values})) as rows:
        told = facet(rows, "x", kept=None)
        assert sum(line.rows for line in told.lines) == len(values)
        for line in told.lines:
            assert find(rows, Wanted((line.condition,))).sum() == line.rows


def test_the_whole_range_of_integers_is_counted(opened):
    frame = pd.DataFrame({"n": pd.array([-(2**63), 0, 2**63 - 1], "Int64")})
    with opened(frame) as rows:
        assert sum(line.rows for line in facet(rows, "n", kept=None).lines) == 3


def test_rows_far_apart_are_found_from_parquet_whatever_their_order(opened):
    count = 3 * BATCH_ROWS
    frame = pd.DataFrame(
        {
            "n": pd.array(range(count), "Int64"),
            "a.b": pd.array([f"t{n % 5}" for n in range(count)], "string"),
            "a": pd.array([n % 2 == 0 for n in range(count)], "boolean"),
        }
    )
    places = np.array([count - 1, 0, BATCH_ROWS, BATCH_ROWS - 1, 2 * BATCH_ROWS + 7])
    with opened(frame) as rows:
        found = rows.page(places, columns=["a", "n", "a.b"])
        assert rows.page(places[:0], columns=["a"]).columns.tolist() == ["a"]
    expected = frame.loc[places, ["a", "n", "a.b"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected)
