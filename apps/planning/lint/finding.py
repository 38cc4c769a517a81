"""One question to a plan, and the plan as the rules read it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from apps.engine.errors import BadParameter
from apps.engine.evaluation.metrics import Measure, measure_of
from apps.engine.evaluation.payoff import Payoff
from apps.engine.feasibility.noise import PlannedTest
from apps.engine.percent import percent
from apps.planning.content import has_sets, label_sign_of, payoff_of

BLOCK, WARN = "block", "warn"
USUAL_TEST_SHARE = 0.2


@dataclass(frozen=True)
class PlanProblem:
    """A finding: what is wrong, with its numbers, why a reviewer asks, and how to mend it.

    ``rule`` names the question, ``field`` the input of the ``task`` that the mending starts at.
    A plan with a finding of severity "block" cannot become a version.
    """

    rule: str
    task: str
    field: str
    severity: str
    says: str
    why: str
    mend: str

    @property
    def blocks(self) -> bool:
        """It has to be mended before the plan can be signed."""
        return self.severity == BLOCK


def missing(value: Any) -> bool:
    """Not said at all; 0 and False are said."""
    return value in (None, "", [])


def share(value: float) -> str:
    """A share as a reader wants it: 99.2 %."""
    return percent(value, None)


def in_range(measure: Measure, value: float | None) -> bool:
    """Whether the metric can take this value."""
    low, high = measure.bounds
    return value is not None and value >= low and (high is None or value <= high)


@dataclass(frozen=True)
class Reading:
    """The content of a plan as the rules read it; ``on`` is the day it is judged at."""

    content: dict[str, Any]
    on: date

    def task(self, name: str) -> dict[str, Any]:
        """The content of one task."""
        return self.content.get(name) or {}

    @cached_property
    def items(self) -> list[dict[str, Any]]:
        """The promised metrics."""
        return self.task("metrics").get("items") or []

    @cached_property
    def measures(self) -> list[tuple[dict[str, Any], Measure]]:
        """Each promise that can be computed, with its measure."""
        found = []
        for item in self.items:
            try:
                found.append((item, measure_of(self._asked(item))))
            except BadParameter:
                continue  # metrics.parameter tells it
        return found

    def _asked(self, item: dict[str, Any]) -> dict[str, Any]:
        wanted = {name: item.get(name) for name in ("metric", "parameter", "averaging")}
        return {**wanted, "payoff": payoff_of(self.content)}

    @cached_property
    def primary(self) -> tuple[dict[str, Any], Measure] | None:
        """The one primary promise with its measure; None where there is no such one."""
        found = [pair for pair in self.measures if pair[0].get("role") == "primary"]
        if len(found) != 1:
            return None
        item, measure = found[0]
        return found[0] if in_range(measure, item.get("threshold")) else None

    @cached_property
    def positive(self) -> str:
        """The positive class; empty where there is none."""
        return str(self.task("features").get("positive") or "")

    @cached_property
    def sets(self) -> bool:
        """The target holds sets of labels."""
        return has_sets(self.content)

    @cached_property
    def label_sign(self) -> str:
        """What stands between the labels of a case; empty where it is not said."""
        return label_sign_of(self.content)

    @cached_property
    def label_share(self) -> float | None:
        """Mean share of all labels that a case of a target with sets of labels has."""
        rate = self.task("features").get("base_rate")
        return float(rate) if self.sets and rate and 0 < rate < 1 else None

    @cached_property
    def base_rate(self) -> float | None:
        """Share of positives of a target with a positive class."""
        rate = self.task("features").get("base_rate")
        return float(rate) if self.positive and rate and 0 < rate < 1 else None

    @cached_property
    def test(self) -> PlannedTest | None:
        """The planned test; None while nobody has said how many rows there will be."""
        rows = self.task("metrics").get("expected_rows")
        if not rows:
            return None
        part = float(self.task("metrics").get("test_share") or USUAL_TEST_SHARE)
        return PlannedTest(max(2, round(rows * part)), self.base_rate)

    @cached_property
    def payoff(self) -> Payoff | None:
        """The payoff, where it is whole and gives a choice."""
        told = payoff_of(self.content)
        return Payoff.from_dict(told) if told else None

    def day(self, task: str, field: str) -> date | None:
        """A date that was entered; None without one."""
        try:
            return date.fromisoformat(str(self.task(task).get(field) or ""))
        except ValueError:
            return None


Rule = Callable[[Reading], Iterator[PlanProblem]]


def promise_of(item: dict[str, Any], measure: Measure) -> str:
    """A promise as a reader says it: "recall of at least 0.6"."""
    word = "at least" if measure.direction == "up" else "at most"
    return f"{measure.title} of {word} {item['threshold']:g}"
