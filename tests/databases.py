"""Real servers to read from: a schema of our own, and a user who could write if we let them."""

import contextlib
import os
import sqlite3
from dataclasses import dataclass
from typing import Any

import psycopg
import pymysql
import pytest

from apps.engine.reading.database.fetch import fetch_answer, preview_query
from apps.engine.reading.imports import import_file
from apps.engine.reading.tables import read_table
from apps.engine.types import silent

NAME = f"mlcycle_reads_{os.getpid()}"
PASSWORD = "canary-Zq7-of-a-database"
PEOPLE = [(1, "Åsa 🙂"), (2, ""), (3, None), (4, "O'Brien\"; DROP TABLE people; --")]
KINDS = ("postgresql", "mysql", "sqlite")


@dataclass
class Server:
    """A database with the table ``people``, seen as its owner and as the product sees it."""

    address: dict[str, Any]
    admin: Any
    people: str  # how the table is called in a query

    @property
    def dialect(self) -> str:
        return self.address["dialect"]

    def run(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """As the owner."""
        cursor = self.admin.cursor()
        cursor.execute(sql, values)
        return list(cursor.fetchall()) if cursor.description else []

    def count(self) -> int:
        return self.run(f"SELECT count(*) FROM {self.people}")[0][0]

    def preview(self, sql: str, timeout_s: float = 10, **parameters: tuple[str, str]) -> Any:
        return preview_query(
            address=self.address,
            sql=sql,
            parameters=listed(parameters),
            timeout_s=timeout_s,
            report=silent,
        )

    def fetch(self, sql: str, target: Any, most_rows: int = 10**6, report: Any = silent) -> Any:
        return fetch_answer(
            address=self.address,
            sql=sql,
            parameters=[],
            target=str(target),
            timeout_s=30,
            most_rows=most_rows,
            report=report,
        )

    def imported(self, sql: str, folder: Any) -> tuple[dict[str, Any], Any]:
        """Report and table, by the way that a version goes."""
        self.fetch(sql, folder / "answer.parquet")
        report = import_file(
            source=str(folder / "answer.parquet"),
            target=str(folder / "table.parquet"),
            filename="query",
            options=None,
            limits=None,
            report=silent,
        )
        return report, read_table(folder / "table.parquet")

    def hang_up(self) -> None:
        """End what the product has open, as a server that goes down would."""
        if self.dialect == "postgresql":
            self.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", NAME
            )
        else:
            for (number,) in self.sessions():
                with contextlib.suppress(pymysql.MySQLError):  # it may have ended by itself
                    self.run(f"KILL {number}")

    def sessions(self) -> list[tuple[Any, ...]]:
        """What the product has open on the server."""
        if self.dialect == "postgresql":
            return self.run("SELECT pid FROM pg_stat_activity WHERE usename = %s", NAME)
        return self.run("SELECT id FROM information_schema.processlist WHERE user = %s", NAME[:32])


def listed(parameters: dict[str, tuple[str, str]]) -> list[dict[str, str]]:
    return [
        {"name": name, "kind": kind, "value": value} for name, (kind, value) in parameters.items()
    ]


def _address(dialect: str, port: int, database: str) -> dict[str, Any]:
    return {
        "dialect": dialect,
        "host": "127.0.0.1",
        "ip": "127.0.0.1",
        "port": port,
        "database": database,
        "username": NAME,
        "password": PASSWORD,
        "tls": "off",
    }


@pytest.fixture(scope="session")
def postgresql():
    try:
        admin = psycopg.connect(
            host="127.0.0.1", user="postgres", dbname="postgres", autocommit=True, connect_timeout=3
        )
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL on 127.0.0.1 lets the user postgres in")
    with admin:
        admin.execute(f"CREATE ROLE {NAME} LOGIN PASSWORD '{PASSWORD}'")
        admin.execute(f"CREATE SCHEMA {NAME} AUTHORIZATION {NAME}")
        admin.execute(f"SET ROLE {NAME}")
        admin.execute(f"SET search_path TO {NAME}")
        server = Server(_address("postgresql", 5432, "postgres"), admin, f"{NAME}.people")
        _fill(server, "integer", "text")
        admin.execute("RESET ROLE")
        yield server
        server.hang_up()
        admin.execute(f"DROP SCHEMA {NAME} CASCADE")
        admin.execute(f"DROP ROLE {NAME}")


@pytest.fixture(scope="session")
def mysql():
    try:
        admin = pymysql.connect(host="127.0.0.1", user="root", autocommit=True, charset="utf8mb4")
    except pymysql.Error:
        pytest.skip("no MySQL or MariaDB on 127.0.0.1 lets root in")
    server = Server(_address("mysql", 3306, NAME), admin, f"{NAME}.people")
    server.run(f"CREATE DATABASE {NAME} CHARACTER SET utf8mb4")
    server.run(f"USE {NAME}")
    server.run(f"CREATE USER '{NAME}'@'%%' IDENTIFIED BY '{PASSWORD}'")
    server.run(f"GRANT ALL ON {NAME}.* TO '{NAME}'@'%%'")
    _fill(server, "int", "varchar(200)")
    yield server
    server.run(f"DROP DATABASE {NAME}")
    server.run(f"DROP USER '{NAME}'@'%%'")
    admin.close()


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory):
    path = tmp_path_factory.mktemp("databases") / "shop.sqlite"
    with contextlib.closing(sqlite3.connect(path, autocommit=True)) as admin:
        server = Server({"dialect": "sqlite", "database": str(path)}, admin, "people")
        _fill(server, "integer", "text")
        yield server


def _fill(server: Server, whole: str, text: str) -> None:
    mark = "?" if server.dialect == "sqlite" else "%s"
    server.run(f"CREATE TABLE people (id {whole}, name {text})")
    for row in PEOPLE:
        server.run(f"INSERT INTO people VALUES ({mark}, {mark})", *row)


@pytest.fixture(params=KINDS)
def server(request) -> Server:
    """Each kind of database in turn."""
    return request.getfixturevalue(request.param)
