"""`.ci/setup` (what `make` runs first) on machines that are not like this one."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("sh", "dirname", "rm", "touch", "env", "mkdir", "ln")
MAKE_VENV = "mkdir -p .venv/bin && ln -s $(command -v env) .venv/bin/python"

pytestmark = [pytest.mark.processes, pytest.mark.once]


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A copy of the project's set-up, and a PATH with nothing but a shell's bare needs."""
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    return tmp_path


def program(machine: Path, name: str, lines: str) -> None:
    path = machine / "bin" / name
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)


def set_up(machine: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [machine / ".ci" / "setup"],
        env={"PATH": str(machine / "bin"), "HOME": str(machine)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_machine_with_an_old_python_is_told_in_one_sentence(machine: Path):
    program(machine, "python3", '[ "$1" = --version ] && echo "Python 3.11.2" && exit; exit 1')
    for place in ("/usr/local/bin/python3", "/opt/homebrew/bin/python3"):
        if os.path.exists(place):
            pytest.skip(f"{place} is looked at, and it is here")
    done = set_up(machine)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "needs Python 3.12 or newer" in done.stderr
    assert "found: Python 3.11.2" in done.stderr
    assert not (machine / ".venv").exists()


def test_uv_on_path_makes_the_environment_with_hashes(machine: Path):
    program(
        machine,
        "uv",
        f"""echo "$@" >> {machine}/asked
        [ "$1" = venv ] || exit 0
        {MAKE_VENV}""",
    )
    done = set_up(machine)
    assert (done.returncode, done.stderr) == (0, "")
    asked = (machine / "asked").read_text().splitlines()
    assert asked[0].startswith("venv ")
    assert "pip sync" in asked[1]
    assert "--require-hashes" in asked[1]
    assert (machine / ".venv" / ".stamp").exists()


def test_a_failed_installation_leaves_no_stamp(machine: Path):
    program(
        machine,
        "uv",
        f"""[ "$1" = venv ] || {{ echo "hash mismatch" >&2; exit 1; }}
        {MAKE_VENV}""",
    )
    done = set_up(machine)
    assert done.returncode != 0
    assert "hash mismatch" in done.stderr
    assert not (machine / ".venv" / ".stamp").exists()
