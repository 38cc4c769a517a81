"""Is one model better than another? Paired over folds, and paired over the rows of a test."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import stdtr, stdtrit

from apps.engine.evaluation.intervals import ROUNDS, resamples
from apps.engine.evaluation.metrics import Measure, Predictions, measure_of, score
from apps.engine.evaluation.resampled import recomputer

BETTER, WORSE, CANNOT_TELL = "better", "worse", "cannot tell"


@dataclass(frozen=True)
class Gain:
    """How much better A is than B, in the metric's unit: above 0 is better, whatever its direction.

    ``low`` and ``high`` bound it at 95 %, None where nothing bounds it. ``p_value`` is two-sided,
    None where it was not computed.
    """

    mean: float
    low: float | None
    high: float | None
    p_value: float | None = None

    @property
    def outcome(self) -> str:
        """``better`` or ``worse`` when the whole interval says so, else ``cannot tell``."""
        if self.low is not None and self.low > 0:
            return BETTER
        return WORSE if self.high is not None and self.high < 0 else CANNOT_TELL

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {**asdict(self), "outcome": self.outcome}


def gain_over_folds(
    a: Sequence[float],
    b: Sequence[float],
    *,
    direction: str,
    train_rows: float,
    test_rows: float,
    confidence: float = 0.95,
) -> Gain:
    """Corrected resampled t-test of two models scored on the same folds.

    The folds' training rows overlap, so their scores are not independent; the plain paired t-test
    finds differences that are not there. The variance of the mean difference is widened to
    s² (1/k + test_rows/train_rows), with k - 1 degrees of freedom.

    Parameters
    ----------
    a, b : (k,) scores of the same folds in the same order
    direction : "up" when a higher score is better, else "down"
    train_rows, test_rows : mean rows of a fold's training and validation part

    Notes
    -----
    Source: Nadeau and Bengio (2003), Machine Learning 52, 239-281. One comparison at a time: the
    best of many trials is flattered, which no interval of a single comparison shows.
    """
    return gains_over_folds(
        [a],
        b,
        direction=direction,
        train_rows=[train_rows],
        test_rows=[test_rows],
        confidence=confidence,
    )[0]


def gains_over_folds(
    a: Sequence[Sequence[float]],
    b: Sequence[float],
    *,
    direction: str,
    train_rows: Sequence[float],
    test_rows: Sequence[float],
    confidence: float = 0.95,
) -> list[Gain]:
    """``gain_over_folds`` of many models over one: ``a`` (n, k), rows (n,) of each. O(n k)."""
    means, spread, t_high = _spread_over_folds(
        a, b, direction=direction, train_rows=train_rows, test_rows=test_rows, confidence=confidence
    )
    if (k := len(b)) < 2:
        return [Gain(float(mean), None, None) for mean in means]
    half = t_high * spread
    t = np.divide(np.abs(means), spread, out=np.full_like(means, np.inf), where=spread > 0)
    t[(spread == 0) & (means == 0)] = 0.0
    p_values = 2 * stdtr(k - 1, -t)
    return [
        Gain(*map(float, told))
        for told in zip(means, means - half, means + half, p_values, strict=True)
    ]


def outcomes_over_folds(a: Sequence[Sequence[float]], b: Sequence[float], **how: Any) -> list[str]:
    """The outcome of each of ``gains_over_folds``, whose arguments it takes; no gain is made."""
    if not a:
        return []
    means, spread, t_high = _spread_over_folds(a, b, **how)
    half = t_high * spread
    told = np.select([means - half > 0, means + half < 0], [BETTER, WORSE], CANNOT_TELL)
    return list(told.tolist())


def _spread_over_folds(
    a: Any,
    b: Sequence[float],
    *,
    direction: str,
    train_rows: Any,
    test_rows: Any,
    confidence: float = 0.95,
) -> tuple[Any, Any, float]:
    """Mean gains (n,), their standard errors (n,) and how many of these the interval is wide."""
    sign = 1.0 if direction == "up" else -1.0
    gains = sign * (np.asarray(a, dtype="float64") - np.asarray(b, dtype="float64"))
    means, k = gains.mean(axis=1), gains.shape[1]
    if k < 2:
        return means, np.full_like(means, np.inf), np.inf
    overlap = np.asarray(test_rows, dtype="float64") / np.asarray(train_rows, dtype="float64")
    spread = np.sqrt(np.var(gains, axis=1, ddof=1) * (1 / k + overlap))
    return means, spread, float(stdtrit(k - 1, 0.5 + confidence / 2))


def gain_over_rows(
    metric: str | Mapping[str, Any] | Measure,
    truth: Any,
    a: Predictions,
    b: Predictions,
    *,
    positive: str | None = None,
    seed: int = 0,
    rounds: int = ROUNDS,
    confidence: float = 0.95,
    groups: Any = None,
) -> Gain:
    """Paired bootstrap of two models' answers on the same rows (percentile interval).

    Each round draws the same rows for both, the rows of each class apart, so that what is easy or
    hard for both cancels out; with ``groups`` (n,) whole groups of rows. Source: Efron and
    Tibshirani (1993), An Introduction to the Bootstrap, chapter 16. Raises what
    ``metrics.score`` raises.
    """
    values, measure = np.asarray(truth), measure_of(metric)
    if measure.needs == "probabilities":
        a, b = a.covering(values), b.covering(values)
    sign = 1.0 if measure.direction == "up" else -1.0
    mean = sign * (
        score(measure, values, a, positive=positive) - score(measure, values, b, positive=positive)
    )
    of_a = recomputer(measure, values, a, positive=positive)
    of_b = recomputer(measure, values, b, positive=positive)
    found = [
        sign * (of_a(rows) - of_b(rows))
        for rows in resamples(measure, values, seed=seed, rounds=rounds, groups=groups, sets=a.sets)
    ]
    tail = 50 * (1 - confidence)
    low, high = np.percentile(found, [tail, 100 - tail])
    return Gain(mean, min(float(low), mean), max(float(high), mean))
