"""Takes the log's lines up into the database, each exactly once, whenever a process is killed.

The place up to which a segment was taken up is written in the transaction that inserts its rows.
So a taker that dies leaves either both or neither, and the next one goes on from there.
"""

import logging
import os
from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.db import DatabaseError, transaction

from apps.engine.serving.columns import rows_of
from apps.production.log import tallying
from apps.production.log.inserting import insert, there
from apps.production.log.segments import is_complete, lines_from, record_of, segments
from apps.production.models import ApiToken, Call, Deployment, Prediction, Release, Segment

LOG = logging.getLogger(__name__)


def take_up() -> int:
    """Insert the rows of all lines that are not in yet; returns how many lines. Never twice."""
    known = dict(Segment.objects.values_list("name", "taken_bytes"))
    taken = 0
    for path in segments():
        try:
            whole, size = is_complete(path), path.stat().st_size
        except FileNotFoundError:  # another taker has just finished it
            continue
        if size > known.get(path.name, 0):
            taken += _take_up(path, until=size)
        if whole:
            _finish(path)
    gone = [name for name in known if not (settings.CALL_LOG / name).exists()]
    if gone:
        Segment.objects.filter(name__in=gone).delete()
    return taken


def _take_up(path: Path, *, until: int) -> int:
    """The lines of one segment from where the last taker stopped to those of this moment.

    Those that are written meanwhile are left to the next turn: taken a few at a time, they would
    cost the machine as much as their answers.
    """
    taken = 0
    while True:
        with transaction.atomic():
            segment = _claimed(path)
            if segment is None or segment.taken_bytes >= until:
                return taken
            lines = next(lines_from(path, segment.taken_bytes), [])
            if not lines:
                return taken
            _insert(path, lines)
            segment.taken_bytes += sum(map(len, lines))
            segment.save(update_fields=["taken_bytes"])
            taken += len(lines)


def _claimed(path: Path) -> Segment | None:
    """The segment's row, locked; None when another taker has finished and removed the file."""
    row, _ = Segment.objects.select_for_update().get_or_create(name=path.name)
    if path.exists():
        return row
    row.delete()
    return None


def _finish(path: Path) -> None:
    """Remove a complete segment whose lines are all in; a torn last line was never answered."""
    with transaction.atomic():
        row = _claimed(path)
        if row is None or next(lines_from(path, row.taken_bytes), []):
            return
        if path.stat().st_size > row.taken_bytes:
            LOG.warning("The last line of %s is torn: its call was not answered.", path.name)
        path.unlink()
        row.delete()


def _insert(path: Path, lines: list[bytes]) -> None:
    read = [_read(line) for line in lines]
    told = [record for record in read if record is not None]
    fit = [record for record, fits in zip(told, _have_their_rows(told), strict=True) if fits]
    _keep(fit)
    if len(fit) < len(lines):
        kept = {id(record) for record in fit}
        _keep_broken(
            path, [line for line, record in zip(lines, read, strict=True) if id(record) not in kept]
        )


def _keep(records: list[dict[str, Any]]) -> None:
    """Insert what is not there and add it to the sums.

    Rows may be there: of a database that was set back, or of an id that a caller gave twice at the
    same moment. The first stays.
    """
    known = set(there(Call, [record["call"] for record in records]))
    fresh = [record for record in records if record["call"] not in known]
    rows = {row[0]: row for record in reversed(records) for row in reversed(_rows(record))}
    for key in there(Prediction, list(rows)):
        del rows[key]
    inserted = insert(Call, CALL, map(_call, fresh))
    inserted += insert(Prediction, PREDICTION, rows.values())
    if inserted < len(fresh) + len(rows):
        raise DatabaseError("Another process took up the same ids just now; the next turn tells.")
    _sum_up(fresh, brought={(row[0], row[1]) for row in rows.values()})


def _sum_up(records: list[dict[str, Any]], *, brought: Collection[tuple[str, str]]) -> None:
    """Add to the sums what calls brought (ids of rows and calls): not an id that was known."""
    found = {record["release"] for record in records} - {None}
    releases = Release.objects.defer("contract", "steps", "monitor", "report").in_bulk(found)
    tallying.count(_told(record) for record in records)
    tallying.book(
        (releases[record["release"]], _at(record), told["prediction"])
        for record in records
        if record["release"] is not None
        for told in record["predictions"]
        if (told["id"], record["call"]) in brought
    )


def _read(line: bytes) -> dict[str, Any] | None:
    record = record_of(line)
    return None if record is None else orjson.loads(record)


def _have_their_rows(records: list[dict[str, Any]]) -> list[bool]:
    """Whether what each record refers to is in the database: one that was set back may lack it."""
    known: dict[str, set[int | None]] = {}
    for name, model in (("deployment", Deployment), ("release", Release), ("token", ApiToken)):
        asked = {record[name] for record in records} - {None}
        known[name] = {None, *model.objects.filter(pk__in=asked).values_list("pk", flat=True)}
    return [all(record[name] in keys for name, keys in known.items()) for record in records]


def _at(record: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(record["at"])


CALL = (
    *("id", "deployment", "release", "token", "is_rehearsal"),
    *("status", "error", "rows", "latency_ms", "at"),
)
PREDICTION = (
    *("id", "call", "deployment", "release", "row", "seal"),
    *("prediction", "probabilities", "at"),
)


def _told(record: dict[str, Any]) -> tallying.Told:
    return tallying.Told(
        deployment_id=record["deployment"],
        release_id=record["release"],
        status=record["status"],
        error=record["error"],
        latency_ms=record["ms"],
        rows=record["count"],
        at=_at(record),
    )


def _call(record: dict[str, Any]) -> tuple[Any, ...]:
    """The values of CALL."""
    return (
        *(record["call"], record["deployment"], record["release"], record["token"], False),
        *(record["status"], record["error"], record["count"], record["ms"], _at(record)),
    )


def _rows(record: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The values of PREDICTION of every row."""
    call, at = record["call"], _at(record)
    seals = record.get("seals") or [""] * len(record["predictions"])
    return [
        (
            *(told["id"], call, record["deployment"], record["release"], row, seal),
            *(told["prediction"], told["probabilities"], at),
        )
        for row, told, seal in zip(_inputs(record), record["predictions"], seals, strict=True)
    ]


def _inputs(record: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """Rows as they were answered: one by one, or by columns where there were many."""
    return rows_of(record["columns"]) if "columns" in record else record["rows"]


def _keep_broken(path: Path, lines: list[bytes]) -> None:
    """Lines that cannot be taken up are kept beside the segments; nothing is thrown away."""
    aside = path.with_suffix(".broken")
    with aside.open("ab") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    LOG.error("%d lines of the log of calls cannot be taken up: see %s.", len(lines), aside)
