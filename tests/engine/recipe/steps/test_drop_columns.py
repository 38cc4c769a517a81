import pytest

from apps.engine.errors import BadParameter, ColumnMissing


def test_the_named_columns_go_and_the_others_stay(table, done, checked):
    frame = table(a=[1], b=[2], c=[3])
    assert list(done(frame, "drop_columns", columns=["a", "c"]).columns) == ["b"]
    assert checked(frame, "drop_columns", columns=["a", "c"]).names == ("b",)


def test_a_column_that_is_not_there_and_the_last_column_are_refused(table, done):
    with pytest.raises(ColumnMissing, match="'x'"):
        done(table(a=[1]), "drop_columns", columns=["x"])
    with pytest.raises(BadParameter, match="every column"):
        done(table(a=[1]), "drop_columns", columns=["a"])
