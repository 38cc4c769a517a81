"""What a gate asks and what it is answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.projects.models import Cycle


@dataclass(frozen=True)
class Evidence:
    """The answer to one check: a verdict, one sentence with numbers, the facts behind it.

    ``more`` are further sentences, each a line of its own where the answer is shown; the facts hold
    what they are about.
    """

    ok: bool
    says: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    link: str = ""
    warning: bool = False  # not ok, but it does not block
    more: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """`pass`, `warn` or `block`."""
        return "pass" if self.ok else "warn" if self.warning else "block"

    @property
    def word(self) -> str:
        """The state as a reader sees it."""
        return {"pass": "holds", "warn": "weigh", "block": "blocks"}[self.state]


@dataclass(frozen=True)
class Check:
    """One question that a gate asks of the database. Read-only and deterministic."""

    key: str
    asks: str
    run: Callable[[Cycle], Evidence]
