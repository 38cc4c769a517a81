"""A read-only session with a deadline on PostgreSQL, MySQL or MariaDB, or SQLite."""

import socket
import sqlite3
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pymysql
from psycopg.types.string import TextLoader
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from apps.engine.errors import BadQuery, DatabaseAway
from apps.engine.reading.database.address import Address, Tls
from apps.engine.reading.database.statement import Dialect

_CONNECT_S = 10
_URLS = {
    Dialect.POSTGRESQL: "postgresql+psycopg://",
    Dialect.MYSQL: "mysql+pymysql://",
    Dialect.SQLITE: "sqlite://",
}
_OUT_OF_TIME = {"57014", 1969, 3024, "interrupted"}  # PostgreSQL, MariaDB, MySQL, SQLite
_CLOSED_DOORS = {1044, 1045, 1049, 1698, 4031}  # MySQL's for: who, which database, gone
_MYSQL_CLIENT = range(2000, 3000)  # its errors of the way to the server
_OPENED_SQLITE = {  # all that reading needs: no ATTACH, no PRAGMA, no write
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}
_MOST_SAYS = 300


@contextmanager
def session(address: Address, *, timeout_s: float) -> Iterator[Connection]:
    """A connection inside of a read-only transaction.

    Parameters
    ----------
    timeout_s : float
        Longest time of one statement: PostgreSQL counts each block that is fetched, MySQL and
        MariaDB the sending of rows too, SQLite all of it.

    Raises
    ------
    DatabaseAway
        When nobody answers, the password is wrong, or the connection breaks.
    BadQuery
        When the database refuses the statement or stops it for its time.

    Notes
    -----
    The connection goes to ``address.ip``. The host's name is not resolved again; it is only what
    the server's certificate is held against.
    """
    engine = create_engine(
        _URLS[address.dialect],
        creator=lambda: _CONNECT[address.dialect](address, timeout_s),
        poolclass=NullPool,
        hide_parameters=True,
        **({"use_native_hstore": False} if address.dialect is Dialect.POSTGRESQL else {}),
    )
    with refusals(address, timeout_s=timeout_s), engine.connect() as connection:
        driver = connection.connection.driver_connection
        try:
            for line in _begin(address.dialect, timeout_s):
                connection.exec_driver_sql(line)
            if not _is_read_only(connection, address.dialect):
                raise DatabaseAway("The server gives no read-only session: nothing is read.")
            yield connection
        finally:
            _leave(connection, driver)


@contextmanager
def refusals(address: Address, *, timeout_s: float) -> Iterator[None]:
    """What drivers raise, as our own errors in one sentence, without the password."""
    try:
        yield
    except DBAPIError as error:
        raise _refusal(error.orig, address, timeout_s=timeout_s) from None
    except _ALL_ERRORS as error:
        raise _refusal(error, address, timeout_s=timeout_s) from None


_DRIVER_ERRORS = (psycopg.Error, pymysql.Error, sqlite3.Error)
_ALL_ERRORS = (OSError, SQLAlchemyError, *_DRIVER_ERRORS)


def _refusal(
    error: BaseException | None, address: Address, *, timeout_s: float
) -> BadQuery | DatabaseAway:
    says, code = _told(error, address), _code(error)
    if code in _OUT_OF_TIME or says in _OUT_OF_TIME:
        return BadQuery(
            f"The query was stopped after {timeout_s:,.0f} s. A preview may take 15 s, an import "
            "as long as MLCYCLE_SQL_TIMEOUT_S says: ask for less, or import without a preview."
        )
    if _is_about_the_way(error, code):
        return DatabaseAway(f"The connection to the database failed or broke: {says}")
    return BadQuery(f"The database refused the query: {says}")


def _is_about_the_way(error: BaseException | None, code: str | int | None) -> bool:
    if isinstance(error, psycopg.Error):
        away = code is None and isinstance(error, psycopg.OperationalError)
        return away or str(code).startswith(("08", "28", "3D", "57P"))
    if isinstance(error, pymysql.Error):
        return code in _CLOSED_DOORS or code in _MYSQL_CLIENT
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_CANTOPEN
    return isinstance(error, OSError)


def _code(error: BaseException | None) -> str | int | None:
    if isinstance(error, psycopg.Error):
        return error.sqlstate
    if isinstance(error, pymysql.Error) and error.args and isinstance(error.args[0], int):
        return error.args[0]
    return None


def _told(error: BaseException | None, address: Address) -> str:
    """What the database said: its first lines, in one, short, and without the password."""
    says = str(error)
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        says = ". ".join(filter(None, (error.diag.message_primary, error.diag.message_hint)))
    if isinstance(error, pymysql.Error) and len(error.args) > 1:
        says = str(error.args[1])
    says = " ".join(address.hidden(says).split())
    return says if len(says) <= _MOST_SAYS else f"{says[: _MOST_SAYS - 1]}…"


def _postgresql(address: Address, _timeout_s: float) -> Any:
    modes = {Tls.VERIFIED: "verify-full", Tls.ENCRYPTED: "require", Tls.OFF: "disable"}
    with tempfile.TemporaryDirectory(prefix="tls-") as folder:
        trusted = ssl.get_default_verify_paths().cafile or "system"
        if address.authority:
            trusted = str(Path(folder) / "authority.pem")
            Path(trusted).write_text(address.authority)
        connection = psycopg.connect(
            host=address.host,
            hostaddr=address.ip,
            port=address.port,
            dbname=address.database,
            user=address.username,
            password=address.password,
            sslmode=modes[address.tls],
            sslrootcert=trusted if address.tls is Tls.VERIFIED else None,
            gssencmode="disable",
            connect_timeout=_CONNECT_S,
            tcp_user_timeout=60_000,
            application_name="ML Cycle",
        )
    connection.read_only = True  # each transaction begins as READ ONLY
    for name in ("json", "jsonb"):  # as the server writes it, not as Python would
        connection.adapters.register_loader(name, TextLoader)
    return connection


