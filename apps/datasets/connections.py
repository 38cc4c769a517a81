"""Databases of a team: adding, trying, renaming and removing them; the password stays sealed."""

import json
import threading
from typing import Any

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.datasets.database_models import Connection
from apps.datasets.hosts import resolved, sqlite_file
from apps.engine.errors import EngineError
from apps.engine.reading.database.statement import Dialect
from apps.engine.types import silent
from apps.jobs.children import Child
from apps.projects import keys, ledger
from apps.projects.access import Verb, require_in_team
from apps.projects.models import Team
from apps.web.refusals import Refusal

_PURPOSE = b"passwords of databases"
_MOST_CONNECTIONS = 50
TRY_S = 15.0
_places = threading.BoundedSemaphore(2)  # of this process: a child needs a core


def of_team(team: Team) -> list[Connection]:
    """Those that were not removed, by name."""
    found = Connection.objects.filter(team=team, removed_at=None)
    return list(found.select_related("created_by").order_by("name"))


def _seal(connection: Connection, password: str) -> str:
    """The password together with what it is for: a row whose address was changed by another way
    than ours does not send it elsewhere."""
    told = json.dumps({"password": password, "for": connection.as_dict()})
    return keys.cipher(_PURPOSE).encrypt(told.encode()).decode()


def _password(connection: Connection) -> str:
    try:
        told = json.loads(keys.cipher(_PURPOSE).decrypt(connection.sealed.encode()))
    except InvalidToken as error:
        raise Refusal(
            f"The password of “{connection}” cannot be opened with a key of this installation: "
            "enter it anew."
        ) from error
    if told["for"] != connection.as_dict():
        raise Refusal(
            f"The address of “{connection}” is not the one that its password was given for: "
            "enter the password anew."
        )
    return str(told["password"])


def address_of(connection: Connection) -> dict[str, Any]:
    """What the child needs to connect, the password among it: it goes there by a pipe and is
    written nowhere. Asks the settings again, each time.

    Raises Refusal when the database may not be reached.
    """
    if connection.removed_at is not None:
        raise Refusal(f"The database “{connection}” was removed from the team: choose another.")
    told = connection.as_dict()
    if connection.dialect == Dialect.SQLITE:
        return {"dialect": told["dialect"], "database": str(sqlite_file(connection.database))}
    ip = resolved(connection.host, connection.port)
    return {**told, "ip": ip, "password": _password(connection)}


def _tell(verb: str, says: str, *, connection: Connection, by: User) -> None:
    facts = {"connection": connection.pk, "name": connection.name, **connection.as_dict()}
    del facts["authority"]  # long, and said by the certificate itself
    ledger.record(verb, f"{by} {says}", actor=by, team=connection.team, facts=facts)


@transaction.atomic
def add_connection(*, team: Team, by: User, password: str, **address: Any) -> Connection:
    """Give the team a database to read from. Refused when its host or file may not be reached."""
    require_in_team(by, Verb.CONNECT, team)
    Team.objects.select_for_update().get(pk=team.pk)
    known = of_team(team)
    if len(known) >= _MOST_CONNECTIONS:
        raise Refusal(f"A team has at most {_MOST_CONNECTIONS} databases: remove one first.")
    _require_free_name(known, address["name"])
    connection = Connection(team=team, created_by=by, **address)
    connection.sealed = _seal(connection, password)
    address_of(connection)
    connection.save()
    says = f"connected the database {connection.name}"
    _tell("data.database_added", says, connection=connection, by=by)
    return connection


def _require_free_name(known: list[Connection], name: str) -> None:
    if any(each.name == name for each in known):
        raise Refusal(f"There is a database called “{name}” already: choose another name.")


@transaction.atomic
def rename_connection(*, connection: Connection, name: str, by: User) -> None:
    """Call it otherwise."""
    _begin(connection, by)
    _require_free_name([each for each in of_team(connection.team) if each != connection], name)
    says = f"renamed the database {connection.name} to {name}"
    connection.name = name
    connection.save(update_fields=["name"])
    _tell("data.database_renamed", says, connection=connection, by=by)


@transaction.atomic
def replace_password(*, connection: Connection, password: str, by: User) -> None:
    """Seal another password for the same address."""
    _begin(connection, by)
    connection.sealed = _seal(connection, password)
    connection.save(update_fields=["sealed"])
    says = f"replaced the password of the database {connection.name}"
    _tell("data.database_password_replaced", says, connection=connection, by=by)


@transaction.atomic
def remove_connection(*, connection: Connection, by: User) -> None:
    """Take it away and forget its password. Versions that were read from it stay."""
    _begin(connection, by)
    connection.removed_at, connection.sealed = timezone.now(), ""
    connection.save(update_fields=["removed_at", "sealed"])
    says = f"removed the database {connection.name}"
    _tell("data.database_removed", says, connection=connection, by=by)


def _begin(connection: Connection, by: User) -> None:
    require_in_team(by, Verb.CONNECT, connection.team)
    Team.objects.select_for_update().get(pk=connection.team_id)
    connection.refresh_from_db()
    if connection.removed_at is not None:
        raise Refusal(f"The database “{connection}” was removed already.")


def try_connection(*, connection: Connection, by: User) -> str:
    """Connect once while the person waits; keep and return what came of it."""
    require_in_team(by, Verb.CONNECT, connection.team)
    try:
        told = ask_now(
            "try_connection", address=address_of(connection), timeout_s=settings.SQL_TIMEOUT_S
        )
        says, works = told["says"], True
    except EngineError as error:
        says, works = str(error), False
    with transaction.atomic():
        connection.told, connection.works = says[:400], works
        connection.tested_at = timezone.now()
        connection.save(update_fields=["told", "works", "tested_at"])
        tried = f"tried the database {connection.name}: {'it works' if works else 'it failed'}"
        _tell("data.database_tried", tried, connection=connection, by=by)
    return says


def ask_now(name: str, **arguments: Any) -> dict[str, Any]:
    """Run a job function on a database in a limited child, while a person waits for the page."""
    if not _places.acquire(blocking=False):
        raise Refusal("Others are asking databases just now: try again in a moment.")
    ends = timezone.now().timestamp() + TRY_S + 10

    def check() -> None:
        if timezone.now().timestamp() > ends:
            raise Refusal("The database takes too long to answer: try again, or ask for less.")

    try:
        child = Child(
            f"apps.engine.reading.database.fetch:{name}",
            {**arguments, "timeout_s": min(arguments["timeout_s"], TRY_S)},
        )
        return child.run(report=silent, log=lambda line: None, check=check)
    finally:
        _places.release()
