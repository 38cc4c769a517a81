import pytest

from apps.engine.errors import ColumnMissing


def test_the_first_of_equal_rows_stays_and_missing_equals_missing(table, done, values):
    frame = table(a=[1, 1, None, None, 2], b=["x", "x", None, None, "x"])
    after = done(frame, "drop_duplicates", columns=[])
    assert values(after["a"]) == [1, None, 2]
    assert list(after.index) == [0, 2, 4]


def test_only_the_named_columns_are_compared(table, effect):
    frame = table(a=[1, 1, 2], b=["x", "y", "x"])
    found = effect(frame, "drop_duplicates", columns=["a"])
    assert (found["rows_before"], found["rows_after"], found["cells_changed"]) == (3, 2, 0)


def test_a_column_that_is_not_there_is_refused(table, done):
    with pytest.raises(ColumnMissing, match="'x'"):
        done(table(a=[1]), "drop_duplicates", columns=["x"])
