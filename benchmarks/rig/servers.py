"""Servers as processes: start, wait until they answer, end with their whole group."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.rig.figures import CannotMeasure

READY_WITHIN_S = 600.0
"""A start reads libraries and migrates a database: seconds alone, minutes on a busy machine."""
END_WITHIN_S = 20.0


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(command: Sequence[str], *, says: str, **how: object) -> None:
    """Run to the end. Raises CannotMeasure with ``says`` and the last line of its output.

    ``timeout`` (seconds) is one of the things that ``how`` may say.
    """
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    try:
        done = subprocess.run(command, check=False, text=True, **pipes, **how)
    except subprocess.TimeoutExpired as error:
        raise CannotMeasure(f"{says}: it had not ended after {error.timeout:.0f} s") from error
    if done.returncode:
        last = (done.stdout.strip().splitlines() or ["it said nothing"])[-1]
        raise CannotMeasure(f"{says}: {last}")


@contextlib.contextmanager
def running(
    command: Sequence[str], *, port: int, log: Path, env: Mapping[str, str], cwd: Path
) -> Iterator[int]:
    """A server from its first answer to the end of the block; yields its process id.

    It ends with the block, also when this process is asked to end meanwhile.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended from outside."))
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env=dict(env), cwd=cwd, start_new_session=True
        )
    try:
        _wait(process, port=port, log=log)
        yield process.pid
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_WITHIN_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def processor_s(root: int) -> float:
    """Processor seconds of a process and all below it, with those that have ended by now."""
    parents, spent, ticks = {}, {}, os.sysconf("SC_CLK_TCK")
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            pid, told = int(file.parent.name), file.read_text().rpartition(")")[2].split()
            parents[pid] = int(told[1])
            spent[pid] = sum(map(int, told[11:15])) / ticks
    below, found = [root], 0.0
    while below:
        pid = below.pop()
        found += spent.get(pid, 0.0)
        below += [child for child, parent in parents.items() if parent == pid]
    return found


def _wait(process: subprocess.Popen, *, port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise CannotMeasure(f"{log.stem} ended while it started: see {log}.")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.2)
    raise CannotMeasure(f"{log.stem} did not answer within {READY_WITHIN_S:.0f} s: see {log}.")
