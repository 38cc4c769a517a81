"""What a person says to the watch: what the answers of an endpoint are held against."""

from django.db import transaction

from apps.accounts.models import User
from apps.engine.monitoring.seasons import KINDS
from apps.production.models import Deployment, DriftReference
from apps.projects import ledger
from apps.projects.access import Verb, require
from apps.web.refusals import Refusal


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
