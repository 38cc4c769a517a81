"""Predictions alone, on a port of their own: ``python -m mlcycle_site.scoring``.

Pages compute, read files and wait for the database; a prediction does none of it once its process
is warm. So it has a process to itself, in which one thread answers each call where its bytes
arrive. No thread is woken for it and none takes Python's lock away from it. What does have to
wait (a token never seen, a model not loaded, many rows) goes to threads, which answer as the web
does (docs/decisions/0054-predictions-have-a-process-of-their-own.md).
"""

import argparse
import asyncio
import gc
import io
import json
import os
import signal
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlcycle_site.settings.production")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # as in wsgi.py
django.setup()

# ruff: noqa: E402  (models exist once Django is set up)
from django.conf import settings
from django.db import close_old_connections

from apps.jobs import health
from apps.jobs.pulse import keep_beating
from apps.production.endpoint import predicting
from apps.production.endpoint.at_hand import is_at_hand
from apps.production.endpoint.replies import Reply, refused
from apps.production.endpoint.serving import KNOWN
from apps.production.refusals import ApiRefusal
from mlcycle_site.connections import Connection, Doors, Request, Work, loop
from mlcycle_site.hot import always, is_safe, predict_address

HEALTH, READY = b"/healthz", b"/readyz"
CLOSE_WITHIN_S = 2.0
SWITCH_S = 0.001
"""Threads that answer many rows let go of Python's lock so soon when a single row comes in."""
READ = {
    b"authorization": "HTTP_AUTHORIZATION",
    b"content-encoding": "HTTP_CONTENT_ENCODING",
    b"content-length": "CONTENT_LENGTH",
    b"content-type": "CONTENT_TYPE",
    b"expect": "HTTP_EXPECT",
}


class Scoring:
    """Which requests are answered, and by whom."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._match = predict_address()
        self._elsewhere = _elsewhere()
        self._beside: dict[bytes, Reply | Work] = {
            HEALTH: Reply(200, health.SCORING_LIVES),
            READY: _ready,
        }

    def doors(self) -> Doors:
        """What connections ask."""
        read = dict(READ)
        if settings.SECURE_PROXY_SSL_HEADER:
            name = settings.SECURE_PROXY_SSL_HEADER[0]
            read[name.removeprefix("HTTP_").replace("_", "-").lower().encode()] = name
        return Doors(
            at_once=self.at_once,
            later=self.later,
            headers=read,
            most_body_bytes=settings.PREDICT_BYTES,
            always=always(),
        )

    def at_once(self, request: Request) -> Reply | Work:
        """The reply to what needs nothing but memory; else what a thread has to do for it."""
        path = request.target.partition(b"?")[0]
        found = self._match(path.decode("latin-1"))
        if found is None:
            return self._beside.get(path, self._elsewhere)
        headers = request.headers
        if not is_safe(headers):
            return refused(ApiRefusal(403, "plain", "Send calls by https: a token is a secret."))
        if not is_at_hand(headers.get("HTTP_AUTHORIZATION", ""), request.body):
            return partial(_answered, _environ(request), found[1])
        return predicting.reply_to(_environ(request), slug=found[1])

    def later(self, work: Work) -> "asyncio.Future[Reply]":
        """What the work replies, by a thread."""
        return asyncio.get_running_loop().run_in_executor(self._pool, work)


def _answered(environ: Mapping[str, Any], slug: str) -> Reply:
    close_old_connections()  # as Django does around each of its requests
    reply = predicting.reply_to(environ, slug=slug)
    close_old_connections()
    return reply


def _ready() -> Reply:
    """Whether a call could be answered: 503 when not. Workers and broker are not needed for it."""
    close_old_connections()
    works = health.works(health.TO_SCORE)
    close_old_connections()
    return Reply(200 if all(works.values()) else 503, json.dumps(works).encode())


def _environ(request: Request) -> dict[str, Any]:
    """As WSGI gives it."""
    told = {**request.headers, "REQUEST_METHOD": request.method}
    if request.is_whole:
        told["CONTENT_LENGTH"] = str(len(request.body))
    return {**told, "wsgi.input": io.BytesIO(request.body)}


def _elsewhere() -> Reply:
    says = f"Predictions alone are answered here. Everything else is at {settings.SITE_URL}."
    return refused(ApiRefusal(404, "not_here", says))


async def serve(**where: Any) -> None:
    """Answer until SIGTERM or SIGINT; ``where`` as ``loop.create_server`` takes it."""
    # What is at hand has a second left when it is looked at. Should the process have slept longer
    # than that in between, one question is asked by the thread that has all connections.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    here, over = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        here.add_signal_handler(number, over.set)
    with ThreadPoolExecutor(settings.WEB_THREADS, thread_name_prefix="scoring") as pool:
        doors = Scoring(pool).doors()
        server = await here.create_server(lambda: Connection(doors), backlog=1024, **where)
        while not over.is_set():
            doors.look_round(here.time())
            try:
                await asyncio.wait_for(over.wait(), timeout=1.0)
            except TimeoutError:
                continue
        server.close()
        await doors.close(within_s=CLOSE_WITHIN_S)


def options() -> argparse.ArgumentParser:
    """Where to listen."""
    parser = argparse.ArgumentParser(prog="python -m mlcycle_site.scoring", description=__doc__)
    parser.add_argument("--host", default=settings.HOST, help="MLCYCLE_HOST")
    parser.add_argument(
        "--port", type=int, default=settings.SCORING_PORT, help="MLCYCLE_SCORING_PORT"
    )
    return parser


def main() -> int:
    """Serve. 2 when the port cannot be had."""
    where = options().parse_args()
    sys.setswitchinterval(SWITCH_S)
    keep_beating("scoring", more=KNOWN.models.told)
    gc.collect()
    gc.freeze()  # what is imported stays; the collector need not look at it again
    try:
        asyncio.run(serve(host=where.host, port=where.port), loop_factory=loop)
    except OSError as problem:
        sys.stderr.write(f"Predictions cannot be served at port {where.port}: {problem}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
