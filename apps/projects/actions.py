"""What a person does to teams and projects."""

from dataclasses import asdict, replace

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.crypto import get_random_string
from django.utils.text import slugify

from apps.accounts.models import User
from apps.projects import keys, ledger
from apps.projects.access import ALLOWS, Verb, require, role_in
from apps.projects.models import (
    PASSING,
    Chain,
    Cycle,
    Decision,
    Membership,
    Project,
    Role,
    Team,
    Tier,
    Tiering,
    Verdict,
)
from apps.projects.stages import Stage
from apps.projects.tiers import Stakes, stakes_of, weigh
from apps.web.refusals import Refusal


def _free_slug(name: str) -> str:
    """A slug nobody has; the random end tells nothing about other teams' names."""
    slug = slugify(name)[:80] or "project"
    while Project.objects.filter(slug=slug).exists():
        slug = f"{slugify(name)[:80] or 'project'}-{get_random_string(4).lower()}"
    return slug


@transaction.atomic
def start_project(
    *,
    team: Team,
    name: str,
    by: User,
    sentence: str = "",
    stakes: Stakes | None = None,
    tier: int | None = None,
) -> Project:
    """Create a project with its first cycle. ``tier`` raises the one that the stakes give."""
    membership = Membership.objects.filter(team=team, user=by).first()
    if membership is None or Verb.START not in ALLOWS[Role(membership.role)]:
        raise PermissionDenied("Your role does not allow to start projects.")
    project = Project.objects.create(
        team=team, name=name, slug=_free_slug(name), sentence=sentence, owner=by
    )
    Cycle.objects.create(project=project, number=1, reason="The first cycle.")
    stakes = stakes or Stakes()
    computed = weigh(stakes)
    if tier is not None and tier > computed.tier:
        raise Refusal(f"{computed.why} Only a manager sets it lower, and says why.")
    tiering = _set(project, stakes, tier=tier or computed.tier, reason="", by=by)
    ledger.record(
        "project.started",
        f"{by} started {name}. {tiering.why}",
        actor=by,
        project=project,
        facts={"tier": tiering.tier, "computed": tiering.computed},
        row=tiering,
    )
    return project


def _set(project: Project, stakes: Stakes, *, tier: int, reason: str, by: User) -> Tiering:
    """Write down how the tier was found, and let it hold. The caller writes the event."""
    weighed = weigh(stakes)
    tiering = Tiering.objects.create(
        project=project,
        **asdict(stakes),
        computed=weighed.tier,
        tier=tier,
        why=weighed.why,
        reason=reason,
        person=by,
    )
    project.tier = tier
    project.save(update_fields=["tier"])
    return tiering


def _record_tier(tiering: Tiering, *, before: int, says: str) -> None:
    facts = {
        "tier": tiering.tier,
        "before": before,
        "computed": tiering.computed,
        "why": tiering.why,
        "reason": tiering.reason,
    }
    ledger.record(
        "project.tier_set",
        says,
        actor=tiering.person,
        project=tiering.project,
        facts=facts,
        row=tiering,
    )


@transaction.atomic
def set_tier(*, project: Project, stakes: Stakes, tier: int, reason: str, by: User) -> Tiering:
    """A manager states the stakes anew. Below the computed tier it takes a reason."""
    require(by, Verb.SIGN, project)
    locked = Project.objects.select_for_update().get(pk=project.pk)
    weighed = weigh(stakes)
    if tier > weighed.tier and not reason.strip():
        raise Refusal(
            f"{weighed.why} To set tier {tier}, which is lower, say why: the reason stays in the "
            "ledger."
        )
    before = locked.tier
    tiering = _set(locked, stakes, tier=tier, reason=reason.strip(), by=by)
    told = f": {tiering.reason}" if tiering.reason else ""
    _record_tier(
        tiering, before=before, says=f"{by} set tier {tier}, computed {weighed.tier}{told}"
    )
    project.tier = tier
    return tiering


