from datetime import datetime

import pytest

from apps.engine.errors import BadParameter


@pytest.mark.parametrize(
    ("cells", "kind", "after"),
    [
        (["1", "-2", None], "integer", [1, -2, None]),
        (["1.5", "2"], "number", [1.5, 2.0]),
        (["yes", "no"], "boolean", [True, False]),
        (["2024-05-31"], "datetime", [datetime(2024, 5, 31)]),
        ([1, None], "number", [1.0, None]),
        ([1.0, 2.0], "integer", [1, 2]),
        ([True, False, None], "integer", [1, 0, None]),
        ([1, 0], "boolean", [True, False]),
        ([7, None], "text", ["7", None]),
        ([1.0, 0.1], "text", ["1", "0.1"]),
        ([datetime(2024, 5, 31, 10)], "text", ["2024-05-31 10:00:00"]),
    ],
)
def test_every_cell_converts_by_one_rule(table, done, values, checked, cells, kind, after):
    frame = table(a=cells)
    assert values(done(frame, "parse_type", column="a", kind=kind)["a"]) == after
    assert checked(frame, "parse_type", column="a", kind=kind).kind_of("a") == kind


def test_a_date_format_decides_day_and_month(table, done, values, checked):
    params = {"column": "a", "kind": "datetime", "date_format": "%d/%m/%Y"}
    frame = table(a=["01/02/2024"])
    assert values(done(frame, "parse_type", **params)["a"]) == [datetime(2024, 2, 1)]
    assert checked(frame, "parse_type", **params).columns[0].format == "%d/%m/%Y"


def test_a_cell_that_does_not_convert_stops_the_recipe_with_the_cell(table, done):
    with pytest.raises(BadParameter, match=r"Step 1: 2 cells of 'a' are not number, such as 'x'"):
        done(table(a=["1", "x", "x"]), "parse_type", column="a", kind="number")


def test_a_cell_that_does_not_convert_becomes_missing_when_chosen(table, done, effect, values):
    params = {"column": "a", "kind": "integer", "on_failure": "set missing"}
    frame = table(a=["1", "x", "2.5"])
    assert values(done(frame, "parse_type", **params)["a"]) == [1, None, None]
    assert effect(frame, "parse_type", **params)["cells_changed"] == 2


def test_half_a_whole_number_is_refused(table, done):
    with pytest.raises(BadParameter, match=r"'1\.5'"):
        done(table(a=[1.5]), "parse_type", column="a", kind="integer")


@pytest.mark.parametrize(
    ("cells", "kind"), [([1], "datetime"), ([datetime(2024, 1, 1)], "number"), ([True], "datetime")]
)
def test_numbers_and_times_do_not_become_each_other(table, checked, cells, kind):
    with pytest.raises(BadParameter, match=f"cannot become {kind}"):
        checked(table(a=cells), "parse_type", column="a", kind=kind)
