"""Cells that say “missing” by a blank: the overview, the column and the gaps tell the same."""

import re

import pytest

pytestmark = pytest.mark.once  # pages, the same on every database


def shop_csv(rows=200):
    """A total that is blank for new customers, a name in each row, a time as hours and minutes."""
    lines = ["customer,months,total,closes,diagnosis"]
    for row in range(rows):
        months = row % 20
        total = f"{months * 19 + row % 7}.5" if months else " "
        closes = (900, 1930, 2359)[row % 3]
        outcome = "malignant" if (closes > 2000) != (row % 4 == 0) else "benign"
        lines.append(f"c{row:04}x,{months},{total},{closes},{outcome}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def html(client, analyst, profiled_csv, at):
    """``html("missing")``: a page of the shop's table without its line breaks."""
    profiled_csv(shop_csv())
    client.force_login(analyst)
    return lambda name, *more: re.sub(r"\s+", " ", client.get(at(name, *more)).content.decode())


def test_blanks_are_told_beside_missing_cells_and_named_where_they_are_values(html):
    overview, column, gaps = html("overview"), html("column", 3), html("missing")
    assert "missing cells, 10 more as a blank or “N/A”" in overview
    assert "Its frequent values are numbers, kept as" in overview
    assert '<span class="muted">names rows</span>' in overview
    assert '<th scope="row"><span class="muted">(blank)</span></th>' in column
    assert 'max="1" value="0.05"' in gaps
    assert "chart-missing" not in gaps


def test_a_number_is_written_alike_in_a_sentence_and_in_the_table(html):
    overview = html("overview")
    assert "of the rows where “closes” is 2,359, and in" in overview
    assert '<span class="nowrap">to 2,359</span>' in overview
