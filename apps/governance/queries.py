"""Reads for the watch tower's pages: lists of projects, one project, one gate, the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from apps.accounts.models import User
from apps.governance.findings import Thread, threads, unsettled
from apps.governance.gates import GATES
from apps.governance.models import GateNote, WarningAccepted
from apps.governance.state import Asked, GateGlance, GateState, GateToday, ask, glances
from apps.modeling.queries import latest_evaluation
from apps.planning.content import promises_of
from apps.planning.queries import current_plan
from apps.production.models import Alarm
from apps.projects.access import visible_projects
from apps.projects.canonical import canonical
from apps.projects.models import (
    Chain,
    Cycle,
    Decision,
    Event,
    Project,
    Tiering,
    Verdict,
)
from apps.projects.queries import newest_cycles, newest_events
from apps.projects.rounds import is_overdue
from apps.projects.stages import Stage


@dataclass(frozen=True)
class ProjectLine:
    """A project in a list: where it stands and what comes next."""

    project: Project
    cycle: Cycle
    gates: tuple[GateGlance, ...]
    alarms: int

    @property
    def next_gate(self) -> GateGlance | None:
        """The first gate that is not passed; None when all are."""
        return next((gate for gate in self.gates if gate.state != GateState.PASSED), None)

    @property
    def phase(self) -> str:
        """The phase it is in."""
        gate = self.next_gate
        return Stage(gate.stage).label if gate else "In production"


def project_lines(projects: list[Project]) -> list[ProjectLine]:
    """Lines for one page of projects."""
    ids = [project.pk for project in projects]
    alarms = dict(
        Alarm.objects.filter(release__cycle__project__in=ids, closed_at=None)
        .values_list("release__cycle__project")
        .annotate(Count("pk"))
    )
    cycles = {cycle.project_id: cycle for cycle in newest_cycles(projects)}
    stand = dict(zip(cycles, glances(list(cycles.values())), strict=True))
    return [
        ProjectLine(project, cycles[project.pk], stand[project.pk], alarms.get(project.pk, 0))
        for project in projects
    ]


def projects_of(person: User, *, search: str = "") -> QuerySet[Project]:
    """Visible projects, by name, with an optional search."""
    found = visible_projects(person).select_related("team", "owner")
    if search:
        found = found.filter(Q(name__icontains=search) | Q(sentence__icontains=search))
    return found


@dataclass(frozen=True)
class ProjectPage:
    """Everything on a project's overview."""

    line: ProjectLine
    promises: list[dict[str, Any]]
    verdicts: list[dict[str, Any]]
    events: list[Event]
    tiering: Tiering | None

    @property
    def next_step(self) -> str:
        """One sentence: who does what next."""
        gate = self.line.next_gate
        if gate is None:
            return "The endpoint answers and is watched. A broken promise shows up in the monitor."
        name = Stage(gate.stage).label.lower()
        who = "A manager" if gate.gate.needs_manager(self.line.cycle) else "An analyst"
        return {
            GateState.OPEN: f"Finish the {name} tasks on the left, then submit the {name} gate.",
            GateState.WAITING: _waits(gate, who),
            GateState.RETURNED: f"Answer the findings at the {name} gate and submit it again.",
            GateState.STALE: f"Something changed: submit the {name} gate again.",
            GateState.REJECTED: "The project was rejected here. The reasons stand at the gate.",
        }.get(gate.state, "")


def _waits(seen: GateGlance, who: str) -> str:
    so_far = f" {seen.round.count} so far." if seen.round.count else ""
    return f"{who} reads the evidence and signs, or returns it with findings.{so_far}"


def _promises(cycle: Cycle) -> list[dict[str, Any]]:
    plan = current_plan(cycle)
    if plan is None:
        return []
    return [
        {
            "title": promise.title,
            "role": promise.role,
            "direction": promise.direction,
            "threshold": promise.threshold,
        }
        for promise in promises_of(plan.content)
    ]


def project_page(project: Project) -> ProjectPage:
    """The overview of one project."""
    cycle = project.cycle
    evaluation = latest_evaluation(cycle)
    return ProjectPage(
        line=project_lines([project])[0],
        promises=_promises(cycle),
        verdicts=evaluation.result["verdicts"] if evaluation else [],
        events=newest_events(project),
        tiering=project.tierings.last(),
    )


@dataclass(frozen=True)
class Condition:
    """A condition of an approval, and whether that approval still counts."""

    decision: Decision
    counts: bool

    @property
    def state(self) -> str:
        """met, overdue, open, or lapsed: nobody confirmed it before its approval stopped to count.

        An overdue one closes its gate; a lapsed one closes nothing, and whoever signs now reads it.
        """
        if hasattr(self.decision, "met"):
            return "met"
        if not self.counts:
            return "lapsed"
        return "overdue" if is_overdue(self.decision) else "open"


