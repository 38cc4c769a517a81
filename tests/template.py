"""Pytest plugin: the migrations run once for all test processes; each copies what they made.

They take some twenty seconds of a processor, a copy takes none.
"""

import fcntl
import gc
import os
import shutil
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection


def _run() -> Path:
    return Path(os.environ["MLCYCLE_TEST_RUN"])


def _template() -> str:
    """Name of the database that is copied."""
    if connection.vendor == "sqlite":
        return str(_run() / "template.sqlite3")
    return f"test_mlcycle_template_{_run().name.rpartition('-')[2]}"


def _build() -> None:
    told = connection.settings_dict
    own, plain = told["TEST"]["NAME"], told["NAME"]
    told["TEST"]["NAME"] = _template()
    # Migrations make thousands of classes that are needed to the end: looking for garbage among
    # them takes a fifth of the time.
    gc.disable()
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    gc.enable()
    connection.close()
    told["TEST"]["NAME"] = own
    settings.DATABASES["default"]["NAME"] = told["NAME"] = plain


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb):
    """On SQLite the copy is there before the database is made; it goes with the run's folder."""
    return django_db_keepdb or connection.vendor == "sqlite"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, django_db_blocker):
    """Have the template built by whoever comes first, then start from it."""
    built = _run() / "template.built"
    with (_run() / "template.lock").open("w") as lock, django_db_blocker.unblock():
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists():
            _build()
            built.touch()
    test = connection.settings_dict["TEST"]
    if connection.vendor == "sqlite":
        Path(test["NAME"]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_template(), test["NAME"])
    else:
        test["TEMPLATE"] = _template()


def pytest_sessionfinish(session):
    """Drop the template where it lies on a server; the process that began the run does it."""
    if hasattr(session.config, "workerinput") or connection.vendor != "postgresql":
        return
    if (_run() / "template.built").exists():
        parameters = {**connection.get_connection_params(), "dbname": "postgres"}
        kept = {
            key: parameters[key]
            for key in ("host", "port", "user", "password", "dbname")
            if parameters.get(key)
        }
        with psycopg.connect(**kept, autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{_template()}"')
