"""Forks a child of ``apps.engine.child`` for each call, and reads libraries once for all of them.

Importing pandas and scikit-learn takes a second or two of processor time; a fork takes
milliseconds. So the module of a call is imported here, before the fork, and stays for later calls.
No call's data is ever read here: no child can see what another one had.

Run as ``python -m apps.engine.nursery`` with a SOCK_SEQPACKET socket as standard input. A message
orders one child: JSON ``{"module", "folder", "memory_bytes", "file_bytes", "cpu_s"}`` and three
descriptors: what the child reads, what it writes to, and its life line, one end of a stream socket.
The nursery writes the child's process id on the life line, and its exit code when it has ended
(minus the signal's number when one ended it). Whoever closes or shuts down the other end ends the
child and its group; as a caller's death does that too, no child outlives its caller. The nursery
ends with the last holder of its socket.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import select
import signal
import socket
import sys
import tempfile
import warnings
from typing import Any

from apps.engine import child
from apps.engine.priority import go_last

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
_MOST_BYTES = 4096  # of a message
NICENESS = 10


class _Nursery:
    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.pid = os.getpid()
        self.life_lines: dict[int, socket.socket] = {}  # by process id of the child
        # A signal wakes the poll below through this pair.
        self.woken, self.waker = socket.socketpair()
        self.woken.setblocking(False)
        self.waker.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.waker.fileno(), warn_on_full_buffer=False)

    def run(self) -> None:
        """Serve until nobody holds the other end of the control socket."""
        while True:
            poll = select.poll()
            for each in (self.control, self.woken, *self.life_lines.values()):
                poll.register(each, select.POLLIN)
            ready = {descriptor for descriptor, _ in poll.poll()}
            if self.woken.fileno() in ready:
                self._drain()
            for pid, line in list(self.life_lines.items()):
                if line.fileno() in ready:  # nothing is ever said there: it was closed
                    self._end(pid)
            self._take_leave()
            if self.control.fileno() in ready and not self._answer():
                break
        for pid in list(self.life_lines):
            self._end(pid)

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self.woken.recv(4096):
                pass

    def _answer(self) -> bool:
        """Fork the child that a message orders. False when there will be no more messages."""
        message, descriptors, _, _ = socket.recv_fds(self.control, _MOST_BYTES, 3)
        if not message:
            return False
        reads, writes, line = descriptors
        order = json.loads(message)
        _read_libraries(order["module"])
        pid = os.fork()
        if pid == 0:
            self._become(order, reads=reads, writes=writes, line=line)
        os.close(reads)
        os.close(writes)
        self.life_lines[pid] = socket.socket(fileno=line)
        self._tell(pid, pid)
        return True

    def _become(self, order: dict[str, Any], *, reads: int, writes: int, line: int) -> None:
        """In the child: become what a fresh process would be, answer, and never come back."""
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != self.pid:
                os._exit(1)  # the nursery died before it could be heard
            for number, descriptor in enumerate((reads, writes, writes)):
                os.dup2(descriptor, number)
            for descriptor in {reads, writes, line}:
                os.close(descriptor)
            for sock in (self.woken, self.waker, *self.life_lines.values()):
                sock.close()
            self.control.detach()  # its number is the child's standard input now
            os.environ.update(HOME=order["folder"], TMPDIR=order["folder"])
            tempfile.tempdir = None
            _limit(order)
            child.main()
        except BaseException:  # noqa: BLE001  # it must not run on as a second nursery
            sys.excepthook(*sys.exc_info())
            os._exit(1)

    def _end(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):  # killed before it made its group
            os.kill(pid, signal.SIGKILL)
        self._take_leave(pid)

    def _take_leave(self, of: int | None = None) -> None:
        """Tell how children ended, after their groups are gone. Wait for the one that is named."""
        for pid in [of] if of else list(self.life_lines):
            patience = 0 if of else os.WNOHANG
            # While it is not reaped its number is its own, so nobody else's group is killed.
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | patience) is None:
                continue
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            self._tell(pid, code)
            self.life_lines.pop(pid).close()

    def _tell(self, pid: int, number: int) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.life_lines[pid].sendall(f"{number}\n".encode())


def _read_libraries(module: str) -> None:
    """Import what the call will need. Nothing here may start a thread: a fork keeps one."""
    if module.startswith("apps.engine.") and module not in sys.modules:
        with contextlib.suppress(ImportError):  # the child will say so
            importlib.import_module(module)
            _read_late()
        gc.freeze()  # pages that no collector writes to stay shared


def _read_late() -> None:
    """Have read what libraries read at their first use: a tenth of a short trial."""
    if "pandas" in sys.modules:
        importlib.import_module("pyarrow.dataset")  # by pandas, for a Parquet file
    if "sklearn" in sys.modules:
        check_array = importlib.import_module("sklearn.utils.validation").check_array
        for table in (importlib.import_module("pandas").DataFrame({"x": [0.0]}), [[0.0]]):
            check_array(table)  # asks all installed packages whether they know this kind of table


def _limit(order: dict[str, Any]) -> None:
    """Set the limits; ``memory_bytes`` counts from what the libraries have mapped already."""
    with open("/proc/self/statm") as file:
        mapped_bytes = int(file.read().split()[0]) * resource.getpagesize()
    memory_bytes, cpu_s = mapped_bytes + order["memory_bytes"], order["cpu_s"]
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (order["file_bytes"], order["file_bytes"]))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 10))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    go_last(NICENESS)


def main() -> None:
    """Fork on demand."""
    # The caller's Ctrl-C is not ours: children end by their life lines.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Allocators keep a thread of their own and renew it after a fork.
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    _Nursery(socket.socket(fileno=0)).run()


if __name__ == "__main__":
    main()
