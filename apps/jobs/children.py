"""The worker's side of a child process: limits, a clean environment, its own process group."""

import contextlib
import ctypes
import json
import os
import re
import resource
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from apps.engine import errors
from apps.engine.errors import EngineError, NotEnoughData, OutOfTime
from apps.engine.types import Report
from apps.projects import keys

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "PYTHONPATH")
GRACE_S = 3.0


class OutOfMemory(EngineError):
    """The child needed more memory than it may have."""


def _limits() -> None:
    """Run in the child between fork and exec: die with the worker, stay inside the limits."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    memory, file, wall = (
        settings.CHILD_MEMORY_BYTES,
        settings.CHILD_FILE_BYTES,
        settings.CHILD_WALL_S,
    )
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file, file))
    cpu_s = wall * (os.cpu_count() or 1)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 10))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(10)


def _environment(folder: str) -> dict[str, str]:
    """No secrets, no database address; one thread per numerical library."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**kept, **threads, "HOME": folder, "TMPDIR": folder, "PYTHONUNBUFFERED": "1"}


class Child:
    """One call of an engine function in a process of its own."""

    def __init__(self, call: str, arguments: dict[str, Any], wall_s: float | None = None) -> None:
        """``wall_s``: seconds a person gave, where they are fewer than any step may take."""
        self.wall_s = wall_s
        request: dict[str, Any] = {"call": call, "arguments": arguments}
        if any(step.get("step") == "pseudonymise" for step in arguments.get("steps", ())):
            request["pseudonym_key"] = keys.for_pseudonyms().hex()  # no other child is told it
        self.request = json.dumps(request)
        self.process: subprocess.Popen[str] | None = None

    @property
    def memory_bytes(self) -> int:
        """Most memory it has held at once; 0 where the system does not tell."""
        if self.process is None:
            return 0
        try:
            told = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return 0
        peak = re.search(r"^VmHWM:\s+(\d+) kB", told, re.MULTILINE)
        return 1024 * int(peak[1]) if peak else 0

    def run(
        self, *, report: Report, log: Callable[[str], None], check: Callable[[], None]
    ) -> dict[str, Any]:
        """Run to the end. ``check`` is asked four times a second and may raise to stop it."""
        with tempfile.TemporaryDirectory(prefix="mlcycle-child-") as folder:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "apps.engine.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                cwd=settings.ROOT,
                env=_environment(folder),
                start_new_session=True,
                preexec_fn=_limits,
            )
            try:
                self._ask()
                return self._listen(report=report, log=log, check=check)
            finally:
                self.kill()

    def _ask(self) -> None:
        assert self.process is not None
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(self.request + "\n")
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # it died at once; _listen tells why

    def _listen(
        self, *, report: Report, log: Callable[[str], None], check: Callable[[], None]
    ) -> dict[str, Any]:
        assert self.process is not None
        assert self.process.stdout is not None
        last_words = ""
        for line in _lines(self.process.stdout, check=check, over=self._over()):
            kind, _, body = line.partition(" ")
            if kind == "@progress":
                report(*json.loads(body))
            elif kind == "@result":
                return json.loads(body)
            elif kind == "@error":
                raise _error_from(json.loads(body))
            else:
                last_words = line or last_words
                log(line[:500])
        raise _death(self.process.wait(timeout=GRACE_S), last_words)

    def _over(self) -> Callable[[], None]:
        """Raises when the time is over: that of any step, or that a person gave."""
        began, given_s = time.monotonic(), self.wall_s

        def check() -> None:
            spent_s = time.monotonic() - began
            if given_s is not None and spent_s > given_s:
                raise OutOfTime("The time that was given to it is over.")
            if spent_s > settings.CHILD_WALL_S:
                raise EngineError(
                    f"Stopped after {settings.CHILD_WALL_S // 60} minutes, the longest a single "
                    "step may take. Use fewer rows or ask an administrator for a longer limit."
                )

        return check

    def kill(self) -> None:
        """End the whole process group, whatever it does."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


def _lines(stream: IO[str], *, check: Callable[[], None], over: Callable[[], None]) -> Any:
    """Yield whole lines as they come; ask ``check`` in between."""
    descriptor = stream.fileno()
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
