"""Hostile column names through every page of exploration, in Chromium: they stay text."""

import json
from urllib.parse import quote

import pytest
from django.conf import settings
from playwright.sync_api import expect

from apps.eda.actions import name_view
from apps.eda.pinned import place_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.once,
    pytest.mark.django_db(transaction=True),
]
SCRIPT = "<img src=x onerror=alert(1)>"
HOSTILE = ["__proto__", SCRIPT, "🦊" * 250, "\u202eright \u202b{{7*7}}", "diagnosis"]
PAGES = ("overview", "relations", "leaks", "missing", "time", "target", "rows", "views", "sealed")


@pytest.fixture
def hostile(planned, profiled_csv, analyst, at):
    """A table with such names and such values, profiled; one of its pages is a named view."""
    body = "\n".join(
        f"{n},{SCRIPT if n % 2 else 'constructor'},{'' if n % 4 else n * 0.5},"
        f"2024-{n % 12 + 1:02}-01,{'malignant' if n % 3 else 'benign'}"
        for n in range(120)
    )
    profiled_csv(f"{','.join(HOSTILE)}\n{body}\n")
    place = place_of(at("column", 2), cycle=planned)
    name_view(cycle=planned, name=SCRIPT, note=SCRIPT, place=place, by=analyst)
    return planned


def addresses(at):
    """Every page, with a slice by a hostile name and value where it matters."""
    part = quote(json.dumps(["is", SCRIPT, SCRIPT]))
    yield from map(at, PAGES)
    yield f"{at('overview')}?slice={part}"
    yield from (at("column", place) for place in range(1, 5))
    yield from (f"{at('pair', 1, 2)}", f"{at('pair', 1, 3)}?third=2", at("pair", 2, 5))
    name = quote(SCRIPT)
    yield f"{at('compare')}?by={name}"
    yield f"{at('compare')}?by={quote(HOSTILE[3])}&cut=2024-06-01"
    yield f"{at('chart')}?kind=bar&x={name}&colour={quote(HOSTILE[3])}&facet={name}"
    yield f"{at('overview')}?says={name}&column={name}#raise"
    yield f"{at('column', 1)}?scale=log"
    yield f"{at('choose_pair')}?a=3&b=4"
    yield f"{at('compare')}?by={quote(HOSTILE[3])}&name_1={name}&from_1=2024-01-01&to_1=2024-03-01"
    for kind in ("line", "histogram", "box", "heatmap"):
        x = "__proto__" if kind == "histogram" else name
        yield f"{at('chart')}?kind={kind}&x={x}&y={'__proto__' if kind == 'box' else 'diagnosis'}"
    yield f"{at('chart')}?kind=scatter&x=__proto__&y={quote(HOSTILE[2])}&colour={name}"


def test_no_page_runs_or_breaks_by_a_column_name(
    browser, live_server, client, analyst, hostile, at, monkeypatch
):
    # Playwright runs an event loop in this thread; Django would refuse the database there.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    client.force_login(analyst)
    key = settings.SESSION_COOKIE_NAME
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 1280, "height": 6000}
    )
    context.add_cookies([{"name": key, "value": client.cookies[key].value, "url": live_server.url}])
    page, problems = context.new_page(), []
    page.on("dialog", lambda dialog: (problems.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: line.type == "error" and problems.append(line.text))
    shown = 0
    for address in addresses(at):
        answer = page.goto(address)
        assert answer.status == 200, address
        expect(page.locator(".chart-plot.is-waiting")).to_have_count(0, timeout=30_000)
        assert page.locator("img[src='x']").count() == 0
        assert "49" not in page.locator("h1").inner_text()
        shown += SCRIPT in page.locator("main").inner_text()
        assert not problems, (address, problems)
    assert shown > 10
    context.close()
