"""`manage.py up`: everything that ML Cycle needs, as one supervised group of processes."""

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import get_commands
from django.core.management.base import BaseCommand

from apps.jobs import broker, preflight
from apps.jobs.health import host_to_call
from apps.jobs.management.commands.prepare import prepare
from apps.jobs.supervisor.parts import Part, Plan

EXIT_CANNOT_START = 2
HEAVY_QUEUES = "data,train"
LIGHT_QUEUES = "quick,watch"
LAST = 5
"""Niceness of a part that the others go before."""


class Command(BaseCommand):
    """Checks, migrates, collects static files, then becomes the supervisor."""

    help = "Run web, workers, scheduler and, unless REDIS_URL is set, a private broker."
    requires_system_checks = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options; each has a setting of the same name."""
        parser.add_argument("--host", default=settings.HOST, help="MLCYCLE_HOST")
        parser.add_argument("--port", type=int, default=settings.PORT, help="MLCYCLE_PORT")
        parser.add_argument(
            "--scoring-port", type=int, help="MLCYCLE_SCORING_PORT; 0: no process for predictions"
        )
        parser.add_argument(
            "--no-demo", action="store_true", help="do not fill in the demo (MLCYCLE_DEMO=0)"
        )

    def handle(
        self, *, host: str, port: int, scoring_port: int | None, no_demo: bool, **options: object
    ) -> None:
        """Replace this process by the supervisor, or end with one sentence and exit code 2."""
        if scoring_port is None:
            is_usual = port == settings.PORT or not settings.SCORING_PORT
            scoring_port = settings.SCORING_PORT if is_usual else port + 1
        here = Here(host, port, scoring_port)
        try:
            lock_fd = check_and_prepare(settings.VAR, here)
            plan = Plan(
                address=here.address,
                log_folder=str(settings.VAR / "log"),
                lock_fd=lock_fd,
                parts=parts_to_run(here, demo=not no_demo),
                notes=(*here.notes, f"Logs: {settings.VAR / 'log'}. Ctrl-C ends everything."),
            )
        except (preflight.CannotStart, broker.BrokerProblem) as problem:
            self.stderr.write(str(problem))
            sys.exit(EXIT_CANNOT_START)
        plan_file = settings.VAR / "up.json"
        plan.save(plan_file)
        self.stdout.flush()
        os.environ.update(here.environment())
        # The supervisor replaces this process: same process id and terminal, without Django.
        os.chdir(settings.ROOT)
        os.execv(  # noqa: S606
            sys.executable,
            [sys.executable, "-S", "-m", "apps.jobs.supervisor", str(plan_file)],
        )


@dataclass(frozen=True)
class Here:
    """Where it listens. ``scoring_port`` 0: the web answers predictions alone."""

    host: str
    port: int
    scoring_port: int

    @property
    def shown_host(self) -> str:
        """A host that can be called from this machine."""
        return host_to_call(self.host)

    @property
    def address(self) -> str:
        """Of the pages."""
        return f"http://{self.shown_host}:{self.port}/"

    @property
    def scoring_url(self) -> str:
        """Where predictions have a process to themselves; empty without one."""
        return f"http://{self.shown_host}:{self.scoring_port}" if self.scoring_port else ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the terminal says beside the address."""
        return (f"Programs ask for predictions at {self.scoring_url}.",) if self.scoring_url else ()

    def environment(self) -> dict[str, str]:
        """What the parts have to know of it.

        Pages show calls to the scoring process only where it can be reached as they can: on this
        machine, and not behind an address of one's own.
        """
        told = {"MLCYCLE_HOST": self.host, "MLCYCLE_PORT": str(self.port)}
        told["MLCYCLE_SCORING_PORT"] = str(self.scoring_port)
        is_local = self.host in ("127.0.0.1", "localhost", "::1")
        if is_local and not (settings.SCORING_URL or os.environ.get("MLCYCLE_URL")):
            told["MLCYCLE_SCORING_URL"] = self.scoring_url
        return told


def check_and_prepare(var: Path, here: Here) -> int:
    """Check the machine, bring database and static files up to date; return the lock.

    Raises CannotStart or BrokerProblem.
    """
    preflight.check_python()
    preflight.check_folder(var)
    lock_fd = preflight.take_lock(var, address=here.address)
    preflight.check_port(here.host, port=here.port, setting="MLCYCLE_PORT")
    if here.scoring_port:
        preflight.check_port(here.host, port=here.scoring_port, setting="MLCYCLE_SCORING_PORT")
    if settings.REDIS_URL:
        broker.ping(settings.REDIS_URL)
    else:
        broker.check_socket_path(settings.BROKER_SOCKET)
    prepare()
    return lock_fd


def parts_to_run(here: Here, *, demo: bool) -> tuple[Part, ...]:
    """Return the parts of the group, the broker first when it is a private one."""
    django = (sys.executable, str(settings.ROOT / "manage.py"))
    celery = (sys.executable, "-m", "celery", "-A", "mlcycle_site")
    worker = (*celery, "worker", "--without-gossip", "--without-mingle", "--loglevel", "info")
    web = (
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"),
        *("--host", here.host, "--port", str(here.port), "--workers", "1"),
        *("--blocking-threads", str(settings.WEB_THREADS), "--workers-kill-timeout", "2"),
        "mlcycle_site.wsgi:application",
    )
    parts = [
        Part("web", web, grace_s=2.5, ready_url=f"{here.address}healthz"),
        # Two workers: the watch over all jobs never waits behind a training.
        Part(
            "worker-heavy",
            (*worker, "-n", "heavy@%h", "-Q", HEAVY_QUEUES, "-c", str(settings.WORKERS)),
        ),
        # It takes up the log of calls, which can wait longer than a caller: the web goes first.
        Part(
            "worker-light",
            (*worker, "-n", "light@%h", "-Q", LIGHT_QUEUES, "--pool", "solo"),
            niceness=LAST,
        ),
        # The plain scheduler keeps nothing on disk: every entry is an interval.
        Part("scheduler", (*celery, "beat", "--scheduler", "celery.beat.Scheduler", "--pidfile=")),
    ]
    if here.scoring_port:
        where = ("--host", here.host, "--port", str(here.scoring_port))
        parts.insert(1, Part("scoring", (sys.executable, "-m", "mlcycle_site.scoring", *where)))
    if not settings.REDIS_URL:
        parts.insert(0, _broker_part())
    if demo and settings.DEMO and "seed_demo" in get_commands():
        parts.append(Part("demo", (*django, "seed_demo"), once=True, speaks=True))
    return tuple(parts)


def _broker_part() -> Part:
    """Return the private broker. A socket file that a killed one left is removed."""
    settings.BROKER_SOCKET.unlink(missing_ok=True)
    server = broker.find_server()
    command = broker.server_command(
        server, socket=settings.BROKER_SOCKET, folder=settings.VAR / "broker"
    )
    return Part(
        "broker",
        tuple(command),
        grace_s=1.0,
        last_to_end=True,
        ready_socket=str(settings.BROKER_SOCKET),
    )
