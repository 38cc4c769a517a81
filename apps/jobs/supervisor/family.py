"""What the kernel offers to leave no process behind: die with the parent, adopt orphans, end all.

Linux only in full; elsewhere the calls do nothing and the keeper falls back to process groups.
"""

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Collection
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None, use_errno=True)
_PROC = Path("/proc")


def die_with_parent(signum: int = signal.SIGKILL) -> None:
    """Ask the kernel to send this process ``signum`` when its parent (thread) ends."""
    if sys.platform == "linux":
        _LIBC.prctl(PR_SET_PDEATHSIG, int(signum), 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, instead of process 1."""
    if sys.platform == "linux":
        _LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def strangers(known: Collection[int]) -> set[int]:
    """Return the children of this process that are not ``known``, and all their descendants."""
    children = _children_by_parent()
    found: set[int] = set()
    waiting = [pid for pid in children.get(os.getpid(), ()) if pid not in known]
    while waiting:
        pid = waiting.pop()
        found.add(pid)
        waiting.extend(children.get(pid, ()))
    return found


def end_strangers(known: Collection[int], *, within_s: float = 2.0) -> int:
    """Kill and reap all ``strangers``; return how many there were in the first look."""
    first = strangers(known)
    deadline = time.monotonic() + within_s
    left = first
    while left and time.monotonic() < deadline:
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
        for pid in left:
            # Only what has become our own child can be reaped here; the rest comes to us next.
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        left = strangers(known)
    return len(first)


def _children_by_parent() -> dict[int, list[int]]:
    """Read the parent of every process from /proc; empty where there is no /proc."""
    children: dict[int, list[int]] = {}
    if not _PROC.is_dir():
        return children
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        # A process may end between the listing and the reading.
        with contextlib.suppress(OSError, IndexError, ValueError):
            # "pid (name) state parent …": the name may hold spaces and brackets.
            after_name = (entry / "stat").read_text(errors="replace").rpartition(")")[2]
            children.setdefault(int(after_name.split()[1]), []).append(int(entry.name))
    return children
