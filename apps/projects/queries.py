"""Reads that every later room needs: is this gate passed for exactly this subject?"""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, QuerySet

from apps.projects.models import PASSING, Cycle, Decision, Event, Project, Submission
from apps.projects.rounds import Round, round_of
from apps.projects.stages import Stage
from apps.web.once import read_once
from apps.web.refusals import Refusal


class GateClosed(Refusal):
    """The gate that this work depends on is not passed."""


def latest_decision(cycle: Cycle, stage: Stage) -> Decision | None:
    """Newest decision at this gate of this cycle."""
    return cycle.decisions.filter(stage=stage).order_by("-number").first()


@read_once
def said_at(cycle: Cycle, stage: Stage) -> tuple[Submission | None, list[Decision]]:
    """The newest submission of a gate and all its decisions, without the evidence stored."""
    submissions, decisions = _said_at_gates(cycle)
    mine = [one for one in submissions if one.stage == stage]
    return mine[-1] if mine else None, [one for one in decisions if one.stage == stage]


@read_once
def gate_round(cycle: Cycle, stage: Stage, *, subject: str) -> Round:
    """The last round at this gate, asked of today's subject. Two queries, however long it ran, and
    no more for the other gates of a page."""
    submission, decisions = said_at(cycle, stage)
    return round_of(
        stage,
        tier=cycle.project.tier,
        subject=subject,
        submission=submission,
        decisions=decisions,
    )


@read_once
def _said_at_gates(cycle: Cycle) -> tuple[list[Submission], list[Decision]]:
    """All that was submitted and decided at the gates of a cycle, in its order, without evidence.

    A page asks of two or three gates, and a cycle has a dozen such rows.
    """
    return (
        list(cycle.submissions.defer("evidence")),
        list(cycle.decisions.defer("evidence").select_related("met")),
    )


def passed_by(cycle: Cycle, stage: Stage, *, subject: str) -> Decision | None:
    """The decision that made the gate passed for exactly this subject today, or None."""
    found = gate_round(cycle, stage, subject=subject)
    return found.last if found.passed else None


def was_put_live(cycle: Cycle) -> bool:
    """The newest decision at the production gate lets this cycle answer requests."""
    found = list(cycle.decisions.filter(stage=Stage.PRODUCTION).select_related("met", "submission"))
    if not found:
        return False
    last = found[-1]
    told = round_of(
        Stage.PRODUCTION,
        tier=cycle.project.tier,
        subject=last.subject,
        submission=last.submission,
        decisions=found,
    )
    return len(told.approvals) >= last.needed


def require_passed(cycle: Cycle, stage: Stage, *, subject: str) -> Decision:
    """Return the decision by which the gate is passed, or raise GateClosed in plain words."""
    found = gate_round(cycle, stage, subject=subject)
    if found.passed and found.last is not None:
        return found.last
    name = stage.label.lower()
    if found.is_unanswered or found.last is None or found.last.verdict not in PASSING:
        raise GateClosed(f"This opens after the {name} gate is passed.")
    if not found.approvals:
        raise GateClosed(f"Something changed since the {name} gate was signed. Submit it again.")
    if found.overdue is not None:
        raise GateClosed(
            f"The {name} gate was approved on a condition that fell due on "
            f"{found.overdue.due_on}. A manager has to confirm that it was met."
        )
    raise GateClosed(f"The {name} gate has {found.count}. Another manager has to sign it.")


def newest_cycles(projects: Iterable[Project]) -> QuerySet[Cycle]:
    """The cycle that is worked on of each project, with its project and team."""
    later = Cycle.objects.filter(project=OuterRef("project"), number__gt=OuterRef("number"))
    found = Cycle.objects.filter(~Exists(later), project__in=projects)
    return found.select_related("project__team").order_by("project")


def newest_events(project: Project, *, count: int = 8) -> list[Event]:
    """What happened lately in this project, newest first."""
    return list(project.events.order_by("-seq")[:count])
