"""The metric per group of rows: the average hides whom it fails."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from apps.engine.errors import NotEnoughData
from apps.engine.evaluation.intervals import coverage_interval, metric_interval
from apps.engine.evaluation.metrics import Measure, Predictions, score
from apps.engine.evaluation.metrics.quantities import covered

FEW_ROWS = 30
MOST_VALUES = 12
ROUNDS = 200
MISSING, OTHERS = "(missing)", "(others)"


def slices_of(
    frame: pd.DataFrame,
    columns: list[str],
    *,
    metric: str | Mapping[str, Any] | Measure,
    truth: Any,
    predictions: Predictions,
    positive: str | None = None,
    seed: int = 0,
    fold: bool = False,
) -> list[dict[str, Any]]:
    """Metric per value of each column, smallest score first is left to the reader.

    Columns with more than MOST_VALUES distinct values are left out, or with ``fold`` made into
    groups (see groups_of); a column that is not there then gives one row without a score.
    A group with fewer than FEW_ROWS rows is marked ``few``. ``low`` and ``high`` bound the score at
    95 %. A group on which the metric cannot be computed has None for all three. Of a predicted
    quantile ``covered`` is the share of truths at or below it, ``covered_low`` and
    ``covered_high`` its interval.
    """
    found = []
    for column in columns:
        if fold and column not in frame.columns:
            found.append(_absent(column))
            continue
        values = groups_of(frame[column]) if fold else _texts(frame[column])
        if values.nunique() > MOST_VALUES:
            continue
        for value in sorted(values.unique()):
            rows = np.flatnonzero((values == value).to_numpy())
            found.append(
                {
                    "column": column,
                    "value": str(value),
                    "rows": len(rows),
                    "few": len(rows) < FEW_ROWS,
                    **score_of_rows(
                        metric,
                        np.asarray(truth)[rows],
                        predictions.take(rows),
                        positive=positive,
                        seed=seed,
                    ),
                    **_covered(np.asarray(truth)[rows], predictions.take(rows)),
                }
            )
    return found


def _covered(truth: Any, told: Predictions) -> dict[str, float]:
    if told.level is None or not len(truth):
        return {}
    low, high = coverage_interval(truth, told.labels)
    share = float(covered(truth, told.labels).mean())
    return {"covered": share, "covered_low": low, "covered_high": high}


def _texts(values: pd.Series) -> pd.Series:
    return values.astype("string").fillna(MISSING)


def groups_of(values: pd.Series) -> pd.Series:
    """At most MOST_VALUES groups as text: the values themselves where they are few enough.

    Numbers and dates are cut into quarters of equally many rows, "5 to 8.2"; of other columns the
    most frequent values stay and the rest becomes "(others)".
    """
    texts = _texts(values)
    if texts.nunique() <= MOST_VALUES:
        return texts
    is_number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    if is_number or pd.api.types.is_datetime64_any_dtype(values):
        cut = pd.qcut(values.astype("float64") if is_number else values, 4, duplicates="drop")
        names = {
            item: f"{item.left:.4g} to {item.right:.4g}"
            if is_number
            else f"{item.left:%Y-%m-%d} to {item.right:%Y-%m-%d}"
            for item in cut.cat.categories
        }
        return cut.map(names).astype("string").fillna(MISSING)
    kept = texts.value_counts().index[: MOST_VALUES - 1]
    return texts.where(texts.isin(kept), OTHERS)


def _absent(column: str) -> dict[str, Any]:
    nothing = {"score": None, "low": None, "high": None}
    return {"column": column, "value": "(not in the table)", "rows": 0, "few": True, **nothing}


def score_of_rows(
    metric: str | Mapping[str, Any] | Measure,
    truth: Any,
    told: Predictions,
    *,
    positive: str | None,
    seed: int,
) -> dict[str, float | None]:
    """``score`` with ``low`` and ``high`` at 95 %; all None where it cannot be computed."""
    try:
        low, high = metric_interval(
            metric, truth, told, positive=positive, seed=seed, rounds=ROUNDS
        )
        value = score(metric, truth, told, positive=positive)
    except NotEnoughData:
        return {"score": None, "low": None, "high": None}
    return {"score": value, "low": low, "high": high}
