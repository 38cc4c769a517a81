"""One look at a release: what the watch reads and has the engine compute. It writes nothing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from django.db.models import Sum

from apps.engine.contract.requests import CODE
from apps.engine.contract.rule import Rule
from apps.engine.evaluation.intervals import rate_interval
from apps.engine.evaluation.slices import slices_of
from apps.engine.evaluation.weak_spots import loss_of_rows
from apps.engine.monitoring.alarms import wires_of
from apps.engine.monitoring.cause import Recent, causes
from apps.engine.monitoring.drift import drift
from apps.engine.monitoring.estimated import estimate, estimated_days
from apps.engine.monitoring.keeping import coarse
from apps.engine.monitoring.level import level_loss
from apps.engine.monitoring.performance import FEW_ROWS, realised
from apps.engine.monitoring.seasons import ALL, referred
from apps.engine.serving.contract import Contract
from apps.planning.queries import SignedPlan, as_signed
from apps.production.log import answered, tallying
from apps.production.log.answered import Answer
from apps.production.models import Actual, Release
from apps.production.release.releases import reference_of
from apps.production.watch import booking

ACTUAL_ROWS = 50_000
SERVICE_WINDOW = timedelta(hours=24)
OF_ANSWERS = frozenset({"positive_share", "coverage", "primary", "estimated", "money"})
"""Wires that look at answers and their truth, and not at calls or columns."""


@dataclass(frozen=True)
class Looked:
    """What one look saw; JSON but for ``answers``."""

    at: datetime
    service: dict[str, Any]
    drift: list[dict[str, Any]]
    reference: dict[str, Any]
    performance: dict[str, Any]
    wires: list[dict[str, Any]]
    causes: list[dict[str, Any]]


def look_at(release: Release, *, now: datetime) -> Looked:
    """Service, drift, promise, tripwires and suspects of a release."""
    plan = as_signed(release.candidate.trial.experiment.plan)
    answers = answered.newest(release)
    frame = answered.frame_of(release, answers)
    calls = {
        **tallying.service_of(release, SERVICE_WINDOW, now=now),
        "contract": _breaches(release, answers),
        "contract_refused": _refused_by_contract(release, now=now),
    }
    sketch, reference = _reference(release, answers, frame)
    moved = _drift(release, sketch, answers, frame)
    promise = {
        **_judged(release, plan, _known(release), answered=_answered(release)),
        **_of_recent(release, plan, answers, frame, now=now),
        "money": booking.booked(release, plan, booking.counts_of(release)),
    }
    look = {"service": calls, "drift": moved, "performance": promise, "days": 1, "full": True}
    return Looked(
        at=now,
        service=calls,
        drift=moved,
        reference=reference,
        performance=promise,
        wires=wires_of(tripwires(release), look, _windows(release, plan, answers, now=now)),
        causes=_causes(release, plan, sketch, answers, frame, now=now),
    )


def tripwires(release: Release) -> list[dict[str, Any]]:
    """The plan's tripwires as the release took them over."""
    return release.monitor.get("tripwires", [])


def _windows(
    release: Release, plan: SignedPlan, answers: list[Answer], *, now: datetime
) -> dict[int, dict[str, Any]]:
    """What was seen in the days of each wire that names some."""
    asked: dict[int, set[str]] = {}
    for wire in tripwires(release):
        if wire.get("window_days"):
            asked.setdefault(int(wire["window_days"]), set()).add(wire["metric"])
    found = {}
    for days, metrics in asked.items():
        inside = answered.within(answers, days, now=now)
        frame = answered.frame_of(release, inside)
        found[days] = {
            "service": tallying.service_of(release, timedelta(days=days), now=now),
            "drift": _drift(release, _reference(release, inside, frame)[0], inside, frame),
            "performance": _of_window(release, plan, inside, frame, now=now)
            if metrics & OF_ANSWERS
            else {},
            "days": days,
            "full": release.created_at <= now - timedelta(days=days),
        }
    return found


