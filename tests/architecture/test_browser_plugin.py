"""A machine without Chromium: browser tests are skipped in words, or fail where one is required."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import browser

pytestmark = pytest.mark.once  # no database at all

ROOT = Path(__file__).resolve().parents[2]
A_BROWSER_TEST = """
import pytest

@pytest.mark.browser
def test_page(browser):
    browser.new_page()

def test_sum():
    assert 1 + 1 == 2
"""


def run_without_chromium(folder: Path, **environment: str) -> str:
    """Run the two tests in a pytest of their own; return what it printed."""
    (folder / "test_two.py").write_text(A_BROWSER_TEST)
    (folder / "conftest.py").write_text('pytest_plugins = ["tests.browser"]')
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = browser: drives a real Chromium\n")
    inherited = {name: value for name, value in os.environ.items() if name != "REQUIRE_BROWSER"}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:django"),
            *("-p", "no:cacheprovider", "--rootdir", str(folder), str(folder / "test_two.py")),
        ],
        cwd=ROOT,
        env={**inherited, "CHROMIUM": str(folder / "none"), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout


def test_without_chromium_browser_tests_are_skipped_with_the_install_line(tmp_path: Path):
    printed = run_without_chromium(tmp_path)
    assert "1 passed, 1 skipped" in printed
    assert "apt-get install chromium" in printed


def test_where_a_browser_is_required_its_absence_is_a_failure(tmp_path: Path):
    printed = run_without_chromium(tmp_path, REQUIRE_BROWSER="1")
    assert "1 passed" in printed
    assert "1 error" in printed
    assert "REQUIRE_BROWSER is set. No Chromium" in printed


def test_the_named_binary_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    named = tmp_path / "my-chromium"
    named.touch()
    monkeypatch.setenv("CHROMIUM", str(named))
    assert browser.find_chromium() == str(named)
    named.unlink()
    assert browser.find_chromium() is None
