from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from apps.engine.errors import ColumnMissing, NotEnoughData
from apps.engine.splitting.advice import advise
from apps.engine.splitting.entities import entity_columns, time_columns, words_of

DATA = Path(__file__).resolve().parents[3] / ".." / "shared" / "data"


@pytest.fixture
def visits():
    """300 visits of 60 customers over 300 days; 30 of them bought."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "customerID": pd.Series([f"C{n}" for n in rng.integers(0, 60, 300)], dtype="string"),
            "visited": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(300), unit="D"),
            "bought": pd.Series(["yes"] * 30 + ["no"] * 270, dtype="string"),
            "paid": rng.normal(20, 4, 300),
        }
    )


def test_words_of_a_name_are_found_in_every_common_spelling():
    for name in ("customerID", "CUSTOMER_ID", "customer id", "CustomerId"):
        assert words_of(name) == {"customer", "id"}


def test_a_repeated_customer_asks_for_a_group_split(visits):
    advice = advise(visits, target="bought")
    assert advice["method"] == "group"
    assert advice["group"] == "customerID"
    assert "60 different values in 300 rows" in advice["why"]
    assert any("“visited” is a date too" in says for says in advice["warnings"])


def test_dates_ask_for_a_time_split(visits):
    advice = advise(visits.drop(columns="customerID"), target="bought")
    assert (advice["method"], advice["time"], advice["group"]) == ("time", "visited", None)
    assert "from 2024-01-01 to 2024-10-26" in advice["why"]


def test_classes_ask_for_a_stratified_split_and_few_are_warned_about(visits):
    advice = advise(visits[["bought", "paid"]], target="bought")
    assert advice["method"] == "stratified"
    assert "“yes” has 30 of 300 rows" in advice["why"]
    assert any("only 30 rows" in says for says in advice["warnings"])


def test_a_number_without_entities_or_dates_is_split_at_random(visits):
    advice = advise(visits[["bought", "paid"]], target="paid")
    assert (advice["method"], advice["warnings"]) == ("random", [])


def test_unique_ids_categories_quantities_and_birthdays_do_not_count(visits):
    table = pd.DataFrame(
        {
            "rowId": np.arange(300),
            "client kind": pd.Series(["new", "old"] * 150, dtype="string"),
            "user age": np.arange(300) // 4,
            "birth date": visits["visited"],
            "bought": visits["bought"],
        }
    )
    assert entity_columns(table, target="bought") == []
    assert time_columns(table, target="bought") == []


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (["yes", None, "no"], "1 of 3 rows have no value in the target “y”"),
        (["no", "no", "no"], "1 different value;"),
    ],
)
def test_a_target_that_cannot_be_learned_is_refused(values, says):
    with pytest.raises(NotEnoughData, match=says):
        advise(pd.DataFrame({"y": pd.Series(values, dtype="string")}), target="y")
    with pytest.raises(ColumnMissing, match="no column “z”"):
        advise(pd.DataFrame({"y": pd.Series(values, dtype="string")}), target="z")


def test_titanic_passengers_share_tickets():
    file = DATA / "titanic" / "train.csv"
    if not file.exists():
        pytest.skip("the Titanic table is not on this machine")
    advice = advise(pd.read_csv(file), target="Survived")
    assert (advice["method"], advice["group"]) == ("group", "Ticket")
    assert "681 different values in 891 rows" in advice["why"]
