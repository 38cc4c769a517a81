"""Profile of one column of numbers: sorted once, everything else is read off."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from apps.engine.profile.cells import Cells
from apps.engine.profile.lookup import blocks, taken

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
MOST_BINS = 60
LEAST_LOG_ROWS = 20
LEAST_RATIO = 100.0
MOST_EXTREMES = 5
PACK_FROM = 512
"""Below this many values an ordinary sort is as fast."""
_LOW = 2**32 - 1
_PACKED = np.dtype([("row", "<u4"), ("key", "<u4")])
"""One little-endian whole number of 64 bits, whatever the machine."""
FAR_OUT = 10.0
"""Values beyond this many central ranges (1st to 99th percentile) are counted, not binned."""


@dataclass(frozen=True)
class Sorted:
    """A column as numbers of its different finite values, ascending."""

    unique: NDArray[Any]  # int64 or float64, shape (n_distinct,), ascending
    starts: NDArray[np.int64]  # place of the first row of each value among the finite, ascending
    codes: NDArray[np.int32]  # shape (n_rows,), n_distinct where there is no finite value
    size: int  # finite values
    infinite: int

    @property
    def distinct(self) -> int:
        """Number of different finite values."""
        return len(self.unique)

    @property
    def is_distinct(self) -> bool:
        """No value comes twice."""
        return len(self.unique) == self.size

    @property
    def is_whole(self) -> bool:
        """Every row has a finite value."""
        return self.size == len(self.codes)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Rows of every distinct value, shape (n_distinct,)."""
        if self.is_distinct:
            return np.ones(len(self.starts), dtype=np.int64)
        return np.diff(self.starts, append=self.size)

    @cached_property
    def ascending(self) -> NDArray[Any]:
        """The finite values of all rows, ascending, shape (size,)."""
        return self.unique if self.is_distinct else np.repeat(self.unique, self.counts)

    @cached_property
    def absent(self) -> NDArray[np.bool_] | None:
        """Rows without a finite value; None when there is none."""
        return None if self.is_whole else self.codes == self.distinct

    @cached_property
    def ranks(self) -> NDArray[np.float32]:
        """Average rank of every row, scaled to -1 .. 1; 0 (the mean) without a finite value."""
        most = max(self.size - 1, 1)
        if not self.is_distinct:
            return self.of_rows((self.doubled_places / most).astype(np.float32), missing=0)
        told = np.empty(len(self.codes), dtype=np.float32)
        np.subtract(self.codes, (self.size - 1) / 2, out=told, casting="same_kind")
        told *= np.float32(2 / most)
        if self.absent is not None:
            told[np.flatnonzero(self.absent)] = 0
        return told

    @cached_property
    def doubled_ranks(self) -> NDArray[np.float64]:
        """Twice the average rank of every row, less its mean; 0 without a finite value."""
        return self.of_rows(self.doubled_places, missing=0)

    @property
    def rank_squares(self) -> float:
        """The squares of ``doubled_ranks`` added up."""
        if self.is_distinct:
            return self.size * (self.size**2 - 1) / 3
        return float((self.doubled_places**2) @ self.counts)

    def rank_sum(self, rows: NDArray[np.int64]) -> float:
        """``doubled_ranks`` of some rows added up."""
        codes = taken(self.codes, rows)
        if not self.is_whole:
            codes = codes[codes < self.distinct]
        if self.is_distinct:
            return float(2 * int(codes.sum()) - (self.size - 1) * len(codes))
        return float(taken(self.doubled_places, codes).sum())

    @cached_property
    def doubled_places(self) -> NDArray[np.float64]:
        """Twice the average place of every distinct value, less its mean: they add up to 0."""
        told = np.empty(len(self.starts))
        np.add(self.starts[:-1], self.starts[1:], out=told[:-1])
        told[-1:] = self.starts[-1:] + self.size
        told -= self.size
        return told

    def of_rows[Scalar: np.generic](
        self, told: NDArray[Scalar], *, missing: Any
    ) -> NDArray[Scalar]:
        """What is told of every distinct value, for every row; others get ``missing``."""
        return taken(
            told if self.is_whole else np.append(told, told.dtype.type(missing)), self.codes
        )


def number(value: Any) -> float | None:
    """A JSON number, or None when the value is not finite."""
    return float(value) if np.isfinite(value) else None


