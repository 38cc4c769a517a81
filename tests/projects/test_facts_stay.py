"""Neither Python nor SQL changes a fact, in whichever room it stands."""

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from apps.projects.insert_only import install
from apps.projects.models import Event, InsertOnly
from tests.conftest import GUARDED
from tests.rows import Rows

FACTS = [model for model in apps.get_models() if issubclass(model, InsertOnly)]


@pytest.fixture
def facts(project, analyst, manager):
    """One row at least of everything that can only be inserted."""
    Rows(project, analyst).of_every_kind(manager)


def test_an_event_is_saved_once_and_never_again(project):
    event = project.events.first()
    event.says = "something else"
    with pytest.raises(TypeError, match="facts"):
        event.save()
    with pytest.raises(TypeError, match="facts"):
        event.delete()
    with pytest.raises(TypeError, match="facts"):
        Event.objects.filter(pk=event.pk).update(says="x")
    with pytest.raises(TypeError, match="facts"):
        Event.objects.all().delete()


def test_the_migrations_guard_every_table_of_facts_and_no_other(db):
    """Also after a later migration: SQLite forgets the triggers of a table it rebuilds."""
    assert {model._meta.db_table for model in FACTS} == GUARDED


def statements(table: str) -> list[str]:
    found = [f"UPDATE {table} SET id = id", f"DELETE FROM {table}"]
    return [*found, f"TRUNCATE {table} CASCADE"] if connection.vendor == "postgresql" else found


def refused(statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match="facts"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_the_database_refuses_too(facts, subtests):
    connection.check_constraints()  # PostgreSQL alters no table with deferred checks to come
    for model in FACTS:
        with subtests.test(model._meta.label):
            table = model._meta.db_table
            before = list(model.objects.values())
            assert before
            install(connection, table)
            for statement in statements(table):
                refused(statement)
            assert list(model.objects.values()) == before
