"""What an attack found, in one line: number, what was expected, outcome, what it means."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from scipy import stats

HOLDS, WEIGH, BLOCKS, NOT_ASKED = "pass", "warn", "block", "skip"
"""It holds; a person has to weigh it; nothing of it can be trusted; there is nothing to ask."""

CONFIDENCE = 0.95


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

    Noise is the half width of a one-sided interval of the paired differences (Student, CONFIDENCE).
    """
    falls = np.asarray(before, dtype="float64") - np.asarray(after, dtype="float64")
    falls = falls[np.isfinite(falls)]
    if not len(falls):
        return 0.0, False
    fall = float(np.mean(falls))
    noise = 0.0
    if len(falls) > 1:
        error = float(np.std(falls, ddof=1)) / np.sqrt(len(falls))
        noise = float(stats.t.ppf(CONFIDENCE, len(falls) - 1)) * error
    return fall, bool(fall > max(0.01, 0.1 * edge, noise))
