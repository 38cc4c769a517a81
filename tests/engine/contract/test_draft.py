"""A drafted contract: what it proposes, that its own table keeps it, what it does not tell."""

import numpy as np
import pandas as pd
import pytest

from apps.engine.contract.check import check_table
from apps.engine.contract.draft import draft_contract
from apps.engine.contract.rule import rules_from
from apps.engine.reading.tables import write_table
from apps.engine.types import silent

ROWS = 400
TODAY = "2026-11-26T00:00:00"


@pytest.fixture(scope="module")
def bikes() -> pd.DataFrame:
    """In the form of the bike-sharing data: casual + registered = cnt."""
    random = np.random.default_rng(1)
    casual, registered = random.integers(0, 90, ROWS), random.integers(0, 700, ROWS)
    began = pd.Timestamp("2026-11-01") + pd.to_timedelta(np.arange(ROWS), unit="h")
    return pd.DataFrame(
        {
            "instant": np.arange(1, ROWS + 1),
            "began": began,
            "ended": began + pd.to_timedelta(random.integers(0, 90, ROWS), unit="min"),
            "season": random.choice(["spring", "fall"], ROWS),
            "temp": np.where(random.random(ROWS) < 0.1, np.nan, random.normal(10, 5, ROWS)),
            "home": random.integers(1, 5, ROWS),
            "casual": casual,
            "registered": registered,
            "cnt": casual + registered,
            "one": 1234,
            "only": "here",
            "rare": np.where(np.arange(ROWS) < 2, 7.0, np.nan),
        }
    )


@pytest.fixture(scope="module")
def drafted(bikes, tmp_path_factory):
    path = str(tmp_path_factory.mktemp("draft") / "t.parquet")
    write_table(bikes, path)

    def make(**but):
        told = draft_contract(
            table=path,
            today=TODAY,
            report=silent,
            **{"target": "cnt", "sensitive": [], "steps": [], **but},
        )
        return path, rules_from(told["rules"])

    return make


def test_the_draft_names_the_sum_the_key_the_order_and_the_values(drafted):
    says = {rule.sentence() for rule in drafted()[1]}
    assert "In every row: casual + registered == cnt." in says
    assert "In every row: began <= ended." in says
    assert "No two rows have the same “instant”." in says
    assert "“season” is one of: fall, spring." in says
    assert "“cnt” is never missing." in says
    assert any(each.startswith("“temp” is missing in at most") for each in says)
    assert any(each.startswith("The newest “ended” is at most") for each in says)


def test_a_column_of_one_value_is_said_to_be_always_that_and_of_few_rows_nothing(drafted):
    of = {name: [rule for rule in drafted()[1] if rule.column == name] for name in ("one", "only")}
    assert "“one” is always 1,234." in [rule.sentence() for rule in of["one"]]
    assert "“only” is always “here”." in [rule.sentence() for rule in of["only"]]
    assert [of[name][-1].short() for name in of] == ["always 1,234", "always here"]
    assert not any(rule.kind == "between" for rule in drafted()[1] if rule.column == "rare")


def test_the_table_it_was_drafted_from_keeps_every_rule(drafted, tmp_path):
    path, rules = drafted()
    told = check_table(
        table=path,
        rules=[rule.as_dict() for rule in rules],
        today=TODAY,
        failing=str(tmp_path / "f"),
        report=silent,
    )
    assert [line["says"] for line in told["rules"] if line["state"] != "held"] == []


def test_of_a_sensitive_column_no_value_stands_in_the_draft(drafted):
    rules = drafted(sensitive=["home", "casual"])[1]
    assert {rule.kind for rule in rules if rule.column == "home"} == {"kind", "filled"}
    assert not any("casual" in rule.columns and len(rule.columns) > 1 for rule in rules)


def test_what_the_recipe_filters_by_becomes_a_rule(drafted):
    step = {"step": "filter_expression", "params": {"expression": "casual < 1000"}}
    gone = {"step": "filter_expression", "params": {"expression": "nowhere < 1000"}}
    rules = drafted(steps=[step, gone])[1]
    assert [rule.expression for rule in rules if "recipe" in rule.why.lower()] == ["casual < 1000"]
