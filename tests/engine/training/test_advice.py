"""What is proposed follows from the table: rows, columns, missing, classes, latency, limits."""

import dataclasses

import pytest

from apps.engine.errors import BadParameter
from apps.engine.training.advice import preparation_in_words, proposals
from apps.engine.training.candidates import CANDIDATES
from apps.engine.training.facts import TableFacts, cost_of, facts_of, rows_within
from apps.engine.training.rule import check_rule, sentence
from apps.engine.types import ColumnSpec, Kind, Problem

pytestmark = pytest.mark.once

USUAL = TableFacts(
    problem=Problem.BINARY,
    rows=5_000,
    columns=(
        *(ColumnSpec(f"n{number}", Kind.NUMBER) for number in range(8)),
        ColumnSpec("desk", Kind.TEXT),
        ColumnSpec("town", Kind.TEXT),
        ColumnSpec("seen", Kind.DATETIME),
    ),
    distinct={"desk": 4, "town": 900},
    rarest=0.3,
)
GB = 1024**3


def facts(**but):
    return dataclasses.replace(USUAL, **but)


def proposed(told):
    return [proposal.key for proposal in proposals(told) if proposal.is_proposed]


def why(told, key):
    return next(proposal.why for proposal in proposals(told) if proposal.key == key)


def test_few_are_proposed_at_first_and_every_other_says_why_not():
    found = proposals(USUAL)
    assert found[0].candidate.baseline
    assert proposed(USUAL) == ["dummy", "linear", "forest", "lightgbm"]
    assert all("Not chosen: " in item.why for item in found if not item.is_proposed)
    assert {item.key for item in found} == {
        key
        for key, kind in CANDIDATES.items()
        if USUAL.problem in kind.problems and not kind.of_others and not kind.stated
    }


@pytest.mark.parametrize(
    ("but", "key", "says"),
    [
        ({"rows": 120}, "bayes", "With 120 rows"),
        ({"rows": 120}, "forest", "may learn noise"),
        ({"rows": 120, "distinct": {"desk": 4, "town": 30}}, "elastic_net", "some can go"),
        ({"must_explain": True}, "tree", "sensitive columns"),
        ({"rows": 800, "columns": USUAL.columns[:8]}, "svm", "its best ground"),
        ({"rarest": 0.004}, "lightgbm", "The rarest class has 0.4 % of the rows"),
    ],
)
def test_what_the_table_is_like_proposes_a_candidate(but, key, says):
    assert key in proposed(facts(**but))
    assert says in why(facts(**but), key)


def test_what_is_too_slow_for_the_plan_or_too_large_is_not_proposed():
    assert "forest" not in proposed(facts(rows=400_000))
    assert "the plan allows 2" in why(facts(latency_ms=2.0), "mlp")
    assert "bayes" not in [item.key for item in proposals(facts(problem=Problem.REGRESSION))]


def test_a_cost_grows_with_the_rows_and_a_sample_is_what_the_limits_allow():
    small, large = (cost_of("forest", facts(rows=rows)) for rows in (10_000, 1_000_000))
    assert small.fit_s * 50 < large.fit_s
    assert large.memory_bytes > 8 * GB > 2 * GB > small.memory_bytes
    assert rows_within("linear", USUAL, memory_bytes=4 * GB, wall_s=3600) is None
    most = rows_within("forest", facts(rows=1_000_000), memory_bytes=4 * GB, wall_s=3600)
    assert 10_000 < most < 500_000
    again = cost_of("forest", facts(rows=int(most * 1.25)))
    assert again.memory_bytes <= 4 * GB
    assert again.fit_s <= 3600
    assert rows_within("forest", facts(rows=1_000_000), memory_bytes=GB // 2, wall_s=3600) == 0


def test_facts_come_from_the_report_of_a_split_also_of_an_older_one():
    report = {"problem": "binary", "development_rows": 90, "folds": 3, "classes": ["a", "b"]}
    assert facts_of(report=report, columns=USUAL.columns).rarest is None
    report["balance"] = {"parts": [{"classes": [{"share": 0.9}, {"share": 0.1}]}]}
    report["distinct"] = {"desk": 31}
    told = facts_of(report=report, columns=USUAL.columns)
    assert told.rarest == 0.1
    assert told.many == ["desk"]
    assert told.width(one_hot=True) == 8 + 1 + 10 + 3


def test_preparation_is_told_in_sentences():
    holes = tuple(dataclasses.replace(column, missing=500) for column in USUAL.columns)
    says = " ".join(preparation_in_words(facts(columns=holes)))
    for words in (
        "10.0 % of the cells are missing",
        "desk: a column",
        "town: more than 30",
        "seen",
    ):
        assert words in says


RULE = {"column": "amount", "comparison": "at least", "value": "15", "then": "yes"}


def checked(**but):
    given = {"numbers": ["amount", "paid"], "texts": ["desk"], "classes": ["no", "yes"]}
    classes = but.pop("classes", given["classes"])
    return check_rule({**RULE, **but}, **{**given, "classes": classes})


def test_a_rule_is_read_as_a_sentence():
    assert sentence(checked()) == "If amount is at least 15, say “yes”, else “no”."
    assert checked(column="paid", comparison="is", value="true")["value"] == 1.0
    told = checked(comparison="missing", then="3", otherwise="2.5", classes=[])
    assert sentence(told) == "If amount is missing, say 3, else 2.5."


@pytest.mark.parametrize(
    ("but", "says"),
    [
        ({"column": "gone"}, "no column that is offered"),
        ({"column": "desk"}, "holds text"),
        ({"value": "many"}, "as a number"),
        ({"then": "perhaps"}, "the classes are no, yes"),
        ({"then": ""}, "Say what the rule answers"),
        ({"comparison": "like"}, "how the rule compares"),
        ({"classes": []}, "what the rule answers as a number"),
    ],
)
def test_a_rule_that_cannot_be_asked_is_refused_in_words(but, says):
    with pytest.raises(BadParameter, match=says):
        checked(**but)
