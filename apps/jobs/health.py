"""Does each part work? Asked by `manage.py doctor`, and over HTTP by what watches the machine."""

import platform
import shutil
from collections.abc import Callable
from importlib.metadata import version

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
from apps.jobs.pulse import listening
from apps.web.declare import public

LEAST_FREE_BYTES = 1024**3
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


PARTS: dict[str, Callable[[], str]] = {
    "versions": versions,
    "disk": disk,
    "database": database,
    "broker": broker_answer,
    "workers": workers,
}


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
    works = {name: _works(ask) for name, ask in PARTS.items()}
    return JsonResponse(works, status=200 if all(works.values()) else 503)


def _works(ask: Callable[[], str]) -> bool:
    try:
        ask()
    except PROBLEMS:
        return False
    return True


urlpatterns = [path("healthz", process, name="healthz"), path("readyz", ready, name="readyz")]
