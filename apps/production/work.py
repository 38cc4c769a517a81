"""What a worker does: build a release, watch what is live."""

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from apps.datasets.storage import local
from apps.engine.evaluation.metrics import Predictions
from apps.engine.monitoring.alarms import alarms_of
from apps.engine.monitoring.drift import drift
from apps.engine.monitoring.money import money
from apps.engine.monitoring.performance import realised
from apps.engine.monitoring.service import service
from apps.engine.monitoring.sketch import PREDICTION
from apps.engine.serving.contract import Contract
from apps.engine.types import Kind, Problem
from apps.jobs.models import Job
from apps.jobs.runner import Desk
from apps.planning.queries import as_signed
from apps.production.models import Actual, Alarm, Deployment, Prediction, Release, WatchReport
from apps.production.queries import serving_release
from apps.production.taking import take_up
from apps.projects import ledger
from apps.projects.canonical import content_hash

DRIFT_ROWS = 5_000
ACTUAL_ROWS = 50_000
SERVICE_WINDOW = timedelta(hours=24)
_DTYPES = {
    Kind.INTEGER: "Int64",
    Kind.NUMBER: "float64",
    Kind.BOOLEAN: "boolean",
    Kind.DATETIME: "datetime64[us]",
    Kind.TEXT: "string",
}


def build_release(job: Job, desk: Desk) -> None:
    """Draft the contract, prove equal answers, keep the reference; then the release is fixed."""
    release = Release.objects.select_related(
        "candidate__trial__experiment__split", "cycle__project", "deployment"
    ).get(job=job)
    split, told = release.candidate.trial.experiment.split, release.served_with
    result = desk.child(
        "apps.engine.serving.release:build_release",
        model=str(local(release.candidate.model)),
        sha256=release.candidate.model,
        raw_development=str(local(split.raw_development)),
        development=str(local(split.development)),
        target=split.target,
        steps=release.steps,
        features=told["features"],
        problem=told["problem"],
        positive=told["positive"],
        threshold=told["threshold"],
    )
    with desk.finishing():
        release.contract, release.report = result.pop("contract"), result
        release.content_hash = content_hash(
            {
                "model": release.candidate.model,
                "contract": release.contract,
                "steps": release.steps,
                "served_with": told,
            }
        )
        release.save(update_fields=["contract", "report", "content_hash"])
        ledger.record(
            "production.released",
            f"{release} is built: {result['verified_rows']} rows answered as in training",
            actor=job.by,
            project=release.cycle.project,
            facts={"release": release.content_hash, "latency_ms": result["latency_ms"]},
        )


def watch() -> None:
    """Look at every endpoint that is live and was called since the last look."""
    take_up()
    for deployment in Deployment.objects.filter(retired_at=None):
        release = serving_release(deployment)
        if release is not None and _has_news(release):
            watch_release(release)


def watch_now(job: Job, desk: Desk) -> None:
    """Look at the live release of a project at once."""
    take_up()
    deployment = Deployment.objects.filter(project=job.project, retired_at=None).first()
    release = serving_release(deployment) if deployment else None
    with desk.finishing():
        if release is not None:
            watch_release(release)


def _has_news(release: Release) -> bool:
    last = release.watch_reports.order_by("-at").first()
    if last is None:
        return True
    return (
        release.calls.filter(at__gt=last.at).exists()
        or Actual.objects.filter(prediction__release=release, at__gt=last.at).exists()
    )


@transaction.atomic
def watch_release(release: Release) -> WatchReport:
    """One look at a release: service, drift, promise; alarms are raised, told again, or closed."""
    now = timezone.now()
    calls = list(
        release.calls.filter(at__gt=now - SERVICE_WINDOW, is_rehearsal=False).values_list(
            "at", "status", "latency_ms", "rows"
        )
    )
    seen = service(calls, now=now, window=SERVICE_WINDOW)
    moved = _drift(release)
    promise = _performance(release)
    report = WatchReport.objects.create(
        release=release, at=now, service=seen, drift=moved, performance=promise
    )
    _raise_alarms(release, now, service=seen, drift=moved, performance=promise)
    return report


