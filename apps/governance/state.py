"""A gate's state, derived each time from insert-only rows and today's subject. Never stored.

The subject is the hash of everything a gate is about, with all that lies upstream of it. The
rooms ask the same question (``projects.queries.passed_by``), so a page can never say "passed"
where the work behind it is refused. What a signature covers is the evidence: see actions.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

from django.db import models
from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from apps.governance.gates import GATES, Gate
from apps.production.ahead import read_ahead
from apps.projects.canonical import content_hash
from apps.projects.evidence import Check, Evidence
from apps.projects.models import PASSING, Cycle, Decision, Event, Project, Submission, Verdict
from apps.projects.remembered import Remembered
from apps.projects.rounds import Round, round_of
from apps.projects.said import AtGate, Said
from apps.projects.stages import Stage
from apps.web.once import one_page


class GateState(models.TextChoices):
    """What a person sees at a gate."""

    LOCKED = "locked", "Locked"
    OPEN = "open", "Open"
    WAITING = "waiting", "Waiting for review"
    PASSED = "passed", "Passed"
    RETURNED = "returned", "Returned"
    REJECTED = "rejected", "Rejected"
    STALE = "stale", "Stale"


@dataclass(frozen=True)
class GateGlance:
    """One gate as the rail shows it."""

    gate: Gate
    cycle: Cycle
    state: GateState
    subject: str
    round: Round
    head: str = ""  # hash of the newest event of its project, read before all else; "" when not

    @property
    def stage(self) -> Stage:
        """The phase it closes."""
        return self.gate.stage

    @property
    def may_be_withdrawn(self) -> bool:
        """There is an approval to take back: the gate is passed, or on its way to it."""
        return self.state == GateState.PASSED or (
            self.state == GateState.WAITING and bool(self.round.approvals)
        )

    @property
    def submission(self) -> Submission | None:
        """The newest submission."""
        return self.round.submission

    @property
    def decision(self) -> Decision | None:
        """The newest decision."""
        return self.round.last


_AFTER = {
    Verdict.WITHDRAW: GateState.STALE,
    Verdict.REJECT: GateState.REJECTED,
    Verdict.RETURN: GateState.RETURNED,
}


def _state(subject: str, found: Round, *, reached: bool) -> GateState:
    last = found.last
    if not reached:
        was_passed = last is not None and last.verdict in PASSING
        return GateState.STALE if was_passed else GateState.LOCKED
    if found.is_unanswered and found.submission is not None:
        return GateState.WAITING if found.submission.subject == subject else GateState.STALE
    if last is None:
        return GateState.OPEN
    if last.verdict not in PASSING:
        return _AFTER[Verdict(last.verdict)]
    if found.passed:
        return GateState.PASSED
    more_to_come = bool(found.approvals) and found.overdue is None
    return GateState.WAITING if more_to_come else GateState.STALE


def _glance(
    cycle: Cycle,
    subject_at: Callable[[Gate], str],
    said_at: Callable[[Gate], AtGate],
    *,
    last: Stage | str = Stage.PRODUCTION,
    head: str = "",
) -> tuple[GateGlance, ...]:
    found: list[GateGlance] = []
    for gate in GATES[: Stage(last).number]:
        subject, (submission, decisions) = subject_at(gate), said_at(gate)
        told = round_of(
            gate.stage,
            tier=cycle.project.tier,
            subject=subject,
            submission=submission,
            decisions=decisions,
        )
        reached = not found or found[-1].state == GateState.PASSED
        state = _state(subject, told, reached=reached)
        found.append(GateGlance(gate, cycle, state, subject, told, head))
    return tuple(found)


def _by_stage(rows: Iterable[Decision]) -> dict[str, list[Decision]]:
    found: dict[str, list[Decision]] = {}
    for row in rows:
        found.setdefault(row.stage, []).append(row)
    return found


def glance(cycle: Cycle, *, last: Stage | str = Stage.PRODUCTION) -> tuple[GateGlance, ...]:
    """The gates of the cycle in their order up to ``last``, without asking their checks."""
    submissions = {row.stage: row for row in cycle.submissions.select_related("person")}
    decisions = _by_stage(cycle.decisions.select_related("person", "met"))
    return _glance(
        cycle,
        lambda gate: gate.subject(cycle),
        lambda gate: (submissions.get(gate.stage), decisions.get(gate.stage, [])),
        last=last,
    )


def glances(
    cycles: Sequence[Cycle],
    *,
    heads: Mapping[int, str] | None = None,
    said: Said | None = None,
) -> list[tuple[GateGlance, ...]]:
    """As ``glance`` for many cycles at once, for lists. Nothing is signed on what it says.

    The number of queries does not grow with the cycles; the evidence that submissions and decisions
    store is not loaded. ``heads`` as of ``heads_of`` and what was ``said``, for whoever has asked
    already.
    """
    said = said or Said()
    if heads is None:
        heads = heads_of(Cycle.objects.filter(pk__in=[cycle.pk for cycle in cycles]))
    subjects = subjects_of({cycle.pk: heads[cycle.pk] for cycle in cycles}, said)
    told = said.of(cycle.pk for cycle in cycles)
    return [
        _glance(
            cycle,
            lambda gate, known=subjects[cycle.pk]: known[gate.stage],
            lambda gate, known=told[cycle.pk]: known[gate.stage],
            head=heads[cycle.pk],
        )
        for cycle in cycles
    ]


HEAD = Coalesce(
    Subquery(Event.objects.filter(project=OuterRef("project")).order_by("-seq").values("hash")[:1]),
    Value(""),
)
"""Of a cycle: hash of the newest event of its project; empty where there is none."""


def heads_of(cycles: QuerySet[Cycle]) -> dict[int, str]:
    """HEAD of each cycle."""
    return dict(cycles.order_by().values_list("pk", HEAD))


MOST_REMEMBERED = 20_000
AT_ONCE = 1_000
"""Cycles whose rows are in memory together while they are read."""

_SUBJECTS: Remembered[Mapping[str, str]] = Remembered(MOST_REMEMBERED)


def subjects_of(heads: Mapping[int, str], said: Said) -> dict[int, Mapping[str, str]]:
    """Subjects by cycle and stage, remembered until the ledger tells of something new.

    ``heads`` as of ``heads_of``. Some fifteen questions for each AT_ONCE that are not known.
    """
    return _SUBJECTS.of(heads, lambda missing: _subjects(missing, said))


def _subjects(cycles: Collection[int], said: Said) -> dict[int, Mapping[str, str]]:
    """Each gate is asked what it is about as ever; it finds what it reads to be read already.

    The rows of cycles and projects are read here, so after their heads: the tier counts too.
    """
    found: dict[int, Mapping[str, str]] = {}
    for some in batched(cycles, AT_ONCE, strict=False):
        with one_page():
            rows = list(Cycle.objects.filter(pk__in=some).select_related("project"))
            read_ahead(rows, said)
            for cycle in rows:
                found[cycle.pk] = {str(gate.stage): gate.subject(cycle) for gate in GATES}
    return found


@dataclass(frozen=True)
class Asked:
    """A check together with its answer today."""

    check: Check
    evidence: Evidence

    @property
    def record(self) -> dict[str, Any]:
        """Question and answer as they are stored. No times, no addresses."""
        return {
            "key": self.check.key,
            "asks": self.check.asks,
            "state": self.evidence.state,
            "says": self.evidence.says,
            "facts": dict(self.evidence.facts),
        }

    @property
    def answer_hash(self) -> str:
        """SHA-256 of the record: what an acceptance of a warning covers."""
        return content_hash(self.record)


@dataclass(frozen=True)
class GateToday:
    """One gate with all its questions answered now."""

    glance: GateGlance
    asked: tuple[Asked, ...]

    @property
    def blocking(self) -> list[Asked]:
        """Checks that stand in the way."""
        return [item for item in self.asked if item.evidence.state == "block"]

    @property
    def warnings(self) -> list[Asked]:
        """Checks that do not hold and do not block."""
        return [item for item in self.asked if item.evidence.state == "warn"]

    @property
    def what_is_missing(self) -> str:
        """The first thing that stands in the way, as a sentence."""
        return self.blocking[0].evidence.says if self.blocking else "There is nothing to sign."

    @property
    def holds(self) -> bool:
        """There is a subject and nothing blocks."""
        return bool(self.glance.subject) and not self.blocking

    @property
    def record(self) -> dict[str, Any]:
        """The evidence as it is shown: stored with a decision. No times, no addresses."""
        return {
            "stage": str(self.glance.stage),
            "subject": self.glance.subject,
            "checks": [item.record for item in self.asked],
        }

    @property
    def evidence_hash(self) -> str:
        """SHA-256 of the record: what a signature covers."""
        return content_hash(self.record)

    @property
    def shown(self) -> dict[str, Any]:
        """What a page carries along for whoever signs: the record, and which request it answers.

        Without the latter, a form sent once could be sent again after the next submission.
        """
        submission = self.glance.submission
        return {"record": self.record, "asked": submission.pk if submission else None}


def lock(cycle: Cycle) -> None:
    """Put in order whoever acts at the gates of a project; call it first in the transaction.

    The project is read again under the lock: its tier says how many have to sign.
    """
    cycle.project = Project.objects.select_for_update().get(pk=cycle.project_id)


def glance_of(cycle: Cycle, stage: Stage | str) -> GateGlance:
    """One gate, without asking its checks: what lies behind it does not matter to it."""
    return glance(cycle, last=stage)[-1]


def ask(cycle: Cycle, stage: Stage | str) -> GateToday:
    """Ask all questions of one gate."""
    seen = glance_of(cycle, stage)
    asked = tuple(Asked(check, check.run(cycle)) for check in seen.gate.checks)
    return GateToday(seen, asked)
