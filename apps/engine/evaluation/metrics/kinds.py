"""What a metric is, what it is asked with, and what it is computed from."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from apps.engine.errors import BadParameter
from apps.engine.evaluation.payoff import Payoff
from apps.engine.labels import names_in
from apps.engine.types import Problem

CLASSES = frozenset({Problem.BINARY, Problem.MULTICLASS})
BINARY = frozenset({Problem.BINARY})
NUMBERS = frozenset({Problem.REGRESSION})
SETS = frozenset({Problem.MULTILABEL})
NAMED = CLASSES | SETS
"""Metrics of names: of one class, or of each label of a set."""
PAYOFF, ERROR_COST = "payoff", "error_cost"


@dataclass(frozen=True)
class Predictions:
    """What a model answered for n rows.

    ``labels``: (n,) class names as text, or numbers for regression. ``probabilities``:
    (n, n_classes) in the order of ``classes``, or None. ``sets``: a label is a set of labels (see
    engine's ``labels``), and each of ``classes`` is a label with a probability of its own.
    ``level``: the numbers are meant as this quantile, 0 to 1; None: as the mean.
    """

    labels: np.ndarray[Any, Any]
    probabilities: np.ndarray[Any, Any] | None = None
    classes: tuple[str, ...] = ()
    sets: bool = False
    level: float | None = None

    def take(self, rows: np.ndarray[Any, Any]) -> "Predictions":
        """The same for some rows (positions or a mask)."""
        chosen = None if self.probabilities is None else self.probabilities[rows]
        return Predictions(self.labels[rows], chosen, self.classes, self.sets, self.level)

    def covering(self, truth: Any) -> "Predictions":
        """The same with a column of zeros for each class of ``truth`` that the model never saw."""
        if self.probabilities is None:
            return self
        there = set(names_in(truth)) if self.sets else {str(name) for name in truth}
        unseen = tuple(sorted(there - set(self.classes)))
        if not unseen:
            return self
        names = self.classes + unseen
        zeros = np.zeros((len(self.labels), len(unseen)))
        order = np.argsort(np.asarray(names, dtype=object))  # scikit-learn wants them sorted
        columns = np.column_stack([self.probabilities, zeros])[:, order]
        return Predictions(self.labels, columns, tuple(names[index] for index in order), self.sets)

    def chance_of(self, name: str) -> Any:
        """(n,) probability of one class. Raises BadParameter where there is none."""
        if self.probabilities is None:
            raise BadParameter("This metric needs probabilities; the model gives none.")
        if name not in self.classes:
            raise BadParameter(f'The positive class "{name}" is not a class of the model.')
        return self.probabilities[:, self.classes.index(name)]


@dataclass(frozen=True)
class Parameter:
    """The one number that a metric is asked with. ``low`` and ``high`` are allowed themselves."""

    name: str
    says: str
    default: float
    low: float
    high: float


@dataclass(frozen=True)
class Metric:
    """One metric of the catalogue.

    ``bounds`` are the least and greatest value; None: unbounded. ``label`` is the title with the
    parameter written in ("{0:g}"). ``averages``: ways to average over more than two classes, the
    default first. ``guess``: what a model that learnt nothing reaches at a share of positives,
    None where that does not follow; ``guess_says`` says it in words. ``money``: the figure of the
    plan that the metric is computed with, "payoff" or "error_cost"; empty for none. ``source``:
    the paper that defines it.
    """

    key: str
    title: str
    problems: frozenset[Problem]
    direction: str
    needs: str
    bounds: tuple[float, float | None]
    says: str
    compute: Callable[..., float] = field(repr=False, compare=False)
    guess_says: str = ""
    guess: "Callable[[float, Measure], float | None] | None" = field(
        default=None, repr=False, compare=False
    )
    parameter: Parameter | None = None
    label: str = ""
    averages: tuple[str, ...] = ()
    money: str = ""
    source: str = ""


@dataclass(frozen=True)
class Measure:
    """A metric as it is asked for: with its parameter, its averaging and the plan's money."""

    of: Metric
    parameter: float | None = None
    averaging: str = ""
    payoff: Payoff | None = None
    error_cost: float | None = None

    @property
    def key(self) -> str:
        """Name that tells measures of one plan apart: "recall", "f_beta:2", "f1/weighted"."""
        told = self.of.key if self.parameter is None else f"{self.of.key}:{self.parameter:g}"
        return f"{told}/{self.averaging}" if self.averaging else told

    @property
    def title(self) -> str:
        """As a person reads it: "Recall at precision ≥ 0.9"."""
        told = self.of.title
        if self.parameter is not None and self.of.label:
            told = self.of.label.format(self.parameter)
        return f"{told}, {self.averaging}" if self.averaging else told

    @property
    def direction(self) -> str:
        """``up`` when a higher value is better, else ``down``."""
        return self.of.direction

    @property
    def needs(self) -> str:
        """What it is computed from: labels, probabilities or numbers."""
        return self.of.needs

    @property
    def bounds(self) -> tuple[float, float | None]:
        """Least and greatest value; None: unbounded."""
        return self.of.bounds

    @property
    def level(self) -> float | None:
        """The quantile that it rewards as the best answer, 0 to 1; None where it is none."""
        return self.parameter if self.of.key == "pinball" else None

    @property
    def is_of_numbers(self) -> bool:
        """For quantities, not for classes."""
        return self.of.problems == NUMBERS

    @property
    def says(self) -> str:
        """What it means, in a sentence."""
        return self.of.says

    def guessed(self, base_rate: float) -> float | None:
        """What a model that learnt nothing reaches; None where it does not follow."""
        return self.of.guess(base_rate, self) if self.of.guess else None

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form, as ``measure_of`` takes it."""
        return {
            "metric": self.of.key,
            "parameter": self.parameter,
            "averaging": self.averaging,
            "payoff": asdict(self.payoff) if self.payoff else None,
            "error_cost": self.error_cost,
        }


def positive_of(measure: Measure, positive: str | None) -> str:
    """The positive class of a metric for two classes. Raises BadParameter without one."""
    if positive is None:
        raise BadParameter(
            f"{measure.title} is for targets with two classes, one of them positive."
        )
    return positive
