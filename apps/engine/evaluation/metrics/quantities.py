"""Metrics of numbers that are predicted, and of money."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import metrics as sk

from apps.engine.errors import BadParameter
from apps.engine.evaluation.metrics.kinds import (
    BINARY,
    ERROR_COST,
    NUMBERS,
    PAYOFF,
    Measure,
    Metric,
    Parameter,
    Predictions,
    positive_of,
)


def _plain(function: Callable[..., float]) -> Callable[..., float]:
    def compute(truth: Any, told: Predictions, measure: Measure, positive: str | None) -> float:
        return float(function(truth, told.labels))

    return compute


def row_losses(measure: Measure, truth: Any, told: Any) -> Any:
    """(n,) loss of each row, for the metrics that are the mean of them."""
    return _LOSSES[measure.of.key](truth, told, measure)


def _mean_loss(truth: Any, told: Predictions, measure: Measure, positive: str | None) -> float:
    return float(np.mean(row_losses(measure, truth, told.labels)))


def _symmetric(truth: Any, told: Any, measure: Measure) -> Any:
    size = (np.abs(truth) + np.abs(told)) / 2
    return np.divide(np.abs(truth - told), size, out=np.zeros(len(truth)), where=size > 0)


def pinball_losses(truth: Any, told: Any, *, level: float) -> Any:
    """(n,) pinball loss of a predicted quantile: ``level`` a unit too low, the rest too high.

    Its mean is least at the quantile: Koenker and Bassett 1978, Econometrica 46.
    """
    return np.maximum(level * (truth - told), (level - 1) * (truth - told))


def level_of(measure: Measure) -> float:
    """The level of a quantile that a metric is asked for."""
    return 0.5 if measure.parameter is None else measure.parameter


def _pinball(truth: Any, told: Any, measure: Measure) -> Any:
    return pinball_losses(truth, told, level=level_of(measure))


def explained_share(truth: Any, told: Predictions) -> float:
    """R² of numbers, or D² of a quantile: the share of the loss of a constant that is saved.

    1 is perfect, 0 is the best constant, whose loss is the variance or the pinball loss. Source:
    Koenker and Machado (1999), Journal of the American Statistical Association 94, 1296-1310.
    """
    if told.level is None:
        return float(sk.r2_score(truth, told.labels))
    return float(sk.d2_pinball_score(truth, told.labels, alpha=told.level))


def covered(truth: Any, told: Any) -> Any:
    """(n,) whether the truth is at or below the answer."""
    return np.asarray(truth) <= np.asarray(told)


def _coverage_error(truth: Any, told: Predictions, measure: Measure, positive: str | None) -> float:
    return abs(float(np.mean(covered(truth, told.labels))) - level_of(measure))


def _within(truth: Any, told: Any, measure: Measure) -> Any:
    return (np.abs(truth - told) <= (measure.parameter or 0.0)).astype(float)


def _error_value(truth: Any, told: Any, measure: Measure) -> Any:
    if measure.error_cost is None:
        raise BadParameter(f"{measure.title} needs the plan's cost of one unit of error.")
    return -measure.error_cost * np.abs(truth - told)


_LOSSES: dict[str, Callable[[Any, Any, Measure], Any]] = {
    "smape": _symmetric,
    "pinball": _pinball,
    "within_tolerance": _within,
    "error_value": _error_value,
}
MEAN_LOSSES = frozenset(_LOSSES)


def decision_values(measure: Measure, truth: Any, told: Any, *, positive: str | None) -> Any:
    """(n,) money of each decision at the plan's payoff. Raises BadParameter without one."""
    name = positive_of(measure, positive)
    if measure.payoff is None:
        raise BadParameter(f"{measure.title} needs a payoff: name it in the objective of the plan.")
    return measure.payoff.of_rows(truth == name, told == name)


def _value(truth: Any, told: Predictions, measure: Measure, positive: str | None) -> float:
    return float(np.mean(decision_values(measure, truth, told.labels, positive=positive)))


def _value_of_none_or_all(base_rate: float, measure: Measure) -> float | None:
    if measure.payoff is None:
        return None
    return max(measure.payoff.for_none(base_rate), measure.payoff.for_all(base_rate))


