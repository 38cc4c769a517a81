"""The caller's side of the nursery: start it, ask it for a child, hold the child's life line."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading

from django.conf import settings

_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "PYTHONPATH")
GRACE_S = 3.0

_starting = threading.Lock()
_control: socket.socket | None = None
_process: subprocess.Popen[bytes] | None = None  # of the one who started it


def environment() -> dict[str, str]:
    """No secrets, no database address; one thread per numerical library."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    nowhere = dict.fromkeys(("HOME", "TMPDIR"), tempfile.gettempdir())
    return {**kept, **threads, **nowhere, "PYTHONUNBUFFERED": "1"}


def start() -> socket.socket:
    """Start the nursery and return the socket on which it takes orders.

    Processes that this one forks share it: a worker starts it before its pool.
    """
    global _control, _process
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        _process = subprocess.Popen(
            [sys.executable, "-m", "apps.engine.nursery"],
            stdin=its,
            stdout=subprocess.DEVNULL,
            cwd=settings.ROOT,
            env=environment(),
            start_new_session=True,
        )
    _control = ours
    return ours


def _send(order: bytes, descriptors: list[int]) -> None:
    with _starting:
        control = _control or start()
        try:
            socket.send_fds(control, [order], descriptors)
        except (BrokenPipeError, ConnectionResetError):  # it was killed; the next one is as good
            control.close()
            socket.send_fds(start(), [order], descriptors)


class Fork:
    """A child that the nursery forked; ``output`` is the descriptor of what it says."""

    def __init__(self, module: str, folder: str) -> None:
        order = {
            "module": module,
            "folder": folder,
            "memory_bytes": settings.CHILD_MEMORY_BYTES,
            "file_bytes": settings.CHILD_FILE_BYTES,
            "cpu_s": settings.CHILD_WALL_S * (os.cpu_count() or 1),
        }
        reads, self._input = os.pipe()
        self.output, writes = os.pipe()
        self._line, its = socket.socketpair()
        self._line.settimeout(GRACE_S)
        try:
            _send(json.dumps(order).encode(), [reads, writes, its.fileno()])
        finally:
            os.close(reads)
            os.close(writes)
            its.close()

    def tell(self, request: str) -> None:
        """Give the child the line that it waits for."""
        # When it died at once nobody reads; what it said last tells why.
        with contextlib.suppress(BrokenPipeError), open(self._input, "w") as file:
            file.write(request + "\n")

    @property
    def pid(self) -> int | None:
        """The child's process id, once the nursery has told it."""
        try:
            told = self._line.recv(64, socket.MSG_PEEK | socket.MSG_DONTWAIT).split()
        except OSError:
            return None
        return int(told[0]) if told else None

    def exit_code(self) -> int | None:
        """Wait for the end of the child; minus a signal's number when one ended it.

        None: it never was. A nursery that is being killed takes an order that nobody reads.
        """
        told = b""
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            while piece := self._line.recv(64):
                told += piece
        pid, *code = told.split() or [b""]
        if not pid:
            return None
        # Where nobody told the code, the nursery was killed and the child died with it.
        return int(code[0]) if code else -signal.SIGKILL

    def kill(self) -> None:
        """End the whole process group, whatever it does, and wait until it is gone."""
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_WR)
        self.exit_code()
        self._line.close()
        os.close(self.output)