@dataclass(frozen=True)
class GatePage:
    """Everything a person needs to decide, on one page."""

    today: GateToday
    notes: list[GateNote]
    decisions: list[Decision]
    since_submission: list[str]
    since_signature: list[str]
    submissions: int
    threads: list[Thread]
    accepted: dict[str, WarningAccepted]

    @property
    def warnings(self) -> list[Asked]:
        """Warnings that nobody who decides has accepted as they stand."""
        return [item for item in self.today.warnings if item.answer_hash not in self.accepted]

    @property
    def accepted_warnings(self) -> list[tuple[Asked, WarningAccepted]]:
        """Warnings that count as accepted, with who accepted them and why."""
        return [
            (item, self.accepted[item.answer_hash])
            for item in self.today.warnings
            if item.answer_hash in self.accepted
        ]

    @property
    def conditions(self) -> list[Condition]:
        """Every condition set at this gate in this cycle, the newest first."""
        counting = {decision.pk for decision in self.glance.round.conditions}
        return [
            Condition(decision, decision.pk in counting)
            for decision in self.decisions
            if decision.verdict == Verdict.CONDITIONS
        ]

    @property
    def overdue(self) -> list[Condition]:
        """Those that close the gate until they are confirmed."""
        return [condition for condition in self.conditions if condition.state == "overdue"]

    @property
    def holding(self) -> list[Asked]:
        """Questions whose answer is as it should be."""
        return [item for item in self.today.asked if item.evidence.ok]

    @property
    def unsettled(self) -> list[Thread]:
        """Findings that are not closed, the gravest first."""
        return unsettled(self.threads)

    @property
    def may_submit(self) -> bool:
        """The gate waits for a submission."""
        return self.glance.state in {
            GateState.OPEN,
            GateState.STALE,
            GateState.RETURNED,
            GateState.REJECTED,
        }

    @property
    def stale_says(self) -> str:
        """What to do about a gate that rests on something older than today's."""
        again = "submitted and decided" if self.glance.round.manager else "closed"
        return f"Something that this gate rests on changed. It has to be {again} again."

    @property
    def glance(self) -> GateGlance:
        """State, submission and last decision."""
        return self.today.glance


def changed_since(record: Mapping[str, Any], today: GateToday) -> list[str]:
    """Sentences that tell how today's evidence differs from ``record``."""
    before = {item["key"]: item for item in record.get("checks", [])}
    found = []
    for item in today.record["checks"]:
        was = before.pop(item["key"], None)
        if was is None:
            found.append(f"New question: {item['asks']} {item['says']}")
        elif was["says"] != item["says"]:
            found.append(f"{item['asks']} Was: “{was['says']}” Now: “{item['says']}”")
        elif canonical(was) != canonical(item):
            found.append(f"{item['asks']} The figures behind “{item['says']}” changed.")
    found += [f"No longer asked: {was['asks']}" for was in before.values()]
    if not found and record.get("subject") != today.glance.subject:
        found.append("What the gate is about was replaced by another version.")
    return found


def gate_page(cycle: Cycle, stage: Stage) -> GatePage:
    """One gate with its evidence, what changed, what was said and decided."""
    today = ask(cycle, stage)
    submission, decision = today.glance.submission, today.glance.decision
    earlier = None
    if submission is not None:
        earlier = (
            cycle.submissions.filter(stage=stage, pk__lt=submission.pk).order_by("-pk").first()
        )
    return GatePage(
        today=today,
        notes=list(cycle.notes.filter(stage=stage).select_related("person")),
        decisions=list(
            cycle.decisions.filter(stage=stage).order_by("-number").select_related("met__person")
        ),
        since_submission=changed_since(earlier.evidence, today) if earlier else [],
        since_signature=changed_since(decision.evidence, today) if decision else [],
        submissions=cycle.submissions.filter(stage=stage).count(),
        threads=threads(cycle, stage),
        accepted={
            row.answer_hash: row
            for row in cycle.accepted_warnings.filter(stage=stage).select_related("person")
        },
    )


EVENT_KINDS = (
    ("project.", "Projects"),
    ("cycle.", "Cycles"),
    ("gate.", "Gates"),
    ("plan.", "Plans"),
    ("data.", "Data"),
    ("model.", "Models"),
    ("production.", "Production"),
    ("team.", "Team"),
    ("ledger.", "Ledger"),
)


def events_of(person: User, *, project: str = "", verb: str = "") -> QuerySet[Event]:
    """The ledger of this person's teams, newest first."""
    found = Event.objects.filter(chain__team__memberships__user=person)
    if project:
        found = found.filter(project__slug=project)
    if verb:
        found = found.filter(verb__startswith=verb)
    return found.select_related("project", "chain__team").order_by("-at", "-seq")


def open_alarms(person: User) -> QuerySet[Alarm]:
    """Alarms of this person's teams that nobody has answered."""
    return (
        Alarm.objects.filter(
            release__cycle__project__team__memberships__user=person, closed_at=None
        )
        .select_related("release__cycle__project", "release__deployment")
        .order_by("-raised_at")
    )


@dataclass(frozen=True)
class ChainState:
    """A ledger and its head, as an anchor to note elsewhere."""

    team: str
    seq: int
    head: str


def chain_states(person: User) -> list[ChainState]:
    """Heads of the ledgers that this person may see."""
    chains = Chain.objects.filter(team__memberships__user=person).select_related("team")
    return [ChainState(str(chain.team), chain.seq, chain.head) for chain in chains]


def gates_explained() -> list[dict[str, Any]]:
    """The four gates as the help page tells them; generated from the gates themselves."""
    return [
        {
            "title": gate.stage.label,
            "number": gate.stage.number,
            "checks": [check.asks for check in gate.checks],
            "meaning": gate.meaning,
            "unlocks": gate.unlocks,
        }
        for gate in GATES
    ]
