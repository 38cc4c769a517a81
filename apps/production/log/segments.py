"""The log of calls as it is first written: lines in files, one file for each web process.

A line is in the file before its answer is sent, by one write. It is then in the kernel's hands: it
survives the end of the process however it comes; a power cut only with CALL_LOG_FSYNC on, or once
the line was taken up into the database (``taking``), seconds later.

The process holds a lock on its file as long as it writes to it. A file without a lock is complete.
"""

import fcntl
import os
import secrets
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings

ENDING = ".log"
MOST_BYTES = 64 * 1024**2
OLDEST_S = 60.0
READ_BYTES = 4 * 1024**2


class Writer:
    """Appends to the segment of this process; starts the next one when it is large or old."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file = -1
        self._owner = 0
        self._size = 0
        self._until = 0.0
        self._folder = Path()

    def append(self, record: bytes) -> None:
        """Write a record (one line of JSON) behind its checksum. Raises OSError; then it is not in.

        What a full disk left of a line is cut off again.
        """
        line = b"%08x %s\n" % (zlib.crc32(record), record)
        with self._lock:
            self._ready()
            written = 0
            try:
                written = os.write(self._file, line)
                if written < len(line):
                    raise OSError("The disk took only a part of the line.")
                if settings.CALL_LOG_FSYNC:
                    os.fdatasync(self._file)
            except OSError:
                self._drop(written)
                raise
            self._size += len(line)

    def close(self) -> None:
        """Give the segment up; the next line starts another one."""
        with self._lock:
            self._close()

    def _ready(self) -> None:
        is_mine = self._owner == os.getpid() and self._folder == settings.CALL_LOG
        if is_mine and self._size < MOST_BYTES and time.monotonic() < self._until:
            return
        self._close()
        self._folder = settings.CALL_LOG
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(4)}"
        made = self._folder / f"{name}.new"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._file = os.open(made, flags, 0o600)
        self._owner, self._size = os.getpid(), 0
        self._until = time.monotonic() + OLDEST_S
        fcntl.flock(self._file, fcntl.LOCK_EX)  # before it has the name that readers look for
        made.rename(made.with_suffix(ENDING))

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file, self._until = -1, 0.0

    def _drop(self, written: int) -> None:
        with suppress(OSError):
            os.ftruncate(self._file, os.fstat(self._file).st_size - written)
        self._close()


WRITER = Writer()


def segments() -> list[Path]:
    """All segments, the oldest first."""
    return sorted(settings.CALL_LOG.glob(f"*{ENDING}"))


def is_complete(path: Path) -> bool:
    """Whether no process writes to it any more. Raises FileNotFoundError when it is gone."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def lines_from(path: Path, start: int) -> Iterator[list[bytes]]:
    """Whole lines from a position on, some megabytes at a time; a torn last one stays away."""
    with path.open("rb") as file:
        file.seek(start)
        while lines := file.readlines(READ_BYTES):
            if not lines[-1].endswith(b"\n"):
                lines.pop()
            if not lines:
                return
            yield lines


def record_of(line: bytes) -> bytes | None:
    """The record of a line, or None when its checksum says that it is damaged."""
    told, _, record = line.rstrip(b"\n").partition(b" ")
    return record if told == b"%08x" % zlib.crc32(record) else None
