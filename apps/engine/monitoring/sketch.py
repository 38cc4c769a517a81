"""A small reference of development rows: enough to measure drift without keeping the rows."""

from typing import Any

import numpy as np
import pandas as pd

from apps.engine.reading.tables import kind_of_series
from apps.engine.types import Kind

BINS = 10
MOST_CATEGORIES = 200
PREDICTION = "prediction"


def sketch_of(frame: pd.DataFrame, *, prediction: pd.Series) -> dict[str, Any]:
    """Sketch per feature and of the prediction: what ``drift.drift`` compares with.

    Numbers and dates: edges of ten quantile bins, with a bin below the least and one above the
    greatest value, and the share per bin. Other kinds: share per value of the MOST_CATEGORIES
    most frequent, and of the rest. Always the share missing and n. O(cells log n), on a worker.
    """
    columns = [*frame.items(), (PREDICTION, prediction)]
    return {str(name): _column(series) for name, series in columns}


def _column(series: pd.Series) -> dict[str, Any]:
    present = series.dropna()
    base = {"n": len(series), "missing_rate": float(series.isna().mean()) if len(series) else 0.0}
    if kind_of_series(series) in (Kind.INTEGER, Kind.NUMBER, Kind.DATETIME):
        values = numbers(present)
        edges = _edges(values)
        shares = shares_in(values, edges).tolist()
        return {**base, "kind": "number", "edges": edges.tolist(), "shares": shares}
    counts = present.astype("string").value_counts()
    kept = counts.head(MOST_CATEGORIES)
    total = max(1, int(counts.sum()))
    rest = int(counts.sum() - kept.sum()) / total
    return {
        **base,
        "kind": "category",
        "values": [str(value) for value in kept.index],
        "shares": [*(float(count) / total for count in kept), rest],
    }


def _edges(values: Any) -> Any:
    """Edges of the bins: just below the least value, at the deciles, on the greatest value.

    A value that fills several deciles is a bin of its own, so there may be fewer bins than ten.
    """
    if not len(values):
        return np.array([])
    deciles = np.quantile(values, np.linspace(0, 1, BINS + 1))
    frequent = deciles[1:][np.diff(deciles) == 0]
    below = np.nextafter([deciles[0], *frequent], -np.inf)
    return np.unique([*below, *deciles[1:]])


def numbers(series: pd.Series) -> Any:
    """Float values; dates as days since 1970."""
    if kind_of_series(series) == Kind.DATETIME:
        return series.to_numpy(dtype="datetime64[us]").astype("int64") / 86_400_000_000
    return series.to_numpy(dtype="float64")


def shares_in(values: Any, edges: Any) -> Any:
    """Share of the values in each bin between the edges; a value on an edge goes left."""
    counts = np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)
    return counts / max(1, len(values))
