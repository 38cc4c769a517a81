"""What each of the smaller steps gives, cell by cell, and what it refuses in words."""

import hashlib
from datetime import datetime

import pytest

from apps.engine.errors import BadParameter, ColumnMissing
from apps.engine.recipe.pseudonyms import take_key_from

AT = datetime(2024, 2, 29, 23, 59)


@pytest.mark.parametrize(
    ("step", "params", "cells", "column", "after"),
    [
        (
            "split_column",
            {"separator": "-", "names": ["p", "q"]},
            ["a-b-c", "d", None],
            "q",
            ["b-c", None, None],
        ),
        (
            "replace_text",
            {"find": "a", "to": "o"},
            ["banana", "a", None],
            "a",
            ["bonono", "o", None],
        ),
        (
            "replace_text",
            {"find": "a", "how": "whole texts only"},
            ["banana", "a"],
            "a",
            ["banana", None],
        ),
        (
            "replace_text",
            {"find": r"(\d+) kg", "to": r"\1", "how": "a pattern"},
            ["12 kg", "x"],
            "a",
            ["12", "x"],
        ),
        (
            "normalise_text",
            {"case": "First capital", "blanks": "single, none at the ends"},
            ["  PARIS   nord", " "],
            "a",
            ["Paris nord", None],
        ),
        (
            "normalise_text",
            {"accents": "removed"},
            ["Zürich", "Ångström"],
            "a",
            ["Zurich", "Angstrom"],
        ),
        ("fill_missing", {"value": "7", "kind": "integer"}, [1, None], "a", [1, 7]),
        ("flag_missing", {}, [1, None], "a is missing", [False, True]),
        ("cap_values", {"low": "0", "high": "10"}, [-5, 3, 99, None], "a", [0, 3, 10, None]),
        ("cap_values", {"high": "10", "beyond": "set missing"}, [3, 99], "a", [3, None]),
        ("convert_unit", {"conversion": "miles to kilometres"}, [1.0, None], "a", [1.609344, None]),
        (
            "convert_unit",
            {"conversion": "by my own factor", "factor": "2", "plus": "-1"},
            [3],
            "a",
            [5.0],
        ),
        ("date_parts", {"parts": ["weekday"]}, [AT, None], "a weekday", [3, None]),
        ("date_parts", {"parts": ["day of year", "quarter"]}, [AT], "a day of year", [60]),
    ],
)
def test_cells_after_a_step(table, done, values, step, params, cells, column, after):
    names = {each for each in ("columns",) if step in COLUMNS}
    where = {"columns": ["a"]} if names else {"column": "a"}
    assert values(done(table(a=cells), step, **where, **params)[column]) == after


COLUMNS = {"replace_text", "normalise_text", "flag_missing"}


def test_gaps_are_filled_from_another_column_of_the_same_kind(table, done, values):
    frame = table(a=[None, 1], b=[5, 6])
    after = done(frame, "fill_missing", column="a", other="b", kind="integer")
    assert values(after["a"]) == [5, 1]


def test_columns_are_merged_without_what_is_missing_or_not_at_all(table, done, values):
    frame = table(a=["x", None, None], b=[1, 2, None])
    both = {"columns": ["a", "b"], "to": "c", "separator": "/"}
    assert values(done(frame, "merge_columns", **both)["c"]) == ["x/1", "2", None]
    strict = done(frame, "merge_columns", **both, when_missing="the result is missing")
    assert values(strict["c"]) == ["x/1", None, None]


def test_an_id_follows_from_what_a_row_holds_and_not_from_where_it_stands(table, done, values):
    frame = table(a=["x", "x", None, "y"], b=[1, 1, 1, None])
    ids = values(done(frame, "row_id", columns=["a", "b"], to="id")["id"])
    assert ids[0] == ids[1] == hashlib.sha256(b'["x","1"]').hexdigest()[:20]
    assert len({*ids}) == 3
    turned = done(frame.iloc[::-1].reset_index(drop=True), "row_id", columns=["a", "b"], to="id")
    assert values(turned["id"]) == ids[::-1]


