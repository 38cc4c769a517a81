"""A job function that only takes time, memory or its own life: to prove that workers cope."""

import os
import signal
import time
from typing import Any

from apps.engine.errors import BadParameter
from apps.engine.types import Report


def rehearse(
    *, does: str, report: Report, seconds: float = 1.0, megabytes: int = 0, marker: str = ""
) -> dict[str, Any]:
    """Do one thing for ``seconds``, telling progress ten times a second.

    Parameters
    ----------
    does : "work" | "die" | "eat" | "refuse" | "hang"
        Work and return; kill itself; allocate ``megabytes``; raise BadParameter; ignore SIGTERM
        and never return.
    marker : str
        Path of a file that gets one line for each time this runs; empty for none.
    """
    if marker:
        with open(marker, "a") as file:
            file.write(f"{os.getpid()}\n")
    if does == "hang":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        seconds = 86_400.0
    ticks = max(1, int(seconds * 10))
    eaten = []
    for tick in range(ticks):
        report(tick, ticks, f"Rehearsing, {tick / 10:.1f} s")
        if does == "eat":
            eaten.append(bytearray(megabytes * 1024**2 // ticks))
        time.sleep(0.1)
    if does == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if does == "refuse":
        raise BadParameter("The rehearsal was asked to refuse, and did.")
    return {"seconds": seconds}