def _breaches(release: Release, answers: list[Answer]) -> list[dict[str, Any]]:
    """Rules of the data contract that answered rows break, each with how many: those that warn."""
    contract = Contract.from_dict(release.contract)
    if not contract.agreed:
        return []
    counts: Counter[Rule] = Counter()
    for row in answered.typed_rows(release, answers):
        counts.update({breach.rule for breach in contract.breaches(row)})
    return [
        {"says": rule.sentence(), "rows": rows, "share": rows / len(answers)}
        for rule, rows in counts.most_common()
    ]


def _refused_by_contract(release: Release, *, now: datetime) -> int:
    """Calls of the endpoint whose first error is a breach, within the last day."""
    kinds = tallying.service_of(release.deployment, SERVICE_WINDOW, now=now)["kinds"]
    return sum(calls for kind, calls in kinds.items() if kind.startswith(CODE))


def _reference(
    release: Release, answers: list[Answer], frame: pd.DataFrame
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The sketch that these answers are held against, and what it is, with the choice's reason."""
    word = reference_of(release.deployment)
    kind = word.kind if word else ALL
    times = answered.times_of(release, answers, frame)
    sketch, says = referred(release.report["sketch"], kind, times)
    sketch = coarse(sketch, answered.unkept(answers))
    return sketch, {"kind": kind, "says": says}


def _drift(
    release: Release, sketch: dict[str, Any], answers: list[Answer], frame: pd.DataFrame
) -> list[dict[str, Any]]:
    if not answers:
        return []
    return drift(sketch, answered.with_score(release, answers, frame))


def _answered(release: Release) -> int:
    return release.answer_sums.aggregate(rows=Sum("rows"))["rows"] or 0


def _known(release: Release) -> list[Answer]:
    """The newest answers whose truth is known, without their rows."""
    found = (
        Actual.objects.filter(prediction__release=release, prediction__call__is_rehearsal=False)
        .order_by("-prediction__at")
        .values_list(
            "prediction__at", "prediction__prediction", "prediction__probabilities", "value", "at"
        )[:ACTUAL_ROWS]
    )
    return [Answer(at, {}, told, chances, value, when) for at, told, chances, value, when in found]


def _judged(
    release: Release, plan: SignedPlan, known: list[Answer], *, answered: int
) -> dict[str, Any]:
    return realised(
        plan.promises,
        _truth(release, known),
        _told(release, known),
        days=[answer.at.date().isoformat() for answer in known],
        answered=answered,
        positive=_positive(release),
        today=plan.guardrails["today"],
    )


_truth, _told, _positive = answered.truth_of, answered.told_of, answered.positive_of


def _of_window(
    release: Release, plan: SignedPlan, answers: list[Answer], frame: pd.DataFrame, *, now: datetime
) -> dict[str, Any]:
    """What ``_of_recent`` tells, the promise and the money, of some answers only."""
    known = [answer for answer in answers if answer.is_known]
    counts = Counter((answered.as_text(answer.prediction), _name(answer)) for answer in answers)
    return {
        **_judged(release, plan, known, answered=len(answers)),
        **_of_recent(release, plan, answers, frame, now=now),
        "money": booking.booked(release, plan, counts),
    }


def _name(answer: Answer) -> str | None:
    return answered.as_text(answer.actual) if answer.is_known else None


def _of_recent(
    release: Release, plan: SignedPlan, answers: list[Answer], frame: pd.DataFrame, *, now: datetime
) -> dict[str, Any]:
    """Delay of the truth, groups, share of positive answers, an estimate of what is open."""
    is_known = np.array([answer.is_known for answer in answers], dtype=bool)
    due = _is_due(plan, answers, now=now)
    return {
        "delay": _delay([answer for answer in answers if answer.is_known]),
        "due": int(due.sum()),
        "due_known": int((due & is_known).sum()),
        "slices": _slices(release, plan, answers, frame, is_known),
        "positive_share": _positive_share(release, answers),
        "estimate": _estimate(release, plan, answers, frame, ~is_known),
    }


def _is_due(plan: SignedPlan, answers: Sequence[Answer], *, now: datetime) -> Any:
    """(n,) bool: older than the plan's days until the label is known; none where it is silent."""
    delay = plan.plan.task("features").get("delay_days")
    if delay is None:
        return np.zeros(len(answers), dtype=bool)
    return np.array([answer.at <= now - timedelta(days=delay) for answer in answers], dtype=bool)


def _delay(known: list[Answer]) -> dict[str, float] | None:
    """Days from an answer to its truth: half and nine tenths of them are below."""
    days = [
        (answer.actual_at - answer.at) / timedelta(days=1) for answer in known if answer.actual_at
    ]
    if not days:
        return None
    half, most = np.percentile(days, [50, 90])
    return {"p50_days": max(0.0, float(half)), "p90_days": max(0.0, float(most))}


def _slices(
    release: Release, plan: SignedPlan, answers: list[Answer], frame: pd.DataFrame, is_known: Any
) -> list[dict[str, Any]]:
    """The primary metric per group that the plan names."""
    rows = np.flatnonzero(is_known)
    if len(rows) < FEW_ROWS or not plan.slices or not plan.promises:
        return []
    known = [answers[row] for row in rows]
    return slices_of(
        frame.iloc[rows].reset_index(drop=True),
        plan.slices,
        metric=plan.promises[0].measure,
        truth=_truth(release, known),
        predictions=_told(release, known).covering(_truth(release, known)),
        positive=_positive(release),
        fold=True,
    )


def _positive_share(release: Release, answers: list[Answer]) -> dict[str, float] | None:
    positive = _positive(release)
    if positive is None or len(answers) < FEW_ROWS:
        return None
    hits = sum(str(answer.prediction) == positive for answer in answers)
    low, high = rate_interval(hits, len(answers))
    return {"value": hits / len(answers), "low": low, "high": high}


def _estimate(
    release: Release, plan: SignedPlan, answers: list[Answer], frame: pd.DataFrame, is_open: Any
) -> dict[str, Any] | None:
    """The promised metrics on answers without a truth; None where nothing can be said."""
    rows = np.flatnonzero(is_open)
    estimator = release.report.get("estimator")
    if not estimator or len(rows) < FEW_ROWS or not plan.promises:
        return None
    still, asked = [answers[row] for row in rows], frame.iloc[rows].reset_index(drop=True)
    if not set(estimator.get("columns", [])) <= set(asked.columns):
        return None  # it rests on a column of which nothing is kept
    told, positive = _told(release, still), _positive(release)
    return {
        **estimate(estimator, plan.promises, told, asked, positive=positive),
        "periods": estimated_days(
            estimator,
            plan.promises[0],
            told,
            asked,
            days=[answer.at.date().isoformat() for answer in still],
            positive=positive,
        ),
    }


def _causes(
    release: Release,
    plan: SignedPlan,
    sketch: dict[str, Any],
    answers: list[Answer],
    frame: pd.DataFrame,
    *,
    now: datetime,
) -> list[dict[str, Any]]:
    """Suspects; ``since`` becomes the moment of the first answer concerned (ISO 8601)."""
    if not answers:
        return []
    estimator = release.report.get("estimator") or {}
    loss = np.full(len(answers), np.nan)
    levelled = np.full(len(answers), np.nan)
    rows = [place for place, answer in enumerate(answers) if answer.is_known]
    known = [answers[row] for row in rows]
    shifted = None
    if known:
        truth, told = _truth(release, known), _told(release, known)
        loss[rows] = loss_of_rows(truth, told)
        shifted = level_loss(truth, told, positive=_positive(release))
    if shifted is not None:
        levelled[rows] = shifted
    recent = Recent(
        frame=frame,
        loss=loss,
        level_loss=None if shifted is None else levelled,
        is_due=_is_due(plan, answers, now=now),
    )
    found = causes(
        recent,
        sketch=sketch,
        reference=estimator.get("loss"),
        importance=_importance(release),
    )
    return [
        {
            **item,
            "since": None if item["since"] is None else answers[item["since"]].at.isoformat(),
        }
        for item in found
    ]


def _importance(release: Release) -> dict[str, float]:
    told = release.candidate.report.get("importance") or []
    return {item["feature"]: float(item["importance"]) for item in told}
