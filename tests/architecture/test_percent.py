"""A share is written as a percentage by one function, so that all pages write it alike."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.once  # no database at all
APPS = Path(__file__).resolve().parents[2] / "apps"
OTHERWISE = re.compile(r"(:[^\"' ]*%\}|tickformat\W+[^,]*\d%|%\{[xyz]:[^}]*%\})")
"""How Python's formats, an axis and a hover text of Plotly would write one."""


@pytest.mark.parametrize(
    "line", ['f"{a:.1%}"', '"tickformat": "+.0%"', '"%{y:.1%}"', 'f"{a:.{n}%}"']
)
def test_other_ways_are_seen(line):
    assert OTHERWISE.search(line)


def test_no_share_is_written_otherwise():
    files = list(APPS.rglob("*.py"))
    assert len(files) > 300
    found = [
        f"{path.relative_to(APPS)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if OTHERWISE.search(line)
    ]
    assert found == [], "write it with apps.engine.percent.percent"
