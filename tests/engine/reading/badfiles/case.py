"""One bad file and the outcome that it must have: a table, or one sentence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Refused:
    """The file is refused; the sentence holds this text."""

    says: str


@dataclass(frozen=True)
class Table:
    """The file is read. What is given must hold, what is not given may be anything."""

    names: Sequence[str] | None = None
    rows: int | None = None
    columns: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[str, str] | None = None
    rejected: int = 0
    says: Sequence[str] = ()  # each is part of a warning, decision or explanation


@dataclass(frozen=True)
class Case:
    """``number`` of the table in reliability 2B; ``made`` gives the bytes, or is them."""

    number: int
    what: str
    made: bytes | str | Callable[[], bytes]
    outcome: Refused | Table
    options: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    filename: str = "a.csv"

    def data(self) -> bytes:
        """The bytes of the file."""
        made = self.made() if callable(self.made) else self.made
        return made.encode() if isinstance(made, str) else made


@dataclass(frozen=True)
class Elsewhere:
    """A case that begins after the file is read: the test named here proves it."""

    number: int
    what: str
    path: str
    test: str
