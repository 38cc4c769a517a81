"""The quick check of usual rows says what the full check says, or leaves the row to it."""

import math
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.serving.contract import Checked, Contract, check_one, check_rows
from apps.engine.serving.fields import Field
from apps.engine.types import Kind

CONTRACT = Contract(
    (
        Field("whole", Kind.INTEGER, False, -3.0, 9.0, None, 1),
        Field("number", Kind.NUMBER, True, 0.5, 20.0, None, 1.5),
        Field("desk", Kind.TEXT, True, None, None, ("a", "é", "nul\x00"), "a"),
        Field("note", Kind.TEXT, False, None, None, None, "x"),
        Field("paid", Kind.BOOLEAN, False, None, None, None, True),
        Field("at", Kind.DATETIME, True, None, None, None, "2024-01-01T00:00:00"),
        Field("empty", Kind.NUMBER, True, None, None, None, None),
    )
)
USUAL = {
    "whole": 3,
    "number": 7,
    "desk": "a",
    "note": "x",
    "paid": True,
    "at": "2024-05-31T12:00:00",
    "empty": None,
}
anything = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-5, 12)
    | st.floats()
    | st.floats(0, 25)
    | st.text(max_size=5)
    | st.sampled_from(["a", "é", "nul\x00", "2024-05-31", "2024-05-31T12:00:00+02:00", "x" * 2000])
    | st.lists(st.integers(), max_size=1)
)


def full(row):
    checked = Checked()
    check_one(1, row, CONTRACT, checked)
    return checked


@settings(max_examples=400)
@given(but=st.dictionaries(st.sampled_from([*USUAL, "other"]), anything, max_size=3))
def test_any_row_is_taken_as_the_full_check_takes_it_or_left_to_it(but):
    row = {**USUAL, **but}
    quick = CONTRACT.usual(row)
    if quick is None:
        return
    checked = full(row)
    assert (checked.errors, checked.warnings) == ([], [])
    assert quick == checked.rows[0]
    assert list(quick) == list(checked.rows[0])
    assert list(map(type, quick.values())) == list(map(type, checked.rows[0].values()))


def test_a_usual_row_is_not_left_to_the_full_check():
    assert CONTRACT.usual(USUAL) == {
        **USUAL,
        "number": 7.0,
        "at": datetime(2024, 5, 31, 12),
    }
    assert CONTRACT.usual(dict(reversed(USUAL.items()))) is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("whole", 10),
        ("whole", 3.0),
        ("whole", True),
        ("whole", None),
        ("number", math.nan),
        ("number", math.inf),
        ("number", 10**400),
        ("desk", "b"),
        ("note", "nul\x00"),
        ("note", "\ud800"),
        ("paid", 1),
        ("at", "2024-05-31T12:00:00Z"),
        ("at", "yesterday"),
        ("empty", 1.0),
        ("other", 1),
    ],
)
def test_what_needs_a_word_is_left_to_the_full_check(name, value):
    assert CONTRACT.usual({**USUAL, name: value}) is None


def test_rows_of_both_kinds_stay_in_order():
    rows = [{**USUAL, "whole": at} for at in (1, 3.0, 5)]
    assert [row["whole"] for row in check_rows(rows, CONTRACT).rows] == [1, 3, 5]
