"""A canary beside its release: what both did since it began, and whether a bound is crossed."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q

from apps.engine.errors import EngineError
from apps.engine.monitoring.guard import Bounds, Side, guard
from apps.engine.monitoring.performance import realised
from apps.engine.monitoring.service import summary
from apps.engine.percent import percent
from apps.planning.queries import as_signed
from apps.production.endpoint.standing import Standing
from apps.production.log import answered
from apps.production.log.answered import Answer
from apps.production.models import Actual, Prediction, Release

MOST_CALLS = 5_000
MOST_ANSWERS = 5_000
MOST_NAMED = 3


def can_begin(standing: Standing) -> bool:
    """A signed release answers by itself, so that a canary may stand beside it."""
    word = standing.rule or standing.glass or standing.held
    return standing.answers and not word


def compare(standing: Standing) -> dict[str, Any] | None:
    """Both sides since the canary's first call, and its guard; None before it was called.

    ``{"since", "share", "switch", "sides": [release, canary], "guard": [...]}``, JSON. A side is
    ``{"release", "calls", "failed", "rows", "latency_ms", "answers", "known", "verdict"}``.
    """
    release, canary, word = standing.release, standing.canary, standing.switch
    if release is None or canary is None or word is None:
        return None
    mine = canary.calls.filter(at__gte=word.at, is_rehearsal=False)
    since = mine.aggregate(first=Min("at"))["first"]
    if since is None:
        return None
    terms = standing.terms
    bounds = Bounds(terms["failed"], terms["latency"], terms["metric"])
    ours, theirs = _side(release, since, least=500), _side(canary, since, least=400)
    return {
        "since": since.isoformat(),
        "share": terms["share"],
        "switch": word.number,
        "sides": [ours, theirs],
        "guard": guard(_engine_side(theirs), _engine_side(ours), bounds),
    }


def _engine_side(side: dict[str, Any]) -> Side:
    return Side(side["calls"], side["failed"], side.pop("latencies_ms"), side["verdict"])


def _side(release: Release, since: datetime, *, least: int) -> dict[str, Any]:
    """What one release did. ``least``: from this HTTP status on a call counts as failed.

    A refused call of the release was the caller's mistake; of the canary only those are logged
    that the release could answer.
    """
    calls = release.calls.filter(at__gte=since, is_rehearsal=False)
    counted = calls.aggregate(
        calls=Count("pk"), failed=Count("pk", filter=Q(status__gte=least)), first=Min("at")
    )
    newest = list(calls.values_list("at", "status", "latency_ms", "rows")[:MOST_CALLS])
    latencies = [latency for _, status, latency, _ in newest if status < 400]
    return {
        "release": release.number,
        "calls": counted["calls"],
        "failed": counted["failed"],
        "rows": Prediction.objects.filter(
            release=release, at__gte=since, call__is_rehearsal=False
        ).count(),
        "latency_ms": summary(newest)["latency_ms"],
        "latencies_ms": latencies,
        "answers": _answers(release, since),
        **_truths(release, since),
    }


def _answers(release: Release, since: datetime) -> str:
    """What it answered, in words: the mean of numbers, else the shares of the classes."""
    told = list(
        Prediction.objects.filter(release=release, at__gte=since, call__is_rehearsal=False)
        .order_by("-at")
        .values_list("prediction", flat=True)[:MOST_ANSWERS]
    )
    if not told:
        return "–"
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in told):
        return f"mean {sum(told) / len(told):.4g}"
    counts = Counter(answered.as_text(value) for value in told).most_common(MOST_NAMED)
    return ", ".join(f"{name} {percent(count / len(told))}" for name, count in sorted(counts))


def _truths(release: Release, since: datetime) -> dict[str, Any]:
    """How many truths are known, and the primary metric on them."""
    found = (
        Actual.objects.filter(
            prediction__release=release,
            prediction__at__gte=since,
            prediction__call__is_rehearsal=False,
        )
        .order_by("-prediction__at")
        .values_list(
            "prediction__at", "prediction__prediction", "prediction__probabilities", "value", "at"
        )[:MOST_ANSWERS]
    )
    known = [Answer(at, {}, told, chances, value, when) for at, told, chances, value, when in found]
    plan = as_signed(release.candidate.trial.experiment.plan)
    primary = [promise for promise in plan.promises if promise.role == "primary"]
    verdicts: list[dict[str, Any]] = []
    if known and primary:
        try:
            verdicts = realised(
                primary,
                answered.truth_of(release, known),
                answered.told_of(release, known),
                days=[""] * len(known),
                answered=len(known),
                positive=answered.positive_of(release),
                today=plan.guardrails["today"],
            )["verdicts"]
        except EngineError:
            verdicts = []
    names = ("title", "result", "low", "high", "direction", "rows")
    verdict = {name: verdicts[0][name] for name in names} if verdicts else None
    return {"known": len(known), "verdict": verdict}


def last_comparison(canary: Release) -> dict[str, Any] | None:
    """What the watch last saw of a canary beside its release; None before its first look."""
    reports = canary.watch_reports.order_by("-at").filter(performance__has_key="beside")
    found = reports.first()
    return {**found.performance["beside"], "at": found.at} if found else None
