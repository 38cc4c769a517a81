"""What the models of a quantity answer: its mean, or a quantile; as the plan asks, or as chosen."""

from dataclasses import dataclass

from apps.datasets.queries import ClosedData
from apps.engine.percent import percent
from apps.engine.types import Problem

AS_PLANNED, MEAN, QUANTILE = "planned", "mean", "quantile"
LEAST_LEVEL, MOST_LEVEL = 0.01, 0.99


@dataclass(frozen=True)
class Aim:
    """The quantile at ``level`` (0 to 1) is answered, or with None the mean."""

    level: float | None = None

    @property
    def says(self) -> str:
        """In words."""
        return "the mean" if self.level is None else f"the {self.level:g} quantile"


def may_aim(data: ClosedData) -> bool:
    """Whether there is a choice: a class has no mean and no quantile."""
    return bool(data.split.report["problem"] == Problem.REGRESSION)


def usual_aim(data: ClosedData) -> Aim:
    """What the plan's primary metric rewards."""
    return Aim(data.plan.level if may_aim(data) else None)


def why_aimed(data: ClosedData) -> str:
    """Why the usual aim is what it is, in a sentence; empty where there is no choice."""
    if not may_aim(data):
        return ""
    level, title = data.plan.level, data.plan.promises[0].title
    if level is None:
        return f"The models answer the mean: the plan's primary metric is {title}."
    return (
        f"It is quantile regression: the plan's primary metric is {title}. The models answer the "
        f"number that {percent(level, None)} of the truths are to be at or below."
    )
