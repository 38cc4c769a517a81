"""What each long-lived process tells of itself in the broker, every few seconds until it ends.

A process that ends by itself says so. A line that has grown old without that is of one that died:
whoever finds it, moves it to those that ended, of which the newest MOST_ENDED are kept. So no beat
asks the database, and none stands in the way of a request
(docs/decisions/0047-a-process-that-falls-silent-has-died.md).
"""

import atexit
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

LIVE = "mlcycle:processes"
ENDED = "mlcycle:processes:ended"
BEAT_S = 10
ALIVE_S = 30
MOST_ENDED = 200
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Run:
    """One process from its start on, as it last told. Moments are Unix times, in s."""

    key: str
    kind: str  # web, worker …, pool process, scheduler
    host: str
    pid: int
    started: float
    at: float
    rss_bytes: int = 0
    queues: tuple[str, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)  # what its room adds; JSON
    died: bool = False  # of one that ended: it did not say so before

    @property
    def name(self) -> str:
        """Host and process id."""
        return f"{self.host}:{self.pid}"


@dataclass(frozen=True)
class Heard:
    """What the broker has: processes that live, those that ended, messages in each queue."""

    live: tuple[Run, ...]
    ended: tuple[Run, ...]
    messages: dict[str, int]


def broker() -> "redis.Redis[Any]":
    """Return a client of the broker with short timeouts, which asks once."""
    url = settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://")
    return redis.Redis.from_url(
        url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0)
    )


def heard(queues: Iterable[str] = ()) -> Heard | None:
    """What is known of all processes, and how long these queues are; None without a broker.

    O(processes + MOST_ENDED), one round trip, and one more for those that fell silent.
    """
    names = list(queues)
    try:
        with broker() as client:
            pipe = client.pipeline(transaction=False)
            pipe.hvals(LIVE)
            pipe.hvals(ENDED)
            for name in names:
                pipe.llen(name)
            live, ended, *lengths = pipe.execute()
            runs, silent = _told_apart([_run(line) for line in live])
            moved = [run for run in silent if _has_ended(client, replace(run, died=True))]
    except redis.RedisError:
        return None
    dead = [*(_run(line) for line in ended), *(replace(run, died=True) for run in moved)]
    return Heard(
        live=tuple(sorted(runs, key=lambda run: (run.kind, run.started))),
        ended=tuple(sorted(dead, key=lambda run: run.at)),
        messages=dict(zip(names, lengths, strict=True)),
    )


def listening() -> dict[str, list[str]] | None:
    """Names of live workers per queue; None when the broker does not answer."""
    known = heard()
    if known is None:
        return None
    found: dict[str, list[str]] = {}
    for run in known.live:
        for queue in run.queues:
            found.setdefault(queue, []).append(run.name)
    return found


def keep_beating(
    kind: str, *, queues: Iterable[str] = (), more: Callable[[], dict[str, Any]] | None = None
) -> "Pulse":
    """Tell of this process every BEAT_S from a thread, and that it ends when it does."""
    pulse = Pulse(kind, queues=tuple(queues), more=more)
    threading.Thread(target=pulse.keep, daemon=True, name="pulse").start()
    atexit.register(pulse.end)
    return pulse


class Pulse:
    """The beats of this process."""

    def __init__(
        self,
        kind: str,
        *,
        queues: tuple[str, ...] = (),
        more: Callable[[], dict[str, Any]] | None = None,
    ) -> None:
        self._first = Run(
            secrets.token_hex(8), kind, socket.gethostname(), os.getpid(), time.time(), 0.0
        )
        self._queues, self._more = queues, more
        self._over = threading.Event()
        self._telling = threading.Lock()  # no beat comes after the goodbye

    def keep(self) -> None:
        """Beat until the process ends."""
        while True:
            # The broker may be away; Celery reconnects and so do we.
            with suppress(redis.RedisError):
                self.beat()
            if self._over.wait(BEAT_S):
                return

    def beat(self) -> None:
        """Tell of this process now. Raises RedisError."""
        with self._telling, broker() as client:
            if self._over.is_set():
                return
            line = json.dumps(asdict(self._now()))
            pipe = client.pipeline()
            pipe.hset(LIVE, self._first.key, line)
            pipe.hdel(ENDED, self._first.key)  # it was silent for long and taken for dead
            pipe.execute()
        heard()  # who fell silent is found while somebody lives, not only when a page is asked

    def end(self, *, is_usual: bool = False) -> None:
        """Say that this process ends by itself; of a usual end nothing is kept."""
        if self._first.pid != os.getpid():
            return  # a fork of it
        self._over.set()
        with suppress(redis.RedisError), self._telling, broker() as client:
            if is_usual:
                client.hdel(LIVE, self._first.key)
            else:
                _has_ended(client, self._now())

    def _now(self) -> Run:
        more = self._more() if self._more else {}
        return replace(
            self._first, at=time.time(), rss_bytes=rss_bytes(), queues=self._queues, more=more
        )


def rss_bytes() -> int:
    """Memory of this process that is in RAM; 0 where there is no /proc."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES
    except OSError:
        return 0


def _run(line: bytes) -> Run:
    told = json.loads(line)
    return Run(**{**told, "queues": tuple(told["queues"])})


def _told_apart(runs: Iterable[Run]) -> tuple[list[Run], list[Run]]:
    """Those that live, and those that have been silent for too long."""
    live: list[Run] = []
    silent: list[Run] = []
    for run in runs:
        (live if time.time() - run.at < ALIVE_S else silent).append(run)
    return live, silent


def _has_ended(client: "redis.Redis[Any]", run: Run) -> bool:
    """Move a process to those that ended; False where somebody else has just done so."""
    if not client.hdel(LIVE, run.key):
        return False
    client.hset(ENDED, run.key, json.dumps(asdict(run)))
    if client.hlen(ENDED) > MOST_ENDED:
        kept = sorted((_run(line) for line in client.hvals(ENDED)), key=lambda one: one.at)
        client.hdel(ENDED, *[one.key for one in kept[:-MOST_ENDED]])
    return True
