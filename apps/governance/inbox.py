"""What waits for a person: gates, conditions, findings, incidents, a glass to be broken."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from django.db.models import Exists, QuerySet
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.eda.models import Finding
from apps.governance.findings import findings_for
from apps.governance.models import GateFinding
from apps.governance.notices import gate_link
from apps.governance.signers import (
    Circle,
    circle_of,
    confirmers,
    deciders,
    hands_in,
    key_of,
    shortfall,
)
from apps.governance.state import HEAD, GateGlance, GateState, glances
from apps.governance.through import facts_of
from apps.production.models import GlassRequest, Incident
from apps.production.release import glass
from apps.production.watch_queries import open_incidents
from apps.projects.access import Verb
from apps.projects.models import Cycle, Project
from apps.projects.queries import newest_cycles
from apps.projects.said import Said
from apps.projects.stages import Stage
from apps.web.ordering import Alphabetical


@dataclass(frozen=True)
class Waiting:
    """One line of the inbox: what is asked, where, since when."""

    asks: str
    project: Project
    stage: Stage
    url: str
    state: str
    label: str
    says: str
    since: datetime


_Hands = Mapping[str, frozenset[int]]


def _asks(seen: GateGlance, person: int, *, circle: Circle, hands: _Hands) -> Iterator[str]:
    """What this gate asks of this person."""
    mine = circle.verbs(seen.cycle.project.team_id, person)
    involved = hands.get(key_of(seen), frozenset())
    if seen.state == GateState.WAITING:
        if person in deciders(seen, circle, involved):
            yield "Decide"
        if Verb.MANAGE_TEAM in mine and shortfall(seen, circle, involved):
            yield "Find a signer"
    elif seen.state in {GateState.RETURNED, GateState.STALE} and Verb.SUBMIT in mine:
        yield "Submit again"
    elif seen.round.overdue and person in confirmers(seen, circle, involved):
        yield "Confirm the condition"


def _says(seen: GateGlance) -> str:
    if seen.state == GateState.WAITING and seen.submission:
        count = f"{seen.round.count}, " if seen.round.count else ""
        return f"{count}submitted by {seen.submission.person_name}"
    if seen.round.overdue:
        return f"the condition was due on {seen.round.overdue.due_on:%-d %b}"
    if seen.state == GateState.RETURNED and seen.decision:
        return f"returned by {seen.decision.person_name}"
    return "something that it rests on changed"


def _gate(seen: GateGlance, asks: str) -> Waiting | None:
    """A line for a gate; None for one at which nothing happened yet."""
    waits = seen.state == GateState.WAITING and seen.submission is not None
    last = seen.submission if waits else seen.decision
    if last is None:
        return None
    return Waiting(
        asks=asks,
        project=seen.cycle.project,
        stage=seen.stage,
        url=gate_link(seen.cycle, seen.stage),
        state=seen.state,
        label=seen.state.label,
        says=_says(seen),
        since=last.at,
    )


def _gates(gates: Sequence[GateGlance], person: int, *, circle: Circle) -> Iterator[Waiting]:
    """Gates that ask this person for something, or that lack a signer in a team they manage."""
    hands = hands_in(
        [
            seen
            for seen in gates
            if (seen.state == GateState.WAITING or seen.round.overdue)
            and circle.is_concerned(seen.cycle.project.team_id, person)
        ]
    )
    for seen in gates:
        for asks in _asks(seen, person, circle=circle, hands=hands):
            line = _gate(seen, asks)
            if line:
                yield line


def _due(finding: GateFinding | Finding) -> str:
    if finding.due_on is None:
        return ""
    overdue = finding.due_on < timezone.localdate()
    return f", {'overdue since' if overdue else 'due'} {finding.due_on:%-d %b}"


def _finding(finding: GateFinding) -> Waiting:
    asks = "Close finding" if finding.is_answered else "Answer finding"
    return Waiting(
        asks=f"{asks} {finding.number}",
        project=finding.cycle.project,
        stage=Stage(finding.stage),
        url=gate_link(finding.cycle, finding.stage, at=f"finding-{finding.number}"),
        state=finding.severity,
        label=finding.severity,
        says=f"raised by {finding.raised_by}{_due(finding)}",
        since=finding.at,
    )


def _data_finding(finding: Finding) -> Waiting:
    return Waiting(
        asks="Answer a finding in the data",
        project=finding.cycle.project,
        stage=Stage.DATA,
        url=reverse("eda:overview", args=[finding.cycle.project.slug]),
        state=finding.severity,
        label=finding.severity,
        says=f"raised by {finding.raised_by}{_due(finding)}",
        since=finding.raised_at,
    )


def _incident(incident: Incident) -> Waiting:
    project = incident.deployment.project
    overdue = "overdue since" if incident.due_at < timezone.now() else "due"
    return Waiting(
        asks=f"Close incident {incident.number}",
        project=project,
        stage=Stage.PRODUCTION,
        url=reverse("production:incident", args=[project.slug, incident.number]),
        state=incident.severity,
        label=incident.severity,
        says=f"{incident.says} ({overdue} {incident.due_at:%-d %b})",
        since=incident.raised_at,
    )


def _glass(request: GlassRequest) -> Waiting:
    project, until = request.deployment.project, request.at + glass.ASKED_FOR
    return Waiting(
        asks="Agree to break the glass, or do not",
        project=project,
        stage=Stage.PRODUCTION,
        url=reverse("production:glass", args=[project.slug]),
        state="high",
        label=f"until {timezone.localtime(until):%H:%M}",
        says=f"{request.person} asks: {request.reason}",
        since=request.at,
    )


def _may_agree(request: GlassRequest, person: User, circle: Circle) -> bool:
    """This person may be the second: a manager, or an analyst where a manager asked."""
    verbs = circle.verbs(request.deployment.project.team_id, person.pk)
    return Verb.SIGN in verbs or (request.by_manager and Verb.DISCUSS in verbs)


def _data_findings(person: User, cycles: QuerySet[Cycle]) -> list[Finding]:
    found = Finding.objects.filter(owner=person, closed_at=None, cycle__in=cycles)
    return list(found.select_related("cycle__project", "raised_by"))


@dataclass(frozen=True)
class Desk:
    """What lies before a person on every page: their projects by name, and what waits for them.

    ``projects``: name and slug. ``gates``: of the newest cycles that are not through all of them,
    by the cycle's id.
    """

    projects: list[tuple[str, str]]
    waiting: list[Waiting]
    gates: Mapping[int, tuple[GateGlance, ...]]


def desk_of(person: User, *, here: Cycle | None = None) -> Desk:
    """What waits, oldest first. The number of queries does not grow with the projects.

    A cycle that is through all its gates asks nobody for anything at them, so it is not looked
    into; but ``here`` always is, for the rail beside the page.
    """
    mine = Project.objects.filter(team__memberships__user=person, archived_at=None)
    newest = newest_cycles(mine).order_by(Alphabetical("project__name"), "project")
    # A glass to be broken is rare, so it is only asked along whether there is one.
    told = ("pk", HEAD, "project__name", "project__slug", Exists(glass.to_agree(person)))
    rows = list(newest.values_list(*told))
    heads, said = {pk: head for pk, head, *_ in rows}, Said()
    facts = facts_of(heads, said=said)
    asked = {pk for pk, known in facts.items() if not known.is_through or (here and pk == here.pk)}
    cycles = list(newest.filter(pk__in=asked))
    seen = glances(cycles, heads=heads, said=said)
    gates = {cycle.pk: found for cycle, found in zip(cycles, seen, strict=True)}
    glasses = glass.to_agree(person) if any(row[-1] for row in rows) else ()
    projects = [*(one.project for one in cycles), *(one.deployment.project for one in glasses)]
    circle = circle_of({project.team_id for project in projects})
    found = [
        *_gates(list(chain.from_iterable(gates.values())), person.pk, circle=circle),
        *map(_finding, findings_for(person, cycles=newest)),
        *map(_data_finding, _data_findings(person, newest)),
        *map(_incident, open_incidents(person)),
        *(_glass(one) for one in glasses if _may_agree(one, person, circle)),
    ]
    waiting = sorted(found, key=lambda item: item.since)
    return Desk([(name, slug) for _, _, name, slug, _ in rows], waiting, gates)


def waiting_for(person: User) -> list[Waiting]:
    """Everything that waits for this person, oldest first."""
    return desk_of(person).waiting
