"""Rules of the data contract on requests: refused or warned of by field, as quick as before."""

import json
import time
from dataclasses import replace

import pandas as pd
import pytest

from apps.engine.contract.requests import rules_of_requests, why_not
from apps.engine.contract.rule import Rule, relation
from apps.engine.recipe.lineage import changed_by, origins
from apps.engine.serving.contract import Contract, check_rows, draft_contract
from apps.engine.serving.openapi import openapi
from apps.engine.types import ColumnSpec, Kind, TableSpec

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


STEPS = (
    {"step": "trim_text", "params": {"columns": ["city"]}},
    {"step": "derive_column", "params": {"to": "twice", "expression": "a * 2"}},
    {"step": "derive_column", "params": {"to": "years", "expression": "age / 10"}},
    {"step": "derive_column", "params": {"to": "lost", "expression": "a + elsewhere"}},
    {"step": "fill_missing", "params": {"column": "b", "value": "1", "kind": "number"}},
    {"step": "edit_cell", "params": {"row": "1", "column": "a", "before": "1", "to": "2"}},
)
AFTER = TableSpec(
    0,
    (
        *(ColumnSpec(item.name, item.kind) for item in BARE.fields),
        *(ColumnSpec(name, Kind.NUMBER) for name in ("twice", "years", "lost", "target")),
    ),
)
MADE = (
    Rule("one_of", ("city",), "refuse", values=("a", "b")),
    Rule("between", ("twice",), "refuse", high=6.0),
    relation("twice + b < 9", severity="warn"),
    Rule("filled", ("b",), "refuse"),
)


def held_after(rules):
    asked = rules_of_requests(rules, BARE.fields, STEPS, after=AFTER)
    return replace(BARE, rules=asked.direct, made=asked.made, steps=asked.steps)


def test_a_rule_is_asked_of_what_comes_or_of_what_the_recipe_makes_of_it():
    gone = (Rule("unique", ("age",)), Rule("filled", ("a",), share=0.1))
    gone += (Rule("between", ("lost",), low=0.0), Rule("filled", ("target",)))
    gone += (Rule("one_of", ("twice",), values=("a",)),)  # twice holds numbers
    asked = rules_of_requests((*RULES, *MADE, *gone), BARE.fields, STEPS, after=AFTER)
    assert asked.direct == (RULES[0], RULES[4])
    assert asked.made == (*RULES[1:4], *MADE)
    assert [step["step"] for step in asked.steps] == ["trim_text", "derive_column", "fill_missing"]
    about = {"has": origins(BARE.names, STEPS), "changed": changed_by(STEPS)}
    assert why_not(gone[2], **about) == (
        "The recipe makes “lost” of columns that a request does not have."
    )
    assert why_not(gone[3], **about) == "A request does not have “target”."
    assert why_not(gone[1], **about) == "A single row cannot tell."
    assert why_not(RULES[0], **about) == ""


@pytest.mark.parametrize(
    ("but", "errors", "warnings"),
    [
        ({}, [], []),
        ({"city": " a "}, [], ["unknown_category"]),  # trimmed before the rule, not for the note
        ({"city": " c "}, ["contract_value"], []),
        ({"a": 3.5}, ["contract_range"], ["contract_relation"]),
        ({"a": 3.0, "b": 3.5}, [], ["contract_relation"]),
        ({"b": None}, [], []),
        ({"a": "x"}, ["wrong_type"], []),
    ],
)
def test_what_the_recipe_makes_of_a_row_is_held_against_the_contract(but, errors, warnings):
    checked = check_rows([{**GOOD, **but}], held_after(MADE))
    assert [one["code"] for one in checked.errors] == errors
    assert [one["code"] for one in checked.warnings] == warnings


def test_a_breach_after_the_recipe_is_told_by_the_columns_that_were_sent():
    held = held_after(MADE)
    checked = check_rows([{**GOOD, "a": 3.5}, {**GOOD, "city": " d "}], held)
    assert [(one["field"], one["message"]) for one in checked.errors] == [
        (
            "a",
            "The data contract says: “twice” is at most 6. Here it is 7. "
            "The recipe makes twice of a = 3.5.",
        ),
        (
            "city",
            'The data contract says: “city” is one of: a, b. Here it is "d". '
            'What was sent: city = " d ".',
        ),
    ]
    assert held.origin_of(MADE[2]) == ("a", "b")
    told = openapi(held, slug="s", release=1, base="", classes=())
    says = told["components"]["schemas"]["Row"]["description"]
    assert "Refused where it does not hold after the recipe, which makes it of a: “twice”" in says


def test_a_row_that_a_step_refuses_is_left_to_the_step():
    as_number = {"step": "parse_type", "params": {"column": "city", "kind": "number"}}
    spec = TableSpec(0, (ColumnSpec("city", Kind.NUMBER),))
    rule = Rule("between", ("city",), "refuse", low=0.0)
    asked = rules_of_requests([rule], BARE.fields, [as_number], after=spec)
    held = replace(BARE, made=asked.made, steps=asked.steps)
    assert check_rows([{**GOOD, "city": "no number"}], held).errors == []
    assert check_rows([{**GOOD, "city": "-1"}], held).errors[0]["field"] == "city"


def test_a_contract_without_rules_is_stored_as_before_and_one_with_rules_comes_back():
    assert set(BARE.as_dict()) == {"fields"}
    for held in (HELD, held_after(MADE)):
        assert Contract.from_dict(json.loads(json.dumps(held.as_dict()))) == held


def test_the_description_has_what_refuses_as_limits():
    told = openapi(HELD, slug="s", release=1, base="", classes=())
    row = told["components"]["schemas"]["Row"]
    age, city, b = (row["properties"][name] for name in ("age", "city", "b"))
    assert (age["minimum"], age["maximum"]) == (18.0, 110.0)
    assert city["enum"] == ["a", "b"]
    assert b["type"] == ["number", "null"]  # that rule only warns
    assert "Refused where it does not hold: In every row: a + b == total." in row["description"]
    bare = openapi(BARE, slug="s", release=1, base="", classes=())
    assert "description" not in bare["components"]["schemas"]["Row"]


@pytest.mark.parametrize(
    ("held", "most_s"), [(HELD, 10e-6), (held_after((MADE[0], MADE[3])), 20e-6)]
)
def test_a_usual_row_costs_a_few_microseconds_more(held, most_s):
    rows = [GOOD] * 2_000

    def seconds(contract):  # of this thread's processor time: the machine may be busy
        began = time.thread_time()
        check_rows(rows, contract)
        return time.thread_time() - began

    seconds(held), seconds(BARE)
    more = [seconds(held) - seconds(BARE) for _ in range(7)]
    assert min(more) / len(rows) < most_s