def _mysql(address: Address, timeout_s: float) -> Any:
    connection = pymysql.connect(
        host=address.host,
        port=address.port,
        user=address.username,
        password=address.password,
        database=address.database,
        charset="utf8mb4",
        ssl=_tls(address),
        ssl_disabled=address.tls is Tls.OFF,
        local_infile=False,
        read_timeout=int(timeout_s) + 30,
        write_timeout=30,
        init_command="SET SESSION sql_mode = 'STRICT_TRANS_TABLES'",  # quotes as we read them
        defer_connect=True,
    )
    way = socket.create_connection((address.ip, address.port), timeout=_CONNECT_S)
    way.settimeout(None)
    way.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.connect(way)
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION READ ONLY")
        is_mariadb = "MariaDB" in connection.get_server_info()
        limit = "max_statement_time" if is_mariadb else "max_execution_time"
        value = timeout_s if is_mariadb else max(int(timeout_s * 1000), 1)
        cursor.execute(f"SET SESSION {limit} = {value}")
    return connection


def _tls(address: Address) -> ssl.SSLContext | None:
    if address.tls is Tls.OFF:
        return None
    context = ssl.create_default_context(cadata=address.authority or None)
    # As libpq does: chain, dates and name are checked. The authority that a house or MySQL itself
    # made often lacks an extension that RFC 5280 wants; OpenSSL's strict mode would refuse it.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if address.tls is Tls.ENCRYPTED:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _sqlite(address: Address, timeout_s: float) -> Any:
    path = quote(address.database)
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=min(timeout_s, 20))
    for pragma in ("query_only = ON", "trusted_schema = OFF", "cell_size_check = ON"):
        connection.execute(f"PRAGMA {pragma}")
    ends = time.monotonic() + timeout_s
    connection.set_progress_handler(lambda: time.monotonic() > ends, 10_000)
    return connection


def _only_reading(action: int, *_: Any) -> int:
    return sqlite3.SQLITE_OK if action in _OPENED_SQLITE else sqlite3.SQLITE_DENY


_CONNECT: dict[Dialect, Callable[[Address, float], Any]] = {
    Dialect.POSTGRESQL: _postgresql,
    Dialect.MYSQL: _mysql,
    Dialect.SQLITE: _sqlite,
}


def _begin(dialect: Dialect, timeout_s: float) -> tuple[str, ...]:
    """What opens the transaction of reading; psycopg begins it by itself (``read_only``)."""
    if dialect is Dialect.POSTGRESQL:  # of the transaction only: a pooler may lie in between
        return (
            f"SET LOCAL statement_timeout = {max(int(timeout_s * 1000), 1)}",
            "SET LOCAL standard_conforming_strings = on",  # quotes as ``statement`` reads them
        )
    if dialect is Dialect.MYSQL:
        return ("START TRANSACTION READ ONLY, WITH CONSISTENT SNAPSHOT",)
    return ()


def forbid_all_but_reading(connection: Connection) -> None:
    """From here on SQLite prepares nothing but reading (it also stops ATTACH and PRAGMA)."""
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        driver.set_authorizer(_only_reading)


def _leave(connection: Connection, driver: Any) -> None:
    """Hang up without waiting for rows that nobody wants: MySQL would send them all first."""
    if isinstance(driver, sqlite3.Connection):
        driver.set_authorizer(None)
    if isinstance(driver, pymysql.Connection):
        driver._force_close()
        if driver._result is not None:
            driver._result.unbuffered_active = False
    with suppress(*_DRIVER_ERRORS, SQLAlchemyError):
        connection.invalidate()


def server_told(connection: Connection, address: Address) -> str:
    """The server and how it is spoken to, such as "PostgreSQL 15.6, TLSv1.3"."""
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        return f"SQLite {sqlite3.sqlite_version}"
    if isinstance(driver, psycopg.Connection):
        way = connection.exec_driver_sql(
            "SELECT version FROM pg_catalog.pg_stat_ssl WHERE pid = pg_backend_pid()"
        ).scalar()
        version = driver.info.parameter_status("server_version") or ""
        return f"PostgreSQL {version.split(' ')[0]}, {way or 'without TLS'}"
    assert isinstance(driver, pymysql.Connection)
    version = driver.get_server_info().split("-")
    name = "MariaDB" if "MariaDB" in version else "MySQL"
    number = next(part for part in version if part[:1].isdigit() and part != "5.5.5")
    way = driver._sock.version() if isinstance(driver._sock, ssl.SSLSocket) else "without TLS"
    return f"{name} {number}, {way}"


def _is_read_only(connection: Connection, dialect: Dialect) -> bool:
    """Whether the server itself says that it lets nothing be written here."""
    if dialect is Dialect.SQLITE:
        return connection.exec_driver_sql("PRAGMA query_only").scalar() == 1
    if dialect is Dialect.POSTGRESQL:
        return connection.exec_driver_sql("SHOW transaction_read_only").scalar() == "on"
    rows = connection.exec_driver_sql(
        "SHOW SESSION VARIABLES WHERE Variable_name IN ('tx_read_only', 'transaction_read_only')"
    )
    return any(row[1] == "ON" for row in rows)
