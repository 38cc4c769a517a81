"""Rules of the data contract on requests: refused or warned of by field, as quick as before."""

import time

import pandas as pd
import pytest

from apps.engine.contract.requests import rules_of_requests, why_not
from apps.engine.contract.rule import Rule, relation
from apps.engine.serving.contract import Contract, check_rows, draft_contract
from apps.engine.serving.openapi import openapi

TABLE = pd.DataFrame(
    {
        "age": pd.array([17, 40, 90, 95], "Int64"),
        "city": pd.array(["a", "b", "c", "c"], "string"),
        "a": [1.0, 2.0, 3.0, 4.0],
        "b": [1.0, 2.0, None, 4.0],
        "total": [2.0, 4.0, 6.0, 8.0],
        "at": pd.to_datetime(["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"]),
    }
)
BARE = draft_contract(TABLE, needed=list(TABLE.columns))
RULES = (
    Rule("between", ("age",), "refuse", low=18.0, high=110.0),
    Rule("one_of", ("city",), "refuse", values=("a", "b")),
    Rule("filled", ("b",), "warn"),
    relation("a + b = total", severity="refuse"),
    Rule("between", ("at",), "warn", low="2026-01-15"),
)
HELD = Contract(BARE.fields, RULES)
GOOD = {"age": 40, "city": "a", "a": 1.5, "b": 2.5, "total": 4.0, "at": "2026-02-01"}


def told(**but):
    checked = check_rows([{**GOOD, **but}], HELD)
    return (
        [(one["row"], one["field"], one["code"]) for one in checked.errors],
        [(one["row"], one["field"], one["code"]) for one in checked.warnings],
    )


@pytest.mark.parametrize(
    ("but", "errors", "warnings"),
    [
        ({}, [], []),
        ({"age": 17}, [(1, "age", "contract_range")], []),
        ({"age": 111}, [(1, "age", "contract_range")], []),
        ({"age": 100}, [], [(1, "age", "out_of_training_range")]),
        ({"city": "c"}, [(1, "city", "contract_value")], []),
        ({"b": None}, [], [(1, "b", "contract_missing")]),
        ({"b": 2.0}, [(1, "a", "contract_relation")], []),
        ({"at": "2026-01-10"}, [], [(1, "at", "contract_range")]),
        ({"age": "old"}, [(1, "age", "wrong_type")], []),
        (
            {"age": "old", "city": "c"},
            [(1, "age", "wrong_type"), (1, "city", "contract_value")],
            [],
        ),
    ],
)
def test_a_breach_is_refused_or_warned_of_at_its_field(but, errors, warnings):
    assert told(**but) == (errors, warnings)


def test_the_sentence_names_the_rule_and_what_came():
    checked = check_rows([{**GOOD, "b": 2.0, "age": 17}], HELD)
    assert [one["message"] for one in checked.errors] == [
        "The data contract says: “age” lies between 18 and 110. Here it is 17.",
        "The data contract says: a + b == total. Here a = 1.5, b = 2, total = 4.",
    ]


def test_what_the_quick_check_takes_the_full_check_has_nothing_to_say_about():
    for age in range(10, 120, 3):
        for city in ("a", "b", "c", "d"):
            for total in (4.0, 4.1):
                row = {**GOOD, "age": age, "city": city, "total": total}
                quick = HELD.usual(row)
                checked = check_rows([row], HELD)
                assert (quick is not None) == (not checked.errors and not checked.warnings)


def test_only_what_comes_as_it_stands_in_the_table_is_asked():
    steps = [
        {"step": "trim_text", "params": {"columns": ["city"]}},
        {"step": "derive_column", "params": {"to": "twice", "expression": "a * 2"}},
    ]
    rules = (*RULES, Rule("unique", ("age",)), Rule("filled", ("a",), share=0.1))
    rules += (Rule("between", ("twice",), low=0.0), Rule("filled", ("target",)))
    kept = rules_of_requests(rules, BARE.fields, steps)
    assert kept == (RULES[0], *RULES[2:])
    about = {"asked": BARE.names, "changed": ["city", "twice"]}
    assert why_not(RULES[1], **about) == "The recipe changes “city”."
    assert why_not(rules[-1], **about) == "A request does not have “target”."
    assert why_not(rules[5], **about) == "A single row cannot tell."
    assert why_not(RULES[0], **about) == ""


def test_a_contract_without_rules_is_stored_as_before_and_one_with_rules_comes_back():
    assert set(BARE.as_dict()) == {"fields"}
    assert Contract.from_dict(HELD.as_dict()) == HELD


def test_the_description_has_what_refuses_as_limits():
    told = openapi(HELD, slug="s", release=1, base="", classes=(), most_rows=10)
    row = told["components"]["schemas"]["Row"]
    age, city, b = (row["properties"][name] for name in ("age", "city", "b"))
    assert (age["minimum"], age["maximum"]) == (18.0, 110.0)
    assert city["enum"] == ["a", "b"]
    assert b["type"] == ["number", "null"]  # that rule only warns
    assert "Refused where it does not hold: In every row: a + b == total." in row["description"]
    bare = openapi(BARE, slug="s", release=1, base="", classes=(), most_rows=10)
    assert "description" not in bare["components"]["schemas"]["Row"]


def test_a_usual_row_costs_less_than_ten_microseconds_more():
    rows = [GOOD] * 2_000

    def seconds(contract):
        began = time.perf_counter()
        check_rows(rows, contract)
        return time.perf_counter() - began

    seconds(HELD), seconds(BARE)
    more = [seconds(HELD) - seconds(BARE) for _ in range(7)]
    assert min(more) / len(rows) < 10e-6
