"""The contract of a request row: drafted from development rows, checked value by value."""

import json
import math
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from apps.engine.errors import ColumnMissing
from apps.engine.serving.contract import (
    MOST_CATEGORIES,
    MOST_ERRORS,
    MOST_ROWS,
    MOST_TEXT,
    MOST_WARNINGS,
    Contract,
    check_rows,
    draft_contract,
)
from apps.engine.types import Kind


@pytest.fixture(scope="module")
def contract() -> Contract:
    frame = pd.DataFrame(
        {
            "tenure": pd.array([1, 5, 72, 5], "Int64"),
            "charges": [20.5, 70.25, math.nan, 118.0],
            "plan": pd.array(["month", "year", "month", "month"], "string"),
            "paperless": pd.array([True, False, True, None], "boolean"),
            "since": pd.to_datetime(
                ["2024-01-01", "2024-05-31 12:00", None, "2024-01-01"], format="ISO8601"
            ),
            "note": pd.array(["a", "b", "c", None], "string"),
            "__proto__": [1.0, 2.0, 3.0, 4.0],
            "unused": [0, 0, 0, 0],
        }
    )
    return draft_contract(frame, needed=list(frame.columns[:-1]))


def changed(contract: Contract, **but: object) -> dict[str, object]:
    return {**contract.example(), **but}


def codes(contract: Contract, **but: object) -> list[tuple[str, str]]:
    checked = check_rows([changed(contract, **but)], contract)
    return [(error["field"], error["code"]) for error in checked.errors]


def test_the_contract_tells_what_development_rows_were(contract):
    tenure, charges, plan, paperless, since, *_ = contract.fields
    assert (tenure.kind, tenure.low, tenure.high, tenure.nullable) == (Kind.INTEGER, 1, 72, False)
    assert (charges.nullable, charges.missing_rate, charges.example) == (True, 0.25, 70.25)
    assert plan.categories == ("month", "year")
    assert (plan.example, paperless.example, since.example) == (
        "month",
        True,
        "2024-01-01T00:00:00",
    )
    assert "unused" not in contract.names


def test_its_own_example_passes_without_a_warning(contract):
    checked = check_rows([contract.example()], contract)
    assert (checked.errors, checked.warnings) == ([], [])
    assert checked.rows[0]["since"] == datetime(2024, 1, 1)


def test_it_survives_json(contract):
    assert Contract.from_dict(json.loads(json.dumps(contract.as_dict()))) == contract


def test_too_many_categories_are_not_listed():
    frame = pd.DataFrame({"code": [f"c{n}" for n in range(MOST_CATEGORIES + 1)]}, dtype="string")
    assert draft_contract(frame, needed=["code"]).fields[0].categories is None
    assert len(draft_contract(frame[1:], needed=["code"]).fields[0].categories) == MOST_CATEGORIES


def test_a_column_that_is_always_missing_is_known_by_its_null():
    frame = pd.DataFrame({"gone": pd.array([None, None], "Int64")})
    contract = draft_contract(frame, needed=["gone"])
    assert contract.fields[0].missing_rate == 1.0
    assert check_rows([{"gone": None}], contract).errors == []


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(ColumnMissing, match='"nowhere"'):
        draft_contract(pd.DataFrame({"a": [1]}), needed=["nowhere"])


def test_names_count_and_not_their_order(contract):
    row = contract.example()
    backwards = dict(reversed(row.items()))
    assert list(check_rows([backwards], contract).rows[0]) == list(contract.names)


def test_missing_and_unknown_columns_are_named_with_the_nearest_name(contract):
    row = contract.example()
    row["tenur"] = row.pop("tenure")
    errors = check_rows([row], contract).errors
    assert [(error["code"], error["field"]) for error in errors] == [
        ("unknown_field", "tenur"),
        ("missing_field", "tenure"),
    ]
    assert 'Did you mean "tenure"?' in errors[0]["message"]


HUGE = 10**5_000
"""More digits than Python writes out."""

