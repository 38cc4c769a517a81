"""What a person says of an endpoint's log: what answers are held against, how long it is kept."""

from django.db import transaction

from apps.accounts.models import User
from apps.engine.monitoring.seasons import KINDS
from apps.production.log.retention import MOST_DAYS
from apps.production.models import Deployment, DriftReference, Retention
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
