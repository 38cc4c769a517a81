"""Every chart of Explore in Chromium: its name, its table by keyboard, its files."""

import csv
import io
import time

import pytest
from django.conf import settings
from playwright.sync_api import expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.once,
    pytest.mark.django_db(transaction=True),
]
PNG = b"\x89PNG\r\n\x1a\n"
LEAST_MS = 350.0  # for a chart's three files: Chromium lets a page have ten downloads a second
BUILT = {
    "bar": "x=region&measure=mean&of=amount&colour=diagnosis",
    "line": "x=day&facet=region",
    "histogram": "x=amount",
    "scatter": "x=amount&y=paid&colour=region",
    "box": "x=region&y=amount",
    "heatmap": "x=region&y=diagnosis",
}


@pytest.fixture
def explored(profiled_csv):
    """Numbers, classes, a date, gaps in two columns, and a target: every chart has something."""
    lines = ["amount,paid,region,day,note,diagnosis"]
    for n in range(240):
        paid = "" if n % 5 == 0 else n * 3 % 71
        note = "" if n % 4 == 0 else f"call {n % 7}"
        day = f"2024-{n // 20 + 1:02}-{n % 20 + 1:02}"
        region = ("north", "south", "=1+2", "<b>east</b>")[n % 4]
        target = "malignant" if n * 7 % 11 < 4 else "benign"
        lines.append(f"{(n * 37) % 101 - 20},{paid},{region},{day},{note},{target}")
    profiled_csv("\n".join(lines) + "\n")


def addresses(at):
    """Pages with at least one chart."""
    yield from (at("overview"), at("relations"), at("target"), at("missing"), at("time"))
    yield from (at("column", place) for place in (1, 3, 4, 5))
    yield from (at("pair", 1, 2), f"{at('pair', 1, 2)}?third=3", at("pair", 1, 3), at("pair", 3, 6))
    yield from (f"{at('chart')}?kind={kind}&{asked}" for kind, asked in BUILT.items())


def test_every_chart_is_named_read_by_keyboard_and_downloaded_as_it_is_shown(
    browser, live_server, client, analyst, explored, at, monkeypatch
):
    # Playwright runs an event loop in this thread; Django would refuse the database there.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    client.force_login(analyst)
    key = settings.SESSION_COOKIE_NAME
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 1280, "height": 6000}
    )
    context.add_cookies([{"name": key, "value": client.cookies[key].value, "url": live_server.url}])
    page, problems, seen = context.new_page(), [], 0
    page.on("console", lambda line: line.type == "error" and problems.append(line.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    for address in addresses(at):
        page.goto(address)
        expect(page.locator(".chart-plot.is-waiting")).to_have_count(0, timeout=30_000)
        charts = page.locator("figure.chart")
        assert charts.count(), address
        for place in range(charts.count()):
            chart, began = charts.nth(place), time.monotonic()
            title = chart.locator("figcaption > span").first.inner_text()
            assert title, address
            assert chart.get_by_role("img", name=title).count() == 1, (address, title)
            table = shown_by_keyboard(page, chart, title=title)
            as_shown(downloaded(page, chart, "csv"), table)
            assert downloaded(page, chart, "png").startswith(PNG)
            picture = downloaded(page, chart, "svg").decode()
            assert picture.startswith("<svg")
            assert title[:20] in picture, (address, title)
            seen += 1
            page.wait_for_timeout(max(0.0, LEAST_MS - 1_000 * (time.monotonic() - began)))
    assert not problems
    assert seen > 25
    context.close()


def shown_by_keyboard(page, chart, *, title):
    """Open the table with Enter, step into it with Tab; its cells as texts."""
    chart.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == (
        f"{title}, as a table"
    )
    return chart.locator("[data-chart-table] tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )


def downloaded(page, chart, kind):
    """The bytes of a file; its name says what it shows."""
    with page.expect_download() as caught:
        chart.locator(f"[data-download={kind}]").click()
    assert caught.value.suggested_filename.endswith(f".{kind}")
    assert not caught.value.suggested_filename.startswith("chart")
    return caught.value.path().read_bytes()


def as_shown(content, table):
    """The file holds the cells of the table, its numbers in full; no cell is a formula."""
    rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
    assert len(rows) == len(table)
    for told, shown in zip(rows, table, strict=True):
        assert len(told) == len(shown)
        for cell, text in zip(told, shown, strict=True):
            assert not cell.startswith(("=", "+", "@"))
            assert alike(cell, text), (cell, text)


def alike(cell, text):
    if cell.removeprefix("'") == text or (cell, text) == ("", "–"):
        return True
    return float(cell) == pytest.approx(float(text.replace(",", "")), rel=1e-3)
