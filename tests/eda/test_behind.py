"""The rows behind points, cells, boxes and tiles: as many as the mark says."""

import json
from urllib.parse import urlencode

import pytest

from apps.engine.profile import pairs, picture

pytestmark = pytest.mark.once
NORTH = '["is","desk","north"]'


def opened(client, address, **more):
    """Rows of the chart's table, and how many rows each of the first dozen links opens."""
    told = client.get(address, more).json()
    table, links = told["table"], told["table"]["links"]
    if isinstance(links, dict):
        links = [short(links, row) for row in range(len(table["rows"]))]
    assert len(links) == len(table["rows"])
    some = [at for at in range(0, len(links), max(1, len(links) // 8)) if links[at]]
    found = [(table["rows"][at], client.get(links[at]).context["grid"].total) for at in some]
    assert found
    return told, found


def short(links, row):
    """As static/js/charts.js makes an address from the values of a point."""
    slices = [
        ("slice", json.dumps([*part, value, value]))
        for part, value in zip(links["parts"], links["values"][row], strict=True)
    ]
    return f"{links['address']}{'&' if '?' in links['address'] else '?'}{urlencode(slices)}"


def test_the_rows_behind_a_pair_open(client, analyst, profiled, at, monkeypatch):
    client.force_login(analyst)
    places = client.get(at("overview")).context["rows"].positions
    radius, texture, desk, diagnosis = (
        places[name] for name in ("mean radius", "mean texture", "desk", "diagnosis")
    )
    told, points = opened(client, at("pair_figure", radius, texture), third=str(desk))
    ids = [one for trace in told["figure"]["data"] for one in trace["ids"]]
    assert sorted(map(int, ids)) == list(range(len(told["table"]["rows"])))
    assert {total for _, total in points} <= {1, 2}
    part, points = opened(client, at("pair_figure", radius, texture), slice=NORTH)
    assert len(part["table"]["rows"]) < len(told["table"]["rows"])
    assert all(total for _, total in points)
    told, boxes = opened(client, at("pair_figure", desk, radius))
    assert [row[1] for row, _ in boxes] == [total for _, total in boxes]
    assert told["figure"]["data"][0]["meta"]["rows"] == [0, 1]
    _, tiles = opened(client, at("pair_figure", desk, diagnosis))
    assert [row[2] for row, _ in tiles] == [total for _, total in tiles]
    monkeypatch.setattr(pairs, "MOST_POINTS", 10)
    told, cells = opened(client, at("pair_figure", radius, texture))
    assert [row[2] for row, _ in cells] == [total for _, total in cells]
    heat = told["figure"]["data"][0]
    numbers = [one for line in heat["meta"]["rows"] for one in line if one >= 0]
    assert numbers == list(range(len(told["table"]["rows"])))


@pytest.mark.parametrize("most", [5_000, 10])
def test_the_rows_behind_a_built_chart_open(client, analyst, profiled, at, monkeypatch, most):
    monkeypatch.setattr(picture, "MOST_POINTS", most)
    client.force_login(analyst)
    asked = {"x": "mean radius", "y": "mean texture", "facet": "desk"}
    _, marks = opened(client, at("chart_figure"), kind="scatter", **asked)
    totals = [total for _, total in marks]
    assert all(totals) if most > 10 else totals == [row[3] for row, _ in marks]
    if most > 10:
        asked = {"x": "diagnosis", "y": "mean radius", "facet": "desk"}
        told, boxes = opened(client, at("chart_figure"), kind="box", **asked)
        assert [row[2] for row, _ in boxes] == [total for _, total in boxes]
        behind = [row for trace in told["figure"]["data"] for row in trace["meta"]["rows"]]
        assert behind == list(range(4))
