"""Who listens on which queue: workers note it in the broker every few seconds."""

import json
import os
import socket
import threading
import time
from contextlib import suppress
from typing import Any

import redis
from django.conf import settings

KEY = "mlcycle:workers"
ALIVE_S = 30


def broker() -> "redis.Redis[Any]":
    """Return a client of the broker with short timeouts."""
    url = settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://")
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)


def note(queues: list[str]) -> None:
    """Note that this worker listens on ``queues`` now."""
    name = f"{socket.gethostname()}:{os.getpid()}"
    broker().hset(KEY, name, json.dumps({"queues": queues, "at": time.time()}))


def listening() -> dict[str, list[str]] | None:
    """Names of live workers per queue; None when the broker does not answer."""
    try:
        noted = broker().hgetall(KEY)
    except redis.RedisError:
        return None
    found: dict[str, list[str]] = {}
    for name, body in noted.items():
        told = json.loads(body)
        if time.time() - told["at"] < ALIVE_S:
            for queue in told["queues"]:
                found.setdefault(queue, []).append(name.decode())
    return found


def keep_noting(queues: list[str]) -> None:
    """Note it every ten seconds from a thread of the worker's main process."""

    def beat() -> None:
        while True:
            # The broker may be away; Celery reconnects and so do we.
            with suppress(redis.RedisError):
                note(queues)
            time.sleep(10)

    threading.Thread(target=beat, daemon=True, name="pulse").start()
