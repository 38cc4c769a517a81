"""What a person says of the log: what happened, what it is held against, how long it stays."""

from pathlib import Path

from django.db import transaction

from apps.accounts.models import User
from apps.datasets.storage import keep
from apps.engine.monitoring.seasons import KINDS
from apps.jobs.actions import enqueue
from apps.jobs.models import Queue
from apps.production.log.retention import MOST_DAYS
from apps.production.models import ActualsFile, Deployment, DriftReference, Retention
from apps.projects import ledger
from apps.projects.access import Verb, require
from apps.web.refusals import Refusal


@transaction.atomic
def set_retention(
    *, deployment: Deployment, inputs_days: int, answers_days: int, reason: str, by: User
) -> Retention:
    """Say how long inputs and answers are kept, 0 for good; for managers: what goes is gone."""
    require(by, Verb.SIGN, deployment.project)
    if not 0 <= inputs_days <= MOST_DAYS or not 0 <= answers_days <= MOST_DAYS:
        raise Refusal(f"Days are whole numbers from 0 (for good) to {MOST_DAYS:,}.")
    if answers_days and not 0 < inputs_days <= answers_days:
        raise Refusal("Inputs go with their answers: keep them no longer than these.")
    if not reason.strip():
        raise Refusal("Say why the log is kept so long: it stands beside the days.")
    made = Retention.objects.create(
        deployment=deployment,
        inputs_days=inputs_days,
        answers_days=answers_days,
        reason=reason.strip(),
        person=by,
    )
    ledger.record(
        "production.retention_set",
        f"{by} has the log of {deployment} kept: inputs {_days(inputs_days)}, answers "
        f"{_days(answers_days)}: {made.reason}",
        actor=by,
        project=deployment.project,
        facts={"inputs_days": inputs_days, "answers_days": answers_days, "reason": made.reason},
        row=made,
    )
    return made


def _days(days: int) -> str:
    return f"{days:,} days" if days else "for good"


@transaction.atomic
def set_reference(*, deployment: Deployment, kind: str, reason: str, by: User) -> DriftReference:
    """Choose what drift is measured against, from the next look on."""
    require(by, Verb.DEPLOY, deployment.project)
    if kind not in KINDS:
        raise Refusal("Choose what the answers are held against from the list.")
    if not reason.strip():
        raise Refusal("Say why the answers are held against that: it stands beside every drift.")
    made = DriftReference.objects.create(
        deployment=deployment, kind=kind, reason=reason.strip(), person=by
    )
    ledger.record(
        "production.drift_reference_set",
        f"{by} has the answers of {deployment} held against {KINDS[kind]}: {made.reason}",
        actor=by,
        project=deployment.project,
        facts={"kind": kind, "reason": made.reason},
        row=made,
    )
    return made


@transaction.atomic
def bring_actuals(
    *,
    deployment: Deployment,
    path: Path,
    filename: str,
    id_column: str,
    value_column: str,
    by: User,
) -> ActualsFile:
    """Have a worker take a file of what really happened; see ``actuals_file.take_file``."""
    require(by, Verb.DEPLOY, deployment.project)
    job = enqueue(
        "production.take_actuals",
        queue=Queue.DATA,
        title=f"Take actual values from {filename}",
        project=deployment.project,
        by=by,
    )
    made = ActualsFile(
        deployment=deployment,
        filename=filename[:255],
        id_column=id_column.strip(),
        value_column=value_column.strip(),
        job=job,
        person=by,
    )
    made.sha256 = keep(path, shelf=made.shelf)
    made.save()
    return made
