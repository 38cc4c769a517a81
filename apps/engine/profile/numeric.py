"""Profile of one column of numbers: sorted once, everything else is read off."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.profile.lookup import blocks
from apps.engine.profile.ordering import Sorted

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
MOST_BINS = 60
LEAST_LOG_ROWS = 20
LEAST_RATIO = 100.0
MOST_EXTREMES = 5
FAR_OUT = 10.0
"""Values beyond this many central ranges (1st to 99th percentile) are counted, not binned."""


def number(value: Any) -> float | None:
    """A JSON number, or None when the value is not finite."""
    return float(value) if np.isfinite(value) else None


def profile_numbers(column: Sorted) -> dict[str, Any]:
    """Moments, quantiles and histogram of a sorted column, in the column's own unit.

    Moments are None where they do not exist (no rows, overflow). Quantiles interpolate
    linearly between neighbours (numpy's default). O(n).
    """
    values = column.ascending
    if not len(values):
        return {"distinct": 0, "infinite": column.infinite, "histogram": None}
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        mean = values.mean(dtype=np.float64)
        (total, cubes), n = _powers(values, mean), len(values)
        std = np.sqrt(total / (n - 1)) if n > 1 else np.nan
        spread = np.sqrt(total / n)
        skew = cubes / n / spread**3 if spread > 0 else np.nan
    zero, above = np.searchsorted(values, 0, "left"), np.searchsorted(values, 0, "right")
    return {
        "distinct": column.distinct,
        "infinite": column.infinite,
        "minimum": number(values[0]),
        "maximum": number(values[-1]),
        "mean": number(mean),
        "std": number(std),
        "skew": number(skew),
        "negative": int(zero),
        "zeros": int(above - zero),
        "quantiles": [{"at": at, "value": quantile(values, at=at)} for at in QUANTILES],
        "histogram": histogram(values),
        "log_histogram": log_histogram(values[above:]),
        "extremes": extremes(column),
    }


def _powers(values: NDArray[Any], mean: Any) -> tuple[Any, Any]:
    """Sums of the squares and of the cubes of what values are away from their mean."""
    squares, cubes = np.float64(0), np.float64(0)
    for rows in blocks(len(values)):
        away = values[rows] - mean
        squared = away * away
        squares += squared.sum()
        cubes += squared @ away
    return squares, cubes


def quantile(ascending: NDArray[Any], *, at: float) -> float:
    """Quantile of an ascending, non-empty array by linear interpolation. O(1)."""
    place = at * (len(ascending) - 1)
    low = int(place)
    high = min(low + 1, len(ascending) - 1)
    share = place - low
    return float(ascending[low]) * (1 - share) + float(ascending[high]) * share


def histogram(ascending: NDArray[Any]) -> dict[str, Any]:
    """Bins over an ascending, non-empty array.

    The width is Freedman and Diaconis (1981), at most MOST_BINS bins; whole numbers get one
    bin each over a short range, else bins of whole width. Values far outside the central range are
    counted in ``below`` and ``above`` instead of stretching the axis. O(bins log n).
    """
    low, high = _range(ascending)
    bins = _bins(ascending, low=low, high=high)
    if np.issubdtype(ascending.dtype, np.integer):
        whole = np.floor(high) - np.ceil(low) + 1
        step = 1.0 if whole <= MOST_BINS else np.ceil(whole / bins)
        edges = np.ceil(low) - 0.5 + step * np.arange(np.ceil(whole / step) + 1)
    else:
        edges = 2 * np.linspace(low / 2, high / 2, bins + 1)  # halved: the range may overflow
    inside = np.searchsorted(ascending, edges, "left")
    inside[-1] = np.searchsorted(ascending, edges[-1], "right")
    return {
        "edges": edges.tolist(),
        "counts": np.diff(inside).tolist(),
        "below": int(inside[0]),
        "above": int(len(ascending) - inside[-1]),
    }


def log_histogram(positive: NDArray[Any]) -> dict[str, Any] | None:
    """Bins of equal ratio over the values above 0; None where a plain axis shows as much.

    As ``histogram`` on the logarithms, whose quantiles are those of the values. O(bins log n).
    """
    if len(positive) < LEAST_LOG_ROWS or not positive[-1] / positive[0] >= LEAST_RATIO:
        return None
    low, high, first, third = np.log10(
        [positive[0], positive[-1], quantile(positive, at=0.25), quantile(positive, at=0.75)]
    )
    width = 2 * (third - first) / len(positive) ** (1 / 3)
    bins = int(np.clip(np.ceil((high - low) / width), 1, MOST_BINS)) if width > 0 else MOST_BINS
    edges = 10 ** np.linspace(low, high, bins + 1)
    edges[0], edges[-1] = positive[0], positive[-1]
    inside = np.searchsorted(positive, edges, "left")
    inside[-1] = len(positive)
    return {"edges": edges.tolist(), "counts": np.diff(inside).tolist(), "below": 0, "above": 0}


def extremes(column: Sorted) -> dict[str, list[dict[str, Any]]]:
    """The least and the greatest different values with their rows, the outermost first."""
    starts, counts = column.starts, column.counts
    return {
        side: [
            {"value": value, "rows": rows}
            for value, rows in zip(
                column.ascending[starts[part]].tolist(), counts[part].tolist(), strict=True
            )
        ]
        for side, part in (
            ("least", slice(0, MOST_EXTREMES)),
            ("greatest", slice(-1, -MOST_EXTREMES - 1, -1)),
        )
    }


def _range(ascending: NDArray[Any]) -> tuple[float, float]:
    """Ends of the histogram: the data's, unless far-out values would stretch it."""
    low, high = float(ascending[0]), float(ascending[-1])
    first, last = quantile(ascending, at=0.01), quantile(ascending, at=0.99)
    central = last - first
    if central > 0 and low < first - FAR_OUT * central:
        low = first - central
    if central > 0 and high > last + FAR_OUT * central:
        high = last + central
    if low == high:
        half = max(abs(low) * 1e-6, 0.5)
        return low - half, high + half
    return low, high


def _bins(ascending: NDArray[Any], *, low: float, high: float) -> int:
    middle_half = quantile(ascending, at=0.75) - quantile(ascending, at=0.25)
    if middle_half <= 0:
        return min(MOST_BINS, int(np.log2(len(ascending))) + 1)  # Sturges (1926)
    width = 2 * middle_half / len(ascending) ** (1 / 3)
    return int(min(MOST_BINS, max(1.0, np.ceil((high - low) / width))))