WRONG = [
    ("tenure", "12", "wrong_type"),
    ("tenure", True, "wrong_type"),
    ("tenure", 1.5, "wrong_type"),
    ("tenure", [1], "wrong_type"),
    ("tenure", {"a": 1}, "wrong_type"),
    ("tenure", None, "null"),
    ("tenure", 10**40, "out_of_range"),
    ("tenure", 1e300, "out_of_range"),
    ("tenure", 2**63, "out_of_range"),
    ("charges", "twenty", "wrong_type"),
    ("charges", math.inf, "not_finite"),
    ("charges", math.nan, "not_finite"),
    ("charges", 1e300, "out_of_range"),
    ("charges", HUGE, "out_of_range"),
    ("plan", 3, "wrong_type"),
    ("plan", HUGE, "wrong_type"),
    ("plan", "a\x00b", "bad_text"),
    ("plan", "\ud800", "bad_text"),
    ("plan", "x" * (MOST_TEXT + 1), "too_long"),
    ("paperless", 1, "wrong_type"),
    ("paperless", "true", "wrong_type"),
    ("since", "31.05.2024", "wrong_type"),
    ("since", 1_700_000_000, "wrong_type"),
    ("since", "2024-02-30", "wrong_type"),
    ("since", "0001-01-01T00:00:00+14:00", "wrong_type"),
]


@pytest.mark.parametrize(("name", "value", "code"), WRONG, ids=range(len(WRONG)))
def test_a_value_that_does_not_fit_is_refused_with_its_field(contract, name, value, code):
    checked = check_rows([changed(contract, **{name: value})], contract)
    assert [(error["field"], error["code"]) for error in checked.errors] == [(name, code)]
    message = checked.errors[0]["message"]
    assert f'"{name}"' in message
    assert len(message) < 200
    message.encode()  # no lone surrogate is sent back


def test_whole_floats_zeros_and_nulls_where_there_were_some_are_taken(contract):
    row = changed(contract, tenure=5.0, charges=None, since=None, note=None, paperless=None)
    checked = check_rows([row], contract)
    assert checked.errors == []
    assert checked.rows[0]["tenure"] == 5
    assert isinstance(checked.rows[0]["tenure"], int)
    assert codes(contract, charges=-0.0) == codes(contract, charges=5e-324) == []


def test_a_moment_with_a_zone_is_taken_as_utc(contract):
    row = changed(contract, since="2024-05-31T12:00:00+02:00")
    assert check_rows([row], contract).rows[0]["since"] == datetime(2024, 5, 31, 10)


def test_the_unknown_and_the_extreme_are_answered_with_a_warning(contract):
    checked = check_rows([changed(contract, plan="weekly", tenure=73)], contract)
    assert checked.errors == []
    assert [(note["field"], note["code"]) for note in checked.warnings] == [
        ("tenure", "out_of_training_range"),
        ("plan", "unknown_category"),
    ]
    edges = check_rows([changed(contract, tenure=1), changed(contract, tenure=72)], contract)
    assert edges.warnings == []


def test_one_bad_row_among_a_hundred_is_told_by_its_number(contract):
    rows = [contract.example() for _ in range(100)]
    rows[41]["tenure"] = "x"
    assert [error["row"] for error in check_rows(rows, contract).errors] == [42]


@pytest.mark.parametrize("row", [None, 1, "x", [1]])
def test_a_row_that_is_no_object_is_refused(contract, row):
    errors = check_rows([contract.example(), row], contract).errors
    assert [(error["row"], error["code"]) for error in errors] == [(2, "bad_row")]


def test_no_row_and_too_many_rows_are_refused(contract):
    assert [error["code"] for error in check_rows([], contract).errors] == ["no_rows"]
    row = contract.example()
    assert check_rows([row] * MOST_ROWS, contract).errors == []
    errors = check_rows([row] * (MOST_ROWS + 1), contract).errors
    assert [error["code"] for error in errors] == ["too_many_rows"]


def test_errors_and_warnings_stop_at_their_limits(contract):
    rows = [changed(contract, tenure="x", charges="y", plan="weekly") for _ in range(500)]
    assert len(check_rows(rows, contract).errors) == MOST_ERRORS
    many = check_rows([{f"u{number}": 1 for number in range(5_000)}], contract)
    assert len(many.errors) == MOST_ERRORS
    warned = check_rows([changed(contract, plan="weekly")] * 500, contract)
    assert len(warned.warnings) == MOST_WARNINGS
    assert warned.warnings[-1]["message"].endswith("400 more warnings are not listed.")


def test_a_hostile_name_is_sent_back_short_and_printable(contract):
    error = check_rows([changed(contract, **{"\ud800\x00" + "z" * 10_000: 1})], contract).errors[0]
    assert error["field"] == "��" + "z" * 78
    assert len(error["message"].encode()) < 200


def test_numbers_of_numpy_never_reach_the_contract(contract):
    assert not any(
        isinstance(value, np.generic) for item in contract.fields for value in vars(item).values()
    )
