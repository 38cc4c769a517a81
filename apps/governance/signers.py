"""Who may sign a gate, for whom, and whether there are enough independent people at all."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from apps.accounts.models import User
from apps.governance.models import Delegation
from apps.governance.state import GateGlance, GateState
from apps.projects.access import ALLOWS, Verb, require, role_in
from apps.projects.models import Cycle, Event, Membership, Role
from apps.projects.rounds import house_today
from apps.projects.stages import Stage
from apps.web.refusals import Refusal


class NotIndependent(Refusal):
    """The person had a hand in what the gate is about."""


@dataclass(frozen=True)
class Standing:
    """In which role somebody signs, and for whom if not for themselves."""

    role: Role
    principal: User | None = None


def delegations_today() -> QuerySet[Delegation]:
    """Delegations that hold today: in their days, not taken back, between members as they are.

    A giver who is no manager any more, or a delegate who left, ends it. The days are those of the
    installation's time zone.
    """
    today = house_today()
    of_team = Membership.objects.filter(team=OuterRef("team"), user__is_active=True)
    return Delegation.objects.filter(
        Exists(of_team.filter(user=OuterRef("giver"), role=Role.MANAGER)),
        Exists(of_team.filter(user=OuterRef("delegate"))),
        starts_on__lte=today,
        ends_on__gte=today,
        revocation=None,
    ).select_related("giver", "delegate")


def contributors(seen: GateGlance) -> frozenset[int]:
    """Ids of everybody who had a hand in what the gate is about, and of who submitted it.

    Ids, not roles: a new role, another owner or a closed account changes nothing.
    """
    found = set(seen.gate.contributors(seen.cycle))
    return frozenset(found | ({seen.submission.person_id} if seen.submission else set()))


def standing(seen: GateGlance, by: User) -> Standing:
    """How this person signs here; raises PermissionDenied or NotIndependent.

    Whether the gate waits for them now is asked elsewhere.
    """
    project = seen.cycle.project
    if not seen.round.manager:
        return Standing(require(by, Verb.CLOSE, project))
    role = role_in(by, project)
    if role is None:
        raise PermissionDenied(f"Your role does not allow to {Verb.SIGN.value}.")
    hands = contributors(seen)
    if Verb.SIGN in ALLOWS[role]:
        found = Standing(role)
    else:
        found = Standing(role, _principal(seen, by, hands=hands))
    if by.pk in hands:
        raise NotIndependent(
            "You wrote, built, edited or submitted part of what this gate is about. Somebody "
            "independent has to sign it."
        )
    return found


def _principal(seen: GateGlance, by: User, *, hands: frozenset[int]) -> User:
    """The manager for whom a delegate signs: an independent one, if possible not heard yet."""
    held = delegations_today().filter(team=seen.cycle.project.team_id, delegate=by)
    givers = [row.giver for row in held]
    if not givers:
        raise PermissionDenied(f"Your role does not allow to {Verb.SIGN.value}.")
    free = [giver for giver in givers if giver.pk not in hands]
    if not free:
        raise NotIndependent(
            f"{givers[0]}, for whom you would sign, had a hand in what this gate is about."
        )
    return next((giver for giver in free if giver.pk not in seen.round.voices), free[0])


def why_heard(seen: GateGlance, by: User, found: Standing) -> str:
    """Why this voice counts already, as a sentence; empty when it does not."""
    if not seen.round.manager:
        return ""
    if by.pk in seen.round.voices:
        told = "You have signed this already, or somebody has for you."
    elif found.principal is not None and found.principal.pk in seen.round.voices:
        told = f"{found.principal}, for whom you sign, is counted already."
    else:
        return ""
    return f"{told} It has {seen.round.count}; somebody else signs next."


def delegated_teams(person: User) -> set[int]:
    """Teams in which somebody has this person sign for them today."""
    return set(delegations_today().filter(delegate=person).values_list("team", flat=True))


@dataclass(frozen=True)
class Shortfall:
    """How many independent managers a gate lacks."""

    lacking: int
    needed: int
    independent: int

    @property
    def says(self) -> str:
        """What is missing, and how to get it."""
        have = {0: "nobody", 1: "one person"}.get(self.independent, f"{self.independent} people")
        need = "an independent manager" if self.needed == 1 else f"{self.needed} different managers"
        return (
            f"This gate needs {need}; {have} in the team can still sign. A team admin makes "
            "somebody who had no hand in it a manager, on the team's page: a colleague of another "
            "team will do. A second role or a delegation does not help those who contributed."
        )


def shortfall(seen: GateGlance, managers: set[int], hands: frozenset[int]) -> Shortfall | None:
    """What a waiting gate lacks. A delegate lends a manager no second voice, so managers count."""
    if not seen.round.manager:
        return None
    free = managers - hands - seen.round.voices
    lacking = seen.round.needed - len(seen.round.approvals) - len(free)
    return Shortfall(lacking, seen.round.needed, len(free)) if lacking > 0 else None


def managers_of(teams: Sequence[int]) -> dict[int, set[int]]:
    """Ids of the active managers by team."""
    found: dict[int, set[int]] = {team: set() for team in teams}
    rows = Membership.objects.filter(team__in=teams, role=Role.MANAGER, user__is_active=True)
    for team, user in rows.values_list("team", "user"):
        found[team].add(user)
    return found


def shortfall_here(seen: GateGlance) -> Shortfall | None:
    """What the gate on a page lacks; only asked while it is not passed."""
    if seen.state in {GateState.PASSED, GateState.LOCKED, GateState.REJECTED}:
        return None
    team = seen.cycle.project.team_id
    return shortfall(seen, managers_of([team])[team], contributors(seen))


def lacking_signers(waiting: Sequence[GateGlance]) -> list[tuple[GateGlance, Shortfall]]:
    """The gates among these that wait for nobody. Few queries, as long as nothing changes."""
    cycles = {seen.cycle.pk: seen.cycle for seen in waiting}
    managers = managers_of([cycle.project.team_id for cycle in cycles.values()])
    hands = _remembered(waiting)
    asked = [
        (seen, shortfall(seen, managers[seen.cycle.project.team_id], hands[_key(seen)]))
        for seen in waiting
    ]
    return [(seen, found) for seen, found in asked if found is not None]


def _key(seen: GateGlance) -> tuple[int, Stage]:
    return seen.cycle.pk, seen.stage


def _remembered(waiting: Sequence[GateGlance]) -> dict[tuple[int, Stage], frozenset[int]]:
    """Contributors, remembered until the ledger of the project has a new line."""
    newest = Event.objects.filter(project=OuterRef("project")).order_by("-seq").values("hash")[:1]
    cycles = Cycle.objects.filter(pk__in={seen.cycle.pk for seen in waiting})
    heads = dict(cycles.values_list("pk", Subquery(newest)))
    keys = {
        _key(seen): f"hands:{seen.cycle.pk}:{seen.stage}:{heads[seen.cycle.pk]}" for seen in waiting
    }
    known = cache.get_many(keys.values())
    fresh = {
        keys[_key(seen)]: contributors(seen) for seen in waiting if keys[_key(seen)] not in known
    }
    cache.set_many(fresh, timeout=3600)
    return {which: {**known, **fresh}[key] for which, key in keys.items()}
