"""Break-glass: two people switch without the gate's conditions, for hours, with an incident."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.production.endpoint.standing import answering
from apps.production.models import Deployment, FallbackKind, GlassRequest, Release, Switch
from apps.production.release.glass import ASKED_FOR, MOST_HOURS, key_of
from apps.production.release.releases import fallback_of
from apps.production.release.switching import load, locked_for, said, write_switch
from apps.production.watch.incidents import open_incident
from apps.projects import ledger
from apps.projects.access import Verb, role_in
from apps.projects.models import Role
from apps.web.refusals import Refusal


@transaction.atomic
def ask(
    *,
    deployment: Deployment,
    kind: FallbackKind,
    release: Release | None,
    hours: int,
    reason: str,
    by: User,
) -> GlassRequest:
    """Ask for a switch without the gate's conditions. Nothing changes until another one agrees."""
    deployment = locked_for(deployment, Verb.DISCUSS, by)
    said(reason)
    if not 1 <= hours <= MOST_HOURS:
        raise Refusal(f"A break-glass holds 1 to {MOST_HOURS} hours.")
    release = _release(deployment, kind, release)
    if kind == FallbackKind.RULE:
        _rule(deployment)
    made = GlassRequest.objects.create(
        deployment=deployment,
        kind=kind,
        release=release,
        hours=hours,
        reason=reason.strip(),
        by_manager=role_in(by, deployment.project) == Role.MANAGER,
        person=by,
    )
    ledger.record(
        "production.glass_asked",
        f"{by} asks to break the glass at {deployment}: {made.reason}",
        actor=by,
        project=deployment.project,
        facts={"kind": kind, "release": release.number if release else None, "hours": hours},
        row=made,
    )
    return made


@transaction.atomic
def agree(*, request: GlassRequest, by: User) -> Switch:
    """The second person agrees: the switch is made, and an incident opened that asks for an answer.

    At least one of the two is a manager. The switch ends by itself.
    """
    deployment = locked_for(request.deployment, Verb.DISCUSS, by)
    now = timezone.now()
    if by == request.person:
        raise Refusal("It takes a second person: you asked for it yourself.")
    if not request.by_manager and role_in(by, deployment.project) != Role.MANAGER:
        raise Refusal("One of the two has to be a manager.")
    if Switch.objects.filter(glass=request).exists():
        raise Refusal("Somebody agreed to this already.")
    if request.at < now - ASKED_FOR:
        raise Refusal("This was asked for more than an hour ago. Ask again.")
    if answering(deployment).glass:
        raise Refusal("The glass is broken already. It ends by itself.")
    release = _release(deployment, FallbackKind(request.kind), request.release)
    if release is not None:
        load(release)
    until = now + timedelta(hours=request.hours)
    made = write_switch(
        deployment,
        FallbackKind(request.kind),
        f"{request.person} and {by} broke the glass at {deployment} for {request.hours} h: "
        f"{request.reason}",
        request.reason,
        by=by,
        release=release,
        rule=_rule(deployment) if request.kind == FallbackKind.RULE else None,
        glass=request,
        until=until,
    )
    _open(deployment, request, by)
    return made


def _open(deployment: Deployment, request: GlassRequest, by: User) -> None:
    """The incident that has to be answered, whatever comes of it."""
    subject = request.release or answering(deployment).release or _newest(deployment)
    open_incident(
        subject,
        {
            "key": key_of(request),
            "severity": "high",
            "says": f"{request.person} and {by} broke the glass for {request.hours} h: "
            f"{request.reason}",
            "action": "Say why it could not wait for the gate, and what is mended.",
        },
        at=timezone.now(),
    )


def _release(deployment: Deployment, kind: FallbackKind, release: Release | None) -> Release | None:
    """The release that is asked for; built, signed or not. None for another kind."""
    if kind != FallbackKind.RELEASE:
        return None
    if release is None or release.deployment_id != deployment.pk or not release.is_ready:
        raise Refusal("Choose a release of this endpoint that is built.")
    return release


def _rule(deployment: Deployment) -> dict:
    fallback = fallback_of(deployment)
    if fallback is None or not fallback.rule:
        raise Refusal("No rule is set as the fallback: set one first, or choose something else.")
    return dict(fallback.rule)


def _newest(deployment: Deployment) -> Release:
    found = deployment.releases.exclude(content_hash="").order_by("-number").first()
    if found is None:
        raise Refusal("No release is built yet: there is nothing to switch.")
    return found
