"""The supervisor on parts that misbehave: none of ours, so that only the supervision is tested."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis

from apps.jobs import broker
from apps.jobs.supervisor.parts import Part, Plan
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

# A part with a child and a grandchild, each in a session of its own, as a worker's jobs are.
FAMILY = """
import subprocess, sys, time
inner = "import subprocess as s, time; s.Popen(['sleep', '600'], start_new_session=True); "
inner += "time.sleep(601)"
subprocess.Popen([sys.executable, "-S", "-c", inner], start_new_session=True)
time.sleep(602)
"""
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
time.sleep(603)
"""


@dataclass
class Started:
    """A running supervisor."""

    process: subprocess.Popen
    folder: Path
    token: str
    said: list[str] = field(default_factory=list)

    def carriers(self) -> dict[int, str]:
        return carriers(self.token)

    def output(self) -> str:
        return (self.folder / "terminal").read_text()

    def ends_by(self, signum: int) -> float:
        """Send the signal; return how many seconds until no process of it is left."""
        self.process.send_signal(signum)
        seconds = wait_for(
            lambda: self.process.poll() is not None and not self.carriers(),
            within_s=8,
            what=f"the end of {self.carriers()}",
        )
        return seconds


@pytest.fixture
def start(tmp_path: Path) -> Iterator:
    token = new_token()
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    started: list[Started] = []

    def start(*parts: Part) -> Started:
        plan = Plan("http://127.0.0.1/", str(tmp_path / "log"), lock, parts)
        plan.save(tmp_path / "plan.json")
        with (tmp_path / "terminal").open("wb") as terminal:
            process = subprocess.Popen(
                [sys.executable, "-S", "-m", "apps.jobs.supervisor", str(tmp_path / "plan.json")],
                cwd=ROOT,
                env={**os.environ, TOKEN: token},
                stdout=terminal,
                stderr=terminal,
                pass_fds=(lock,),
            )
        started.append(Started(process, tmp_path, token))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()
    end_carriers(token)
    os.close(lock)


def part(name: str, source: str, **but: object) -> Part:
    return Part(name, (sys.executable, "-S", "-c", source), **but)


def private_broker(folder: Path) -> Part:
    socket = folder / "b.sock"
    command = broker.server_command(broker.find_server(), socket=socket, folder=folder / "broker")
    return Part("broker", tuple(command), last_to_end=True, grace_s=1.0, ready_socket=str(socket))


def whole_family(group: Started) -> bool:
    return sum("sleep" in line and "keeper" not in line for line in group.carriers().values()) == 3


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_polite_end_takes_all_descendants_within_five_seconds(start, signum):
    group = start(part("family", FAMILY), part("deaf", DEAF))
    wait_for(lambda: "answers on" in group.output(), within_s=10, what="the address")
    wait_for(lambda: len(group.carriers()) == 7, within_s=5, what="two keepers and four others")
    assert group.ends_by(signum) < 5
    assert group.process.returncode == 0


def test_kill_9_of_the_supervisor_leaves_no_process(start):
    group = start(part("family", FAMILY), part("deaf", DEAF))
    wait_for(lambda: len(group.carriers()) == 7, within_s=10, what="the whole group")
    assert group.ends_by(signal.SIGKILL) < 5


def test_kill_9_of_a_keeper_takes_its_family_and_the_part_comes_back(start):
    group = start(part("family", FAMILY))
    wait_for(lambda: whole_family(group), within_s=10, what="the family")
    before = {pid for pid, line in group.carriers().items() if line.startswith("sleep")}
    keeper = carrier(group.token, words="supervisor.keeper", but="nothing")
    os.kill(keeper, signal.SIGKILL)
    wait_for(lambda: before.isdisjoint(group.carriers()), within_s=5, what="the old family's end")
    wait_for(lambda: whole_family(group), within_s=5, what="a new family")
    assert "family was killed by SIGKILL; starting it again" in group.output()


