"""A small model of signing at one gate: who may, what counts, in which state the gate is.

Written from the rules as docs/managers.md tells them, not from the product's code: the machine
beside it does the same things to both and compares.
"""

from dataclasses import dataclass, field
from datetime import date

NEEDED = {1: 2, 2: 1, 3: 1}


@dataclass
class Approval:
    person: str
    principal: str | None
    needed: int
    due_on: date | None

    @property
    def voices(self) -> set[str]:
        return {self.person, self.principal} - {None}


@dataclass
class Lending:
    """``giver`` has ``delegate`` sign for them."""

    pk: int
    giver: str
    delegate: str
    first: date
    last: date
    is_over: bool = False


@dataclass
class Gate:
    """What the plan's gate knows."""

    roles: dict[str, str]
    active: set[str]
    tier: int
    hands: set[str] = field(default_factory=set)
    editors: set[str] = field(default_factory=set)
    versions: list[int] = field(default_factory=list)  # contents by number, oldest first
    submitted: int | None = None  # the content that the newest submission is about
    submitter: str | None = None
    ended: str = ""  # "returned", "rejected" or "stale" after a withdrawal
    approvals: list[Approval] = field(default_factory=list)
    lendings: list[Lending] = field(default_factory=list)
    events: int = 0

    def role(self, person: str) -> str | None:
        return self.roles.get(person) if person in self.active else None

    @property
    def subject(self) -> int | None:
        return self.versions[-1] if self.versions else None

    @property
    def needed(self) -> int:
        """Of today's tier, or of a stricter one under which an approval that counts was given."""
        given = [one.needed for one in self.approvals if self.submitted == self.subject]
        return max([NEEDED[self.tier], *given])

    def is_overdue(self, today: date) -> bool:
        return any(one.due_on is not None and one.due_on < today for one in self.approvals)

    def state(self, today: date) -> str:
        if self.subject is None or self.submitted is None:
            return "open"
        if self.ended:
            return self.ended
        if self.submitted != self.subject:
            return "stale"
        if self.is_overdue(today):
            return "stale"
        return "passed" if len(self.approvals) >= self.needed else "waiting"

    def contributed(self, person: str) -> bool:
        return person in self.hands or person == self.submitter

    def givers(self, person: str, today: date) -> list[str]:
        return [
            one.giver
            for one in self.lendings
            if one.delegate == person
            and not one.is_over
            and one.first <= today <= one.last
            and self.role(one.giver) == "manager"
        ]

    @property
    def heard(self) -> set[str]:
        return {voice for one in self.approvals for voice in one.voices}

    def principal(self, person: str, today: date) -> str | None:
        """For whom a delegate may sign now; None when for nobody."""
        return next(
            (
                giver
                for giver in self.givers(person, today)
                if not self.contributed(giver) and giver not in self.heard
            ),
            None,
        )

    def may_sign(self, person: str, today: date) -> bool:
        role = self.role(person)
        if role is None or self.contributed(person) or self.state(today) != "waiting":
            return False
        if person in self.heard:
            return False
        return role == "manager" or self.principal(person, today) is not None

    def may_withdraw(self, person: str, today: date) -> bool:
        state = self.state(today)
        has_some = state == "passed" or (state == "waiting" and bool(self.approvals))
        return self.role(person) == "manager" and has_some

    def may_submit(self, person: str, today: date) -> bool:
        open_ = self.state(today) in {"open", "stale", "returned", "rejected"}
        return self.role(person) == "analyst" and self.subject is not None and open_
