"""Comparing sets of rows and the page of the target: nothing sealed, nothing sensitive."""

import json

import pytest

from apps.eda import answers
from apps.eda.models import Answer
from apps.planning.models import Draft
from tests import builders

pytestmark = pytest.mark.once
NORTH = '["is","desk","north"]'


def marked(cycle, name):
    draft = Draft.objects.get(cycle=cycle)
    draft.content["features"]["columns"].append({"name": name, "sensitive": True})
    draft.save()


def test_groups_of_a_column_are_compared_what_differs_most_first(client, analyst, profiled, at):
    client.force_login(analyst)
    page = client.get(at("compare"), {"by": "diagnosis"})
    names = [line["name"] for line in page.context["first"]]
    assert "diagnosis" not in names  # that it differs is how the sides were made
    assert "worst concave points" in names[:6]
    assert "desk" in [line["name"] for line in page.context["quiet"]]
    html = page.content.decode()
    assert "standard deviations" in html
    assert "says=diagnosis%20is%20%E2%80%9Cbenign%E2%80%9D%20against" in html
    client.get(at("compare"), {"by": "diagnosis"})
    assert Answer.objects.count() == 1


def test_a_slice_is_compared_with_all_other_rows(client, analyst, profiled, at):
    client.force_login(analyst)
    told = client.get(at("compare"), {"slice": NORTH}).context["told"]
    rows = client.get(at("compare")).context["rows"].all_rows
    assert sum(side["rows"] for side in told["sides"]) == rows
    assert told["columns"][0]["name"] == "desk"
    page = client.get(at("compare"), {"slice": NORTH})
    assert "desk" not in [line["name"] for line in page.context["first"]]  # it makes the sides


def test_halves_of_the_dates_are_compared(client, analyst, profiled_csv, at):
    body = "\n".join(f"2024-{n // 10 + 1:02}-{n % 10 + 1:02},{n // 60},{n % 3}" for n in range(120))
    profiled_csv(f"day,year,n\n{body}\n")
    client.force_login(analyst)
    page = client.get(at("compare"), {"by": "day"})
    assert [side["rows"] for side in page.context["told"]["sides"]] == [60, 60]
    assert [line["name"] for line in page.context["first"]] == ["year"]


def test_a_cut_of_ones_choosing_and_two_named_periods_are_compared(
    client, analyst, profiled_csv, at
):
    body = "\n".join(f"2024-{n // 10 + 1:02}-{n % 10 + 1:02},{n // 30},{n % 3}" for n in range(120))
    profiled_csv(f"day,step,n\n{body}\n")
    client.force_login(analyst)
    page = client.get(at("compare"), {"by": "day", "cut": "2024-04-01"})
    sides = page.context["told"]["sides"]
    assert [side["rows"] for side in sides] == [30, 90]
    assert [side["name"] for side in sides] == [
        "day is before 1 Apr 2024", "day is 1 Apr 2024 or later",
    ]  # fmt: skip
    assert page.context["first"][0]["name"] == "step"
    assert [
        side["rows"]
        for side in client.get(at("compare"), {"by": "step", "cut": "1"}).context["told"]["sides"]
    ] == [30, 90]
    asked = {"by": "day", "from_1": "2024-02-01", "to_1": "2024-03-10", "name_1": "old tariff"}
    page = client.get(at("compare"), {**asked, "from_2": "2024-11-01", "name_2": "new"})
    assert [(side["name"], side["rows"]) for side in page.context["told"]["sides"]] == [
        ("old tariff: day is from 1 Feb 2024 to 10 Mar 2024", 20),
        ("new: day is 1 Nov 2024 or later", 20),
    ]
    assert "old tariff" in page.content.decode()


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"by": "desk", "cut": "north"}, "holds texts, which have no range"),
        ({"by": "mean radius", "cut": "soon"}, "is compared with a number such as 12.5"),
        ({"cut": "12"}, "Choose the column of dates or numbers"),
        ({"by": "mean radius", "from_1": "9"}, "Say where the second period begins"),
        ({"by": "mean radius", "to_1": "15", "from_2": "14"}, "The two periods overlap"),
        ({"by": "mean radius", "cut": "1"}, "has 0 rows; 20 are needed"),
    ],
)
def test_sides_that_cannot_be_drawn_are_said_in_one_sentence(
    client, analyst, profiled, at, typed, says
):
    client.force_login(analyst)
    page = client.get(at("compare"), typed)
    assert page.status_code == 200
    assert says in page.content.decode()


