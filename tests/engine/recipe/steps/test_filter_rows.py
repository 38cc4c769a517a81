from datetime import datetime

import pytest

from apps.engine.errors import BadParameter
from apps.engine.recipe.steps.filter_rows import FilterRows


@pytest.mark.parametrize(
    ("operator", "value", "kept"),
    [
        ("is", "2", [2]),
        ("is not", "2", [1, 3, None]),
        ("is less than", "2", [1]),
        ("is at most", "2", [1, 2]),
        ("is more than", "2", [3]),
        ("is at least", "2", [2, 3]),
        ("is present", "", [1, 2, 3]),
        ("is missing", "", [None]),
    ],
)
def test_rows_are_kept_where_the_condition_holds(table, done, values, operator, value, kept):
    frame = table(a=[1, 2, 3, None])
    after = done(frame, "filter_rows", column="a", operator=operator, value=value)
    assert values(after["a"]) == kept
    assert [frame["a"].isna()[at] for at in after.index] == [each is None for each in kept]
    step = FilterRows("a", operator, value)
    assert [each for each in (1, 2, 3, None) if not step.warn({"a": each})] == kept


def test_texts_and_times_have_an_order_too(table, done, values):
    frame = table(t=[datetime(2024, 1, 1), datetime(2024, 6, 1)], w=["b", "a"])
    after = done(frame, "filter_rows", column="t", operator="is at least", value="2024-03-01")
    assert values(after["w"]) == ["a"]
    after = done(frame, "filter_rows", column="w", operator="is less than", value="b")
    assert values(after["w"]) == ["a"]


@pytest.mark.parametrize(
    ("cells", "operator", "value", "says"),
    [
        ([1], "is", "x", "'x' is not a whole number"),
        ([1], "is", "", "'' is not a whole number"),
        ([True], "is more than", "false", "has no order"),
        ([1], "resembles", "1", "cannot be 'resembles'"),
    ],
)
def test_a_condition_that_cannot_be_asked_is_refused(table, done, cells, operator, value, says):
    with pytest.raises(BadParameter, match=says):
        done(table(a=cells), "filter_rows", column="a", operator=operator, value=value)


def test_a_request_outside_the_condition_is_warned_of():
    step = FilterRows("tenure", "is more than", "0")
    assert step.warn({"tenure": 0}) == (
        "The model was built on rows where “tenure” is more than “0”: this row is another."
    )
    assert step.replay({"tenure": 0}) == {"tenure": 0}
