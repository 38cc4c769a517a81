"""Keeps the sums of the log of calls in step with it, in the transaction that writes its rows.

``recount`` makes the same from the rows themselves: what a test holds against, and what an older
database gets its first sums from.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import starmap
from typing import Any, NamedTuple

from django.db import transaction

from apps.engine.monitoring.service import Tally, period_of, service, window_start
from apps.engine.types import Problem
from apps.production.log.retention import kept_since
from apps.production.models import Actual, AnswerSum, CallSum, Deployment, Release

CallKey = tuple[int, datetime, int | None]
"""Deployment, start of the half hour, release."""
Line = tuple[int, date, str, bool, str]
"""Release, day, what was told, whether the truth is known, the truth."""
MOST_CLASS = 200  # characters of a class: two that differ later are counted as one
READ_ROWS = 2_000
_READ = (
    *("start", "calls", "rows", "errors", "refused", "kinds", "latency"),
    *("deployment", "release__number", "release__deployment"),
)


class Told(NamedTuple):
    """What is counted of a call that a program made."""

    deployment_id: int
    release_id: int | None
    status: int
    error: str
    latency_ms: float
    rows: int
    at: datetime


def count(calls: Iterable[Told]) -> None:
    """Add calls to the sums."""
    sums: defaultdict[CallKey, Tally] = defaultdict(Tally)
    for deployment, release, status, error, latency_ms, rows, at in calls:
        sums[deployment, period_of(at), release].add(
            status=status, error=error, latency_ms=latency_ms, rows=rows
        )
    count_sums(sums)


@transaction.atomic
def count_sums(sums: dict[CallKey, Tally]) -> None:
    """Add sums to those that are kept. Always in one order, so that two writers cannot block."""
    for key in sorted(sums, key=lambda key: (key[0], key[1], key[2] or 0)):
        deployment, start, release = key
        row, _ = CallSum.objects.select_for_update().get_or_create(
            deployment_id=deployment, start=start, release_id=release
        )
        whole = tally_of(row)
        whole.take(sums[key])
        row.calls, row.rows = whole.calls, whole.rows
        row.errors, row.refused = whole.errors, whole.refused
        row.kinds = dict(whole.kinds)
        row.latency = {str(place): calls for place, calls in sorted(whole.latency.items())}
        row.save()


def tally_of(row: CallSum) -> Tally:
    """A kept sum as the engine takes it."""
    return Tally(
        calls=row.calls,
        rows=row.rows,
        errors=row.errors,
        refused=row.refused,
        kinds=Counter(row.kinds),
        latency=Counter({int(place): calls for place, calls in row.latency.items()}),
    )


def service_of(where: Deployment | Release, window: timedelta, *, now: datetime) -> dict[str, Any]:
    """What ``service`` tells of the calls of an endpoint, or of one release."""
    kept = where.call_sums.filter(start__gte=window_start(now=now, window=window))
    return service(((row.start, tally_of(row)) for row in kept), now=now, window=window)


def service_by_release(
    deployment: Deployment, window: timedelta, *, now: datetime
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """``service_of`` an endpoint, and the same sums of each of its releases, the newest first.

    A line without a release is of calls that were refused before one was asked, or that a rule
    answered.
    """
    kept = deployment.call_sums.filter(start__gte=window_start(now=now, window=window))
    tallies = [
        (row.start, row.release.number if row.release else None, tally_of(row))
        for row in kept.select_related("release").only(*_READ)
    ]
    by_release: defaultdict[int | None, Tally] = defaultdict(Tally)
    for _, number, tally in tallies:
        by_release[number].take(tally)
    numbers = sorted(by_release, key=lambda number: -(number or 0))
    return (
        service(((start, tally) for start, _, tally in tallies), now=now, window=window),
        [{"release": number, **by_release[number].told()} for number in numbers],
    )


def book(answers: Iterable[tuple[Release, datetime, Any]]) -> None:
    """Add rows that a release answered then, whose truth is not known yet."""
    lines: Counter[Line] = Counter(starmap(_line, answers))
    _write(lines)


def learn(actuals: Iterable[Actual], releases: Mapping[int, Release]) -> None:
    """Move rows of these releases to their truth."""
    lines: Counter[Line] = Counter()
    for actual in actuals:
        release = releases[actual.prediction.release_id]
        before = _line(release, actual.prediction.at, actual.prediction.prediction)
        lines[before] -= 1
        truth = "" if is_number(release) else str(actual.value)[:MOST_CLASS]
        lines[(*before[:3], True, truth)] += 1
    _write(lines)


def is_number(release: Release) -> bool:
    """Its answers are numbers: there are as many of them as rows, so they are counted as one."""
    return bool(release.served_with.get("problem") == Problem.REGRESSION)


def _line(release: Release, at: datetime, answer: Any) -> Line:
    told = "" if is_number(release) else str(answer)[:MOST_CLASS]
    return release.pk, at.astimezone(UTC).date(), told, False, ""


@transaction.atomic
def _write(lines: Counter[Line]) -> None:
    for line in sorted(lines):
        if lines[line]:
            release, day, told, is_known, actual = line
            row, _ = AnswerSum.objects.select_for_update().get_or_create(
                release_id=release, day=day, told=told, is_known=is_known, actual=actual
            )
            row.rows += lines[line]
            row.save(update_fields=["rows"])


@transaction.atomic
def recount(deployment: Deployment) -> None:
    """Make the sums of an endpoint anew from its log, as far back as that has every call.

    Sums of days whose calls were removed stay as they are. Reads every row of the log.
    """
    since = kept_since(deployment) or datetime.min.replace(tzinfo=UTC)
    CallSum.objects.filter(deployment=deployment, start__gte=since).delete()
    AnswerSum.objects.filter(release__deployment=deployment, day__gte=since.date()).delete()
    calls = deployment.calls.filter(at__gte=since, is_rehearsal=False).order_by()
    count(starmap(Told, calls.values_list(*Told._fields).iterator(chunk_size=READ_ROWS)))
    found = deployment.predictions.filter(
        call__is_rehearsal=False, release__isnull=False, at__gte=since
    )
    releases = {release.pk: release for release in deployment.releases.all()}
    rows = found.values_list("release_id", "at", "prediction").order_by()
    book((releases[key], at, answer) for key, at, answer in rows.iterator(chunk_size=READ_ROWS))
    known = Actual.objects.filter(prediction__in=found).select_related("prediction")
    learn(known.iterator(chunk_size=READ_ROWS), releases)