def sort_numbers(column: Cells) -> Sorted:
    """Sort a column of numbers or dates, whole numbers exactly. The column is not changed.

    O(n log n), see ``argsort``; O(n) for whole numbers of a range below the number of rows, which
    are counted.
    """
    present, values = column.present, column.data
    infinite = 0
    if values.dtype == np.float64:
        finite = np.isfinite(values)
        if not finite.all():
            infinite = int(np.count_nonzero(present & np.isinf(values)))
            present = present & finite
    gone = np.flatnonzero(~present)
    size = len(values) - len(gone)
    if not size:
        nothing = np.zeros(len(values), dtype=np.int32)
        return Sorted(values[:0], np.empty(0, dtype=np.int64), nothing, 0, infinite)
    if len(gone):  # a value that is there stands for what is not, until the end
        values = values.copy()
        values[gone] = values[present.argmax()]
    if values.dtype == np.int64 and int(values.max()) - int(values.min()) < len(values):
        return _counted(values, gone=gone)
    return _ordered(values, gone=gone, infinite=infinite)


def _counted(values: NDArray[np.int64], *, gone: NDArray[np.int64]) -> Sorted:
    """Whole numbers of a short range, counted instead of sorted."""
    low = values.min()
    away = values - low
    counts = np.bincount(away)
    if len(gone):
        counts[away[gone[0]]] -= len(gone)
        away[gone] = len(counts)
    held = np.flatnonzero(counts)
    numbers = np.zeros(len(counts) + 1, dtype=np.int32)
    np.cumsum(counts > 0, out=numbers[1:])
    codes = away.astype(np.int32) if len(held) == len(counts) else taken(numbers, away)
    ends = np.cumsum(counts[held])
    return Sorted(held + low, ends - counts[held], codes, int(ends[-1]), 0)


def _ordered(values: NDArray[Any], *, gone: NDArray[np.int64], infinite: int) -> Sorted:
    order, ascending = argsort(values, gone=gone)
    size, rows = len(ascending), len(values)
    is_new = np.ones(size, dtype=bool)
    np.not_equal(ascending[1:], ascending[:-1], out=is_new[1:])
    codes = pc.inverse_permutation(pa.array(order), max_index=rows - 1).to_numpy()
    starts = np.flatnonzero(is_new)
    if len(starts) < size:
        numbers = np.cumsum(is_new, dtype=np.int32)
        numbers -= 1
        codes = taken(np.append(numbers, np.full(rows - size, len(starts), np.int32)), codes)
        ascending = ascending[starts]
    elif len(gone):
        codes = codes.copy()
        codes[gone] = size
    return Sorted(ascending, starts, codes, size, infinite)


def argsort(
    values: NDArray[Any], *, gone: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[Any]]:
    """Order of finite values, ties in the order of the rows, and the values in that order.

    The rows ``gone`` come last, and their values are not told. O(n log n).

    A value is scaled to 32 bits, its row is put below them, and the whole numbers are sorted:
    numpy does that with vector instructions, several times as fast as sorting an index. Values that
    32 bits do not tell apart are put in order afterwards.
    """
    size = len(values) - len(gone)
    scale = _scale_of(values) if len(values) >= PACK_FROM else None
    if scale is None:
        rows = np.delete(np.arange(len(values)), gone)
        order = np.append(rows[np.argsort(values[rows], kind="stable")], gone).astype(np.int32)
        return order, values[order[:size]]
    packed = np.empty(len(values), dtype=_PACKED)
    packed["row"] = np.arange(len(values), dtype=np.uint32)
    for some in blocks(len(values)):
        packed["key"][some] = scale(values[some])
    packed["key"][gone] = _LOW
    keys: NDArray[np.uint64] = packed.view("<u8")
    keys.sort()
    order = packed["row"].astype(np.int32)
    ascending = taken(values, order[:size])
    wrong = np.flatnonzero(ascending[1:] < ascending[:-1])
    if len(wrong):
        ascending = ascending.copy()
        _untie(order, ascending=ascending, keys=keys[:size], wrong=wrong)
    return order, ascending


def _scale_of(values: NDArray[Any]) -> Callable[[NDArray[Any]], NDArray[Any]] | None:
    """Scales values to 0 .. 2 ** 32 - 2, never in another order; None where they cannot be."""
    low, high = values.min(), values.max()
    if values.dtype == np.int64:
        shift = np.uint64(max((int(high) - int(low)).bit_length() - 31, 0))
        least = low.view(np.uint64)  # a difference of these cannot overflow
        return lambda some: (some.view(np.uint64) - least) >> shift
    with np.errstate(over="ignore", divide="ignore"):
        factor = (_LOW - 1) / (high - low)
    if not (np.isfinite(factor) and factor > 0):
        return None
    return lambda some: (some - low) * factor


def _untie(
    order: NDArray[np.int32],
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
