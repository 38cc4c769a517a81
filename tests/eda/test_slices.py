"""Every page of exploration on a part of the rows; what a slice may not tell."""

import json

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.eda import answers
from apps.eda.actions import work_out
from apps.eda.models import Answer
from apps.eda.queries import current_profile, result_of, scope_of
from apps.eda.views.common import rows_in
from apps.jobs.models import JobState
from apps.planning.models import Draft

pytestmark = pytest.mark.once
NORTH = '["is","desk","north"]'
PAGES = ("overview", "relations", "leaks", "missing", "time")


def asked(*conditions):
    return {"slice": [json.dumps(one) if isinstance(one, list) else one for one in conditions]}


def test_every_page_and_chart_tells_the_slice_and_how_many_rows_it_has(
    client, analyst, profiled, at
):
    client.force_login(analyst)
    for name in PAGES:
        page = client.get(at(name), asked(NORTH))
        html = page.content.decode()
        rows = page.context["rows"]
        assert 150 < rows.result["rows"] < rows.all_rows
        assert f"<strong>{rows.result['rows']}</strong> of {rows.all_rows} rows" in html
        for link in ("relations", "leaks", "missing", "time"):
            assert f'{at(link)}?slice=%5B%22is%22%2C%22desk%22%2C%22north%22%5D"' in html
    assert Answer.objects.count() == 1
    whole = client.get(at("column_figure", 1, "distribution")).json()["table"]
    part = client.get(at("column_figure", 1, "distribution"), asked(NORTH)).json()["table"]
    assert sum(row[1] for row in part["rows"]) < sum(row[1] for row in whole["rows"])
    pair = client.get(at("pair_figure", 1, 2), asked(NORTH)).json()["table"]
    assert len(pair["rows"]) == rows.result["rows"]
    assert b"north" in client.get(at("column", 1), asked(NORTH)).content
    assert b"north" in client.get(at("pair", 1, 2), asked(NORTH)).content


def test_a_slice_is_answered_once_for_the_same_rows_and_parameters(client, analyst, profiled, at):
    client.force_login(analyst)
    client.get(at("overview"), asked(NORTH))
    with CaptureQueriesContext(connection) as asked_again:
        client.get(at("relations"), asked(NORTH))
    assert not [one for one in asked_again if one["sql"].startswith('INSERT INTO "eda')]
    assert Answer.objects.count() == 1
    client.get(at("overview"), asked(NORTH, ["between", "mean radius", "12", ""]))
    assert Answer.objects.count() == 2


def test_the_filter_bar_adds_to_the_address(client, analyst, profiled, at):
    client.force_login(analyst)
    typed = {"add_column": "mean radius", "add_is": "between", "add_value": "12", "add_to": "20"}
    answer = client.get(at("relations"), {**asked(NORTH), "by": "linear", **typed})
    assert answer.status_code == 302
    page = client.get(answer["Location"])
    rows = page.context["rows"]
    assert [one.as_list() for one in rows.where.conditions] == [
        ["is", "desk", "north"], ["between", "mean radius", "12", "20"],
    ]  # fmt: skip
    assert page.context["by"] == "linear"
    assert "add_column=" not in answer["Location"]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"add_column": "mean radius", "add_is": "is", "add_value": "wide"}, "a number such as"),
        ({"add_column": "desk", "add_is": "between", "add_value": "a"}, "have no range"),
        ({"add_column": "nobody", "add_is": "filled"}, "no column “nobody”"),
        ({"add_column": "desk", "add_is": "is", "add_value": " "}, "Type the value"),
        ({"add_column": "mean radius", "add_is": "between"}, "a lowest value, a highest"),
        ({"slice": "nonsense"}, "cannot be read"),
        ({"slice": '["is","desk","west"]'}, "no rows"),
    ],
)  # fmt: skip
def test_a_slice_that_cannot_be_is_one_sentence_and_shows_no_other_rows(
    client, analyst, profiled, at, typed, says
):
    client.force_login(analyst)
    page = client.get(at("overview"), typed)
    html = page.content.decode()
    assert page.status_code == 200
    assert says in html
    assert page.context["result"] is None
    if "add_value" in typed:
        assert f'value="{typed["add_value"]}"' in html


