"""What the adversary suite and the explanation of one row say, for pages and gates."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from apps.engine.training.candidates import CANDIDATES
from apps.engine.training.veil import veil_row
from apps.modeling.models import AttackRun, RowExplanation, Trial

WORDS = {"pass": "holds", "warn": "weigh", "block": "blocks", "skip": "not asked"}
MOST_PARTS = 12


@dataclass(frozen=True)
class Suite:
    """A finished adversary suite, one line for each attack."""

    run: AttackRun
    lines: list[dict[str, Any]]

    @property
    def scale(self) -> str:
        """Name of the scale on which every attack is measured."""
        return str(self.run.result["scale"])

    @property
    def fitted(self) -> str:
        """Which candidate was fitted again and again: of a blend its heaviest member."""
        key = str(self.run.result["candidate"])
        return CANDIDATES[key].title if key in CANDIDATES else "it"

    @property
    def guess(self) -> float:
        """What guessing reaches on it."""
        return float(self.run.result["guess"])

    @property
    def learning(self) -> dict[str, Any]:
        """The learning curve."""
        told: dict[str, Any] = self.run.result["learning"]
        return told

    @property
    def outcome(self) -> str:
        """The worst outcome among the attacks."""
        there = {line["outcome"] for line in self.lines}
        return next(outcome for outcome in ("block", "warn", "pass", "skip") if outcome in there)

    @property
    def word(self) -> str:
        """It in a word."""
        return WORDS[self.outcome]

    @property
    def headline(self) -> str:
        """The suite in a sentence."""
        asked = [line for line in self.lines if line["outcome"] != "skip"]
        weak = [line for line in asked if line["outcome"] != "pass"]
        if any(line["outcome"] == "block" for line in weak):
            return "It learns where there is nothing to learn"
        if weak:
            return f"{len(weak)} of {len(asked)} attacks found something to weigh"
        return f"It withstands all {len(asked)} attacks"


def suite_of(trial: Trial) -> Suite | None:
    """The newest finished suite of a trial."""
    run = trial.attacks.exclude(result={}).first()
    if run is None:
        return None
    lines = [{**line, "word": WORDS[line["outcome"]]} for line in run.result["lines"]]
    return Suite(run, lines)


@dataclass(frozen=True)
class RowReading:
    """An explained row, or one that is being explained."""

    asked: RowExplanation
    told: dict[str, Any]
    parts: list[dict[str, Any]]
    low: float
    high: float
    rest: float
    """What the features that are not shown add together."""


def row_reading(
    trial: Trial, row: int | None, *, sensitive: Collection[str], target: str
) -> RowReading | None:
    """The row that is asked for, or the one that was asked for last; without sensitive values."""
    rows = trial.explained_rows.select_related("job")
    asked = rows.filter(row=row).first() if row is not None else rows.first()
    if asked is None:
        return None
    told = veil_row(asked.result, sensitive=sensitive, target=target)
    parts = told.get("parts", [])
    shown = parts[:MOST_PARTS]
    ends = [0.0, *(part[end] for part in shown for end in ("low", "high"))]
    rest = sum(part["part"] for part in parts[MOST_PARTS:])
    return RowReading(asked, told, shown, min(ends), max(ends), rest)
