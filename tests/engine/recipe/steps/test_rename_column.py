import pytest

from apps.engine.errors import BadParameter, ColumnMissing


def test_the_name_changes_at_its_place_and_no_cell_does(table, done, effect):
    frame = table(a=[1], b=[2], c=[3])
    assert list(done(frame, "rename_column", column="b", to="x").columns) == ["a", "x", "c"]
    assert effect(frame, "rename_column", column="b", to="x")["cells_changed"] == 0


@pytest.mark.parametrize("to", ["c", " "])
def test_a_taken_or_blank_name_is_refused(table, done, to):
    with pytest.raises(BadParameter, match="blank or taken"):
        done(table(b=[2], c=[3]), "rename_column", column="b", to=to)


def test_a_column_that_is_not_there_is_refused(table, done):
    with pytest.raises(ColumnMissing, match="'x'"):
        done(table(b=[2]), "rename_column", column="x", to="y")
