"""The grid: fifty rows a page, read piece by piece, every cell as it is."""

import pandas as pd
import pytest

from apps.datasets import actions, layouts
from apps.engine.reading.tables import read_rows, write_table
from tests import builders

pytestmark = pytest.mark.once  # pages and files, the same on every database


@pytest.fixture
def built(bring, opened, analyst, jobs):
    rows = pd.DataFrame(
        {
            "id": range(120),
            "amount": [0.1 + 0.2, None, 1e9] * 40,
            "day": ["2027-01-31"] * 120,
            "at": ["2027-01-31 08:30:00"] * 120,
            "told": ["<b>bold</b>", "", "=1+1"] * 40,
        }
    )
    actions.set_base(cycle=opened, source=bring("rows", rows), by=analyst)
    with jobs():
        actions.build_table(cycle=opened, by=analyst)


def test_pages_have_fifty_rows_and_a_wrong_number_shows_the_nearest(client, at, built):
    for asked, first, count in (("1", 1, 50), ("3", 101, 20), ("99", 101, 20), ("x", 1, 50)):
        grid = client.get(at("table"), {"page": asked}).context["grid"]
        assert (grid.rows[0][0], len(grid.rows)) == (first, count)
        assert (grid.total, grid.pages) == (120, 3)


def test_cells_are_shown_as_they_are(client, at, built):
    page = client.get(at("table"))
    first, second = (dict(enumerate(cells)) for _, cells in page.context["grid"].rows[:2])
    assert [text for text, _ in first.values()] == [
        "0",
        "0.3",
        "2027-01-31",
        "2027-01-31 08:30:00",
        "<b>bold</b>",
    ]
    assert second[1] == (None, True)
    text = page.content.decode()
    assert "&lt;b&gt;bold&lt;/b&gt;" in text
    assert "<b>bold" not in text
    assert "all rows, no test sealed yet" in text


def test_before_a_table_is_built_the_page_says_what_to_do(client, at, opened):
    assert "No table is built from today's inputs" in client.get(
        at("table")
    ).content.decode().replace("&#x27;", "'")


def test_rows_are_read_across_row_groups(tmp_path):
    frame = pd.DataFrame({"n": range(300_000), "t": ["x"] * 300_000})
    write_table(frame, tmp_path / "t.parquet")
    for first, count in ((0, 3), (131_070, 5), (299_998, 50), (400_000, 5), (0, 0)):
        found = read_rows(tmp_path / "t.parquet", first=first, count=count)
        assert found["n"].tolist() == list(range(first, min(first + count, 300_000)))
        assert list(found.dtypes.astype(str)) == ["Int64", "string"]


def shown(client, at, **asked):
    page = client.get(at("table"), asked)
    assert page.status_code == 200
    return page.context["grid"], page.content.decode().replace("&#x27;", "'")


def test_a_sorted_page_keeps_the_numbers_of_the_rows(client, at, built):
    grid, text = shown(client, at, sort="amount", down="1")
    assert [number for number, _ in grid.rows[:3]] == [3, 6, 9]
    assert 'aria-sort="descending"' in text
    assert "highest first, missing last" in text
    grid, _ = shown(client, at, sort="amount", page="3")
    assert [number for number, _ in grid.rows] == list(range(62, 120, 3))  # the missing ones
    assert all(dict(enumerate(cells))[1] == (None, True) for _, cells in grid.rows)


def test_rows_are_picked_by_a_condition_and_a_text_and_the_address_tells_both(client, at, built):
    typed = {"add_column": "amount", "add_is": "missing", "search": "=1"}
    moved = client.get(at("table"), typed)
    assert moved.status_code == 302
    assert client.get(moved.url).context["grid"].total == 0
    assert "No row fulfils all of this" in client.get(moved.url).content.decode()
    grid, text = shown(client, at, search="BOLD")
    assert (grid.total, grid.of_rows) == (40, 120)
    assert "holds “BOLD”" in text
    grid, _ = shown(client, at, where='["between","id","10","19"]', sort="id", down="1")
    assert [number for number, _ in grid.rows] == list(range(20, 10, -1))


def test_counts_lead_to_their_rows(client, at, built):
    grid, text = shown(client, at, facet="told", where='["below","id","0","90"]')
    assert [(line.says, line.rows) for line, _, _ in grid.facet_lines] == [
        ("<b>bold</b>", 30),
        ("=1+1", 30),
    ]
    assert grid.facet.missing == 30
    for line, _, address in grid.facet_lines:
        assert client.get(at("table") + address).context["grid"].total == line.rows
    assert "&lt;b&gt;bold&lt;/b&gt;" in text


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"sort": "gone"}, "The table has no column “gone”"),
        ({"facet": "gone"}, "The table has no column “gone”"),
        ({"where": "nonsense"}, "cannot be read"),
        ({"where": '["is","gone","1"]'}, "has no column “gone” any more"),
        ({"where": '["between","told","a","b"]'}, "which have no range"),
        ({"add_column": "id", "add_is": "is", "add_value": "many"}, "is compared with a number"),
    ],
)
def test_what_cannot_be_asked_is_said_and_all_rows_are_shown(client, at, built, asked, says):
    grid, text = shown(client, at, **asked)
    assert says in text
    assert grid.total == 120


def test_a_large_table_is_laid_out_when_it_is_made_and_only_development_rows_stay(
    opened, bring, analyst, jobs, client, at, monkeypatch, settings, tmp_path
):
    monkeypatch.setattr(layouts, "LARGE_CELLS", 1)
    settings.VAR = tmp_path / "var"
    actions.set_base(cycle=opened, source=bring("samples", builders.cancer_csv()), by=analyst)
    with jobs():
        table = actions.build_table(cycle=opened, by=analyst)
    table.refresh_from_db()
    folder = settings.VAR / "layouts"
    assert [path.name.split(".")[0] for path in folder.iterdir()] == [table.parquet]
    asked = {"sort": table.table_spec.names[0], "page": "2"}
    laid_out = client.get(at("table"), asked).context["grid"].rows
    next(folder.iterdir()).write_bytes(b"half")
    assert client.get(at("table"), asked).context["grid"].rows == laid_out
    assert list(folder.iterdir()) == []
    with jobs():
        split = actions.draw_split(cycle=opened, method="stratified", by=analyst, folds=3)
    split.refresh_from_db()
    assert [path.name.split(".")[0] for path in folder.iterdir()] == [split.development]
    grid, text = shown(client, at)
    assert grid.of_rows == split.report["development_rows"]
    assert "development rows only" in text
