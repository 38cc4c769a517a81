"""Is a gate passed? The one place that counts signatures.

A round begins with a submission and holds the decisions that answer it. A gate is passed when
enough different people approved exactly today's subject in its last round; a return, a rejection
or a withdrawal ends the round.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from django.utils import timezone

from apps.projects.models import PASSING, Decision, Role, Submission, Tier, Verdict
from apps.projects.stages import Stage


@dataclass(frozen=True)
class Quorum:
    """Who closes a gate: how many different people, and whether these have to be managers."""

    count: int
    manager: bool = True


def quorum(stage: Stage | str, tier: int) -> Quorum:
    """What the tier asks for at this gate."""
    if stage == Stage.DATA:
        return Quorum(1, manager=tier == Tier.HIGH)
    return Quorum(2 if tier == Tier.HIGH else 1)


def house_today() -> datetime.date:
    """Today in the installation's time zone, whichever zone a request has activated."""
    return timezone.localdate(timezone=timezone.get_default_timezone())


def is_overdue(decision: Decision) -> bool:
    """True for an approval whose condition was not met by the end of its day.

    The day ends at midnight of the installation's own time zone (MLCYCLE_TIME_ZONE).
    """
    return (
        decision.verdict == Verdict.CONDITIONS
        and decision.due_on is not None
        and decision.due_on < house_today()
        and not hasattr(decision, "met")
    )


@dataclass(frozen=True)
class Round:
    """The newest submission of a gate, and what was decided on it."""

    submission: Submission | None
    last: Decision | None  # the newest decision, of whichever round
    approvals: tuple[Decision, ...]  # newest first, each by somebody else, all on today's subject
    needed: int
    manager: bool

    @property
    def is_unanswered(self) -> bool:
        """Nobody has decided since the newest submission."""
        if self.submission is None:
            return False
        return self.last is None or self.last.submission_id != self.submission.pk

    @property
    def conditions(self) -> tuple[Decision, ...]:
        """Approvals of this round that were given on a condition, met or not: all of them count."""
        return tuple(one for one in self.approvals if one.verdict == Verdict.CONDITIONS)

    @property
    def overdue(self) -> Decision | None:
        """An approval of this round whose condition is overdue."""
        return next((decision for decision in self.approvals if is_overdue(decision)), None)

    @property
    def passed(self) -> bool:
        """Enough different people approved, and nothing is overdue."""
        return len(self.approvals) >= self.needed and self.overdue is None

    @property
    def voices(self) -> frozenset[int]:
        """Ids of those who signed in this round, and of those for whom they signed."""
        return frozenset(one for decision in self.approvals for one in _voices(decision))

    @property
    def count(self) -> str:
        """As `1 of 2 signatures`; empty where one is enough."""
        if self.needed == 1:
            return ""
        return f"{min(len(self.approvals), self.needed)} of {self.needed} signatures"


def _voices(decision: Decision) -> set[int]:
    return {one for one in (decision.person_id, decision.on_behalf_of_id) if one is not None}


def _independent(found: Sequence[Decision]) -> tuple[Decision, ...]:
    """One approval for each voice: nobody counts twice, neither in person nor by a delegate."""
    counted: list[Decision] = []
    heard: set[int] = set()
    for decision in found:
        if not heard & _voices(decision):
            counted.append(decision)
            heard |= _voices(decision)
    return tuple(counted)


def round_of(
    stage: Stage | str,
    *,
    tier: int,
    subject: str,
    submission: Submission | None,
    decisions: Sequence[Decision],
) -> Round:
    """The last round of a gate, from all its ``decisions`` in their order.

    More signatures are needed than the tier asks for today when an approval of this round was
    given under a stricter tier: whoever signs first cannot lower the tier to be the only one.
    """
    asks = quorum(stage, tier)
    asked = submission.pk if submission else None

    def approves(decision: Decision) -> bool:
        return (
            decision.submission_id == asked
            and decision.verdict in PASSING
            and bool(subject)
            and decision.subject == subject
        )

    found = [
        decision
        for decision in takewhile(approves, reversed(decisions))
        if not asks.manager or decision.role == Role.MANAGER or decision.on_behalf_of_id
    ]
    approvals = _independent(found)
    return Round(
        submission=submission,
        last=decisions[-1] if decisions else None,
        approvals=approvals,
        needed=max([asks.count, *(decision.needed for decision in approvals)]),
        manager=asks.manager,
    )


def signed_subject(
    stage: Stage | str,
    *,
    tier: int,
    submission: Submission | None,
    decisions: Sequence[Decision],
) -> str:
    """What the last round of a gate passed, whatever it is about today; empty if nothing."""
    subject = decisions[-1].subject if decisions else ""
    found = round_of(stage, tier=tier, subject=subject, submission=submission, decisions=decisions)
    return subject if found.passed and not found.is_unanswered else ""
