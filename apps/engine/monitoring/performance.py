"""The promise itself: the locked metric on rows whose truth is known by now."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from apps.engine.errors import NotEnoughData
from apps.engine.evaluation.intervals import metric_interval
from apps.engine.evaluation.metrics import Predictions, score
from apps.engine.evaluation.verdict import FAIL, PASS, Promise, judge

FEW_ROWS = 50
FEW_ROWS_A_PERIOD = 20
ROUNDS_A_PERIOD = 200
KEPT, BROKEN, UNKNOWN = "kept", "broken", "cannot tell yet"
_NAMES = {PASS: KEPT, FAIL: BROKEN}


def realised(
    promises: Sequence[Promise],
    truth: Sequence[Any],
    predictions: Predictions,
    *,
    days: Sequence[str],
    answered: int,
    positive: str | None,
    today: float | None = None,
) -> dict[str, Any]:
    """Each promise judged on the rows with actuals, and its course over the days.

    Parameters
    ----------
    truth, predictions, days : of the rows with actuals, in the same order; ``days`` in ISO 8601
    answered : all answered rows: with ``truth`` gives the coverage
    today : the plan's value of the primary metric, which its margin is measured from

    Returns
    -------
    dict
        ``rows``, ``answered``, ``coverage``, ``verdicts`` (as the engine's Verdict, with
        ``kept``: kept, broken, cannot tell yet; primary first), ``periods`` of the primary
        promise: at, rows, value, low, high; ``untold``: ``{"metric", "says"}`` of each promise
        that these rows cannot judge, as when they have one class only.

    Notes
    -----
    Fewer than FEW_ROWS rows judge nothing, fewer than FEW_ROWS_A_PERIOD make no period: their
    intervals would say the whole range. Seconds for 50,000 rows and a bootstrapped metric.
    """
    rows = len(truth)
    told: dict[str, Any] = {
        "rows": rows,
        "answered": answered,
        "coverage": rows / answered if answered else 0.0,
        "verdicts": [],
        "periods": [],
        "untold": [],
    }
    if rows < FEW_ROWS:
        says = f"{rows} rows with a known outcome are too few; {FEW_ROWS} are needed."
        told["untold"] = [{"metric": promise.key, "says": says} for promise in promises]
        return told
    values = np.asarray(truth)
    ordered = sorted(promises, key=lambda promise: promise.role != "primary")
    for promise in ordered:
        try:
            found = judge([promise], values, predictions, positive=positive, today=today)
        except NotEnoughData as error:
            told["untold"].append({"metric": promise.key, "says": str(error)})
            continue
        told["verdicts"] += [
            {**verdict.as_dict(), "kept": _NAMES.get(verdict.outcome, UNKNOWN)}
            for verdict in found
            if verdict.result is not None
        ]
    if ordered:
        told["periods"] = _periods(ordered[0], values, predictions, days=days, positive=positive)
    return told


def _periods(
    promise: Promise, truth: Any, told: Predictions, *, days: Sequence[str], positive: str | None
) -> list[dict[str, Any]]:
    found = []
    order = np.asarray(days)
    for day in sorted(set(days)):
        rows = np.flatnonzero(order == day)
        if len(rows) < FEW_ROWS_A_PERIOD:
            continue
        try:
            value = score(promise.measure, truth[rows], told.take(rows), positive=positive)
            low, high = metric_interval(
                promise.measure,
                truth[rows],
                told.take(rows),
                positive=positive,
                rounds=ROUNDS_A_PERIOD,
            )
        except NotEnoughData:
            continue  # one class only on that day: the metric has no value
        found.append({"at": day, "rows": len(rows), "value": value, "low": low, "high": high})
    return found
