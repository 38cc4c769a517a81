"""All metrics by their key, how one is asked for, and its value."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from apps.engine.errors import BadParameter, NotEnoughData
from apps.engine.evaluation.metrics.chances import CHANCES
from apps.engine.evaluation.metrics.kinds import Measure, Metric, Predictions
from apps.engine.evaluation.metrics.labels import LABELS
from apps.engine.evaluation.metrics.quantities import MONEY, QUANTITIES
from apps.engine.evaluation.metrics.ranks import RANKS
from apps.engine.evaluation.metrics.sets import SETS_OF_LABELS
from apps.engine.evaluation.payoff import Payoff
from apps.engine.types import Problem

METRICS: dict[str, Metric] = {
    metric.key: metric
    for metric in (*RANKS, *LABELS, *SETS_OF_LABELS, *CHANCES, *QUANTITIES, *MONEY)
}
_RANKED = frozenset(metric.key for metric in RANKS)


def metrics_for(problem: Problem) -> tuple[Metric, ...]:
    """Metrics that make sense for a kind of problem, in the catalogue's order."""
    return tuple(metric for metric in METRICS.values() if problem in metric.problems)


def measure_of(asked: "str | Mapping[str, Any] | Measure") -> Measure:
    """A metric as it is asked for.

    Parameters
    ----------
    asked : a key ("recall", "f_beta:2", "f1/weighted"), a mapping with ``metric`` and, as far as
        they are given, ``parameter``, ``averaging``, ``payoff`` and ``error_cost``; or a Measure

    Returns
    -------
    Measure
        Without a parameter the catalogue's default is taken.

    Raises
    ------
    BadParameter
        Unknown metric or averaging; a parameter outside of its range, or where there is none.
    """
    if isinstance(asked, Measure):
        return asked
    if isinstance(asked, str):
        asked = _read(asked)
    metric = METRICS.get(asked["metric"])
    if metric is None:
        raise BadParameter(
            f'There is no metric "{asked["metric"]}". Choose one of: {", ".join(METRICS)}.'
        )
    payoff = asked.get("payoff")
    return Measure(
        metric,
        _parameter(metric, asked.get("parameter")),
        _averaging(metric, asked.get("averaging") or ""),
        Payoff.from_dict(payoff) if payoff else None,
        asked.get("error_cost"),
    )


def _read(key: str) -> dict[str, Any]:
    """Parts of a key as ``Measure.key`` writes it."""
    name, _, averaging = key.partition("/")
    name, _, parameter = name.partition(":")
    try:
        number = float(parameter) if parameter else None
    except ValueError as error:
        raise BadParameter(f'The parameter "{parameter}" of {name} is no number.') from error
    return {"metric": name, "parameter": number, "averaging": averaging}


def _parameter(metric: Metric, value: float | None) -> float | None:
    wanted = metric.parameter
    if wanted is None:
        if value is not None:
            raise BadParameter(f"{metric.title} takes no parameter; {value:g} was given.")
        return None
    if value is None:
        return wanted.default
    if not wanted.low <= value <= wanted.high:
        raise BadParameter(
            f"{metric.title}: {wanted.name} lies between {wanted.low:g} and {wanted.high:g}, "
            f"not at {value:g}."
        )
    return float(value)


def _averaging(metric: Metric, value: str) -> str:
    if value and metric.averages and value not in metric.averages:
        raise BadParameter(
            f"{metric.title} is averaged {' or '.join(metric.averages)}, not {value}."
        )
    return "" if not metric.averages or value == metric.averages[0] else value


def score(
    metric: "str | Mapping[str, Any] | Measure",
    truth: Any,
    predictions: Predictions,
    *,
    positive: str | None = None,
) -> float:
    """Value of one metric, equal to scikit-learn's where it has the metric.

    Parameters
    ----------
    metric : as ``measure_of`` takes it
    truth : (n,) class names as text, or numbers
    positive : the positive class of a binary problem; None for the others

    Raises
    ------
    BadParameter
        Unknown metric, probabilities, a positive class or a payoff is needed and missing.
    NotEnoughData
        The rows hold one class only, or none of a class, and the metric needs it.
    """
    measure, values = measure_of(metric), np.asarray(truth)
    if measure.needs == "probabilities":
        predictions = predictions.covering(values)
    if measure.of.key in _RANKED and not predictions.sets:
        _refuse_missing_classes(measure.title, values, predictions, positive)
    return measure.of.compute(values, predictions, measure, positive)


def _refuse_missing_classes(
    title: str, truth: Any, told: Predictions, positive: str | None
) -> None:
    """A ranking needs rows of both sides: of each class against the rest."""
    there = set(np.unique(truth).tolist())
    if len(there) < 2:
        raise NotEnoughData(f"{title} needs rows of at least two classes; these have one.")
    wanted = told.classes if positive is None else (positive,)
    for name in wanted:
        if name not in there:
            raise NotEnoughData(f'{title} needs rows of the class "{name}"; these have none.')
