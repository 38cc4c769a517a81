"""A query as the origin of a source: looking at its first rows, and importing them all."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from apps.accounts.models import User
from apps.datasets.actions import begin, may_change, tell
from apps.datasets.connections import address_of, ask_now
from apps.datasets.database_models import Connection, Query
from apps.datasets.models import Source, Version
from apps.datasets.queries import newest_version
from apps.engine.errors import EngineError
from apps.engine.reading.database.statement import Dialect, Parameter, look_at
from apps.jobs.actions import enqueue
from apps.jobs.models import Queue
from apps.projects.canonical import content_hash
from apps.projects.models import Cycle
from apps.web.refusals import Refusal

Parameters = list[dict[str, str]]


def preview(
    *, cycle: Cycle, connection: Connection, sql: str, parameters: Parameters, by: User
) -> dict[str, Any]:
    """The first 100 rows, or "problem" with the reason why there are none. Nothing is kept."""
    may_change(cycle, by)
    _require_ours(connection, cycle)
    try:
        return ask_now(
            "preview_query",
            address=address_of(connection),
            sql=sql,
            parameters=parameters,
            timeout_s=settings.SQL_TIMEOUT_S,
        )
    except EngineError as error:
        return {"problem": str(error)}


def _require_ours(connection: Connection, cycle: Cycle) -> None:
    if connection.team_id != cycle.project.team_id or connection.removed_at is not None:
        raise Refusal("This database does not belong to the team of the project: choose another.")


@transaction.atomic
def ask(
    *,
    source: Source,
    cycle: Cycle,
    connection: Connection,
    sql: str,
    parameters: Parameters,
    by: User,
) -> Version:
    """A new version of the source from a query; a worker reads it. It is compared and waits when
    an earlier version is in use, as a newer file does."""
    begin(cycle, by)
    _require_ours(connection, cycle)
    statement = look_at(sql, Dialect(connection.dialect))
    given = {each["name"]: Parameter.from_dict(each) for each in parameters}
    for name in statement.parameters:
        if name not in given:
            raise Refusal(f"The parameter :{name} has no value: give one.")
        given[name].bound()
    query = Query.objects.create(
        source=source,
        connection=connection,
        sql=sql,
        parameters=[given[name].as_dict() for name in statement.parameters],
        asked_by=by,
    )
    return _record(query, cycle=cycle, by=by)


def _record(query: Query, *, cycle: Cycle, by: User) -> Version:
    source = query.source
    last = source.versions.aggregate(last=Max("number"))["last"] or 0
    job = enqueue(
        "datasets.run_query",
        queue=Queue.DATA,
        title=f"Query {source.name}",
        project=cycle.project,
        by=by,
    )
    version = Version.objects.create(
        source=source,
        number=last + 1,
        filename=f"{source.name} v{last + 1}.parquet",
        query=query,
        size_bytes=0,
        waits=newest_version(source) is not None,
        job=job,
        uploaded_by=by,
    )
    facts = {
        "source": source.pk,
        "query": query.pk,
        "connection": query.connection_id,
        "sql": content_hash({"sql": query.sql, "parameters": query.parameters}),
    }
    tell("data.queried", f"asked {query.connection} for {version}", cycle=cycle, by=by, **facts)
    return version


@transaction.atomic
def ask_again(*, source: Source, cycle: Cycle, by: User) -> Version:
    """Run the newest query of the source once more, as it is, for a new version."""
    begin(cycle, by)
    query = newest_query(source)
    if query is None:
        raise Refusal(f"“{source}” does not come from a query.")
    _require_ours(query.connection, cycle)
    return _record(query, cycle=cycle, by=by)


def newest_query(source: Source) -> Query | None:
    """The query that the source was asked with last."""
    return source.queries.select_related("connection", "asked_by").last()
