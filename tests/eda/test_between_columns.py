"""The pages of what lies between columns: they open for odd tables and point at what was found."""

import json

import pytest

from apps.engine.profile.sample import compared_rows

pytestmark = pytest.mark.once  # pages and files, the same on every database

HOSTILE = ["__proto__", "<img src=x onerror=alert(1)>", "🦊" * 60, "\u202eright", "diagnosis"]
PAGES = ("overview", "relations", "leaks", "missing", "time", "target")
MORE = ("rows", "chart", "compare")
"""They need no profile."""


def test_every_page_says_what_to_do_before_there_is_a_profile(client, analyst, built, at):
    client.force_login(analyst)
    for name in PAGES:
        assert "These rows are not profiled yet" in client.get(at(name)).content.decode()
    assert client.get(at("pair", 1, 2)).status_code == 404


def test_every_page_opens_before_there_is_a_table(client, analyst, planned, at):
    client.force_login(analyst)
    for name in (*PAGES, *MORE, "views"):
        assert client.get(at(name)).status_code == 200
        assert client.get(at(name), {"slice": '["filled","a"]', "by": "a"}).status_code == 200


def test_hostile_names_stay_text_on_every_page(client, analyst, profiled_csv, at):
    header = ",".join(HOSTILE)
    body = "\n".join(
        f"{n},{n * n},{'' if n % 4 else 'x'},2024-{n % 12 + 1:02}-01,"
        f"{'malignant' if n % 3 else 'benign'}"
        for n in range(60)
    )
    profiled_csv(f"{header}\n{body}\n")
    client.force_login(analyst)
    for name in PAGES:
        html = client.get(at(name)).content.decode()
        assert "<img src=x" not in html
    html = client.get(at("pair", 1, 2)).content.decode()
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    told = client.get(at("pair_figure", 1, 2)).json()
    assert told["table"]["columns"] == HOSTILE[:2]
    assert client.get(at("time_figure", 1, "rows")).status_code == 200
    for place, name in enumerate(HOSTILE[:4], start=1):
        part = {"slice": json.dumps(["filled", name])}
        for address in (*map(at, PAGES), at("column", place)):
            page = client.get(address, part)
            assert page.context["rows"].is_ready
            assert "<img src=x" not in page.content.decode()
        for address in map(at, MORE):
            page = client.get(address, {**part, "x": name, "colour": name, "by": name})
            assert page.status_code == 200
            assert "<img src=x" not in page.content.decode()
        client.post(at("name_view"), {"name": name[:80], "address": f"{at('column', place)}"})
    assert "<img src=x" not in client.get(at("views")).content.decode()


@pytest.mark.parametrize("text", ["only\n1\n", "only\n1\n1\n1\n", "a,b\n,x\n,y\n,z\n"])
def test_tables_at_the_edge_open_on_every_page(client, analyst, profiled_csv, at, text):
    profiled_csv(text)
    client.force_login(analyst)
    for name in (*PAGES, *MORE):
        assert client.get(at(name)).status_code == 200


def test_the_radar_names_what_the_plan_marks_as_known_later_and_leads_there(
    client, analyst, profiled, at
):
    client.force_login(analyst)
    page = client.get(at("leaks"))
    desk = [one for one in page.context["suspects"] if one["column"] == "desk"]
    assert [one["key"] for one in desk] == ["known_later"]
    assert desk[0]["action"][0].endswith("/data/wrangle/")
    first = page.context["suspects"][0]
    asked = client.get(at("overview"), {"says": first["says"], "column": first["column"]})
    assert asked.context["form"]["says"].value() == first["says"]


def test_a_pair_says_what_binds_it_and_the_third_column_colours_it(client, analyst, profiled, at):
    client.force_login(analyst)
    pair = client.get(at("relations")).context["first"][0]
    page = client.get(at("pair", pair["one"], pair["other"]))
    assert page.context["told"]["says"] == pair["says"]
    plain = client.get(at("pair_figure", pair["one"], pair["other"])).json()
    third = next(
        place
        for place, column in enumerate(page.context["columns"], start=1)
        if column["name"] == "diagnosis"
    )
    coloured = client.get(at("pair_figure", pair["one"], pair["other"]), {"third": third}).json()
    assert len(plain["figure"]["data"]) == 1
    assert len(coloured["figure"]["data"]) == 2
    assert coloured["table"]["columns"][-1] == "diagnosis"


def test_a_large_table_says_on_how_many_rows_columns_are_compared_and_two_can_be_on_all(
    client, analyst, profiled_csv, at, monkeypatch
):
    monkeypatch.setattr("apps.engine.profile.sample.MOST_ROWS", 300)
    compared_rows.cache_clear()
    rows = "\n".join(f"{n},{n + n * 7 % 40},{'ab'[n % 2]},{n % 5}" for n in range(1200))
    profiled_csv(f"n,m,k,diagnosis\n{rows}\n")
    compared_rows.cache_clear()
    client.force_login(analyst)
    says = "300 of 1,200 rows"
    for name in ("relations", "pair"):
        page = client.get(at(name, *((1, 2) if name == "pair" else ()))).content.decode()
        assert says in page
    assert 'href="?exact=1"' in page
    exact = client.get(at("pair", 1, 2), {"exact": "1"}).content.decode()
    assert "Compared on all rows" in exact
    assert says not in exact
    told = client.get(at("pair", 1, 2), {"exact": "1"}).context["told"]
    assert told["method"] == "spearman"
    assert told["value"] > 0.99
    coloured = client.get(at("pair", 1, 2), {"third": "4"}).content.decode()
    assert 'href="?third=4&amp;exact=1"' in coloured


def test_a_table_that_is_compared_whole_says_nothing_of_it(client, analyst, profiled, at):
    client.force_login(analyst)
    for page in (client.get(at("relations")), client.get(at("pair", 1, 2), {"exact": "1"})):
        assert "Compared" not in page.content.decode()
        assert "Columns are compared on" not in page.content.decode()
