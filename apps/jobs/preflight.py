"""What must hold before `manage.py up` starts anything. Each failure is one sentence."""

import fcntl
import json
import os
import socket
import sys
import time
from pathlib import Path
from typing import IO

OLDEST_PYTHON = (3, 12)
LEFTOVERS_END_WITHIN_S = 6.0


class CannotStart(Exception):
    """Something is missing or in the way; the message says what to do."""


def check_python() -> None:
    """Raise CannotStart when this interpreter is too old."""
    if sys.version_info[:2] < OLDEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        wanted = ".".join(map(str, OLDEST_PYTHON))
        raise CannotStart(f"This is Python {found}; ML Cycle needs {wanted} or newer.")


def check_folder(folder: Path) -> None:
    """Make the folder for everything that is written; raise CannotStart when that is refused."""
    probe = folder / f".probe-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe.write_bytes(b"x")
        probe.unlink(missing_ok=True)  # two threads of a process may ask at once
    except OSError as error:
        raise CannotStart(
            f"Cannot write in {folder} ({error.strerror}): "
            "give this user write access to it, or set MLCYCLE_VAR to another folder."
        ) from error


def check_port(host: str, *, port: int, setting: str) -> None:
    """Raise CannotStart when the address cannot be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotStart(
                f"Port {port} on {host} cannot be used ({error.strerror}): "
                f"end the program that has it, or choose another, e.g. {setting}={port + 10}."
            ) from error


def take_lock(folder: Path, *, address: str) -> int:
    """Lock the folder for this process and what it becomes; return the lock's descriptor.

    The keepers hold the same lock until their last process is gone, so that a new start never
    meets leftovers of one that was killed. Raises CannotStart when another one runs.
    """
    # Open for the life of the process: the lock ends with the last descriptor.
    file = (folder / "up.lock").open("a+")
    deadline = time.monotonic() + LEFTOVERS_END_WITHIN_S
    while not _locked(file):
        owner = _owner(file)
        if owner and _is_alive(owner["pid"]):
            raise CannotStart(
                f"ML Cycle already runs here: process {owner['pid']}, {owner['address']}. "
                "Use that one, or end it with Ctrl-C; "
                "for a second one set MLCYCLE_VAR and MLCYCLE_PORT."
            )
        if time.monotonic() > deadline:
            raise CannotStart(
                f"Processes of an earlier start still use {folder}: "
                "end them, or set MLCYCLE_VAR to another folder."
            )
        time.sleep(0.1)
    file.truncate(0)
    file.write(json.dumps({"pid": os.getpid(), "address": address}))
    file.flush()
    descriptor = os.dup(file.fileno())
    os.set_inheritable(descriptor, True)
    file.close()
    return descriptor


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(file: IO[str]) -> dict | None:
    """Return who wrote the lock file; None while it is being written."""
    file.seek(0)
    try:
        return json.loads(file.read())
    except ValueError:
        return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
