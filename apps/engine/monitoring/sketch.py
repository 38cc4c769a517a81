"""A small reference of development rows: enough to measure drift without keeping the rows."""

from typing import Any

import numpy as np
import pandas as pd

from apps.engine.monitoring.seasons import seasons_of
from apps.engine.reading.tables import kind_of_series
from apps.engine.types import Kind

BINS = 10
FINE_BINS = 100
MOST_CATEGORIES = 200
PREDICTION = "prediction"


def sketch_of(
    frame: pd.DataFrame, *, prediction: pd.Series, times: "pd.Series[Any] | None" = None
) -> dict[str, Any]:
    """Sketch per feature and of the prediction: what ``drift.drift`` compares with.

    Numbers and dates: edges of ten quantile bins, with a bin below the least and one above the
    greatest value, and the share per bin; ``fine``: the same with about a hundred bins, and the
    standard deviation, for distances that look at more than bins. Other kinds: share per value of
    the MOST_CATEGORIES most frequent, and of the rest. Always the share missing and n. Where
    ``times`` (n,) are given also counts by season (``seasons.seasons_of``), of the same bins.
    O(cells log n), on a worker.
    """
    columns = [*frame.items(), (PREDICTION, prediction)]
    return {str(name): _column(series, times) for name, series in columns}


def _column(series: pd.Series, times: "pd.Series[Any] | None") -> dict[str, Any]:
    present = series.dropna()
    base = {"n": len(series), "missing_rate": float(series.isna().mean()) if len(series) else 0.0}
    if kind_of_series(series) in (Kind.INTEGER, Kind.NUMBER, Kind.DATETIME):
        told = {**base, "kind": "number", **_of_numbers(numbers(present))}
    else:
        told = {**base, "kind": "category", **_of_categories(present)}
    if times is not None:
        told["seasons"] = seasons_of(bins_in(series, told), _bins(told), times)
    return told


def _of_numbers(values: Any) -> dict[str, Any]:
    values = np.sort(values)
    edges = _edges(values, BINS)
    fine = np.union1d(edges, _edges(values, FINE_BINS))
    return {
        "edges": edges.tolist(),
        "shares": np.diff(below(values, edges), prepend=0.0, append=1.0).tolist(),
        "fine": {
            "edges": fine.tolist(),
            "below": below(values, fine).tolist(),
            "area": area_below(values, fine).tolist(),
        },
        "deviation": float(values.std()) if len(values) else 0.0,
    }


def _of_categories(present: pd.Series) -> dict[str, Any]:
    counts = present.astype("string").value_counts()
    kept = counts.head(MOST_CATEGORIES)
    total = max(1, int(counts.sum()))
    rest = int(counts.sum() - kept.sum()) / total
    return {
        "values": [str(value) for value in kept.index],
        "shares": [*(float(count) / total for count in kept), rest],
    }


def _edges(values: Any, bins: int) -> Any:
    """Edges of the bins: just below the least value, at the quantiles, on the greatest value.

    A value that fills several quantiles is a bin of its own, so there may be fewer bins.
    """
    if not len(values):
        return np.array([])
    quantiles = np.quantile(values, np.linspace(0, 1, bins + 1))
    frequent = quantiles[1:][np.diff(quantiles) == 0]
    before = np.nextafter([quantiles[0], *frequent], -np.inf)
    return np.unique([*before, *quantiles[1:]])


def numbers(series: pd.Series) -> Any:
    """Float values; dates as days since 1970."""
    if kind_of_series(series) == Kind.DATETIME:
        return series.to_numpy(dtype="datetime64[us]").astype("int64") / 86_400_000_000
    return series.to_numpy(dtype="float64")


def below(ordered: Any, edges: Any) -> Any:
    """(edges,) share of the values that are at most each edge; ``ordered``: (n,), ascending."""
    return np.searchsorted(ordered, edges, side="right") / max(1, len(ordered))


def area_below(ordered: Any, edges: Any) -> Any:
    """(edges,) area under the cumulative share up to each edge; ``ordered``: (n,), ascending."""
    counts = np.searchsorted(ordered, edges, side="right")
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    return (counts * edges - sums[counts]) / max(1, len(ordered))


def bins_in(series: "pd.Series[Any]", told: dict[str, Any]) -> Any:
    """(n,) bin of each row: 0 where it is missing, then those of ``told``; an edge goes left."""
    missing = series.isna().to_numpy()
    present = series[~missing]
    if told["kind"] == "number":
        place = np.searchsorted(np.asarray(told["edges"]), numbers(present), side="left")
    else:
        places = {value: number for number, value in enumerate(told["values"])}
        rest = len(told["values"])
        place = present.astype("string").map(places).fillna(rest).to_numpy().astype(int)
    bins = np.zeros(len(series), dtype=int)
    bins[~missing] = place + 1
    return bins


def _bins(told: dict[str, Any]) -> int:
    return 1 + len(told["shares"])
