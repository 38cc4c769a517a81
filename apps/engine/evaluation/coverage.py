"""Does a predicted quantile keep its word? The share of truths at or below it, by group."""

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import xlogy

from apps.engine.evaluation.intervals import coverage_interval, rate_interval
from apps.engine.evaluation.metrics import Predictions
from apps.engine.evaluation.metrics.quantities import covered
from apps.engine.evaluation.slices import groups_of
from apps.engine.types import ColumnSpec

TENTHS = 10
LEAST_ROWS = 30
MOST_COLUMNS = 40
MOST_FOUND = 8
CONFIDENCE = 0.95


def coverage(truth: Any, told: Predictions) -> dict[str, Any]:
    """How often the truth is at or below a predicted quantile, over all and by its size.

    Parameters
    ----------
    truth : (n,) numbers, n > 0; told : their predicted quantile, with its ``level``

    Returns
    -------
    dict, JSON-ready
        ``level``; ``share`` of truths at or below the answer, its 95 % interval (Wilson) ``low``
        and ``high``, ``n``; ``p_value`` that the share is the level (see ``kupiec``); ``over`` and
        ``under``: mean distance of the truths above and below, in the target's unit, None without
        one; ``bins``: tenths of the rows by the answer, smallest first, with ``said_low`` and
        ``said_high`` (ends of their answers), ``said`` (mean), ``share``, ``low``, ``high``, ``n``.

    A level of 0.9 with 90 % in each tenth is right for small and large answers alike.
    """
    values, said = np.asarray(truth, dtype="float64"), np.asarray(told.labels, dtype="float64")
    level = _level(told)
    under, gap = covered(values, said), np.abs(values - said)
    order = np.argsort(said, kind="stable")
    return {
        "level": level,
        **_share(values, said),
        "p_value": kupiec(int(under.sum()), len(under), level=level),
        "over": float(gap[~under].mean()) if not under.all() else None,
        "under": float(gap[under].mean()) if under.any() else None,
        "bins": [
            {
                "said_low": float(said[part].min()),
                "said_high": float(said[part].max()),
                "said": float(said[part].mean()),
                **_share(values[part], said[part]),
            }
            for part in np.array_split(order, TENTHS)
            if len(part)
        ],
    }


def _level(told: Predictions) -> float:
    assert told.level is not None, "asked of a predicted quantile only"
    return told.level


def _share(truth: Any, said: Any) -> dict[str, Any]:
    low, high = coverage_interval(truth, said)
    return {"share": float(covered(truth, said).mean()), "low": low, "high": high, "n": len(said)}


def kupiec(hits: int, rows: int, *, level: float) -> float:
    """Two-sided p-value that a share of ``hits`` in ``rows`` comes of this level.

    The likelihood ratio of unconditional coverage, chi-squared with one degree of freedom. Source:
    Kupiec (1995), Journal of Derivatives 3, 73-84.
    """
    seen = hits / rows
    told = xlogy(hits, level) + xlogy(rows - hits, 1 - level)
    best = xlogy(hits, seen) + xlogy(rows - hits, 1 - seen)
    return float(stats.chi2.sf(max(0.0, 2 * (best - told)), 1))


def _several(values: "pd.Series[Any]") -> list[Any]:
    """The values of a column, where they tell rows apart."""
    found = sorted(values.unique())
    return found if len(found) > 1 else []


def uncovered_groups(
    table: pd.DataFrame, spec: list[ColumnSpec], *, truth: Any, told: Predictions
) -> dict[str, Any]:
    """Groups of rows whose coverage is off the level by more than chance explains.

    Every group of ``slices.groups_of`` in the first MOST_COLUMNS columns with at least LEAST_ROWS
    rows is asked; the interval is widened for their number (Bonferroni).

    Returns ``tried`` and ``found``, the farthest from the level first, at most MOST_FOUND:
    ``column``, ``value``, ``rows``, ``share`` and the 95 % interval ``low`` and ``high``.
    """
    level, under = _level(told), covered(truth, told.labels)
    groups = [
        (column.name, str(value), (values == value).to_numpy())
        for column in spec[:MOST_COLUMNS]
        if column.name in table.columns
        for values in [groups_of(table[column.name])]
        for value in _several(values)
    ]
    groups = [group for group in groups if group[2].sum() >= LEAST_ROWS]
    found = []
    for column, value, rows in groups:
        hits, count = int(under[rows].sum()), int(rows.sum())
        low, high = rate_interval(hits, count, confidence=1 - (1 - CONFIDENCE) / len(groups))
        if not low <= level <= high:
            ends = rate_interval(hits, count)._asdict()
            group = {"column": column, "value": value, "rows": count, "share": hits / count}
            found.append({**group, **ends})
    found.sort(key=lambda item: -math.fabs(item["share"] - level))
    return {"tried": len(groups), "found": found[:MOST_FOUND]}
