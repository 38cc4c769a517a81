"""Two thousand columns: every page stays small, and every column is reached."""

import re

import pytest

COLUMNS = 2_000
MOST_BYTES = 200 * 1024
PAGES = ("overview", "relations", "target", "leaks", "missing", "time", "compare", "chart", "rows")
pytestmark = pytest.mark.once  # pages and files, the same on every database
FIGURE = re.compile(r'data-chart="([^"]+)"')


def wide_csv(rows=120):
    """Numbers, some with gaps, some that say the same, some that tell the target alone."""
    names = [f"measurement number {n}" for n in range(COLUMNS - 2)]
    lines = [",".join([*names, "day", "diagnosis"])]
    for row in range(rows):
        cells = [str((row * (n % 97 + 1) * 7919) % 1009) for n in range(COLUMNS - 2)]
        for n in range(row % 3, len(cells), 3):
            cells[n] = cells[n] if n % 9 else ""
        for n in range(0, len(cells), 40):
            cells[n] = str(row % 2 * 100 + row % 7)
        target = "malignant" if row % 2 else "benign"
        lines.append(",".join([*cells, f"2024-{row // 10 + 1:02}-{row % 10 + 1:02}", target]))
    return "\n".join(lines) + "\n"


def test_pages_of_two_thousand_columns_stay_small_and_lead_to_each(
    client, analyst, profiled_csv, at
):
    profiled_csv(wide_csv())
    client.force_login(analyst)
    addresses = [*map(at, PAGES), at("column", 1), at("column", COLUMNS), at("pair", 1, 2)]
    for address in addresses:
        page = client.get(address)
        assert page.status_code == 200, address
        assert len(page.content) <= MOST_BYTES, address
        for figure in FIGURE.findall(page.content.decode()):
            told = client.get(figure.replace("&amp;", "&"))
            assert told.status_code == 200, figure
            assert len(told.content) <= MOST_BYTES, figure
    last = f"measurement number {COLUMNS - 3}"
    found = client.get(at("overview"), {"q": last}).content.decode()
    assert at("column", COLUMNS - 2) in found
    last_rows = client.get(at("rows"), {"across": "99"})
    assert last_rows.context["grid"].columns[-1].name == "diagnosis"
    assert "Columns 1,981 to 2,000 of 2,000" in last_rows.content.decode()
    typed = {"a_name": "measurement number 7", "b_name": last}
    assert last in client.get(at("choose_pair"), typed).content.decode()
    wrong = client.get(at("choose_pair"), {**typed, "b_name": "measurement"})
    assert (wrong.status_code, "type its whole name" in wrong.content.decode()) == (409, True)
    built = client.get(at("chart"), {"kind": "histogram", "x": last, "colour": "diagnosis"})
    assert "chart-built" in built.content.decode()
