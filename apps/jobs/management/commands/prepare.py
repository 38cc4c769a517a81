"""`manage.py prepare`: database and static files as this version of the code needs them."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader

from apps.jobs import preflight


class Command(BaseCommand):
    """The first thing that `up` does; in containers the web service does it before it serves."""

    help = "Migrate the database, collect static files."
    requires_system_checks = []

    def handle(self, **options: object) -> None:
        """Prepare, or end with one sentence and exit code 2."""
        try:
            preflight.check_folder(settings.VAR)
            prepare()
        except preflight.CannotStart as problem:
            raise CommandError(str(problem), returncode=2) from problem


def prepare() -> None:
    """Bring database, folders and static files up to date. Raises CannotStart."""
    for folder in (settings.FILE_UPLOAD_TEMP_DIR, settings.STATIC_ROOT):
        Path(folder).mkdir(parents=True, exist_ok=True)
    _migrate()
    _collect_static(settings.VAR / "static.sum")


def _migrate() -> None:
    """Bring the database to today's models."""
    try:
        refuse_half_old()
        call_command("migrate", verbosity=0, interactive=False)
    except (DatabaseError, ImproperlyConfigured) as error:
        cause = str(error).strip().partition("\n")[0]
        raise preflight.CannotStart(
            f"The database cannot be used ({cause}): start it, or correct DATABASE_URL."
        ) from error
    finally:
        connection.close()


def refuse_half_old() -> None:
    """Refuse a database that made some of the steps a migration replaces: Django passes over it."""
    loader = MigrationLoader(connection)
    for migration in loader.disk_migrations.values():
        made = [step in loader.applied_migrations for step in migration.replaces]
        if any(made) and not all(made):
            raise preflight.CannotStart(
                f"The database lacks steps of {migration.app_label} that this version no longer "
                "has one by one, and nothing was changed: start version 0.1.0 as it was on 26 "
                "November 2026 once on this database, then this version."
            )


def _collect_static(sum_file: Path) -> None:
    """Collect and compress static files when one of them has changed since the last time."""
    lines = sorted(
        f"{name} {storage.size(name)} {storage.get_modified_time(name).timestamp()}"
        for finder in get_finders()
        for name, storage in finder.list([])
    )
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    if sum_file.exists() and sum_file.read_text() == digest:
        return
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    sum_file.write_text(digest)
