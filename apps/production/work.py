"""What a worker does: build a release, watch what is live."""

import logging
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.datasets.models import Contract
from apps.datasets.storage import local
from apps.engine.errors import EngineError
from apps.jobs.models import Job
from apps.jobs.runner import Desk
from apps.planning.queries import as_signed
from apps.production.endpoint.keeping import how_of
from apps.production.endpoint.standing import Standing, answering
from apps.production.log.taking import take_up
from apps.production.models import Actual, Deployment, Release, WatchReport
from apps.production.queries import serving_release
from apps.production.release.canaries import compare
from apps.production.watch.guarding import end_canary, fall_back
from apps.production.watch.incidents import raise_alarms
from apps.production.watch.looks import Looked, look_at
from apps.projects import ledger
from apps.projects.canonical import content_hash

LOG = logging.getLogger(__name__)


def build_release(job: Job, desk: Desk) -> None:
    """Draft the contract, prove equal answers, keep the reference; then the release is fixed."""
    release = Release.objects.select_related(
        "candidate__trial__experiment__split", "cycle__project", "deployment"
    ).get(job=job)
    split, told = release.candidate.trial.experiment.split, release.served_with
    result = desk.child(
        "apps.engine.serving.release:build_release",
        **_served(release),
        development=str(local(split.development)),
        target=split.target,
        rules=_rules(told),
        time=split.time,
        **_for_estimates(release),
    )
    with desk.finishing():
        release.contract, release.report = result.pop("contract"), result
        if keeps := how_of(release):
            told["keeps"] = keeps
        release.content_hash = content_hash(
            {
                "model": release.candidate.model,
                "contract": release.contract,
                "steps": release.steps,
                "served_with": told,
            }
        )
        release.save(update_fields=["contract", "report", "served_with", "content_hash"])
        ledger.record(
            "production.released",
            f"{release} is built: {result['verified_rows']} rows answered as in training",
            actor=job.by,
            project=release.cycle.project,
            facts={"release": release.content_hash, "latency_ms": result["latency_ms"]},
        )


def compile_again(job: Job, desk: Desk) -> None:
    """Compile a release anew and prove it; its hash does not cover how answers are computed."""
    release = Release.objects.select_related(
        "candidate__trial__experiment__split", "cycle__project", "deployment"
    ).get(compile_job=job)
    result = desk.child(
        "apps.engine.serving.release:compile_again", contract=release.contract, **_served(release)
    )
    with desk.finishing():
        release.compiled_anew = result
        release.save(update_fields=["compiled_anew"])
        found = result["compiled"]
        says = (
            f"is compiled: {found['compared']} rows answered as scikit-learn does"
            if release.is_compiled
            else f"goes on being served by scikit-learn: {found['why_not']}"
        )
        ledger.record(
            "production.compiled",
            f"{release} {says}",
            actor=job.by,
            project=release.cycle.project,
            facts={"release": release.content_hash, **result},
        )


def _served(release: Release) -> dict[str, Any]:
    """What the engine needs of a release to answer its development rows."""
    told, split = release.served_with, release.candidate.trial.experiment.split
    return {
        "model": str(local(release.candidate.model)),
        "sha256": release.candidate.model,
        "raw_development": str(local(split.raw_development)),
        "steps": release.steps,
        **{name: told[name] for name in ("features", "problem", "positive", "threshold")},
    }


def _rules(served_with: dict[str, Any]) -> list[dict[str, Any]]:
    """The rules of the data contract that was in force when the release was asked for."""
    agreed = served_with.get("data_contract")
    return Contract.objects.get(pk=agreed["id"]).rules if agreed else []


def _for_estimates(release: Release) -> dict[str, Any]:
    """What the estimate of performance rests on: answers about rows that did not train."""
    trial = release.candidate.trial
    return {
        "answers": str(local(trial.answers)) if trial.answers else None,
        "promises": [asdict(promise) for promise in as_signed(trial.experiment.plan).promises],
    }


def watch() -> None:
    """Look at every endpoint that is live and was called since the last look."""
    take_up()
    for deployment in Deployment.objects.filter(retired_at=None):
        standing = answering(deployment)
        if standing.release is not None and _has_news(standing.release):
            _watch_one(standing.release)
        if standing.canary is not None and _has_news(standing.canary):
            _watch_canary(deployment, standing)


def _watch_one(release: Release) -> None:
    """A look that cannot be taken must not keep the watch from the other endpoints."""
    try:
        watch_release(release)
    except EngineError:
        LOG.exception("The watch could not look at %s", release)


def _watch_canary(deployment: Deployment, standing: Standing) -> None:
    """The guard first: a canary that is worse ends before anything else is asked of it."""
    canary, compared = standing.canary, compare(standing)
    if canary is None or compared is None:
        return
    ended = end_canary(deployment, compared, at=timezone.now())
    try:
        report = watch_release(canary)
    except EngineError:
        LOG.exception("The watch could not look at the canary %s", canary)
        report = WatchReport.objects.create(release=canary, at=timezone.now())
    report.performance["beside"] = {**compared, "ended": ended is not None}
    report.save(update_fields=["performance"])


def watch_now(job: Job, desk: Desk) -> None:
    """Look at the live release of a project at once."""
    take_up()
    deployment = Deployment.objects.filter(project=job.project, retired_at=None).first()
    release = serving_release(deployment) if deployment else None
    looked = look_at(release, now=timezone.now()) if release is not None else None
    with desk.finishing():
        if release is not None and looked is not None:
            _keep(release, looked)


def _has_news(release: Release) -> bool:
    last = release.watch_reports.order_by("-at").first()
    if last is None:
        return True
    return (
        release.deployment.calls.filter(release=release, at__gt=last.at).exists()
        or Actual.objects.filter(prediction__release=release, at__gt=last.at).exists()
    )


def watch_release(release: Release) -> WatchReport:
    """One look at a release, kept; its alarms are raised or told again, with their incidents."""
    looked = look_at(release, now=timezone.now())
    with transaction.atomic():
        return _keep(release, looked)


def _keep(release: Release, looked: Looked) -> WatchReport:
    report = WatchReport.objects.create(
        release=release,
        at=looked.at,
        service=looked.service,
        drift=looked.drift,
        reference=looked.reference,
        performance=looked.performance,
        wires=looked.wires,
        causes=looked.causes,
    )
    raise_alarms(release, looked)
    fall_back(release, looked)
    return report
