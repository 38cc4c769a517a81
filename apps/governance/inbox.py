"""What waits for a person: gates to decide on or submit again, conditions, findings, incidents."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.eda.models import Finding
from apps.governance.findings import findings_for
from apps.governance.models import GateFinding
from apps.governance.notices import gate_link
from apps.governance.signers import delegated_teams, lacking_signers
from apps.governance.state import GateGlance, GateState, glances
from apps.production.models import Incident
from apps.production.watch_queries import open_incidents
from apps.projects.access import ALLOWS, Verb
from apps.projects.models import Cycle, Membership, Project, Role
from apps.projects.queries import newest_cycles
from apps.projects.stages import Stage


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


def _asks(seen: GateGlance, person: User, *, verbs: frozenset[Verb]) -> str:
    if seen.state == GateState.WAITING:
        mine = Verb.SIGN if seen.round.manager else Verb.CLOSE
        return "Decide" if mine in verbs and person.pk not in seen.round.voices else ""
    if seen.state in {GateState.RETURNED, GateState.STALE} and Verb.SUBMIT in verbs:
        return "Submit again"
    if seen.round.overdue and Verb.SIGN in verbs:
        return "Confirm the condition"
    return ""


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


def _gates(
    gates: Sequence[GateGlance], person: User, *, verbs: Mapping[int, frozenset[Verb]]
) -> Iterator[Waiting]:
    """Gates that ask this person for something, or that lack a signer in a team they manage."""
    waiting = []
    for seen in gates:
        mine = verbs[seen.cycle.project.team_id]
        asks = _asks(seen, person, verbs=mine)
        line = _gate(seen, asks) if asks else None
        if line:
            yield line
        if seen.state == GateState.WAITING and Verb.MANAGE_TEAM in mine:
            waiting.append(seen)
    for seen, _ in lacking_signers(waiting) if waiting else ():
        line = _gate(seen, "Find a signer")
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


def _data_findings(person: User, cycles: Sequence[Cycle]) -> list[Finding]:
    found = Finding.objects.filter(owner=person, closed_at=None, cycle__in=cycles)
    return list(found.select_related("cycle__project", "raised_by"))


def waiting_for(person: User) -> list[Waiting]:
    """Everything that waits for this person, oldest first. The queries do not grow with it."""
    roles = dict(Membership.objects.filter(user=person).values_list("team", "role"))
    cycles = list(newest_cycles(Project.objects.filter(team__in=roles, archived_at=None)))
    if not cycles:
        return []
    delegated = delegated_teams(person)
    verbs = {
        team: ALLOWS[Role(role)] | ({Verb.SIGN} if team in delegated else set())
        for team, role in roles.items()
    }
    found = [
        *_gates(list(chain.from_iterable(glances(cycles))), person, verbs=verbs),
        *map(_finding, findings_for(person, cycles=[cycle.pk for cycle in cycles])),
        *map(_data_finding, _data_findings(person, cycles)),
        *map(_incident, open_incidents(person)),
    ]
    return sorted(found, key=lambda item: item.since)


def waiting_count(person: User) -> int:
    """How many things wait for this person."""
    return len(waiting_for(person))