@transaction.atomic
def weigh_plan(
    *, project: Project, money_per_year: float, decisions_per_month: float, by: User
) -> None:
    """Raise the tier when a plan puts more at stake than was stated; never lower it.

    A tier that a manager set below the computed one stands until the stakes ask for more.
    """
    last = project.tierings.order_by("-pk").first()
    known = stakes_of(last) if last else Stakes()
    stakes = replace(
        known,
        money_per_year=max(known.money_per_year, money_per_year),
        decisions_per_month=max(known.decisions_per_month, decisions_per_month),
    )
    weighed = weigh(stakes)
    if weighed.tier >= (last.computed if last else Tier.LOW):
        return
    locked = Project.objects.select_for_update().get(pk=project.pk)
    before = locked.tier
    tiering = _set(locked, stakes, tier=min(before, weighed.tier), reason="", by=by)
    project.tier = locked.tier
    _record_tier(tiering, before=before, says=f"The plan puts more at stake. {weighed.why}")


@transaction.atomic
def start_cycle(*, project: Project, reason: str, by: User | None) -> Cycle:
    """Open the next round. ``by`` is None when a breach in production asks for it."""
    if by is not None:
        require(by, Verb.PLAN, project)
    Project.objects.select_for_update().get(pk=project.pk)
    cycle = Cycle.objects.create(
        project=project, number=project.cycle.number + 1, reason=reason[:300]
    )
    ledger.record(
        "cycle.started",
        f"{by or 'The system'} started cycle {cycle.number}: {reason}",
        actor=by,
        project=project,
    )
    return cycle


@transaction.atomic
def set_role(*, team: Team, user: User, role: Role | None, by: User) -> None:
    """Give a person a role in the team; None takes them out of it."""
    mine = Membership.objects.filter(team=team, user=by).first()
    allowed = mine is not None and Verb.MANAGE_TEAM in ALLOWS[Role(mine.role)]
    if not (allowed or by.is_superuser):
        raise PermissionDenied("Your role does not allow to manage the team.")
    if role is None:
        Membership.objects.filter(team=team, user=user).delete()
        says = f"{by} took {user} out of {team}"
    else:
        Membership.objects.update_or_create(team=team, user=user, defaults={"role": role})
        says = f"{by} made {user} {role.label.lower()} of {team}"
    ledger.record(
        "team.role_set", says, actor=by, team=team, facts={"user": user.pk, "role": role or ""}
    )


@transaction.atomic
def withdraw_gate(*, cycle: Cycle, stage: Stage, by: User, reason: str) -> Decision | None:
    """Take the approval of a gate back because something new is known; None if it has none.

    The earlier signature stays; the withdrawal is one more decision.
    """
    last = cycle.decisions.filter(stage=stage).order_by("-number").first()
    if last is None or last.verdict not in PASSING:
        return None
    decision = Decision.objects.create(
        cycle=cycle,
        stage=stage,
        number=last.number + 1,
        submission=last.submission,
        needed=last.needed,
        subject=last.subject,
        evidence_hash=last.evidence_hash,
        evidence=last.evidence,
        person=by,
        person_name=str(by),
        role=role_in(by, cycle.project) or "",
        verdict=Verdict.WITHDRAW,
        meaning="",
        note=reason,
    )
    ledger.record(
        "gate.withdrawn",
        f"The approval of the {stage.label.lower()} gate is withdrawn: {reason}",
        actor=by,
        project=cycle.project,
        facts={"stage": stage, "cycle": cycle.number},
        row=decision,
    )
    return decision


@transaction.atomic
def rotate_key() -> tuple[str, str]:
    """Seal with a new key from now on; names of the old and the new one.

    All chains are locked meanwhile, and each gets an event under the new key. From there on
    nothing that is sealed with the old key is accepted.
    """
    Chain.objects.get_or_create(team=None)
    chains = list(Chain.objects.select_for_update(of=["self"]).select_related("team"))
    old, _ = keys.current()
    new = keys.add_key()
    for chain in chains:
        ledger.record(
            "ledger.key_rotated",
            f"The ledger is sealed with key {new} from here on",
            actor=None,
            team=chain.team,
            facts={"from": old, "to": new},
        )
    return old, new
