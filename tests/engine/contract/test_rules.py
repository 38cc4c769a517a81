"""Rules of a contract: their sentences, what is no rule, and which rows of a table break them."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from apps.engine.contract.check import check_table
from apps.engine.contract.rule import Rule, relation, rules_from, written
from apps.engine.errors import BadParameter, EngineError
from apps.engine.reading.tables import write_table
from apps.engine.splitting.folds import write_split
from apps.engine.types import silent

TODAY = "2026-11-26T00:00:00"
TABLE = pd.DataFrame(
    {
        "id": pd.array([1, 2, 3, 3, 5], "Int64"),
        "age": pd.array([17, 18, 110, 111, None], "Int64"),
        "city": pd.array(["a", "b", None, "c", "=1+1"], "string"),
        "a": [1.0, 2.0, 3.0, np.nan, 5.0],
        "b": [1.0, 2.0, 3.0, 4.0, 5.0],
        "c": [2.0, 4.0, 7.0, 8.0, 10.0],
        "at": pd.to_datetime(
            ["2026-11-20", "2026-11-24", None, "2026-11-01", "2026-10-01"], format="ISO8601"
        ),
        "digits": pd.array(["1", "2", "x", "4", None], "string"),
    }
)

BROKEN = [
    (Rule("between", ("age",), low=18.0, high=110.0), [1, 4]),
    (Rule("between", ("age",), low=18.0), [1]),
    (Rule("between", ("at",), low="2026-11-01", high="2026-11-23"), [2, 5]),
    (Rule("one_of", ("city",), values=("a", "b", "c")), [5]),
    (Rule("filled", ("city",)), [3]),
    (Rule("filled", ("city",), share=0.2), []),
    (Rule("filled", ("city",), share=0.19), [3]),
    (Rule("unique", ("id",)), [3, 4]),
    (Rule("unique", ("age",)), []),
    (Rule("unique", ("id", "b")), []),
    (relation("a + b = c"), [3]),
    (relation("a + b = c or is_missing(a)"), [3]),
    (relation('city in ["a", "b"]'), [4, 5]),
    (Rule("kind", ("id",), of="integer"), []),
    (Rule("kind", ("id",), of="number"), []),
    (Rule("kind", ("digits",), of="integer"), [3]),
    (Rule("kind", ("a",), of="text"), [1, 2, 3, 5]),
]


@pytest.fixture
def check(tmp_path):
    def run(rules, table=TABLE, **but):
        write_table(table, tmp_path / "t.parquet")
        failing = tmp_path / "failing.parquet"
        failing.unlink(missing_ok=True)
        told = check_table(
            table=str(tmp_path / "t.parquet"),
            rules=[rule.as_dict() for rule in rules],
            today=TODAY,
            failing=str(failing),
            report=silent,
            **but,
        )
        return told, pd.read_parquet(failing) if failing.exists() else None

    return run


def test_each_kind_of_rule_finds_exactly_the_rows_that_break_it(check):
    told, failing = check([rule for rule, _ in BROKEN])
    for place, ((rule, rows), line) in enumerate(zip(BROKEN, told["rules"], strict=True), start=1):
        is_broken = failing["broken_rules"].str.split(", ").apply(lambda n, p=place: str(p) in n)
        assert (rule.sentence(), list(failing["row"][is_broken])) == (line["says"], rows)
        assert (line["rows"], line["state"]) == (len(rows), "broken" if rows else "held")
    assert told["failing_rows"] == len(failing) == 5
    assert list(failing.columns[2:]) == list(TABLE.columns)


def test_a_table_that_keeps_every_rule_leaves_no_file(check):
    told, failing = check([Rule("filled", ("b",)), relation("b >= 1")])
    assert [line["state"] for line in told["rules"]] == ["held", "held"]
    assert (told["failing_rows"], failing) == (0, None)


def test_rows_of_development_keep_the_numbers_of_the_whole_table(check, tmp_path):
    write_split(np.array([-1, 0, -1, 1, 0], dtype=np.int8), str(tmp_path / "split.parquet"))
    part = TABLE.iloc[[1, 3, 4]]
    told, failing = check(
        [Rule("between", ("age",), high=110.0)], part, split=str(tmp_path / "split.parquet")
    )
    assert list(failing["row"]) == [4]
    assert told["rules"][0]["examples"] == [{"row": 4, "value": "111"}]


def test_freshness_counts_from_the_day_of_the_check(check):
    old, new = Rule("fresh", ("at",), days=1.5), Rule("fresh", ("at",), days=2.0)
    told, failing = check([old, new])
    assert [line["state"] for line in told["rules"]] == ["broken", "held"]
    assert "2.0 days old" in told["rules"][0]["note"]
    assert failing is None


def test_a_rule_that_does_not_fit_the_table_is_told_and_the_others_are_asked(check):
    rules = [
        Rule("filled", ("gone",)),
        Rule("between", ("city",), low=1.0),
        Rule("between", ("at",), low=1.0),
        Rule("one_of", ("age",), values=("a",)),
        relation("age + 1"),
        relation("age > city"),
        Rule("filled", ("b",)),
    ]
    lines = check(rules)[0]["rules"]
    assert [line["state"] for line in lines] == ["not asked"] * 6 + ["held"]
    assert lines[0]["note"] == "The table has no column “gone”."
    assert "such as 2024-05-31" in lines[2]["note"]
    assert "needs true or false" in lines[4]["note"]
    assert "both must be of one kind" in lines[5]["note"]


def test_a_table_with_columns_named_as_ours_and_without_rows_is_checked(check):
    named = pd.DataFrame({"row": [1, 2], "broken_rules": ["x", "y"]})
    _, failing = check([Rule("between", ("row",), high=1.0)], named)
    assert list(failing.columns) == ["_row", "_broken_rules", "row", "broken_rules"]
    told, _ = check([rule for rule, _ in BROKEN], TABLE.iloc[:0])
    assert {line["state"] for line in told["rules"]} <= {"held", "broken"}


@pytest.mark.parametrize(
    "make",
    [
        lambda: Rule("regex", ("a",)),
        lambda: Rule("between", ("a",)),
        lambda: Rule("between", ("a",), low=2.0, high=1.0),
        lambda: Rule("between", ("a",), low=float("nan")),
        lambda: Rule("between", ("a",), low=1.0, high="2026-01-01"),
        lambda: Rule("between", ("a",), low="yesterday"),
        lambda: Rule("between", ("a",), low="2026-01-01T00:00:00+02:00"),
        lambda: Rule("between", ("a", "b"), low=1.0),
        lambda: Rule("one_of", ("a",)),
        lambda: Rule("one_of", ("a",), values=("x" * 201,)),
        lambda: Rule("filled", ("a",), share=1.0),
        lambda: Rule("fresh", ("a",), days=0.0),
        lambda: Rule("kind", ("a",), of="regex"),
        lambda: Rule("unique", ()),
        lambda: Rule("filled", ("a",), severity="shout"),
        lambda: Rule("holds", ("a",), expression="b > 1"),
        lambda: relation("1 = 1"),
        lambda: relation("a +"),
        lambda: relation("__import__('os').system('true')"),
        lambda: relation("matches(a, '(x+x+)+y')"),
        lambda: relation("a.b = 1"),
        lambda: relation("(" * 300 + "a" + ")" * 300),
        lambda: relation("a = " + "9" * 400),
        lambda: rules_from([{"kind": "filled"}]),
        lambda: rules_from([{"kind": "filled", "columns": ["a"], "code": "x"}]),
    ],
)
def test_what_is_no_rule_is_refused_in_a_sentence(make):
    with pytest.raises(EngineError, match=r"\w+ .*[.…]"):
        make()


def test_an_expression_cannot_make_a_check_slow(check):
    """There is no regular expression in it, and what grows is a float that becomes missing."""
    told, _ = check([relation("b ** b ** b ** 9999 = 1"), relation("contains(city, city)")])
    assert [line["state"] for line in told["rules"]] == ["held", "held"]


def test_people_write_one_equals_sign():
    assert written("a + b = c") == "a + b == c"
    assert written('a <= b != c == "x = y" and `d = e` >= 1') == (
        'a <= b != c == "x = y" and `d = e` >= 1'
    )
    assert relation("casual + registered = cnt").columns == ("casual", "registered", "cnt")


def test_rules_come_back_from_their_stored_form():
    for rule, _ in BROKEN:
        assert Rule.from_dict(rule.as_dict()) == rule
    zero = Rule("between", ("a",), "refuse", low=0.0, high=0.0)
    assert Rule.from_dict(zero.as_dict()) == zero
    assert zero.sentence() == "“a” is always 0."


def test_bounds_of_dates_are_moments():
    rule = Rule("between", ("at",), low="2026-11-01T12:00", high="2026-11-30")
    assert datetime.fromisoformat(str(rule.low)) == datetime(2026, 11, 1, 12)
    with pytest.raises(BadParameter, match="no date"):
        Rule("between", ("at",), low="1 November")
