"""The one place that writes a switch: what people and the watch say goes through here."""

from datetime import datetime
from typing import Any

from apps.accounts.models import User
from apps.production.endpoint import serving
from apps.production.models import (
    Alarm,
    Deployment,
    FallbackKind,
    FlipReport,
    GlassRequest,
    Release,
    Switch,
)
from apps.production.refusals import ApiRefusal
from apps.projects import ledger
from apps.projects.access import Verb, require, role_in
from apps.projects.models import Role
from apps.web.refusals import Refusal


def lock(deployment: Deployment) -> Deployment:
    """The deployment, with everybody else who switches waiting."""
    return Deployment.objects.select_for_update().get(pk=deployment.pk)


def locked_for(deployment: Deployment, verb: Verb, by: User) -> Deployment:
    """The same for a person who may do it."""
    require(by, verb, deployment.project)
    return lock(deployment)


def said(reason: str) -> None:
    """Refuse to do it without a reason."""
    if not reason.strip():
        raise Refusal("Say why: what answered when, and why, is asked later.")


def load(release: Release) -> None:
    """Load a release before it answers, so that no call waits for it or fails. Raises Refusal."""
    try:
        serving.scorer_for(release)
    except ApiRefusal as refusal:
        raise Refusal(f"Release {release.number} cannot be loaded: {refusal.message}") from refusal


def write_switch(
    deployment: Deployment,
    kind: FallbackKind,
    says: str,
    reason: str,
    *,
    by: User | None,
    release: Release | None = None,
    rule: dict[str, Any] | None = None,
    flips: FlipReport | None = None,
    canary: Release | None = None,
    terms: dict[str, Any] | None = None,
    seen: dict[str, Any] | None = None,
    alarm: Alarm | None = None,
    glass: GlassRequest | None = None,
    until: datetime | None = None,
) -> Switch:
    """The next word about a locked deployment. Without a person (``by``) the watch says it."""
    last = deployment.switches.order_by("-number").first()
    is_manager = by is not None and role_in(by, deployment.project) == Role.MANAGER
    made = Switch.objects.create(
        deployment=deployment,
        number=last.number + 1 if last else 1,
        kind=kind,
        release=release,
        rule=rule,
        flips=flips,
        canary=canary,
        terms=terms,
        seen=seen,
        alarm=alarm,
        glass=glass,
        until=until,
        reason=reason.strip(),
        person=by,
        by_manager=is_manager or bool(glass),  # of two who break the glass one is a manager
    )
    ledger.record(
        "production.switched",
        says,
        actor=by,
        project=deployment.project,
        facts={
            "kind": kind,
            "release": release.number if release else None,
            "canary": canary.number if canary else None,
            "terms": terms,
            "seen": seen,
            "until": until.isoformat() if until else None,
        },
        row=made,
    )
    return made
