"""A process to be killed: ``python -m tests.served web FOLDER``, ``… live …``, ``… taker …``.

``web-scoring`` and ``live-scoring`` are the same as the scoring process serves it.

It works on the test database and on the log of calls in FOLDER.

It imports everything once and forks a child for the work; when the child was killed, the next one
follows at once. Each child writes its process id as a line.
"""

import asyncio
import os
import signal
import socketserver
import sys
import time
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import django

django.setup()

# ruff: noqa: E402, T201  (models exist once Django is set up; lines are how it tells)
from django.conf import settings
from django.db import connections

from apps.production.endpoint import serving, standing
from apps.production.endpoint.standing import Standing
from apps.production.log import taking
from apps.production.models import Release, Segment
from mlcycle_site import scoring
from mlcycle_site.connections import loop
from mlcycle_site.hot import PredictFirst


class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *told: object) -> None:
        pass


def live() -> None:
    """Serve what signatures and switches say, as if each candidate's test were opened."""
    standing.candidate_subject = lambda candidate: "model"


def web() -> None:
    """Serve the newest release, whatever its gates say."""
    serving.answering = lambda deployment: Standing(
        Release.objects.select_related("candidate").filter(deployment=deployment).last()
    )


def by_wsgi() -> None:
    server.set_app(PredictFirst(lambda environ, start: [b""]))
    server.serve_forever()


def by_scoring() -> None:
    asyncio.run(scoring.serve(sock=server.socket), loop_factory=loop)


def taker() -> None:
    """Take up, and stop in the middle: rows are inserted, the transaction is open."""

    def stop(self: Segment, **how: object) -> None:
        print("middle", flush=True)
        time.sleep(600)

    Segment.save = stop
    taking.take_up()


if __name__ == "__main__":
    what, _, how = sys.argv[1].partition("-")
    work = {"web": web, "live": live, "taker": taker}[what]
    serve = by_scoring if how else by_wsgi
    settings.CALL_LOG = Path(sys.argv[2])
    server = Server(("127.0.0.1", 0), Quiet)
    print(server.server_port, flush=True)
    while True:
        connections.close_all()
        child = os.fork()
        if not child:
            print(os.getpid(), flush=True)
            work()
            serve()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WTERMSIG(status) != signal.SIGKILL:
            sys.exit(1)
