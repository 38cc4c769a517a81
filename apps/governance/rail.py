"""The left rail: four phases, their tasks with a state each, and their gates."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from django.urls import reverse

from apps.datasets.queries import current_split, current_table, read_sources
from apps.governance.state import GateGlance, GateState, glance
from apps.planning.problems import problems_of
from apps.planning.queries import current_plan
from apps.production.models import Incident
from apps.projects.models import Cycle
from apps.projects.stages import TASKS, Stage, Task


@dataclass(frozen=True)
class RailTask:
    """A line of the rail. State: open, work, done, attention or locked."""

    title: str
    url: str
    state: str
    current: bool


@dataclass(frozen=True)
class RailGate:
    """A gate under its phase. State: a GateState."""

    title: str
    says: str
    state: str
    url: str
    current: bool


@dataclass(frozen=True)
class RailPhase:
    """One of the four phases."""

    number: int
    title: str
    tasks: tuple[RailTask, ...]
    gate: RailGate


def _done(cycle: Cycle, stages: Collection[Stage]) -> set[str]:
    """Keys of the tasks of these phases that have a result. Cheap questions only: this runs on
    every page."""
    return {key for stage in stages for key in _DONE_AT[stage](cycle)}


def _planned(cycle: Cycle) -> set[str]:
    draft, plan = getattr(cycle, "draft", None), current_plan(cycle)
    content = plan.content if plan else (draft.content if draft else {})
    missing = set() if plan else {gap.task for gap in problems_of(content) if gap.blocks}
    return {key for key, value in content.items() if value and key not in missing}


def _gathered(cycle: Cycle) -> set[str]:
    done = {"collect"} if read_sources(cycle.project).exists() else set()
    done |= {"wrangle"} if current_table(cycle) else set()
    return done | ({"explore"} if cycle.profiles.exclude(study="").exists() else set())


def _modelled(cycle: Cycle) -> set[str]:
    done = {"select"} if current_split(cycle) else set()
    done |= {"train"} if cycle.experiments.exists() else set()
    return done | ({"evaluate"} if cycle.openings.exists() else set())


def _released(cycle: Cycle) -> set[str]:
    return {"deploy"} if cycle.releases.exclude(content_hash="").exists() else set()


_DONE_AT: dict[Stage, Callable[[Cycle], set[str]]] = {
    Stage.PLAN: _planned,
    Stage.DATA: _gathered,
    Stage.MODEL: _modelled,
    Stage.PRODUCTION: _released,
}
_AT_WORK = {GateState.OPEN, GateState.WAITING}
"""Only there a task's state is its own; elsewhere it is that of its gate."""


def _watched(cycle: Cycle) -> str:
    """The state of the monitor once a cycle is live: it is never done, and incidents need you."""
    open_ones = Incident.objects.filter(deployment__project=cycle.project_id, closed_at=None)
    return "attention" if open_ones.exists() else "work"


def _task_state(task: Task, seen: GateGlance, done: set[str]) -> str:
    if seen.state == GateState.LOCKED:
        return "locked"
    if seen.state == GateState.PASSED:
        return _watched(seen.cycle) if task.key == "monitor" else "done"
    if seen.state in {GateState.STALE, GateState.RETURNED, GateState.REJECTED}:
        return "attention"
    return "done" if task.key in done else "open"


def _gate_says(seen: GateGlance) -> str:
    if seen.state == GateState.PASSED and seen.decision:
        return f"{seen.decision.person_name} · {seen.decision.at:%-d %b}"
    if seen.state == GateState.WAITING and seen.round.approvals:
        return seen.round.count
    if seen.state == GateState.WAITING and seen.submission:
        return f"since {seen.submission.at:%-d %b}, from {seen.submission.person_name}"
    asks = seen.round.manager  # else an analyst closes it, and need not submit it
    return {
        GateState.LOCKED: "Opens after the gate before it",
        GateState.OPEN: "Not submitted yet" if asks else "An analyst closes it",
        GateState.STALE: f"Something changed: {'submit' if asks else 'close it'} again",
        GateState.RETURNED: "Returned with findings",
        GateState.REJECTED: "Rejected",
    }.get(seen.state, "")


def rail_of(
    cycle: Cycle, gates: Sequence[GateGlance] | None = None, *, path: str
) -> tuple[RailPhase, ...]:
    """The rail of this cycle; ``path`` marks where the reader is.

    ``gates``: as ``glances`` found them already; asked for anew unless given.
    """
    slug, gates = cycle.project.slug, gates or glance(cycle)
    done = _done(cycle, [Stage(seen.stage) for seen in gates if seen.state in _AT_WORK])
    phases = []
    for seen in gates:
        stage = Stage(seen.stage)
        tasks = []
        for task in TASKS:
            if task.stage == stage:
                url = reverse(task.url_name, args=[slug])
                state = _task_state(task, seen, done)
                tasks.append(RailTask(task.title, url, state, path.startswith(url)))
        url = reverse("governance:gate", args=[slug, stage.value])
        gate = RailGate(
            f"{stage.label} gate", _gate_says(seen), seen.state, url, path.startswith(url)
        )
        phases.append(RailPhase(stage.number, stage.label, tuple(tasks), gate))
    return tuple(phases)
