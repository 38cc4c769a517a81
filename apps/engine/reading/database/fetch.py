"""Job functions: try a connection, look at the first rows of a query, fetch all of them."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
from pymysql.constants import FIELD_TYPE
from sqlalchemy import Connection, CursorResult

from apps.engine.errors import BadQuery, DatabaseAway, TooLarge
from apps.engine.reading.database.address import Address
from apps.engine.reading.database.answer import AnswerColumn, AnswerWriter
from apps.engine.reading.database.sessions import (
    forbid_all_but_reading,
    refusals,
    server_told,
    session,
)
from apps.engine.reading.database.statement import Dialect, Parameter, look_at
from apps.engine.reading.options import Limits
from apps.engine.reading.preview import preview_file
from apps.engine.types import Kind, Report

PREVIEW_ROWS = 100
_FIRST_ROWS, _MOST_ROWS = 100, 20_000  # of a block
_BLOCK_BYTES = 8_000_000
_PG_KINDS = {
    **dict.fromkeys(("int2", "int4", "int8", "oid"), Kind.INTEGER),
    **dict.fromkeys(("float4", "float8", "numeric"), Kind.NUMBER),
    **dict.fromkeys(("date", "timestamp", "timestamptz"), Kind.DATETIME),
    "bool": Kind.BOOLEAN,
}
_MYSQL_KINDS = {
    **dict.fromkeys(("TINY", "SHORT", "LONG", "LONGLONG", "INT24", "YEAR"), Kind.INTEGER),
    **dict.fromkeys(("FLOAT", "DOUBLE", "DECIMAL", "NEWDECIMAL"), Kind.NUMBER),
    **dict.fromkeys(("DATE", "DATETIME", "TIMESTAMP", "NEWDATE"), Kind.DATETIME),
}
_MYSQL_NAMES = {
    number: name
    for name, number in vars(FIELD_TYPE).items()
    if isinstance(number, int) and name not in ("CHAR", "INTERVAL")
}
_MYSQL_WORDS = {
    "TINY": "tinyint",
    "SHORT": "smallint",
    "LONG": "int",
    "LONGLONG": "bigint",
    "INT24": "mediumint",
    "NEWDECIMAL": "decimal",
    "VAR_STRING": "varchar",
    "STRING": "char",
    "BLOB": "text",
}


def try_connection(
    *, address: Mapping[str, Any], timeout_s: float, report: Report
) -> dict[str, Any]:
    """Connect once. Returns "says": the server, and that it was asked for reading only.

    Raises DatabaseAway when it cannot be reached, or does not agree to a read-only session.
    """
    report(0, 1, "Connecting")
    to = Address.from_dict(address)
    with session(to, timeout_s=timeout_s) as connection:
        connection.exec_driver_sql("SELECT 1").all()
        return {"says": f"Connected to {server_told(connection, to)}, in a read-only session."}


def preview_query(
    *,
    address: Mapping[str, Any],
    sql: str,
    parameters: Sequence[Mapping[str, str]],
    timeout_s: float,
    report: Report,
) -> dict[str, Any]:
    """The first 100 rows of a query. Nothing is kept.

    Returns
    -------
    dict
        As ``preview.preview_file`` gives it, and "more" (whether there are other rows), "server".

    Raises
    ------
    BadQuery, BadParameter, DatabaseAway, BadFile
    """
    report(0, 1, "Asking the database")
    to = Address.from_dict(address)
    with tempfile.TemporaryDirectory(prefix="preview-") as folder:
        path = Path(folder) / "answer.parquet"
        with session(to, timeout_s=timeout_s) as connection:
            server = server_told(connection, to)
            result = _run(connection, to.dialect, sql, parameters)
            writer = AnswerWriter(path, _columns(result, to.dialect))
            found = result.fetchmany(PREVIEW_ROWS + 1)
            if found:
                writer.add(found[:PREVIEW_ROWS])
            writer.finish()
        told = preview_file(source=str(path), filename="query", options=None, report=report)
    return {**told, "more": len(found) > PREVIEW_ROWS, "server": server}


def fetch_answer(
    *,
    address: Mapping[str, Any],
    sql: str,
    parameters: Sequence[Mapping[str, str]],
    target: str,
    timeout_s: float,
    most_rows: int,
    report: Report,
) -> dict[str, Any]:
    """Stream all rows of a query into a file of exact text at ``target`` (see ``answer``).

    Returns
    -------
    dict
        "rows", "server", "bytes".

    Raises
    ------
    TooLarge
        When there are more than ``most_rows`` rows, or more bytes than a file may have: nothing
        is cut.
    BadQuery, BadParameter, DatabaseAway

    Notes
    -----
    O(bytes). Memory: one block of about 8 MB, by a cursor on the server.
    """
    to = Address.from_dict(address)
    with session(to, timeout_s=timeout_s) as connection:
        server = server_told(connection, to)
        report(0, 0, f"Asking {server}")
        result = _run(connection, to.dialect, sql, parameters)
        writer = AnswerWriter(Path(target), _columns(result, to.dialect))
        try:
            with refusals(to, timeout_s=timeout_s):
                for rows in _blocks(result, writer, most_rows=most_rows):
                    writer.add(rows)
                    report(0, 0, f"{writer.rows:,} rows read")
        except DatabaseAway as error:
            raise DatabaseAway(
                f"{error} This was after {writer.rows:,} rows; nothing was kept: run it again."
            ) from None
        writer.finish()
        return {"rows": writer.rows, "server": server, "bytes": writer.bytes}


def _run(
    connection: Connection,
    dialect: Dialect,
    sql: str,
    parameters: Sequence[Mapping[str, str]],
) -> CursorResult[Any]:
    statement = look_at(sql, dialect)
    given = {each["name"]: Parameter.from_dict(each) for each in parameters}
    absent = [name for name in statement.parameters if name not in given]
    if absent:
        raise BadQuery(f"The parameter :{absent[0]} has no value: give one.")
    values = {name: _for(dialect, given[name].bound()) for name in statement.parameters}
    forbid_all_but_reading(connection)
    result = connection.exec_driver_sql(
        statement.for_driver(), values, execution_options={"stream_results": True}
    )
    if not result.cursor or not result.cursor.description:
        raise BadQuery("The query gives no columns: name at least one after SELECT.")
    return result


def _for(dialect: Dialect, value: Any) -> Any:
    """SQLite knows neither dates nor decimals: they go as the text or number that it compares."""
    if dialect is not Dialect.SQLITE or isinstance(value, str | int | bool):
        return value
    return value.isoformat(" ") if hasattr(value, "hour") else _plain(value)


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else float(value)


def _blocks(
    result: CursorResult[Any], writer: AnswerWriter, *, most_rows: int
) -> Iterator[Sequence[Any]]:
    """Blocks of about 8 MB, however wide a row is."""
    size, most_bytes = _FIRST_ROWS, Limits().bytes
    while rows := result.fetchmany(size):
        if writer.rows + len(rows) > most_rows:
            raise TooLarge(
                f"The query gives more than {most_rows:,} rows, which is the limit: add a "
                "condition, or ask an administrator for a higher MLCYCLE_SQL_ROWS. Nothing was "
                "kept."
            )
        yield rows
        if writer.bytes > most_bytes:
            raise TooLarge(
                f"The query gives more than {most_bytes:,} bytes, which is the limit: leave out "
                "columns or rows. Nothing was kept."
            )
        of_a_row = max(writer.bytes // writer.rows, 1)
        size = max(1, min(2 * size, _MOST_ROWS, _BLOCK_BYTES // of_a_row))


def _columns(result: CursorResult[Any], dialect: Dialect) -> list[AnswerColumn]:
    assert result.cursor is not None, "the query was run"
    described = list(result.cursor.description or ())
    if dialect is Dialect.POSTGRESQL:
        return [_pg_column(each) for each in described]
    if dialect is Dialect.MYSQL:
        return [_mysql_column(each) for each in described]
    return [AnswerColumn(each[0], is_loose=True) for each in described]


def _pg_column(column: Any) -> AnswerColumn:
    known = psycopg.adapters.types.get(column.type_code)
    name = known.name if known else f"type {column.type_code}"
    stored = name
    if name == "numeric" and column.precision:
        stored = f"numeric({column.precision},{column.scale})"
    return AnswerColumn(column.name, stored=stored, declared=_PG_KINDS.get(name))


def _mysql_column(column: Any) -> AnswerColumn:
    name = _MYSQL_NAMES.get(column[1], f"type {column[1]}")
    word = _MYSQL_WORDS.get(name, name.lower())
    return AnswerColumn(column[0], stored=word, declared=_MYSQL_KINDS.get(name))