def test_a_part_that_others_go_before_says_so_to_the_kernel_with_its_session(start):
    group = start(
        part("first", "import time; time.sleep(611)"),
        part("last", "import time; time.sleep(612)", niceness=5),
    )
    wait_for(lambda: len(group.carriers()) == 5, within_s=10, what="the whole group")
    for words, niceness in (("sleep(611)", 0), ("sleep(612)", 5)):
        pid = carrier(group.token, words=words, but="keeper")
        assert (
            os.getpriority(os.PRIO_PROCESS, pid)
            == os.getpriority(os.PRIO_PROCESS, group.process.pid) + niceness
        )
        with contextlib.suppress(OSError):  # a kernel that does not weigh sessions
            assert int(Path(f"/proc/{pid}/autogroup").read_text().split()[-1]) == niceness


def test_kill_9_of_a_part_takes_what_it_started_and_the_part_comes_back(start):
    group = start(part("family", FAMILY))
    wait_for(lambda: whole_family(group), within_s=10, what="the family")
    before = {pid for pid, line in group.carriers().items() if line.startswith("sleep")}
    os.kill(carrier(group.token, words="sleep(602)"), signal.SIGKILL)
    wait_for(lambda: before.isdisjoint(group.carriers()), within_s=5, what="the grandchild's end")
    wait_for(lambda: whole_family(group), within_s=5, what="a new family")


@pytest.mark.parametrize("source", ["the machine's", "the wheel's"])
def test_a_killed_broker_comes_back_with_its_queued_work(start, tmp_path, monkeypatch, source):
    if source == "the wheel's":
        monkeypatch.setattr(broker.shutil, "which", lambda name: None)
    group = start(private_broker(tmp_path))
    wait_for(lambda: "answers on" in group.output(), within_s=10, what="the broker")
    client = redis.Redis(unix_socket_path=str(tmp_path / "b.sock"))
    client.rpush("train", *range(500))
    time.sleep(1.2)  # appended to disk every second
    old = client.info("server")["process_id"]
    os.kill(old, signal.SIGKILL)

    def is_back() -> bool:
        try:
            return client.info("server")["process_id"] != old
        except redis.RedisError:
            return False

    wait_for(is_back, within_s=10, what="a new broker")
    assert client.llen("train") == 500
    client.close()


def test_a_part_that_does_not_stay_up_is_given_up_in_one_sentence(start):
    nobody = f"http://127.0.0.1:{free_port()}/"
    group = start(part("web", "raise SystemExit('the settings are wrong')", ready_url=nobody))
    assert group.process.wait(timeout=30) == 1
    last = group.output().strip().splitlines()[-1]
    assert last.startswith("web does not stay up: 4 starts in a row, the last one ended with code")
    assert "the settings are wrong" in (group.folder / "log" / "web.log").read_text()


def test_a_part_that_runs_once_speaks_to_the_terminal_and_is_not_repeated(start):
    group = start(part("demo", "print('analyst@demo')", once=True, speaks=True))
    wait_for(lambda: "analyst@demo" in group.output(), within_s=10, what="the demo's words")
    time.sleep(1.5)
    assert group.output().count("analyst@demo") == 1
    assert group.ends_by(signal.SIGINT) < 5


def test_a_log_that_grew_too_long_is_moved_while_the_part_goes_on(start, monkeypatch):
    from apps.jobs.supervisor import logs

    group = start(part("web", "import time; print('first', flush=True); time.sleep(600)"))
    log = logs.path_of(group.folder / "log", "web")
    wait_for(lambda: log.exists() and log.read_text() == "first\n", within_s=5, what="a line")
    monkeypatch.setattr(logs, "LONGEST_BYTES", 3)
    logs.shorten(group.folder / "log")
    assert log.read_text() == ""
    assert log.with_suffix(".log.1").read_text() == "first\n"
