"""Pytest plugin: where Chromium is, which tests need it, and in which order files come.

Loaded by tests/conftest.py.
"""

import os
import shutil
from collections import Counter
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
ENGINE = TESTS / "engine"
SLOW = ("browser", "processes")


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


def _kind(item: pytest.Item) -> str:
    """What a test does most: count (the engine's), wait, or ask the database."""
    if ENGINE in item.path.parents:
        return "counts"
    return "waits" if any(item.get_closest_marker(mark) for mark in SLOW) else "asks"


def places(items: Sequence[pytest.Item]) -> dict[Path, tuple[float, Path]]:
    """Where each file stands: those of each kind evenly among the others.

    So the engine's fill the cores while others wait, for the migrations, for leases and servers;
    of them the longest come first, since one that is left at the end keeps one core only.
    """
    tests = Counter(item.path for item in items)
    kinds: dict[str, list[Path]] = {}
    for path, kind in {item.path: _kind(item) for item in items}.items():
        kinds.setdefault(kind, []).append(path)
    kinds.get("counts", []).sort(key=lambda path: -tests[path])
    return {path: (n / len(kind), path) for kind in kinds.values() for n, path in enumerate(kind)}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort, after pytest-django did; skip or fail browser tests without a browser."""
    place = places(items)
    items.sort(key=lambda item: place[item.path])
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