def test_only_the_rows_of_one_unit_are_converted(table, done, values):
    frame = table(a=[1.0, 1.0, None], unit=["lb", "kg", "lb"])
    params = {"column": "a", "conversion": "pounds to kilograms"}
    after = done(frame, "convert_unit", **params, unit_column="unit", unit="lb")
    assert values(after["a"]) == [0.45359237, 1.0, None]


@pytest.mark.parametrize(
    ("keep", "by", "rows"),
    [
        ("the first", "", [0, 2]),
        ("the last", "", [1, 2]),
        ("the most complete", "", [1, 2]),
        ("the highest", "n", [0, 2]),
        ("none", "", [2]),
    ],
)
def test_which_of_equal_rows_is_kept(table, done, keep, by, rows):
    frame = table(a=["x", "x", "y"], b=[None, "full", "z"], n=[9, 1, 5])
    after = done(frame, "drop_duplicates", columns=["a"], keep=keep, by=by)
    assert list(after.index) == rows


def test_one_cell_is_corrected_and_nothing_else(table, done, values):
    params = {"row": "2", "column": "a", "before": "x", "to": "y"}
    assert values(done(table(a=["x", "x"]), "edit_cell", **params)["a"]) == ["x", "y"]
    with pytest.raises(BadParameter, match="Row 2 holds 'z' in 'a', and not 'x': the rows have"):
        done(table(a=["x", "z"]), "edit_cell", **params)


def test_a_correction_of_a_row_that_was_left_out_does_nothing(table, done, values):
    params = {"row": "9", "column": "a", "before": "x", "to": "y"}
    assert values(done(table(a=["x"]), "edit_cell", **params)["a"]) == ["x"]


def test_a_pseudonym_is_the_hmac_of_its_text_with_the_key(table, done, values):
    """RFC 4231, test case 2: key Jefe, text “what do ya want for nothing?”."""
    take_key_from(lambda: b"Jefe")
    after = done(table(a=["what do ya want for nothing?", None]), "pseudonymise", columns=["a"])
    assert values(after["a"]) == ["5bdcc146bf60754e6a042426089575c7", None]


@pytest.mark.parametrize(
    ("step", "params", "says"),
    [
        ("split_column", {"column": "t", "separator": "-", "names": ["a"]}, "at least two"),
        ("split_column", {"column": "t", "separator": "-", "names": ["a", "n"]}, "blank or taken"),
        ("split_column", {"column": "n", "separator": "-", "names": ["a", "b"]}, "hold text"),
        ("merge_columns", {"columns": ["t"], "to": "x"}, "at least two"),
        ("replace_text", {"columns": ["t"], "find": "(", "how": "a pattern"}, "cannot be used"),
        ("normalise_text", {"columns": ["t"]}, "Choose what to do"),
        ("fill_missing", {"column": "n", "kind": "integer"}, "give one of the two"),
        ("fill_missing", {"column": "n", "kind": "text", "value": "1"}, "add the step anew"),
        ("fill_missing", {"column": "n", "kind": "integer", "other": "t"}, "of the same kind"),
        ("cap_values", {"column": "t", "low": "1"}, "has no order"),
        ("cap_values", {"column": "n"}, "lowest value, a highest value"),
        ("cap_values", {"column": "n", "low": "5", "high": "1"}, "exchange the limits"),
        ("convert_unit", {"column": "t", "conversion": "kelvin to Celsius"}, "no numbers"),
        ("convert_unit", {"column": "n", "conversion": "by my own factor"}, "factor of your own"),
        ("date_parts", {"column": "t", "parts": ["year"]}, "holds no dates"),
        ("edit_cell", {"row": "0", "column": "n", "to": "1"}, "row number from 1"),
        ("drop_duplicates", {"keep": "the highest"}, "choose both"),
        ("drop_duplicates", {"keep": "the highest", "by": "t"}, "has no order"),
        ("filter_expression", {"expression": "n + 1"}, "needs true or false"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(table, checked, step, params, says):
    with pytest.raises(BadParameter, match=says):
        checked(table(n=[1], t=["x"]), step, **params)


def test_an_expression_with_an_unknown_column_says_how_texts_and_names_are_written(table, checked):
    with pytest.raises(ColumnMissing, match=r"no column named 'yes'.*quotes.*backticks"):
        checked(table(a=["yes"]), "filter_expression", expression="a == yes")
