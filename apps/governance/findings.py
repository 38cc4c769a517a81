"""Reads about the findings of a gate, and the question that the gate asks about them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import models
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.urls import reverse

from apps.accounts.models import User
from apps.eda.models import Severity
from apps.governance.models import FindingReply, GateFinding
from apps.projects.evidence import Check, Evidence
from apps.projects.models import Cycle
from apps.projects.stages import Stage


class FindingState(models.TextChoices):
    """Where a finding stands; see ``Thread.state``."""

    OPEN = "open", "Open"
    ANSWERED = "answered", "Answered"
    CLOSED = "closed", "Closed"


@dataclass(frozen=True)
class Thread:
    """A finding with everything said about it."""

    finding: GateFinding
    replies: list[FindingReply] = field(default_factory=list)

    @property
    def state(self) -> FindingState:
        """Closed by a closing; answered while the last word is of who works on it; else open."""
        if hasattr(self.finding, "closing"):
            return FindingState.CLOSED
        answered = bool(self.replies) and self.replies[-1].answers
        return FindingState.ANSWERED if answered else FindingState.OPEN

    @property
    def blocks(self) -> bool:
        """High, and nobody has answered."""
        return self.finding.severity == Severity.HIGH and self.state == FindingState.OPEN


def threads(cycle: Cycle, stage: Stage | str) -> list[Thread]:
    """The findings of a gate by number."""
    found = (
        cycle.gate_findings.filter(stage=stage)
        .select_related("owner", "raised_by", "closing__person")
        .prefetch_related("replies__person")
        .order_by("number")
    )
    return [Thread(finding, list(finding.replies.all())) for finding in found]


def gravity(finding: GateFinding) -> tuple[int, int]:
    """What findings are sorted by wherever they are listed: the gravest first, then by number."""
    return Severity(finding.severity).rank, finding.number


def unsettled(found: Iterable[Thread]) -> list[Thread]:
    """Those that are not closed, the gravest first."""
    left = [thread for thread in found if thread.state != FindingState.CLOSED]
    return sorted(left, key=lambda item: gravity(item.finding))


def _with_last_word(found: QuerySet[GateFinding]) -> QuerySet[GateFinding]:
    last = FindingReply.objects.filter(finding=OuterRef("pk")).order_by("-pk")
    return found.annotate(is_answered=Subquery(last.values("answers")[:1]))


def findings_for(person: User, *, cycles: Iterable[int]) -> list[GateFinding]:
    """What this person has to answer, or raised and may close: each says ``is_answered``."""
    found = _with_last_word(
        GateFinding.objects.filter(Q(owner=person) | Q(raised_by=person), closing=None)
    )
    return [
        finding
        for finding in found.filter(cycle__in=cycles).select_related("cycle__project", "raised_by")
        if (finding.raised_by_id if finding.is_answered else finding.owner_id) == person.pk
    ]


def open_since(moment: datetime, *, cycles: Iterable[Cycle]) -> list[GateFinding]:
    """Findings that were raised before a moment and that nobody has answered since."""
    found = _with_last_word(GateFinding.objects.filter(cycle__in=cycles, closing=None))
    rows = found.filter(at__lte=moment).select_related("cycle__project")
    return [finding for finding in rows if not finding.is_answered]


def unsettled_here(cycle: Cycle) -> list[GateFinding]:
    """All findings of the cycle that are not closed, for the pages they are about."""
    found = _with_last_word(GateFinding.objects.filter(cycle=cycle, closing=None))
    return sorted(found.select_related("raised_by", "cycle__project"), key=gravity)


def findings_check(stage: Stage) -> Check:
    """The question about findings, the same at every gate."""

    def run(cycle: Cycle) -> Evidence:
        link = reverse("governance:gate", args=[cycle.project.slug, stage.value]) + "#findings"
        found = threads(cycle, stage)
        left = unsettled(found)
        facts = {str(item.finding.number): item.state.value for item in found}
        if not left:
            says = f"{len(found)} raised, all closed." if found else "None was raised at this gate."
            return Evidence(ok=True, says=says, facts=facts, link=link)
        waiting = sum(1 for item in left if item.state == FindingState.OPEN)
        return Evidence(
            ok=False,
            warning=not any(item.blocks for item in left),
            says=f"{len(found)} raised: {waiting} open, {len(left) - waiting} answered and not "
            f"closed. The gravest: {left[0].finding.says}",
            facts=facts,
            link=link,
        )

    return Check(f"{stage.value}.findings_are_closed", "Is every finding of this gate closed?", run)
