"""Profile of one column of numbers: sorted once, everything else is read off."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.profile.cells import Cells

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
MOST_BINS = 60
LEAST_LOG_ROWS = 20
LEAST_RATIO = 100.0
MOST_EXTREMES = 5
PACK_FROM = 512
"""Below this many values an ordinary sort is as fast."""
_LOW = 2**32 - 1
FAR_OUT = 10.0
"""Values beyond this many central ranges (1st to 99th percentile) are counted, not binned."""


@dataclass(frozen=True)
class Sorted:
    """The finite values of a column, ascending, and what is needed to go back to rows."""

    ascending: NDArray[Any]  # int64 or float64, shape (n_finite,), ascending
    order: NDArray[np.int64]  # row of every value of ``ascending``, ties in the order of the rows
    ranks: NDArray[np.float32]  # shape (n_rows,), average ranks scaled to -1..1, NaN when missing
    starts: NDArray[np.int64]  # first index of every distinct value in ``ascending``
    infinite: int

    @property
    def distinct(self) -> int:
        """Number of different finite values."""
        return len(self.starts)

    @property
    def is_distinct(self) -> bool:
        """No value comes twice."""
        return len(self.starts) == len(self.ascending)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Rows of every distinct value, shape (n_distinct,)."""
        if self.is_distinct:
            return np.ones(len(self.starts), dtype=np.int64)
        return np.diff(self.starts, append=len(self.ascending))

    def spread[Scalar: np.generic](self, told: NDArray[Scalar]) -> NDArray[Scalar]:
        """What is told of every distinct value, for every one of ``ascending``."""
        return told if self.is_distinct else np.repeat(told, self.counts)

    def of_rows[Scalar: np.generic](
        self, told: NDArray[Scalar], *, missing: Any
    ) -> NDArray[Scalar]:
        """What is told of ``ascending``, back in the order of the rows; others get ``missing``."""
        whole = len(self.order) == len(self.ranks)
        rows = np.empty(len(self.ranks), dtype=told.dtype)
        if not whole:
            rows.fill(missing)
        rows[self.order] = told
        return rows


def number(value: Any) -> float | None:
    """A JSON number, or None when the value is not finite."""
    return float(value) if np.isfinite(value) else None


def sort_numbers(column: Cells) -> Sorted:
    """Sort a column of numbers or dates, whole numbers exactly. The column is not changed.

    O(n log n), see ``argsort``.
    """
    present, values = column.present, column.data
    infinite = 0
    if values.dtype == np.float64:
        finite = np.isfinite(values)
        if not finite.all():
            infinite = int(np.count_nonzero(present & np.isinf(values)))
            present = present & finite
    rows = None if present.all() else np.flatnonzero(present)
    order, ascending = argsort(values, rows=rows)
    is_new = np.ones(len(ascending), dtype=bool)
    np.not_equal(ascending[1:], ascending[:-1], out=is_new[1:])
    starts = np.flatnonzero(is_new)
    ranks = np.empty(len(values), dtype=np.float32)
    if rows is not None:
        ranks.fill(np.nan)
    ranks[order] = _scaled(starts, len(ascending))
    return Sorted(ascending, order, ranks, starts, infinite)


def argsort(
    values: NDArray[Any], *, rows: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Order of finite values, ties in the order of the rows, and the values in that order.

    Of all, or of some ascending ``rows``. O(n log n).

    A value is scaled to 32 bits, its row is put below them, and the whole numbers are sorted:
    numpy does that with vector instructions, several times as fast as sorting an index. Values that
    32 bits do not tell apart are put in order afterwards.
    """
    mine = values if rows is None else values[rows]
    keys = _keys(mine) if len(mine) >= PACK_FROM and len(values) <= _LOW else None
    if keys is None:
        order = np.argsort(mine, kind="stable")
        return (order if rows is None else rows[order]), mine[order]
    keys <<= np.uint64(32)
    keys |= np.arange(len(values), dtype=np.uint64) if rows is None else rows.view(np.uint64)
    keys.sort()
    order = (keys & np.uint64(_LOW)).view(np.int64)
    ascending = values[order]
    wrong = np.flatnonzero(ascending[1:] < ascending[:-1])
    if len(wrong):
        _untie(order, ascending=ascending, keys=keys, wrong=wrong)
    return order, ascending


def _keys(values: NDArray[Any]) -> NDArray[np.uint64] | None:
    """Values scaled to 0 .. 2 ** 32 - 1, never in another order; None where they cannot be."""
    low, high = values.min(), values.max()
    if values.dtype == np.int64:
        span = int(high) - int(low)
        away = values.view(np.uint64) - low.view(np.uint64)  # cannot overflow, unlike a difference
        shift = max(span.bit_length() - 32, 0)
        return away >> np.uint64(shift)
    with np.errstate(over="ignore", divide="ignore"):
        factor = _LOW / (high - low)
    if not (np.isfinite(factor) and factor > 0):
        return None
    return ((values - low) * factor).astype(np.uint64)


def _untie(
    order: NDArray[np.int64],
    *,
    ascending: NDArray[Any],
    keys: NDArray[np.uint64],
    wrong: NDArray[np.int64],
) -> None:
    """Put values in order, in place, that share 32 bits; behind ``wrong`` a smaller one follows.

    Only the runs of equal bits that are mixed are looked at: mostly two values here and there.
    """
    shared = np.unique(keys[wrong] >> np.uint64(32))
    firsts = np.searchsorted(keys, shared << np.uint64(32))
    sizes = np.searchsorted(keys, shared << np.uint64(32) | np.uint64(_LOW), "right") - firsts
    runs = np.repeat(np.arange(len(shared)), sizes)
    places = np.repeat(firsts - np.cumsum(sizes) + sizes, sizes) + np.arange(len(runs))
    sorted_places = places[np.lexsort((ascending[places], runs))]
    order[places], ascending[places] = order[sorted_places], ascending[sorted_places]


def doubled_places(starts: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """Twice the mean place, from 0, of every distinct one of ``n`` ascending values."""
    told = np.empty(len(starts))
    np.add(starts[:-1], starts[1:], out=told[:-1])
    told[-1:] = starts[-1:] + n
    told -= 1
    return told


def _scaled(starts: NDArray[np.int64], n: int) -> NDArray[np.float32]:
    """Average rank of each of ``n`` ascending values, from -1 to 1."""
    told = doubled_places(starts, n)
    told /= max(n - 1, 1)
    told -= 1
    narrow = told.astype(np.float32)
    return narrow if len(starts) == n else np.repeat(narrow, np.diff(starts, append=n))


def doubled_ranks(column: Sorted) -> NDArray[np.float64]:
    """Twice the average rank of each of ``ascending``, less its mean: they add up to 0."""
    n = len(column.ascending)
    told = doubled_places(column.starts, n)
    told -= n - 1
    return column.spread(told)


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
        centred = values - mean
        squares = centred * centred
        total, n = squares.sum(), len(values)
        std = np.sqrt(total / (n - 1)) if n > 1 else np.nan
        spread = np.sqrt(total / n)
        skew = np.dot(squares, centred) / n / spread**3 if spread > 0 else np.nan
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