def _drift(release: Release) -> list[dict[str, Any]]:
    recent = (
        Prediction.objects.filter(release=release, call__is_rehearsal=False)
        .order_by("-at")
        .values_list("row", "prediction", "probabilities")[:DRIFT_ROWS]
    )
    if not recent:
        return []
    contract = Contract.from_dict(release.contract)
    positive = release.served_with["positive"]
    columns = {
        item.name: pd.Series([row.get(item.name) for row, _, _ in recent]).astype(
            _DTYPES[item.kind]
        )
        for item in contract.fields
    }
    scores = [
        chances[positive] if chances and positive in chances else told
        for _, told, chances in recent
    ]
    return drift(release.report["sketch"], pd.DataFrame({**columns, PREDICTION: scores}))


def _performance(release: Release) -> dict[str, Any]:
    known = list(
        Actual.objects.filter(prediction__release=release, prediction__call__is_rehearsal=False)
        .order_by("-prediction__at")
        .values_list(
            "value", "prediction__prediction", "prediction__probabilities", "prediction__at"
        )[:ACTUAL_ROWS]
    )
    plan = as_signed(release.candidate.trial.experiment.plan)
    problem = Problem(release.served_with["problem"])
    answered = Prediction.objects.filter(release=release, call__is_rehearsal=False).count()
    if problem == Problem.REGRESSION:
        truth: list[Any] = [float(value) for value, *_ in known]
        told = Predictions(np.array([float(row[1]) for row in known]))
    else:
        classes = tuple(sorted(known[0][2])) if known else ()
        truth = [str(value) for value, *_ in known]
        told = Predictions(
            np.array([str(row[1]) for row in known], dtype=object),
            np.array([[row[2][name] for name in classes] for row in known]),
            classes,
        )
    positive = release.served_with["positive"] if problem == Problem.BINARY else None
    seen = realised(
        plan.promises,
        truth,
        told,
        days=[row[3].date().isoformat() for row in known],
        answered=answered,
        positive=positive,
        today=plan.guardrails["today"],
    )
    return {**seen, "money": _money(release, plan.plan.task("objective"), positive)}


def _money(release: Release, objective: dict[str, Any], positive: str | None) -> dict | None:
    """The signed payoff on all answered rows; None where the plan names none."""
    right, wrong = objective.get("value_right"), objective.get("value_wrong")
    missed, quiet = objective.get("value_missed"), objective.get("value_quiet")
    if positive is None or right is None or wrong is None:
        return None
    counted = (
        Prediction.objects.filter(release=release, call__is_rehearsal=False)
        .values_list("prediction", "actual__value")
        .annotate(rows=Count("pk"))
        .order_by()
    )
    counts = {
        (str(told), None if value is None else str(value)): rows for told, value, rows in counted
    }
    return money(
        counts,
        positive=positive,
        value_right=right,
        value_wrong=wrong,
        value_missed=missed or 0.0,
        value_quiet=quiet or 0.0,
    )


def _raise_alarms(release: Release, now: Any, **seen: Any) -> None:
    for told in alarms_of(tripwires=release.monitor.get("tripwires", []), **seen):
        open_one = Alarm.objects.filter(release=release, key=told["key"], closed_at=None).first()
        if open_one is not None:
            open_one.says, open_one.last_seen_at = told["says"][:400], now
            open_one.save(update_fields=["says", "last_seen_at"])
            continue
        Alarm.objects.create(
            release=release,
            key=told["key"],
            severity=told["severity"],
            says=told["says"][:400],
            action=told["action"][:400],
            raised_at=now,
            last_seen_at=now,
        )
        ledger.record(
            "production.alarm",
            told["says"],
            actor=None,
            project=release.cycle.project,
            facts={"key": told["key"], "release": release.number},
        )
