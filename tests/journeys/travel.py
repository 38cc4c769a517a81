"""Two people take a table from an empty project through four gates, in a real browser."""

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from apps.projects.models import Role
from tests.conftest import PASSWORD

JOB_MS = 120_000


@dataclass(frozen=True)
class Case:
    """What is typed along the way."""

    name: str
    target: str
    positive: str
    promised_auc: str
    drop: str
    truth: str
    features: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, str] = field(default_factory=dict)
    """More fields of these tasks of the plan, by their names."""


def unfold(page: Page) -> None:
    """Open every fold, so that what lies in it can be typed into."""
    page.locator("details.fold").evaluate_all("folds => folds.forEach(one => (one.open = true))")


def fill(page: Page, **values: str) -> None:
    """Type into fields by their name attribute."""
    for name, value in values.items():
        control = page.locator(f'[name="{name.replace("__", "-")}"]')
        if control.evaluate("node => node.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)


def press(page: Page, name: str) -> None:
    """Click a button by its words."""
    page.get_by_role("button", name=name).first.click()
    page.wait_for_load_state()


def write_plan(page: Page, case: Case) -> None:
    """The five planning tasks, then a version of them."""
    fill(
        page,
        who="The service desk",
        decision="who is called first",
        today="In order of arrival",
        alternative="Sort by the largest value",
    )
    press(page, "Save and go on")
    fill(
        page,
        kpi="Cases reached in time",
        unit="percent",
        today="50",
        target="80",
        due_on="2027-06-30",
        owner="Head of service",
    )
    press(page, "Save and go on")
    features = {"target": case.target, "positive": case.positive, "base_rate": "0.3"}
    if case.features:
        unfold(page)
    fill(page, definition="As the records say", **{**features, **case.features})
    press(page, "Save and go on")
    fill(
        page,
        row__0__says="The world changes",
        row__0__owner="Ann Lind",
        row__0__contingency="Back to the old order",
        row__0__tripwire_metric="psi",
        row__0__tripwire_threshold="0.25",
    )
    press(page, "Save and go on")
    metrics = {"row__0__metric": "roc_auc", "row__0__threshold": case.promised_auc}
    sizes = {"baseline": "0.6", "expected_rows": "600", "test_share": "0.25"}
    if case.metrics:
        unfold(page)
    fill(page, **{**metrics, **sizes, **case.metrics})
    press(page, "Save")
    expect(page.locator("#plan-status")).to_contain_text("Nothing is missing here")
    page.get_by_role("link", name="See the whole plan").click()
    press(page, "Make version 1")


def submit(page: Page, slug: str, gate: str) -> None:
    """The analyst submits a gate."""
    page.goto(f"/p/{slug}/gates/{gate}/")
    press(page, "Submit this gate")
    expect(page.locator(".page-lead")).to_contain_text("Waiting for review")


def sign(page: Page, slug: str, gate: str) -> None:
    """Somebody signs a gate with their password."""
    page.goto(f"/p/{slug}/gates/{gate}/")
    page.get_by_text("Approve", exact=True).click()
    fill(page, reason="The evidence convinces me.", password=PASSWORD)
    press(page, "Sign the decision")
    expect(page.locator(".page-lead")).to_contain_text("Passed")


def prepare_data(page: Page, slug: str, file: Path, case: Case) -> None:
    """Upload, read, choose the base, clean, build, split, profile."""
    page.goto(f"/p/{slug}/data/sources/")
    fill(page, name="cases", describes="one case")
    page.set_input_files('[name="file"]', file)
    press(page, "Bring it in")
    expect(page.get_by_role("heading", name="was read")).to_be_visible(timeout=JOB_MS)
    page.get_by_role("link", name="Go on to consolidate").click()
    press(page, "Use as base")
    page.get_by_role("link", name="Go on to wrangle").click()
    if case.drop:
        page.locator('select[name="step"]').select_option("drop_columns")
        press(page, "Choose")
        page.locator('select[name="columns"]').select_option(case.drop)
        press(page, "Show what it would do")
        press(page, "Add this step")
    press(page, "Build the table")
    expect(page.get_by_role("heading", name="The table is built")).to_be_visible(timeout=JOB_MS)
    page.get_by_role("link", name="Go on to the split").click()
    press(page, "Draw and seal")
    expect(page.get_by_role("heading", name="Sealed")).to_be_visible(timeout=JOB_MS)
    page.get_by_role("link", name="Go on to explore").click()
    press(page, "Profile the table")
    expect(page.get_by_role("heading", name="Look at these first")).to_be_visible(timeout=JOB_MS)
    expect(page.locator(".page-lead")).to_contain_text("never read the sealed test rows")


def judge(page: Page, freeze: Locator) -> None:
    """Press ``freeze``, wait until the candidate is fitted, open the sealed test."""
    freeze.click()
    page.wait_for_url("**/model/evaluate/")
    page.get_by_text("Open the sealed test…").click(timeout=JOB_MS)  # it appears by itself
    press(page, "Yes, open the sealed test")
    expect(page.get_by_text("Verdict on")).to_be_visible(timeout=JOB_MS)


def train_and_test(page: Page, slug: str) -> float:
    """Train two models, freeze the linear one, open the sealed test; return the AUC on it."""
    page.goto(f"/p/{slug}/model/select/")
    for box in page.locator('[name="candidates"]').all():
        box.set_checked(box.get_attribute("value") in {"linear", "lightgbm"})
    press(page, "Train on")
    # The baseline is always trained beside them.
    expect(page.locator("#board")).to_contain_text("3 of 3 candidates finished", timeout=JOB_MS)
    row = page.get_by_role("row").filter(has_text="Linear model")
    judge(page, row.get_by_role("button", name="Freeze for the test"))
    page.locator("#chart-roc").scroll_into_view_if_needed()
    expect(page.locator("#chart-roc .main-svg").first).to_be_visible(timeout=15_000)
    return float(
        page.get_by_role("row").filter(has_text="ROC AUC").locator("td").nth(1).inner_text()
    )


def go_live(analyst: Page, manager: Page, slug: str) -> str:
    """Release, rehearsal, signature, token."""
    analyst.goto(f"/p/{slug}/production/deploy/")
    press(analyst, "Build a release")
    expect(analyst.get_by_role("heading", name="Try it")).to_be_visible(timeout=JOB_MS)
    press(analyst, "Predict")
    expect(analyst.get_by_role("heading", name="The answer")).to_be_visible()
    submit(analyst, slug, "production")
    sign(manager, slug, "production")
    analyst.goto(f"/p/{slug}/production/deploy/")
    fill(analyst, name="the service desk")
    press(analyst, "Issue a token")
    return analyst.locator("#secret-value").inner_text()


def call(address: str, token: str, body: object) -> dict:
    """POST JSON over HTTP, as a program outside would."""
    request = urllib.request.Request(
        address,
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def travel(person, crew, base: str, file: Path, case: Case) -> float:
    """The whole way; returns the AUC on the sealed test."""
    crew.worker(concurrency=2)
    analyst, manager = person(Role.ANALYST, "Ann Lind"), person(Role.MANAGER, "Mo Okafor")
    analyst.goto("/projects/new/")
    fill(analyst, name=case.name, sentence="So that the right people are called first.")
    analyst.get_by_label("Internal operations").check()
    press(analyst, "Start and write the plan")
    slug = analyst.url.split("/p/")[1].split("/")[0]
    write_plan(analyst, case)
    submit(analyst, slug, "plan")
    manager.goto("/inbox/")
    expect(manager.get_by_role("main")).to_contain_text(case.name)
    sign(manager, slug, "plan")
    prepare_data(analyst, slug, file, case)
    sign(analyst, slug, "data")
    found = train_and_test(analyst, slug)
    submit(analyst, slug, "model")
    sign(manager, slug, "model")
    token = go_live(analyst, manager, slug)
    endpoint = f"{base}/api/v1/deployments/{slug}"
    request = urllib.request.Request(
        f"{endpoint}/contract", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        example = json.load(answer)["example"]
    told = call(f"{endpoint}/predict", token, example)
    prediction = told["predictions"][0]
    assert 0 <= prediction["probabilities"][case.positive] <= 1
    truth = [{"prediction_id": prediction["id"], "value": case.truth}]
    assert call(f"{endpoint}/actuals", token, {"rows": truth})["accepted"] == 1
    analyst.goto(f"/p/{slug}/production/monitor/")
    expect(analyst.get_by_role("main")).to_contain_text(prediction["id"][:8])
    expect(analyst.get_by_role("main")).to_contain_text("rows predicted")
    return found
