"""Photograph every page of a running installation and look for what a reader stumbles over.

    python -m tests.shots [--base-url http://127.0.0.1:8000] [--out var/shots] [--only monitor]

Signs in as the demo's people and takes each page of PAGES light and dark, 1440 and 390 pixels
wide. A page that answers with an error, scrolls sideways, breaks its Content-Security-Policy, or
has a serious axe finding is listed, and the command ends with 1.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Response, sync_playwright
from playwright.sync_api import TimeoutError as Waited

from tests.browser import ARGUMENTS, INSTALL_LINE, find_chromium

PASSWORD = "demo-ml-cycle"
PROJECT = "card-fraud"
NOBODY = ""
ANALYST, MANAGER = "analyst@demo.example", "manager@demo.example"
VIEWER, ADMIN = "viewer@demo.example", "admin@demo.example"
SCHEMES = ("light", "dark")
SIZES = {1440: 1000, 390: 844}
SETTLE_MS = 600
CHARTS_MS = 8_000
SERIOUS = {"serious", "critical"}

PAGES: tuple[tuple[str, str], ...] = (
    ("/accounts/login/", NOBODY),
    ("/accounts/signup/", NOBODY),
    ("/accounts/inactive/", NOBODY),
    ("/", ANALYST),
    ("/", MANAGER),
    ("/", VIEWER),
    ("/", ADMIN),
    ("/inbox/", MANAGER),
    ("/projects/", ANALYST),
    ("/projects/new/", ANALYST),
    ("/portfolio/", MANAGER),
    ("/audit/", MANAGER),
    ("/audit/ledgers/", MANAGER),
    ("/help/", ANALYST),
    ("/jobs/", ANALYST),
    ("/jobs/*/", ANALYST),
    ("/team/*/", ADMIN),
    ("/team/*/databases/", ADMIN),
    ("/team/*/alerts/", ADMIN),
    ("/me/", ANALYST),
    ("/accounts/logout/", ANALYST),
    ("/accounts/password/change/", ANALYST),
    ("/accounts/2fa/", ANALYST),
    ("/nothing-here/", ANALYST),
    ("/p/{project}/", ANALYST),
    ("/p/{project}/", VIEWER),
    ("/p/{project}/packs/", MANAGER),
    ("/p/{project}/plan/", ANALYST),
    ("/p/{project}/plan/problem/", ANALYST),
    ("/p/{project}/plan/objective/", ANALYST),
    ("/p/{project}/plan/features/", ANALYST),
    ("/p/{project}/plan/risks/", ANALYST),
    ("/p/{project}/plan/metrics/", ANALYST),
    ("/p/{project}/plan/versions/", ANALYST),
    ("/p/{project}/plan/versions/*/", ANALYST),
    ("/p/{project}/data/sources/", ANALYST),
    ("/p/{project}/data/sources/*/", ANALYST),
    ("/p/{project}/data/sources/query/", ANALYST),
    ("/p/{project}/data/consolidate/", ANALYST),
    ("/p/{project}/data/wrangle/", ANALYST),
    ("/p/{project}/data/wrangle/history/", ANALYST),
    ("/p/{project}/data/wrangle/take/", ANALYST),
    ("/p/{project}/data/table/", ANALYST),
    ("/p/{project}/data/contract/", ANALYST),
    ("/p/{project}/data/contract/", VIEWER),
    ("/p/{project}/data/sources/*/datasheet/", ANALYST),
    ("/p/{project}/data/split/", ANALYST),
    ("/p/{project}/explore/", ANALYST),
    ("/p/{project}/explore/columns/*/", ANALYST),
    ("/p/{project}/explore/relations/", ANALYST),
    ("/p/{project}/explore/relations/*/*/", ANALYST),
    ("/p/{project}/explore/target/", ANALYST),
    ("/p/{project}/explore/compare/", ANALYST),
    ("/p/{project}/explore/compare/sealed/", ANALYST),
    ("/p/{project}/explore/chart/", ANALYST),
    ("/p/{project}/explore/rows/", ANALYST),
    ("/p/{project}/explore/views/", ANALYST),
    ("/p/{project}/explore/leaks/", ANALYST),
    ("/p/{project}/explore/missing/", ANALYST),
    ("/p/{project}/explore/time/", ANALYST),
    ("/p/{project}/model/select/", ANALYST),
    ("/p/{project}/model/train/", ANALYST),
    ("/p/{project}/model/train/*/tokens/", ANALYST),
    ("/p/{project}/model/compare/", ANALYST),
    ("/p/{project}/model/trials/*/", ANALYST),
    ("/p/{project}/model/evaluate/", ANALYST),
    ("/p/{project}/model/candidates/*/card/", ANALYST),
    ("/p/{project}/model/candidates/*/report/", ANALYST),
    ("/p/{project}/production/deploy/", ANALYST),
    ("/p/{project}/production/deploy/", MANAGER),
    ("/p/{project}/production/deploy/api/", ANALYST),
    ("/p/{project}/production/deploy/score/", ANALYST),
    ("/p/{project}/production/releases/", ANALYST),
    ("/p/{project}/production/drills/", ANALYST),
    ("/p/{project}/production/glass/", MANAGER),
    ("/p/{project}/production/monitor/", ANALYST),
    ("/p/{project}/production/incidents/*/", ANALYST),
    ("/p/{project}/production/monitor/actuals/", ANALYST),
    ("/p/{project}/production/trace/*/", ANALYST),
    ("/p/{project}/tier/", MANAGER),
    ("/p/{project}/gates/plan/", MANAGER),
    ("/p/{project}/gates/data/", MANAGER),
    ("/p/{project}/gates/model/", MANAGER),
    ("/p/{project}/gates/production/", MANAGER),
    ("/p/{project}/gates/plan/decisions/1/", MANAGER),
    ("/p/flight-delays/data/consolidate/", ANALYST),
    ("/p/flight-delays/gates/data/", ANALYST),
    ("/p/diabetes-progression/plan/metrics/", ANALYST),
    ("/p/diabetes-progression/gates/plan/", MANAGER),
)
"""(address, person). ``*`` stands for an id: the first such link on the page above is followed."""

MAY_BE_MISSING = {"/nothing-here/"}
FOUND_ON = {
    "/team/*/": f"/p/{PROJECT}/",
    "/team/*/databases/": f"/p/{PROJECT}/data/sources/",
    "/team/*/alerts/": f"/p/{PROJECT}/production/monitor/",
    f"/p/{PROJECT}/model/trials/*/": f"/p/{PROJECT}/model/train/",
    f"/p/{PROJECT}/model/train/*/tokens/": f"/p/{PROJECT}/model/train/",
    f"/p/{PROJECT}/production/incidents/*/": f"/p/{PROJECT}/production/monitor/",
    f"/p/{PROJECT}/production/trace/*/": f"/p/{PROJECT}/production/monitor/",
    f"/p/{PROJECT}/model/candidates/*/card/": f"/p/{PROJECT}/model/evaluate/",
}
SEE_ALL = """async () => {
  for (let y = 0; y < document.body.scrollHeight; y += 700) {
    window.scrollTo({ top: y, behavior: "instant" });
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  }
  window.scrollTo({ top: 0, behavior: "instant" });
}"""
"""Scrolls through the page, so that what is fetched when it comes into view is fetched."""


@dataclass
class Shot:
    """One picture: what was asked, and what was found on it."""

    path: str
    person: str
    scheme: str
    width: int
    findings: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """File name without suffix."""
        page = self.path.strip("/").replace("/", "-").replace("*", "x") or "home"
        who = self.person.partition("@")[0] or "nobody"
        return f"{page}.{who}.{self.scheme}.{self.width}"


def shots_of(only: str, project: str) -> Iterator[Shot]:
    """Every picture that is to be taken."""
    for pattern, person in PAGES:
        path = pattern.format(project=project)
        if only in path:
            for scheme in SCHEMES:
                for width in SIZES:
                    yield Shot(path, person, scheme, width)


def signed_in(browser: Browser, base_url: str, person: str) -> BrowserContext:
    """A context that carries this person's session; an empty person is signed out."""
    context = browser.new_context(base_url=base_url)
    if not person:
        return context
    page = context.new_page()
    page.goto("/accounts/login/")
    page.fill("[name=login]", person)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_load_state()
    if "/accounts/login/" in page.url:
        sys.exit(f"{person} cannot sign in with the demo's password: is the demo loaded?")
    page.close()
    return context


