"""What an attack found, in one line: number, what was expected, outcome, what it means."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

HOLDS, WEIGH, BLOCKS, NOT_ASKED = "pass", "warn", "block", "skip"
"""It holds; a person has to weigh it; nothing of it can be trusted; there is nothing to ask."""


@dataclass(frozen=True)
class Line:
    """One attack. ``number`` is on the suite's scale unless ``unit`` says otherwise."""

    key: str
    title: str
    outcome: str
    number: float | None
    expected: str
    says: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(self)


def skipped(key: str, title: str, says: str) -> Line:
    """A line of an attack that has nothing to attack here."""
    return Line(key, title, NOT_ASKED, None, "–", says)


def dropped(before: Sequence[float], after: Sequence[float], *, edge: float) -> tuple[float, bool]:
    """How far paired scores fell, and whether that is more than noise and a tenth of the edge.

    Noise is twice the standard error of the paired differences.
    """
    falls = np.asarray(before, dtype="float64") - np.asarray(after, dtype="float64")
    falls = falls[np.isfinite(falls)]
    if not len(falls):
        return 0.0, False
    fall = float(np.mean(falls))
    noise = 2 * float(np.std(falls, ddof=1)) / np.sqrt(len(falls)) if len(falls) > 1 else 0.0
    return fall, bool(fall > max(0.01, 0.1 * edge, noise))
