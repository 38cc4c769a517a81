"""The worker's side of a child process: one call, its progress, and why it ended."""

import contextlib
import json
import os
import re
import selectors
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.engine import errors
from apps.engine.errors import EngineError, NotEnoughData, OutOfTime
from apps.engine.types import Report
from apps.jobs.nursery import Fork
from apps.projects import keys


class OutOfMemory(EngineError):
    """The child needed more memory than it may have."""


class Child:
    """One call of an engine function in a process of its own."""

    def __init__(self, call: str, arguments: dict[str, Any], wall_s: float | None = None) -> None:
        """``wall_s``: seconds a person gave, where they are fewer than any step may take."""
        self.wall_s = wall_s
        self._fork: Fork | None = None
        self._most_bytes = 0
        request: dict[str, Any] = {"call": call, "arguments": arguments}
        if any(step.get("step") == "pseudonymise" for step in arguments.get("steps", ())):
            request["pseudonym_key"] = keys.for_pseudonyms().hex()  # no other child is told it
        self.request = json.dumps(request)
        self.module = call.partition(":")[0]

    @property
    def memory_bytes(self) -> int:
        """Most memory it has held at once, with that of its libraries; 0 where nobody told yet.

        Of a child that has just ended nothing is told any more: what was told last stays.
        """
        pid = self._fork.pid if self._fork else None
        with contextlib.suppress(OSError):
            told = Path(f"/proc/{pid}/status").read_text() if pid else ""
            if peak := re.search(r"^VmHWM:\s+(\d+) kB", told, re.MULTILINE):
                self._most_bytes = max(self._most_bytes, 1024 * int(peak[1]))
        return self._most_bytes

    def run(
        self, *, report: Report, log: Callable[[str], None], check: Callable[[], None]
    ) -> dict[str, Any]:
        """Run to the end. ``check`` is asked four times a second and may raise to stop it."""
        for _ in range(2):  # an order that a killed nursery took with it is given to the next one
            with tempfile.TemporaryDirectory(prefix="mlcycle-child-") as folder:
                fork = self._fork = Fork(self.module, folder)
                try:
                    fork.tell(self.request)
                    told = self._listen(fork, report=report, log=log, check=check)
                finally:
                    self._fork = None
                    fork.kill()
            if told is not None:
                return told
        raise _death(-signal.SIGKILL, "")

    def _listen(
        self,
        fork: Fork,
        *,
        report: Report,
        log: Callable[[str], None],
        check: Callable[[], None],
    ) -> dict[str, Any] | None:
        """What the child tells; None when it never began."""
        last_words = ""
        for line in _lines(fork.output, check=check, over=self._over()):
            kind, _, body = line.partition(" ")
            if kind == "@progress":
                report(*json.loads(body))
            elif kind == "@result":
                result: dict[str, Any] = json.loads(body)
                return result
            elif kind == "@error":
                raise _error_from(json.loads(body))
            else:
                last_words = line or last_words
                log(line[:500])
        code = fork.exit_code()
        if code is None:
            return None
        raise _death(code, last_words)

    def _over(self) -> Callable[[], None]:
        """Raises when the time is over: that of any step, or that a person gave."""
        began = time.monotonic()

        def check() -> None:
            spent_s = time.monotonic() - began
            if self.wall_s is not None and spent_s > self.wall_s:
                raise OutOfTime("The time that was given to it is over.")
            if spent_s > settings.CHILD_WALL_S:
                raise EngineError(
                    f"Stopped after {settings.CHILD_WALL_S // 60} minutes, the longest a single "
                    "step may take. Use fewer rows or ask an administrator for a longer limit."
                )

        return check


def _lines(descriptor: int, *, check: Callable[[], None], over: Callable[[], None]) -> Any:
    """Yield whole lines as they come; ask ``check`` in between."""
    os.set_blocking(descriptor, False)
    waiting = b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            check()
            over()
            if not selector.select(timeout=0.25):
                continue
            piece = os.read(descriptor, 65536)
            if not piece:
                break
            *whole, waiting = (waiting + piece).split(b"\n")
            for line in whole:
                yield line.decode(errors="replace")


def _error_from(told: dict[str, str]) -> EngineError:
    kind = getattr(errors, told["kind"], EngineError)
    if told["kind"] == "MemoryError":
        return _out_of_memory()
    return kind(told["says"])


def _out_of_memory() -> OutOfMemory:
    megabytes = settings.CHILD_MEMORY_BYTES // 1024**2
    return OutOfMemory(
        f"This step needs more than the {megabytes:,} MB of memory it may use. Use fewer rows or "
        "columns, or ask an administrator for a higher limit."
    )


def _death(code: int, last_words: str) -> EngineError:
    """Say in words why a child ended without an answer."""
    # OpenBLAS raises nothing when it gets no memory: it prints a line and ends the process.
    is_blas = "Memory allocation still failed" in last_words
    if is_blas or code in (-signal.SIGKILL, -signal.SIGABRT, -signal.SIGSEGV):
        return _out_of_memory()
    if code == -signal.SIGXCPU:
        return NotEnoughData("This step used all the processor time it may have. Use fewer rows.")
    return EngineError(f"The process that did this step ended without an answer (code {code}).")
