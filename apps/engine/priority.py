"""Letting other processes go first. Reads nothing but the standard library."""

import contextlib
import os
from pathlib import Path

AUTOGROUP = Path("/proc/self/autogroup")


def go_last(niceness: int) -> None:
    """Make this process and its session nicer by so much (0 to 19, as nice(1) counts).

    Where Linux weighs sessions against each other (autogroup, sched(7)), the niceness of a process
    counts among those of its session alone, so the session is told as well. In a container the
    limits of the container count instead. The kernel hears users other than root ten times a
    second, all together: whom it does not hear is nice among his own only.
    """
    os.nice(niceness)
    with contextlib.suppress(OSError):
        AUTOGROUP.write_text(str(niceness))
