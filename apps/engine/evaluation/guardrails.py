"""Guardrails of the verdict that are no metric: latency, and the difference between groups."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from apps.engine.errors import NotEnoughData
from apps.engine.evaluation.intervals import resamples
from apps.engine.evaluation.metrics import Measure, Predictions, measure_of, score
from apps.engine.evaluation.resampled import recomputer
from apps.engine.evaluation.slices import FEW_ROWS, groups_of
from apps.engine.evaluation.verdict import GUARDRAIL, INCONCLUSIVE, Verdict, outcome_at, reason_of

ROUNDS = 500
LATENCY, GROUPS = "latency_p95_ms", "group_difference"


def latency_verdict(samples_ms: Sequence[float], *, limit_ms: float) -> Verdict:
    """The 95th percentile of the time of an answer beside its limit.

    The interval is that of a quantile by order statistics and holds for any distribution: David
    and Nagaraja (2003), Order Statistics, section 7.1. Below 73 samples the upper end is unknown
    and is taken as infinite, so the outcome cannot be ``pass``.

    Parameters
    ----------
    samples_ms : (n,) milliseconds of single answers, n >= 1
    """
    ordered, n = np.sort(np.asarray(samples_ms, dtype="float64")), len(samples_ms)
    lower = int(stats.binom.ppf(0.025, n, 0.95)) - 1
    upper = int(stats.binom.ppf(0.975, n, 0.95))
    low = float(ordered[max(0, lower)])
    high = float(ordered[upper]) if upper < n else float("inf")
    outcome = outcome_at(limit_ms, "down", low=low, high=high)
    return Verdict(
        metric=LATENCY,
        title="Latency, p95 in ms",
        role=GUARDRAIL,
        direction="down",
        threshold=limit_ms,
        result=float(np.quantile(ordered, 0.95)),
        low=low,
        high=high if np.isfinite(high) else None,
        outcome=outcome,
        rows=n,
        reason=f"{n} answers of the model alone, one row at a time, on this machine. "
        f"{reason_of(outcome, n)}",
    )


def group_verdict(
    frame: pd.DataFrame,
    column: str,
    *,
    metric: str | Mapping[str, Any] | Measure,
    limit: float,
    truth: Any,
    predictions: Predictions,
    positive: str | None = None,
    seed: int = 0,
) -> Verdict:
    """The greatest difference of a metric between groups of rows, beside its limit.

    Groups of fewer than FEW_ROWS rows, or on which the metric has no value, are left out and
    counted. The interval is a bootstrap of the two groups that lie farthest apart; as they were
    chosen for that, the difference is flattered upwards, never downwards. ``column``: as
    ``groups_of`` groups it.
    """
    measure, values = measure_of(metric), np.asarray(truth)
    if column not in frame.columns:
        return _untold(measure, column, limit, f'There is no column "{column}" in the table.')
    told = predictions.covering(values) if measure.needs == "probabilities" else predictions
    groups = groups_of(frame[column])
    scores = _scores(measure, values, told, groups=groups, positive=positive)
    if len(scores) < 2:
        reason = f"Fewer than two groups have {FEW_ROWS} rows and a value."
        return _untold(measure, column, limit, reason)
    left_out = groups.nunique() - len(scores)
    least = min(scores, key=lambda name: scores[name][0])
    most = max(scores, key=lambda name: scores[name][0])
    draws = [
        _draws(measure, values[rows], told.take(rows), positive=positive, seed=seed + number)
        for number, (_, rows) in enumerate((scores[most], scores[least]))
    ]
    result = scores[most][0] - scores[least][0]
    rounds = min(len(draws[0]), len(draws[1]))
    low, high = np.percentile(draws[0][:rounds] - draws[1][:rounds], [2.5, 97.5])
    low, high = max(0.0, min(float(low), result)), max(float(high), result)
    outcome = outcome_at(limit, "down", low=low, high=high)
    skipped = f" Groups too small to tell: {left_out}." if left_out else ""
    return Verdict(
        metric=GROUPS,
        title=f"Difference in {measure.title} by {column}",
        role=GUARDRAIL,
        direction="down",
        threshold=limit,
        result=result,
        low=low,
        high=high,
        outcome=outcome,
        rows=len(scores[most][1]) + len(scores[least][1]),
        reason=f"{scores[most][0]:.3f} where it is {most}, {scores[least][0]:.3f} where it is "
        f"{least}.{skipped} {reason_of(outcome, len(values))}",
    )


def _scores(
    measure: Measure, truth: Any, told: Predictions, *, groups: pd.Series, positive: str | None
) -> dict[str, tuple[float, Any]]:
    """Score and row positions of each group that is large enough to have one."""
    found = {}
    for name in sorted(groups.unique()):
        rows = np.flatnonzero((groups == name).to_numpy())
        if len(rows) < FEW_ROWS:
            continue
        try:
            value = score(measure, truth[rows], told.take(rows), positive=positive)
        except NotEnoughData:
            continue
        found[str(name)] = (value, rows)
    return found


def _draws(
    measure: Measure, truth: Any, told: Predictions, *, positive: str | None, seed: int
) -> Any:
    compute = recomputer(measure, truth, told, positive=positive)
    drawn = resamples(measure, truth, seed=seed, rounds=ROUNDS, sets=told.sets)
    return np.array([compute(rows) for rows in drawn])


def _untold(measure: Measure, column: str, limit: float, reason: str) -> Verdict:
    return Verdict(
        metric=GROUPS,
        title=f"Difference in {measure.title} by {column}",
        role=GUARDRAIL,
        direction="down",
        threshold=limit,
        result=None,
        low=None,
        high=None,
        outcome=INCONCLUSIVE,
        rows=0,
        reason=reason,
    )
