"""The grid: fifty rows a page, read piece by piece, every cell as it is."""

import pandas as pd
import pytest

from apps.datasets import actions
from apps.engine.reading.tables import read_rows, write_table


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
