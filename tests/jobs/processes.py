"""For tests with real processes: find every process that a test has caused, whatever its parent.

Each start gets a token of its own, in the environment and in its folder's name; whoever carries it
was started by it. (A broker writes its title over its environment; the title names its folder.)
"""

import json
import os
import signal
import socket
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from apps.jobs.models import Job, JobState
from apps.projects.models import Event

TOKEN = "MLCYCLE_TEST_TOKEN"


def new_token() -> str:
    """Short, because a socket's whole path must stay under 100 bytes."""
    return uuid.uuid4().hex[:12]


def carriers(token: str) -> dict[int, str]:
    """Living processes that carry the token: process id to command line."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            marked = f"{TOKEN}={token}".encode() in (entry / "environ").read_bytes()
        except OSError:
            continue  # ended in between
        if line and (marked or token in line):
            found[int(entry.name)] = line
    return found


def carrier(token: str, *, words: str, but: str = "keeper") -> int:
    """The oldest carrier whose command line has ``words`` and not ``but``."""
    found = [pid for pid, line in carriers(token).items() if words in line and but not in line]
    assert found, f"no process with {words!r} among {sorted(carriers(token).values())}"
    return min(found)


def wait_for(holds: Callable[[], object], *, within_s: float, what: str) -> float:
    """Wait until ``holds()`` is true; return the seconds it took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < within_s, f"not within {within_s} s: {what}"
        time.sleep(0.05)
    return time.monotonic() - began


def end_carriers(token: str) -> None:
    """Kill what a failing test has left."""
    for pid in carriers(token):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fresh(job: Job) -> Job:
    """As the database has it now."""
    return Job.objects.get(pk=job.pk)


def is_running(job: Job) -> bool:
    """It has told some progress."""
    return fresh(job).state == JobState.RUNNING and fresh(job).done > 0


def has_ended(job: Job) -> bool:
    """Done, failed or stopped."""
    return not fresh(job).is_live


def runs(job: Job) -> list[int]:
    """Process ids of the children that began it."""
    marker = Path(json.loads(job.title)["marker"])
    return [int(line) for line in marker.read_text().split()] if marker.exists() else []


def finished_events(job: Job) -> int:
    """How often it told that it was done."""
    return Event.objects.filter(verb="rehearsal.finished", says=str(job.pk)).count()


def is_alive(pid: int) -> bool:
    """It runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
