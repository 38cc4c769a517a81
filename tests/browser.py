"""Pytest plugin: where Chromium is, which tests need it, and that fast tests come first.

Loaded by tests/conftest.py.
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

INSTALL_LINE = (
    "No Chromium: install it with `apt-get install chromium` or `.venv/bin/playwright install "
    "chromium`, or set CHROMIUM to the binary."
)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TESTS = Path(__file__).parent
SLOW = ("browser", "processes")
FOLDERS_FIRST = ("engine", "architecture")


def find_chromium() -> str | None:
    """Return the binary: $CHROMIUM, the system's, or the one that Playwright installed."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if Path(named).is_file() else None
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).is_file() else None


def is_required() -> bool:
    """Tell whether a missing browser is a failure (`.ci/run`) and not a reason to skip."""
    return os.environ.get("REQUIRE_BROWSER", "") not in ("", "0")


def order(item: pytest.Item) -> int:
    """Fast tests first: engine and architecture, then rooms, then browser, then processes.

    Processes mostly wait, so they fill the cores beside the browser; alone at the end it fills one.
    """
    for place, marker in enumerate(SLOW):
        if item.get_closest_marker(marker):
            return len(FOLDERS_FIRST) + 1 + place
    folder = next(iter(item.path.parent.relative_to(TESTS, walk_up=True).parts), "")
    return FOLDERS_FIRST.index(folder) if folder in FOLDERS_FIRST else len(FOLDERS_FIRST)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort; skip or fail browser tests without a browser."""
    items.sort(key=order)
    browser_tests = [item for item in items if item.get_closest_marker("browser")]
    if browser_tests and not find_chromium() and not is_required():
        for item in browser_tests:
            item.add_marker(pytest.mark.skip(reason=INSTALL_LINE))


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Launch the Chromium that was found; without one a required browser test fails here."""
    chromium = find_chromium()
    if chromium is None:
        pytest.fail(f"REQUIRE_BROWSER is set. {INSTALL_LINE}")
    # Playwright's loop runs in the test's thread; Django takes that for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    return launch_arguments(chromium)


def launch_arguments(chromium: str, *, more: Sequence[str] = ()) -> dict[str, Any]:
    """Return what Playwright's ``launch`` needs on a machine without display and sandbox."""
    return {"executable_path": chromium, "args": [*ARGUMENTS, *more]}
