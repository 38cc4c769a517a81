"""Does each part work? Asked by `manage.py doctor`, and over HTTP by what watches the machine."""

import http.client
import platform
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.jobs import broker, preflight
from apps.jobs.models import Queue
from apps.jobs.pulse import heard, listening
from apps.web.declare import public

Ask = Callable[[], str]

LEAST_FREE_BYTES = 1024**3
SCORING_LIVES = b'{"ok": true}'
"""What the process for predictions answers at /healthz."""
SCORING_WITHIN_S = 2.0
PACKAGES = ("django", "celery", "pandas", "scikit-learn", "skops")


class Unwell(Exception):
    """A part does not work; the message says what to do."""


PROBLEMS = (Unwell, broker.BrokerProblem, preflight.CannotStart)


def versions() -> str:
    """Versions of Python and of the packages that results depend on."""
    preflight.check_python()
    packages = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    return f"Python {platform.python_version()}, {packages}"


def disk() -> str:
    """Can we write, and is there room?"""
    preflight.check_folder(settings.VAR)
    free = shutil.disk_usage(settings.VAR).free
    if free < LEAST_FREE_BYTES:
        raise Unwell(
            f"Only {free / 1024**2:.0f} MB are free in {settings.VAR}: "
            "make room, or set MLCYCLE_VAR to another disk."
        )
    return f"{free / 1024**3:.0f} GB free in {settings.VAR}"


def database() -> str:
    """Does it answer, and does it fit the code?"""
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except (DatabaseError, ImproperlyConfigured) as error:
        cause = str(error).strip().partition("\n")[0]
        raise Unwell(f"{cause}: start the database, or correct DATABASE_URL.") from error
    if missing:
        raise Unwell(f"{len(missing)} migrations are missing: run `manage.py prepare`.")
    found = ".".join(map(str, connection.get_database_version()))
    return f"{connection.display_name} {found}, all migrations applied"


def broker_answer() -> str:
    """Does the broker answer?"""
    return broker.ping(settings.CELERY_BROKER_URL)


def workers() -> str:
    """Does a worker listen on every queue?"""
    heard = listening() or {}
    deaf = [queue.value for queue in Queue if not heard.get(queue.value)]
    if deaf:
        raise Unwell(f"No worker listens on {', '.join(deaf)}: start one (`make up` does).")
    return f"{len({name for names in heard.values() for name in names})} listening on all queues"


def call_log() -> str:
    """Can a call be logged? Without that none is answered."""
    preflight.check_folder(settings.CALL_LOG)
    return f"calls are logged in {settings.CALL_LOG}"


def scoring() -> str:
    """Does the process for predictions answer at its address?"""
    address = settings.SCORING_INSIDE or settings.SCORING_URL or _scoring_here()
    if why := _why_silent(address):
        raise Unwell(f"{address} {why}: {_mend_scoring()}. The web answers predictions meanwhile.")
    return f"{address} answers"


def host_to_call(host: str) -> str:
    """How a host that is listened on is called from this machine, as a part of an address."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"[{host}]" if ":" in host else host


def _scoring_here() -> str:
    return f"http://{host_to_call(settings.HOST)}:{settings.SCORING_PORT}"


def _why_silent(address: str) -> str:
    """Why the process for predictions cannot be there, in words; empty: it is."""
    asked = urlsplit(f"{address}/healthz")
    kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
    try:
        kind = kinds[asked.scheme]
        there = kind(asked.hostname or "", asked.port, timeout=SCORING_WITHIN_S)
    except (KeyError, ValueError, http.client.HTTPException):
        return "is no address"
    try:
        there.request("GET", asked.path)
        told = there.getresponse().read(len(SCORING_LIVES) + 1)
    except (OSError, ValueError, http.client.HTTPException) as problem:
        return f"does not answer ({getattr(problem, 'strerror', None) or problem})"
    finally:
        there.close()
    return "" if told == SCORING_LIVES else "is answered by something else"


def _mend_scoring() -> str:
    known = heard()
    if known and any(run.kind == "scoring" for run in known.live):
        return (
            "it runs, so let MLCYCLE_SCORING_INSIDE, MLCYCLE_SCORING_URL or MLCYCLE_SCORING_PORT "
            "lead to it, or start it again"
        )
    return (
        "start `python -m mlcycle_site.scoring` (`make up` does), or set MLCYCLE_SCORING_PORT=0 "
        "to do without"
    )


PARTS: dict[str, Ask] = {
    "versions": versions,
    "disk": disk,
    "database": database,
    "broker": broker_answer,
    "workers": workers,
}
TO_SCORE: dict[str, Ask] = {"database": database, "calls": call_log}
"""What the process for predictions needs itself."""


def beside() -> dict[str, Ask]:
    """Parts whose work others do as well: their failure is told, and nothing fails for it."""
    return {"scoring": scoring} if settings.SCORING_PORT else {}


@dataclass(frozen=True)
class Said:
    """What a part says of itself, or what is wrong with it and what to do."""

    works: bool
    says: str


def said(ask: Ask) -> Said:
    """Ask a part."""
    try:
        return Said(True, ask())
    except PROBLEMS as problem:
        return Said(False, str(problem))


def scoring_said() -> Said | None:
    """For pages: of the process for predictions; None where there is to be none."""
    return said(scoring) if settings.SCORING_PORT else None


def works(parts: Mapping[str, Ask]) -> dict[str, bool]:
    """Which of them work."""
    return {name: said(ask).works for name, ask in parts.items()}


@public
@require_safe
@never_cache
def process(request: HttpRequest) -> HttpResponse:
    """Answer that this web process lives."""
    return HttpResponse("ok\n", content_type="text/plain")


@public
@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Say which parts work; 503 when one does not. Details are for `manage.py doctor` only."""
    needed = works(PARTS)
    return JsonResponse({**needed, **works(beside())}, status=200 if all(needed.values()) else 503)


urlpatterns = [path("healthz", process, name="healthz"), path("readyz", ready, name="readyz")]
