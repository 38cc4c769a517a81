import pytest

from apps.engine.errors import BadParameter


def test_space_goes_at_both_ends_only_and_nothing_but_space_is_missing(table, done, values):
    frame = table(a=["  x y\t", "z", " \u00a0 ", None])
    assert values(done(frame, "trim_text", columns=["a"])["a"]) == ["x y", "z", None, None]


def test_changed_cells_are_counted(table, effect):
    frame = table(a=[" x", "y", "  ", None], b=["p ", "q", "r", "s"])
    assert effect(frame, "trim_text", columns=["a", "b"])["cells_changed"] == 3


def test_a_column_of_numbers_is_refused(table, done):
    with pytest.raises(BadParameter, match="does not hold text"):
        done(table(a=[1]), "trim_text", columns=["a"])