def test_a_sensitive_column_picks_no_rows_and_is_told_in_no_slice(client, analyst, profiled, at):
    draft = Draft.objects.get(cycle=profiled)
    draft.content["features"]["columns"].append({"name": "desk", "sensitive": True})
    draft.save()
    client.force_login(analyst)
    html = client.get(at("overview"), asked(NORTH)).content.decode()
    assert "rows are not picked by it" in html
    for figure in (at("column_figure", 1, "distribution"), at("pair_figure", 1, 2)):
        assert client.get(figure, asked(NORTH)).status_code in {404, 409}
    wide = asked(["between", "mean radius", "20", ""])
    page = client.get(at("overview"), wide)
    desk = next(one for one in page.context["rows"].result["columns"] if one["name"] == "desk")
    told = {key for key, value in desk.items() if value is not None}
    assert told == {"name", "kind", "sensitive"}
    names = [one["name"] for one in result_of(current_profile(profiled))["columns"]]
    assert [one["name"] for one in page.context["rows"].result["columns"]] == names
    assert "desk" not in json.dumps(page.context["rows"].study)
    place = names.index("desk") + 1
    assert b"nothing at all in a slice" in client.get(at("column", place), wide).content
    for name in PAGES:
        assert client.get(at(name), wide).status_code == 200


def test_what_is_too_much_for_a_page_is_worked_out_by_a_worker_once(
    client, analyst, viewer, profiled, at, run_jobs, monkeypatch
):
    monkeypatch.setattr(answers, "CELLS_AT_ONCE", 10)
    client.force_login(viewer)
    html = client.get(at("leaks"), asked(NORTH)).content.decode()
    assert "not worked out yet" in html
    assert "Work it out</button>" not in html
    client.force_login(analyst)
    assert "Work it out</button>" in client.get(at("leaks"), asked(NORTH)).content.decode()
    back = at("leaks") + "?slice=x"
    with run_jobs():
        answer = client.post(at("work_out"), {**asked(NORTH), "next": back})
    assert answer["Location"] == back
    assert client.post(at("work_out"), {**asked(NORTH), "next": "//evil.example"})[
        "Location"
    ] == at("overview")
    row = Answer.objects.get()
    assert row.job.state == JobState.DONE
    page = client.get(at("leaks"), asked(NORTH))
    assert page.context["rows"].is_ready
    at_once = rows_in(profiled, scope_of(profiled), asked(NORTH)["slice"])
    monkeypatch.setattr(answers, "CELLS_AT_ONCE", 10**9)
    Answer.objects.all().delete()
    assert at_once.result["rows"] == page.context["rows"].result["rows"]


def test_old_answers_make_room(profiled, monkeypatch):
    monkeypatch.setattr(answers, "MOST_KEPT", 2)
    for low in ("10", "11", "12"):
        rows = rows_in(
            profiled, scope_of(profiled), [json.dumps(["below", "mean radius", low, ""])]
        )
        assert rows.is_ready
    assert Answer.objects.count() == 2


def test_only_who_may_explore_asks_a_worker(profiled, viewer):
    rows = rows_in(profiled, scope_of(profiled), [NORTH])
    with pytest.raises(PermissionDenied, match="role does not allow"):
        work_out(cycle=profiled, question=rows.question, by=viewer)
    assert not Answer.objects.exists()


def test_the_rows_behind_a_bar_are_as_many_as_it_counts(client, analyst, profiled, at):
    client.force_login(analyst)
    names = [one["name"] for one in result_of(current_profile(profiled))["columns"]]
    for name in ("mean radius", "desk"):
        place = names.index(name) + 1
        table = client.get(at("column_figure", place, "distribution"), asked(NORTH)).json()["table"]
        assert len(table["links"]) == len(table["rows"])
        for row, link in list(zip(table["rows"], table["links"], strict=True))[::5]:
            grid = client.get(link).context["grid"]
            assert grid.total == row[1]
            assert len(grid.rows) == min(row[1], 50)
    numbers = [number for number, _ in client.get(at("rows"), asked(NORTH)).context["grid"].rows]
    assert numbers == sorted(numbers)
    nothing = client.get(at("rows"), asked(["is", "desk", "west"]))
    assert b"No row fulfils all of this" in nothing.content


def test_a_chart_of_dates_leads_to_its_rows(client, analyst, planned, profiled_csv, at):
    body = "\n".join(f"2024-{n % 12 + 1:02}-{n % 27 + 1:02},{n}" for n in range(120))
    profiled_csv(f"day,n\n{body}\n")
    client.force_login(analyst)
    table = client.get(at("column_figure", 1, "distribution")).json()["table"]
    assert sum(row[1] for row in table["rows"]) == 120
    for row, link in zip(table["rows"][::7], table["links"][::7], strict=True):
        assert client.get(link).context["grid"].total == row[1]
