"""Who may sign a gate, for whom, and whether there are enough independent people at all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet

from apps.accounts.models import User
from apps.governance.models import Delegation
from apps.governance.state import GateGlance, GateState
from apps.projects.access import ALLOWS, Verb, may, require, role_in
from apps.projects.models import Decision, Membership, Role
from apps.projects.rounds import house_today
from apps.web.refusals import Refusal

REMEMBERED_S = 3600
"""Bounds what no event tells of, such as a new version of this program."""


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


def check_confirmer(seen: GateGlance, by: User) -> None:
    """Raise unless ``by`` may confirm a condition here: a manager without a hand in the work.

    No delegate: what a condition was to bring about is for those who answer for the gate to say.
    """
    require(by, Verb.SIGN, seen.cycle.project)
    if by.pk in contributors(seen):
        raise NotIndependent(
            "You had a hand in what this gate is about. Another manager confirms the condition."
        )


def conditions_for(seen: GateGlance, person: User) -> list[Decision]:
    """Approvals whose condition is not met yet and may be confirmed by this person."""
    left = [one for one in seen.round.conditions if not hasattr(one, "met")]
    if not left or not may(person, Verb.SIGN, seen.cycle.project):
        return []
    return [] if person.pk in contributors(seen) else left


@dataclass(frozen=True)
class Circle:
    """Who belongs to some teams, and who signs for whom there today."""

    roles: Mapping[int, Mapping[int, Role]]  # of active accounts, by team and person
    lent: Mapping[int, Mapping[int, set[int]]]  # by team and delegate: for whom they sign

    def able(self, team: int, verb: Verb) -> set[int]:
        """Ids of those whose own role allows it."""
        return {who for who, role in self.roles.get(team, {}).items() if verb in ALLOWS[role]}

    def verbs(self, team: int, person: int) -> frozenset[Verb]:
        """What the role of this person allows; nothing for a stranger."""
        role = self.roles.get(team, {}).get(person)
        return ALLOWS[role] if role else frozenset()

    def is_concerned(self, team: int, person: int) -> bool:
        """Signatures of this team may depend on this person: they sign, stand in, or manage it."""
        mine = self.verbs(team, person)
        return Verb.SIGN in mine or Verb.MANAGE_TEAM in mine or person in self.lent.get(team, {})


def circle_of(teams: Iterable[int]) -> Circle:
    """The members of these teams and the delegations that hold today. Two queries."""
    roles: dict[int, dict[int, Role]] = {team: {} for team in teams}
    members = Membership.objects.filter(team__in=roles, user__is_active=True)
    for team, person, role in members.values_list("team", "user", "role"):
        roles[team][person] = Role(role)
    lent: dict[int, dict[int, set[int]]] = {team: {} for team in roles}
    held = delegations_today().filter(team__in=roles)
    for team, delegate, giver in held.values_list("team", "delegate", "giver"):
        lent[team].setdefault(delegate, set()).add(giver)
    return Circle(roles, lent)


def deciders(seen: GateGlance, circle: Circle, hands: frozenset[int]) -> set[int]:
    """Ids of those whose decision this gate waits for, as ``standing`` and ``why_heard`` say it.

    Nobody who had a hand in it, nobody who is heard already, and no delegate of only such people.
    """
    team = seen.cycle.project.team_id
    if not seen.round.manager:
        return circle.able(team, Verb.CLOSE)
    out = hands | seen.round.voices
    stand_ins = {who for who, givers in circle.lent.get(team, {}).items() if givers - out}
    return (circle.able(team, Verb.SIGN) | stand_ins) - out


def confirmers(seen: GateGlance, circle: Circle, hands: frozenset[int]) -> set[int]:
    """Ids of those who may confirm a condition here: see ``check_confirmer``."""
    return circle.able(seen.cycle.project.team_id, Verb.SIGN) - hands


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


def shortfall(seen: GateGlance, circle: Circle, hands: frozenset[int]) -> Shortfall | None:
    """What a waiting gate lacks. A delegate lends a manager no second voice, so managers count."""
    if not seen.round.manager:
        return None
    free = circle.able(seen.cycle.project.team_id, Verb.SIGN) - hands - seen.round.voices
    lacking = seen.round.needed - len(seen.round.approvals) - len(free)
    return Shortfall(lacking, seen.round.needed, len(free)) if lacking > 0 else None


def shortfall_here(seen: GateGlance) -> Shortfall | None:
    """What the gate on a page lacks; only asked while it is not passed."""
    if seen.state in {GateState.PASSED, GateState.LOCKED, GateState.REJECTED}:
        return None
    return shortfall(seen, circle_of([seen.cycle.project.team_id]), contributors(seen))


def hands_in(gates: Sequence[GateGlance]) -> dict[str, frozenset[int]]:
    """Contributors by ``key_of`` a gate, remembered until the ledger of its project has a new line.

    The gates come from ``glances``, which read that line before everything else.
    """
    # No role is kept: those are read for each page (circle_of), and no hand comes without an event.
    keys = {key_of(seen): seen for seen in gates}
    known = cache.get_many(keys)
    fresh = {key: contributors(seen) for key, seen in keys.items() if key not in known}
    cache.set_many(fresh, timeout=REMEMBERED_S)
    return {**known, **fresh}


def key_of(seen: GateGlance) -> str:
    """Under which its contributors are remembered."""
    return f"hands:{seen.cycle.pk}:{seen.stage}:{seen.head}"