def address(page: Page, path: str) -> str:
    """The path itself, or the first link that fits a ``*``; empty when there is none.

    The link is looked for on the page above, and on the one above that.
    """
    if "*" not in path:
        return path
    shape = re.compile(re.escape(path).replace(r"\*", "[0-9a-f.-]+"))
    above = FOUND_ON.get(path, path.partition("*")[0])
    for place in (above, above.rpartition("/")[0].rpartition("/")[0] + "/"):
        page.goto(place)
        links = page.eval_on_selector_all("a[href]", "all => all.map(a => a.pathname)")
        found = next((link for link in links if shape.fullmatch(link)), "")
        if found:
            return found
    return ""


def look(page: Page, shot: Shot) -> None:
    """Write down what is wrong with the page that is open."""
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    if wide > 0:
        shot.findings.append(f"scrolls sideways by {wide} px")
    for found in Axe().run(page).response["violations"]:
        if found["impact"] in SERIOUS:
            nodes = found["nodes"]
            where = nodes[0]["target"][0]
            shot.findings.append(f"axe {found['id']} x {len(nodes)}, first at {where}")


def open_page(page: Page, path: str) -> list[str]:
    """Open and wait for charts; returns what went wrong."""
    found = address(page, path)
    if not found:
        return ["no link leads to such a page"]
    wrong: list[str] = []
    answer = page.goto(found)
    if answer is not None and answer.status >= 400 and path not in MAY_BE_MISSING:
        wrong.append(f"answers {answer.status}")
    page.evaluate(SEE_ALL)
    try:
        page.wait_for_selector(".is-waiting", state="detached", timeout=CHARTS_MS)
    except Waited:
        wrong.append(f"a chart is not there after {CHARTS_MS / 1000:g} s")
    return wrong


