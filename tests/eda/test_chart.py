"""Building a chart: on the rows of the slice, never of a sensitive column, down to its rows."""

import pytest

from apps.eda.actions import name_view
from apps.eda.pinned import place_of, view_lines
from apps.planning.models import Draft

pytestmark = pytest.mark.once
NORTH = '["is","desk","north"]'
ASKED = {"kind": "bar", "x": "diagnosis", "measure": "mean", "of": "mean radius", "colour": "desk"}


def test_a_built_chart_counts_the_slice_and_opens_its_rows(client, analyst, profiled, at):
    client.force_login(analyst)
    page = client.get(at("chart"), {**ASKED, "slice": NORTH})
    assert page.context["told"]["rows"] == page.context["rows"].columns().rows
    assert page.context["title"] == "Mean of mean radius by diagnosis and desk"
    told = client.get(page.context["figure"]).json()["table"]
    assert told["columns"] == ["desk", "diagnosis", "rows", "mean of mean radius".capitalize()]
    for row, link in zip(told["rows"], told["links"], strict=True):
        assert row[0] == "north"
        assert client.get(link).context["grid"].total == row[2]


def test_without_columns_there_is_a_form_and_with_wrong_ones_a_sentence(
    client, analyst, profiled, at
):
    client.force_login(analyst)
    assert "told" not in client.get(at("chart")).context
    page = client.get(at("chart"), {**ASKED, "of": ""})
    assert "Choose the column whose mean is told" in page.content.decode()
    assert client.get(at("chart_figure"), {**ASKED, "of": ""}).status_code == 409
    assert client.get(at("chart_figure"), {"x": "nothing like it"}).status_code == 409
    assert client.get(at("chart"), {"x": "desk", "kind": "pie"}).status_code == 200


@pytest.mark.parametrize("part", ["x", "colour"])
def test_a_sensitive_column_is_not_drawn(client, analyst, profiled, at, part):
    draft = Draft.objects.get(cycle=profiled)
    draft.content["features"]["columns"].append({"name": ASKED[part], "sensitive": True})
    draft.save()
    client.force_login(analyst)
    html = client.get(at("chart"), ASKED).content.decode()
    assert "marked as sensitive" in html
    assert f'<option value="{ASKED[part]}"' not in html
    assert client.get(at("chart_figure"), ASKED).status_code == 409


def test_a_built_chart_is_named_like_any_page(client, analyst, profiled, at):
    client.force_login(analyst)
    address = client.get(at("chart"), ASKED).wsgi_request.get_full_path()
    name_view(cycle=profiled, name="Radius", place=place_of(address, cycle=profiled), by=analyst)
    (line,) = view_lines(profiled)
    assert client.get(line.address).context["asked"]["of"] == "mean radius"
