"""Profile of one column of numbers: sorted once, everything else is read off."""

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.profile.cells import Cells

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
MOST_BINS = 60
RADIX_FROM = 4_096
"""Below this many values comparing is faster than counting digits."""
FAR_OUT = 10.0
"""Values beyond this many central ranges (1st to 99th percentile) are counted, not binned."""


@dataclass(frozen=True)
class Sorted:
    """The finite values of a column, ascending, and what is needed to go back to rows."""

    ascending: NDArray[Any]  # int64 or float64, shape (n_finite,), ascending
    ranks: NDArray[np.float32]  # shape (n_rows,), average ranks scaled to -1..1, NaN when missing
    starts: NDArray[np.int64]  # first index of every distinct value in ``ascending``
    infinite: int

    @property
    def distinct(self) -> int:
        """Number of different finite values."""
        return len(self.starts)


def number(value: Any) -> float | None:
    """A JSON number, or None when the value is not finite."""
    return float(value) if np.isfinite(value) else None


def sort_numbers(column: Cells) -> Sorted:
    """Sort a column of numbers or dates, whole numbers exactly. The column is not changed.

    O(n) for whole numbers in a short range and O(n) passes of radix sort else.
    """
    present, values = column.present, column.data
    infinite = 0
    if values.dtype == np.float64:
        usable = present & np.isfinite(values)
        infinite = int(np.count_nonzero(present & np.isinf(values)))
        present = usable
    whole = bool(present.all())
    mine = values if whole else values[present]
    if values.dtype == np.int64 and len(mine) and _is_short(mine):
        ascending, counts, ranks = _count(mine)
        starts = np.cumsum(counts) - counts
    else:
        order = argsort(mine)
        ascending = mine[order]
        starts = np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1])[: len(mine)])
        counts = np.diff(starts, append=len(mine))
        ranks = np.empty(len(mine), dtype=np.float32)
        ranks[order] = np.repeat(_scaled(starts, counts), counts)
    if not whole:
        every = np.full(len(values), np.nan, dtype=np.float32)
        every[present] = ranks
        ranks = every
    return Sorted(ascending, ranks, starts, infinite)


def argsort(values: NDArray[Any]) -> NDArray[np.int64]:
    """Order of finite values, ties in the order of the rows. O(n).

    Radix sort by 16 bits at a time, which numpy does for whole numbers of 16 bits; the lowest
    16 bits of a float are only looked at when the others leave a tie that matters.
    """
    if len(values) < RADIX_FROM:
        return np.argsort(values, kind="stable")
    if values.dtype == np.float64:
        bits = (values + 0.0).view(np.int64)  # no negative zero
        bits = bits ^ ((bits >> 63) & np.int64(2**63 - 1))
    else:
        bits = values
    digits = (bits ^ np.int64(-(2**63))).view(np.uint16).reshape(-1, 4)
    lowest_first = range(4) if sys.byteorder == "little" else range(3, -1, -1)
    passes = [np.ascontiguousarray(digits[:, place]) for place in lowest_first]
    order = _radix(passes[1:])
    ascending = bits[order]
    if (ascending[1:] < ascending[:-1]).any():
        order = _radix(passes)
    return order


def _radix(passes: list[NDArray[np.uint16]]) -> NDArray[np.int64]:
    order = np.argsort(passes[0], kind="stable")
    for digit in passes[1:]:
        order = order[np.argsort(digit[order], kind="stable")]
    return order


def _is_short(values: NDArray[np.int64]) -> bool:
    return int(values.max()) - int(values.min()) < max(2 * len(values), 65_536)


def _count(
    values: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Ascending values, rows of each different one, and scaled ranks, without comparing."""
    low = values.min()
    away = values - low
    all_counts = np.bincount(away)
    distinct = np.flatnonzero(all_counts)
    counts = all_counts[distinct]
    rank_of = np.zeros(len(all_counts), dtype=np.float32)
    rank_of[distinct] = _scaled(np.cumsum(counts) - counts, counts)
    return np.repeat(distinct + low, counts), counts, rank_of[away]


def _scaled(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Average rank of each different value, from -1 to 1."""
    n = int(counts.sum())
    return ((2 * starts + counts - 1) / max(n - 1, 1) - 1).astype(np.float32)


def profile_numbers(column: Sorted) -> dict[str, Any]:
    """Moments, quantiles and histogram of a sorted column, in the column's own unit.

    Moments are None where they do not exist (no rows, overflow). Quantiles interpolate
    linearly between neighbours (numpy's default). O(n).
    """
    values = column.ascending
    if not len(values):
        return {"distinct": 0, "infinite": column.infinite, "histogram": None}
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        floats = values.astype(np.float64)
        mean = floats.mean()
        centred = floats - mean
        std = floats.std(ddof=1) if len(floats) > 1 else np.nan
        squares = centred * centred
        spread = np.sqrt(squares.mean())
        skew = (squares * centred).mean() / spread**3 if spread > 0 else np.nan
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
    }


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