def test_versions_are_compared_before_a_test_is_sealed_and_never_after(
    client, analyst, profiled, at
):
    client.force_login(analyst)
    page = client.get(at("compare"))
    assert page.context["versions"] == []
    assert "sealed test rows are not among them" in page.content.decode()
    page = client.get(at("compare"), {"version": ["1", "2"]})
    assert "hold the rows of the sealed test" in page.content.decode()
    assert "told" not in page.context


def test_two_versions_of_a_source_are_compared(client, analyst, built, at, run_jobs, tmp_path):
    with run_jobs():
        part = builders.cancer_csv()[:60_000].rsplit(b"\n", 1)[0]
        version = builders.upload(built, analyst, part, tmp_path=tmp_path, name="later")
    client.force_login(analyst)
    versions = client.get(at("compare")).context["versions"]
    page = client.get(at("compare"), {"version": [one.pk for one in versions]})
    assert page.context.get("problem") is None
    assert len(page.context["told"]["sides"]) == 2
    names = [side["name"] for side in page.context["told"]["sides"]]
    assert str(version) in names


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"by": "mean radius", "slice": '["between","mean radius","","9"]'}, "Fewer than two"),
        ({"by": "nobody"}, "no column named"),
        ({"slice": '["between","mean radius","","9"]'}, "rows; 20 are needed"),
    ],
)
def test_what_cannot_be_compared_is_said_in_one_sentence(
    client, analyst, profiled, at, typed, says
):
    client.force_login(analyst)
    page = client.get(at("compare"), typed)
    assert page.status_code == 200
    assert says in page.content.decode()


def test_a_sensitive_column_is_neither_compared_nor_parts_the_rows(client, analyst, profiled, at):
    marked(profiled, "desk")
    client.force_login(analyst)
    page = client.get(at("compare"), {"by": "desk"})
    assert "marked as sensitive" in page.content.decode()
    told = client.get(at("compare"), {"by": "diagnosis"}).context["told"]
    assert "desk" not in json.dumps(told)


def test_the_target_page_tells_balance_groups_and_noise(client, analyst, profiled, at):
    client.force_login(analyst)
    page = client.get(at("target"))
    assert page.context["labels"]["twins"]["kind"] == "classes"
    assert "No two rows are equal" in page.content.decode()
    assert page.context["ranked"][0]["strength"] > 0.5
    part = client.get(at("target"), {"slice": NORTH})
    assert part.context["rows"].result["rows"] < page.context["rows"].result["rows"]
    marked(profiled, "diagnosis")
    part = client.get(at("target"), {"slice": NORTH})
    assert "No target is told here" in part.content.decode()
    whole = client.get(at("target")).content.decode()
    assert "malignant" not in whole
    assert "benign" not in whole


def test_a_large_comparison_is_worked_out_by_a_worker(
    client, analyst, profiled, at, run_jobs, monkeypatch
):
    monkeypatch.setattr(answers, "CELLS_AT_ONCE", 10)
    client.force_login(analyst)
    asked = {"by": "diagnosis"}
    assert "Work it out</button>" in client.get(at("compare"), asked).content.decode()
    with run_jobs():
        client.post(at("work_out"), {**asked, "what": "compare", "next": at("compare")})
    assert client.get(at("compare"), asked).context["told"]["columns"][0]["name"] == "diagnosis"
    assert "not worked out yet" in client.get(at("target")).content.decode()
    with run_jobs():
        client.post(at("work_out"), {"what": "labels", "next": at("target")})
    assert client.get(at("target")).context["labels"]["twins"]["rows"] > 300
