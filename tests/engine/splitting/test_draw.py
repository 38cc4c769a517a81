import json

import numpy as np
import pandas as pd
import pytest

from apps.engine.errors import BadParameter, ColumnMissing, NotEnoughData, Stopped
from apps.engine.reading.tables import read_table, write_table
from apps.engine.splitting.draw import draw_split
from apps.engine.splitting.folds import fold_indices, read_split
from apps.engine.types import silent


@pytest.fixture
def visits(tmp_path):
    """600 visits of 80 customers on 200 days; a fifth of them bought."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "visit": pd.Series(np.arange(600), dtype="Int64"),
            "customer": pd.Series([f"C{n}" for n in rng.integers(0, 80, 600)], dtype="string"),
            "day": pd.Series(
                pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 200, 600), unit="D")
            ).astype("datetime64[us]"),
            "bought": pd.Series(rng.random(600) < 0.2, dtype="boolean"),
            "paid": rng.normal(20, 4, 600),
        }
    )
    write_table(frame, tmp_path / "table.parquet")
    return frame


@pytest.fixture
def draw(visits, tmp_path):
    def call(**changes):
        arguments = {
            "table": str(tmp_path / "table.parquet"),
            "method": "stratified",
            "target": "bought",
            "group": None,
            "time": None,
            "test_share": 0.2,
            "folds": 5,
            "seed": 7,
            "split_file": str(tmp_path / "split.parquet"),
            "development": str(tmp_path / "development.parquet"),
            "test": str(tmp_path / "test.parquet"),
            "report": silent,
        }
        return draw_split(**{**arguments, **changes})

    return call


METHODS = [
    {"method": "random"},
    {"method": "stratified"},
    {"method": "group", "group": "customer"},
    {"method": "time", "time": "day"},
]


@pytest.mark.parametrize("choice", METHODS, ids=lambda choice: choice["method"])
def test_every_row_is_in_exactly_one_part_as_it_was(draw, visits, tmp_path, choice):
    result = draw(**choice)
    development = read_table(tmp_path / "development.parquet")
    test = read_table(tmp_path / "test.parquet")
    split = read_split(tmp_path / "split.parquet")
    assert (len(development), len(test)) == (result["development_rows"], result["test_rows"])
    assert abs(len(test) - 120) <= 6
    together = pd.concat([development, test]).sort_values("visit", ignore_index=True)
    pd.testing.assert_frame_equal(together, read_table(tmp_path / "table.parquet"))
    sealed = split.loc[split["part"] == "test", "row"]
    assert test["visit"].tolist() == sealed.tolist()
    pairs = fold_indices(split, method=choice["method"])
    assert len(pairs) == result["folds"] == 5
    for trains, validates in pairs:
        assert not set(trains) & set(validates)
        assert max(trains.max(), validates.max()) < len(development)
    json.dumps(result, allow_nan=False)


@pytest.mark.parametrize("choice", METHODS, ids=lambda choice: choice["method"])
def test_the_same_table_and_seed_give_the_same_bytes(draw, tmp_path, choice):
    names = ("split.parquet", "development.parquet", "test.parquet")
    first = draw(**choice)
    before = [(tmp_path / name).read_bytes() for name in names]
    assert draw(**choice) == first
    assert [(tmp_path / name).read_bytes() for name in names] == before


def test_another_seed_seals_other_rows(draw):
    assert draw()["row_ids_sha256"]["test"] != draw(seed=8)["row_ids_sha256"]["test"]


def test_a_group_split_parts_no_customer(draw, tmp_path):
    draw(method="group", group="customer")
    development = read_table(tmp_path / "development.parquet")
    test = read_table(tmp_path / "test.parquet")
    assert not set(development["customer"]) & set(test["customer"])


def test_a_time_split_learns_only_from_the_past(draw, tmp_path):
    result = draw(method="time", time="day")
    development = read_table(tmp_path / "development.parquet")
    test = read_table(tmp_path / "test.parquet")
    assert development["day"].max() < test["day"].min()
    day = development["day"].to_numpy()
    for trains, validates in fold_indices(read_split(tmp_path / "split.parquet"), method="time"):
        assert day[trains].max() < day[validates].min()
    assert "only from earlier rows" in result["says"][2]


def test_a_stratified_split_keeps_the_class_share(draw, visits):
    development, test = draw()["balance"]["parts"]
    share = visits["bought"].mean()
    for part in (development, test):
        bought = next(entry for entry in part["classes"] if entry["value"] == "True")
        assert bought["share"] == pytest.approx(share, abs=0.005)


def test_a_random_split_across_customers_and_dates_is_warned_about(draw, tmp_path):
    warnings = draw(method="random")["warnings"]
    known = set(read_table(tmp_path / "development.parquet")["customer"])
    shared = read_table(tmp_path / "test.parquet")["customer"].isin(known).sum()
    assert any(f"{shared} of 120 test rows have a “customer”" in says for says in warnings)
    assert any("“day” is a date" in says for says in warnings)
    assert draw(method="group", group="customer")["warnings"] == []


def test_rows_that_are_on_both_sides_are_counted(draw, visits, tmp_path):
    twice = pd.concat([visits, visits.iloc[:50]], ignore_index=True)
    write_table(twice, tmp_path / "table.parquet")
    warnings = draw(method="random")["warnings"]
    test = read_table(tmp_path / "test.parquet")["visit"]
    both = test.isin(read_table(tmp_path / "development.parquet")["visit"]).sum()
    assert both > 0
    assert f"{both} of 130 test rows are equal to a development row." in warnings


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"method": "luck"}, BadParameter, "not “luck”"),
        ({"method": "group"}, BadParameter, "needs the column that names the group"),
        ({"method": "time"}, BadParameter, "needs the column that says when"),
        ({"test_share": 0.9}, BadParameter, "from 5 % to 50 %, not 90 %"),
        ({"folds": 1}, BadParameter, "from 2 to 20, not 1"),
        ({"target": "sold"}, ColumnMissing, "no column “sold”"),
        ({"method": "group", "group": "shop"}, ColumnMissing, "no column “shop”"),
    ],
)
def test_a_split_that_cannot_be_meant_is_refused(draw, changes, error, says):
    with pytest.raises(error, match=says):
        draw(**changes)


def test_a_test_without_positives_is_refused_and_nothing_is_written(draw, visits, tmp_path):
    early = visits.assign(bought=pd.Series(visits["day"] < "2024-03-01", dtype="boolean"))
    write_table(early, tmp_path / "table.parquet")
    with pytest.raises(NotEnoughData, match="one class only"):
        draw(method="time", time="day")
    assert [path.name for path in tmp_path.iterdir()] == ["table.parquet"]


def test_drawing_stops_when_asked(draw):
    def stop(done, total, says):
        raise Stopped

    with pytest.raises(Stopped):
        draw(report=stop)