def take(context: BrowserContext, shots: list[Shot], out: Path) -> None:
    """Open a page once, then look and photograph it in each colour scheme and width."""
    page = context.new_page()
    problems: list[str] = []
    page.on(
        "console",
        lambda line: problems.append(line.text) if "Content Security Policy" in line.text else None,
    )
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("response", lambda answer: problems.extend(broken(answer)))
    show(page, shots[0])
    shots[0].findings += open_page(page, shots[0].path)
    for shot in shots:
        show(page, shot)
        page.wait_for_timeout(SETTLE_MS)
        look(page, shot)
        page.screenshot(path=out / f"{shot.name}.png", full_page=True)
    shots[0].findings += [f"browser says: {line[:160]}" for line in dict.fromkeys(problems)]
    page.close()


def broken(answer: Response) -> list[str]:
    """What is wrong with an answer to the page's own requests: a chart, a script, a picture."""
    if answer.status < 400 or answer.request.is_navigation_request():
        return []
    return [f"{answer.status} for {answer.url}"]


def show(page: Page, shot: Shot) -> None:
    """Set the colour scheme and the size of the window."""
    page.emulate_media(color_scheme=shot.scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": shot.width, "height": SIZES[shot.width]})


def run(base_url: str, out: Path, *, only: str = "", project: str = PROJECT) -> list[Shot]:
    """Take all pictures; returns them with their findings."""
    chromium = find_chromium()
    if chromium is None:
        sys.exit(INSTALL_LINE)
    out.mkdir(parents=True, exist_ok=True)
    shots = list(shots_of(only, project))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        for person in dict.fromkeys(shot.person for shot in shots):
            context = signed_in(browser, base_url, person)
            theirs = [shot for shot in shots if shot.person == person]
            for path in dict.fromkeys(shot.path for shot in theirs):
                take(context, [shot for shot in theirs if shot.path == path], out)
            context.close()
        browser.close()
    return shots


def main(arguments: list[str] | None = None) -> int:
    """Command line; the exit code is 1 when something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.shots", description=__doc__)
    parser.add_argument("--base-url", default="http://127.0.0.1:8000")
    parser.add_argument("--out", type=Path, default=Path("var/shots"))
    parser.add_argument("--only", default="", help="only pages whose path holds this text")
    parser.add_argument("--project", default=PROJECT, help="slug of the project to photograph")
    asked = parser.parse_args(arguments)
    shots = run(asked.base_url, asked.out, only=asked.only, project=asked.project)
    bad = [shot for shot in shots if shot.findings]
    for shot in bad:
        for finding in shot.findings:
            sys.stdout.write(f"{shot.name:60} {finding}\n")
    sys.stdout.write(f"{len(shots)} pictures in {asked.out}, {len(bad)} with findings.\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
