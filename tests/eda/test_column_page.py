"""One column: its charts, its facts, its neighbours, what the plan says about it."""

import json
from copy import deepcopy

import pytest

from apps.datasets.storage import keep
from apps.eda.models import Profile
from apps.eda.queries import current_profile, result_of
from tests import builders

LAST = len(builders.MEASURES) + 2  # the plan's target and the desk besides
pytestmark = pytest.mark.once  # pages and files, the same on every database


def position_of(cycle, name):
    columns = result_of(current_profile(cycle))["columns"]
    return next(place for place, item in enumerate(columns, start=1) if item["name"] == name)


def rewrite(cycle, tmp_path, change):
    """Change the stored profile, as another table would have made it."""
    profile = current_profile(cycle)
    result = deepcopy(result_of(profile))
    change(result)
    file = tmp_path / "profile.json"
    file.write_text(json.dumps(result))
    Profile.objects.filter(pk=profile.pk).update(result=keep(file))


def test_a_column_is_shown_with_its_neighbours(client, analyst, profiled, at):
    client.force_login(analyst)
    first = client.get(at("column", 1)).content.decode()
    assert at("column", 2) in first
    assert "Previous" not in first
    last = client.get(at("column", LAST)).content.decode()
    assert at("column", LAST - 1) in last
    assert 'rel="next"' not in last


@pytest.mark.parametrize("position", [0, LAST + 1, 99999])
def test_a_column_that_does_not_exist_is_not_found(client, analyst, profiled, at, position):
    client.force_login(analyst)
    assert client.get(at("column", position)).status_code == 404
    assert client.get(at("column_figure", position, "distribution")).status_code == 404


def test_the_facts_are_those_of_the_development_rows(client, analyst, profiled, at):
    client.force_login(analyst)
    page = client.get(at("column", position_of(profiled, "mean radius"))).context["page"]
    facts = dict(page.facts)
    assert facts["Rows with a value"] == current_rows(profiled)
    assert "Infinite" not in facts  # said only when there are any
    assert facts["Least"] <= facts["50 % lie below"] <= facts["Greatest"]


def current_rows(cycle):
    return result_of(current_profile(cycle))["rows"]


def test_the_chart_of_a_column_comes_with_its_numbers(client, analyst, profiled, at):
    client.force_login(analyst)
    desk = position_of(profiled, "desk")
    told = client.get(at("column_figure", desk, "distribution")).json()
    assert told["table"]["columns"] == ["value", "rows", "share"]
    rows = {row[0]: row[1] for row in told["table"]["rows"]}
    assert set(rows) == {"north", "south"}
    assert sum(rows.values()) == current_rows(profiled)
    assert told["figure"]["data"][0]["type"] == "bar"


def test_the_relation_tells_the_rate_of_the_plans_class_with_intervals(
    client, analyst, profiled, at
):
    client.force_login(analyst)
    radius = position_of(profiled, "mean radius")
    table = client.get(at("column_figure", radius, "relation")).json()["table"]
    assert table["columns"] == ["group", "rows", "of", "value", "low", "high"]
    assert {row[2] for row in table["rows"]} == {"malignant"}
    assert sum(row[1] for row in table["rows"]) == current_rows(profiled)
    assert all(0 <= row[4] <= row[3] <= row[5] <= 1 for row in table["rows"])
    assert table["rows"][0][3] < 0.1 < 0.9 < table["rows"][-1][3]  # large nuclei are malignant


def test_the_target_has_a_distribution_and_no_relation_to_itself(client, analyst, profiled, at):
    client.force_login(analyst)
    place = position_of(profiled, "diagnosis")
    page = client.get(at("column", place))
    assert b"never a feature" in page.content
    assert b"chart-relation" not in page.content
    assert client.get(at("column_figure", place, "distribution")).status_code == 200
    assert client.get(at("column_figure", place, "relation")).status_code == 404


def test_a_column_without_any_value_has_a_page_and_no_chart(
    client, analyst, profiled, at, tmp_path
):
    empty = {"kind": "number", "count": 0, "distinct": 0, "infinite": 0, "histogram": None}

    def emptied(result):
        name = result["columns"][0]["name"]
        missing = {"missing": result["rows"], "missing_share": 1.0}
        result["columns"][0] = {"name": name, **empty, **missing}

    rewrite(profiled, tmp_path, emptied)
    client.force_login(analyst)
    assert b"There is nothing to draw" in client.get(at("column", 1)).content
    assert client.get(at("column_figure", 1, "distribution")).status_code == 404
    assert b"no value" in client.get(at("overview")).content


def test_the_plans_words_about_a_column_stand_beside_it(client, analyst, profiled, at):
    client.force_login(analyst)
    page = client.get(at("column", position_of(profiled, "desk"))).content.decode()
    assert "Who read the sample" in page
    assert "after the decision" in page
    assert "may not be a feature" in page
    allowed = client.get(at("column", position_of(profiled, "mean radius"))).content.decode()
    assert "Mean radius of the nuclei" in allowed
    assert "may not be a feature" not in allowed
    other = client.get(at("column", position_of(profiled, "worst area"))).content.decode()
    assert "The plan does not mention this column" in other


@pytest.mark.parametrize(
    ("page", "more"),
    [
        ("missing_figure", ["patterns"]),
        ("missing_figure", ["nothing"]),
        ("matrix", ["nothing"]),
        ("time_figure", [1, "rows"]),
        ("pair_figure", [3, 3]),
        ("pair_figure", [1, 99]),
    ],
)
def test_a_chart_that_has_nothing_to_show_is_not_found(client, analyst, profiled, at, page, more):
    client.force_login(analyst)
    assert client.get(at(page, *more)).status_code == 404


def test_relations_are_a_square_with_all_pairs_as_a_table_the_strongest_first(
    client, analyst, profiled, at
):
    client.force_login(analyst)
    told = client.get(at("matrix", "rank")).json()
    square = told["figure"]["data"][0]["z"]
    assert len(square) == len(square[0]) == LAST
    assert len(told["table"]["rows"]) == len(square) * (len(square) - 1) // 2
    assert {"mean radius", "mean perimeter"} in [set(row[:2]) for row in told["table"]["rows"][:20]]


def test_a_dark_page_gets_a_dark_figure(client, analyst, profiled, at):
    client.force_login(analyst)
    url = at("column_figure", 1, "distribution")
    light, dark = client.get(url).json(), client.get(url, {"theme": "dark"}).json()
    assert light["table"] == dark["table"]
    assert light["figure"]["layout"] != dark["figure"]["layout"]
