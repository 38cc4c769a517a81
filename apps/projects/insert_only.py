"""Database triggers behind the insert-only rows: the database refuses what Python refuses."""

from collections.abc import Callable
from typing import Any

from django.db import migrations

_POSTGRESQL = """
CREATE OR REPLACE FUNCTION mlcycle_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'rows of % are facts: they are inserted and never changed', TG_TABLE_NAME;
END $$;
CREATE TRIGGER {table}_rows BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION mlcycle_refuse();
CREATE TRIGGER {table}_all BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION mlcycle_refuse();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_rows;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_all;
"""
_SQLITE = (
    "CREATE TRIGGER {table}_update BEFORE UPDATE ON {table} "
    "BEGIN SELECT RAISE(ABORT, 'rows of {table} are facts: never changed'); END",
    "CREATE TRIGGER {table}_delete BEFORE DELETE ON {table} "
    "BEGIN SELECT RAISE(ABORT, 'rows of {table} are facts: never deleted'); END",
)


def install(connection: Any, table: str) -> None:
    """Create the triggers on one table."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRESQL.format(table=table))
        else:
            for statement in _SQLITE:
                cursor.execute(statement.format(table=table))


def remove(connection: Any, table: str) -> None:
    """Drop the triggers of one table: for taking the migration back, and for tests that flush."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"DROP TRIGGER IF EXISTS {table}_rows ON {table}")
            cursor.execute(f"DROP TRIGGER IF EXISTS {table}_all ON {table}")
        else:
            cursor.execute(f"DROP TRIGGER IF EXISTS {table}_update")
            cursor.execute(f"DROP TRIGGER IF EXISTS {table}_delete")


def protect(*tables: str) -> migrations.RunPython:
    """Migration operation that protects tables."""
    return migrations.RunPython(_each(install, tables), _each(remove, tables))


def unprotect(*tables: str) -> migrations.RunPython:
    """Migration operation that lifts the protection while a table is altered."""
    return migrations.RunPython(_each(remove, tables), _each(install, tables))


def _each(does: Callable[[Any, str], None], tables: tuple[str, ...]) -> Callable[[Any, Any], None]:
    def run(apps: Any, editor: Any) -> None:
        for table in tables:
            does(editor.connection, table)

    return run