QUANTITIES = (
    Metric(
        "mae",
        "Mean absolute error",
        NUMBERS,
        "down",
        "numbers",
        (0.0, None),
        "Mean distance to the truth, in the target's unit.",
        _plain(sk.mean_absolute_error),
        "the mean distance from the median; known with the data",
    ),
    Metric(
        "rmse",
        "Root mean squared error",
        NUMBERS,
        "down",
        "numbers",
        (0.0, None),
        "As the mean distance, but large errors weigh more; in the target's unit.",
        _plain(sk.root_mean_squared_error),
        "the standard deviation; known with the data",
    ),
    Metric(
        "median_ae",
        "Median absolute error",
        NUMBERS,
        "down",
        "numbers",
        (0.0, None),
        "Half of the rows are nearer to the truth than this; it does not see the worst ones.",
        _plain(sk.median_absolute_error),
        "known with the data",
    ),
    Metric(
        "mape",
        "Mean absolute percentage error",
        NUMBERS,
        "down",
        "numbers",
        (0.0, None),
        "Mean distance as a share of the truth; it explodes where the truth is near 0.",
        _plain(sk.mean_absolute_percentage_error),
        "known with the data",
    ),
    Metric(
        "smape",
        "Symmetric percentage error",
        NUMBERS,
        "down",
        "numbers",
        (0.0, 2.0),
        "Mean distance as a share of the mean of truth and answer, 0 where both are 0.",
        _mean_loss,
        "known with the data",
        source="Makridakis 1993, Int. J. of Forecasting 9",
    ),
    Metric(
        "r2",
        "R²",
        NUMBERS,
        "up",
        "numbers",
        (-1e6, 1.0),
        "Share of the target's variance that is explained; below 0 the mean is better.",
        _plain(sk.r2_score),
        "0",
        lambda base_rate, _: 0.0,
    ),
    Metric(
        "pinball",
        "Pinball loss",
        NUMBERS,
        "down",
        "numbers",
        (0.0, None),
        "Mean loss of a quantile that is predicted: too low costs the level a unit, too high the "
        "rest; as the primary metric it makes the models answer this quantile.",
        _mean_loss,
        "known with the data, by always telling this quantile of the target",
        None,
        Parameter("level", "The quantile: 0.9 is exceeded once in ten cases.", 0.5, 0.01, 0.99),
        "Pinball loss of the {0:g} quantile",
        source="Koenker and Bassett 1978, Econometrica 46",
    ),
    Metric(
        "coverage_error",
        "Coverage error of a quantile",
        NUMBERS,
        "down",
        "numbers",
        (0.0, 1.0),
        "How far the share of truths at or below the answer is from the level: at most 0.03 of "
        "the 0.9 quantile promises a share of 87 % to 93 %.",
        _coverage_error,
        "0, by always telling this quantile of the target: it guards, it is no goal",
        lambda base_rate, _: 0.0,
        Parameter("level", "The quantile: 0.9 is exceeded once in ten cases.", 0.5, 0.01, 0.99),
        "Coverage error of the {0:g} quantile",
        source="Kupiec 1995, Journal of Derivatives 3",
    ),
    Metric(
        "within_tolerance",
        "Share within a tolerance",
        NUMBERS,
        "up",
        "numbers",
        (0.0, 1.0),
        "Share of rows whose error is no larger than the tolerance.",
        _mean_loss,
        "known with the data",
        None,
        Parameter("tolerance", "Greatest error that is no error, in the unit.", 1.0, 0.0, 1e12),
        "Share within ±{0:g}",
    ),
)
MONEY = (
    Metric(
        "value_per_decision",
        "Value per decision",
        BINARY,
        "up",
        "labels",
        (-1e12, None),
        "Mean money of a decision at the plan's payoff, with and without an alarm.",
        _value,
        "the better of no alarm and an alarm for everyone",
        _value_of_none_or_all,
        money=PAYOFF,
        source="Elkan 2001, IJCAI 17",
    ),
    Metric(
        "error_value",
        "Value per prediction",
        NUMBERS,
        "up",
        "numbers",
        (-1e12, 0.0),
        "Mean money of a prediction: minus the plan's cost of one unit of error, times the error.",
        _mean_loss,
        "known with the data",
        money=ERROR_COST,
    ),
)
