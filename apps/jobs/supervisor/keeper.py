"""Runs one part of the group as a family: when the part or the supervisor ends, all of it ends.

``python -m apps.jobs.supervisor.keeper PARENT_PID GRACE_S NICENESS COMMAND…``. Pool processes of a
worker and their own children live in other sessions and process groups, so that a signal to a group
does not reach them. The keeper adopts them when they lose their parent, and ends them.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time

from apps.engine.priority import go_last
from apps.jobs.supervisor import family

LOOK_EVERY_S = 2.0
KILLED = 128  # shells' convention: 128 + the signal's number


def main(arguments: list[str]) -> int:
    """Run the command until it ends, or is asked to, or the parent is gone; return its code."""
    parent_pid, grace_s, command = int(arguments[0]), float(arguments[1]), arguments[3:]
    if niceness := int(arguments[2]):
        go_last(niceness)
    wake = _wake_on_signals()
    family.die_with_parent(signal.SIGTERM)
    family.adopt_orphans()
    if os.getppid() != parent_pid:
        return 1  # the supervisor ended before the kernel knew that we want to be told
    part = subprocess.Popen(  # noqa: S603
        command, process_group=0, preexec_fn=family.die_with_parent
    )
    _watch(part, wake=wake, parent_pid=parent_pid, grace_s=grace_s)
    if part.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(part.pid, signal.SIGKILL)
        part.wait()
    family.end_strangers(())
    return part.returncode if part.returncode >= 0 else KILLED - part.returncode


def _watch(part: subprocess.Popen, *, wake: int, parent_pid: int, grace_s: float) -> None:
    """Return when the part has ended or has used up its grace after being asked to end."""
    deadline: float | None = None
    while part.poll() is None and (deadline is None or time.monotonic() < deadline):
        ready, _, _ = select.select([wake], [], [], LOOK_EVERY_S if deadline is None else 0.05)
        signals = os.read(wake, 64) if ready else b""
        asked = signal.SIGTERM in signals or signal.SIGINT in signals
        if deadline is None and (asked or os.getppid() != parent_pid):
            part.terminate()
            deadline = time.monotonic() + grace_s
        family.end_strangers((part.pid,))


def _wake_on_signals() -> int:
    """Return a descriptor from which each arriving signal's number can be read."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(signum, lambda *_: None)
    return reader


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
