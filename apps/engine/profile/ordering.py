"""A column of numbers in ascending order: sorted once, everything else is read off."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from apps.engine.profile.cells import Cells
from apps.engine.profile.lookup import BLOCK_ROWS, blocks, crossed, taken
from apps.engine.profile.marks import ByValue, InOrder, Marked, Marks

PACK_FROM = 512
"""Below this many values an ordinary sort is as fast."""
MOST_COUNTED = 2**14
"""Whole numbers of a range below this, and below the number of rows, are counted, not sorted."""
_LOW = 2**32 - 1
_SHIFT = np.uint64(32)
_WHOLE = 2.0**52
"""From here on the last bits of a float are its units: a number added to it is read off."""

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Sorted(ABC):
    """A column as its different finite values, ascending, and the rows that have each."""

    unique: NDArray[Any]  # int64 or float64, shape (n_distinct,), ascending
    rows: int
    gone: Places  # rows without a finite value, ascending
    infinite: int

    @property
    @abstractmethod
    def codes(self) -> NDArray[np.int32]:
        """Number of the value of every row, n_distinct where there is no finite one."""

    @property
    @abstractmethod
    def starts(self) -> Places:
        """Place of the first row of each value among the finite ones, ascending."""

    @abstractmethod
    def beside(self, marks: Marks) -> Marked:
        """How marks of the same rows fall on the values. O(n)."""

    @property
    def size(self) -> int:
        """Finite values."""
        return self.rows - len(self.gone)

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
        return not len(self.gone)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Rows of every distinct value, shape (n_distinct,)."""
        if self.is_distinct:
            return np.ones(self.distinct, dtype=np.int64)
        return np.diff(self.starts, append=self.size)

    @cached_property
    def ascending(self) -> NDArray[Any]:
        """The finite values of all rows, ascending, shape (size,)."""
        return self.unique if self.is_distinct else np.repeat(self.unique, self.counts)

    @cached_property
    def absent(self) -> NDArray[np.bool_] | None:
        """Rows without a finite value; None when there is none."""
        if self.is_whole:
            return None
        told = np.zeros(self.rows, dtype=bool)
        told[self.gone] = True
        return told

    def ranks_of(self, codes: NDArray[np.integer[Any]]) -> NDArray[np.float32]:
        """Average ranks of values by their numbers, scaled to -1 .. 1; 0 for no finite value."""
        if self.is_distinct:
            doubled = 2.0 * codes - (self.size - 1)
        else:
            ends = np.append(self.starts, [self.size, self.size])
            doubled = ends[codes] + ends[codes + 1] - float(self.size)
        doubled /= max(self.size - 1, 1)
        if not self.is_whole:
            doubled[codes == self.distinct] = 0
        return doubled.astype(np.float32)

    def begins(self, numbers: Sequence[int]) -> list[int]:
        """Places at which the rows of some values begin; n_distinct begins behind the last row."""
        if self.is_distinct:
            return list(numbers)
        return [int(self.starts[one]) if one < self.distinct else self.size for one in numbers]

    def first_from(self, places: NDArray[np.float64]) -> Places:
        """Number of the first value whose rows begin at a place or after it; n_distinct: none."""
        if self.is_distinct:
            return np.minimum(np.ceil(places).astype(np.int64), self.distinct)
        return np.searchsorted(self.starts, places)

    def shares(self, parts: int) -> list[int]:
        """Numbers of the values with which each but the first of equal shares of the rows begins.

        A value belongs to the share in which its average place lies.
        """
        ends = np.arange(1, parts) * (self.size - 1) / parts  # places, from 0
        if self.is_distinct:
            return self.first_from(ends).tolist()
        bounds = np.append(self.starts, self.size)
        after = np.minimum(self.first_from(ends), self.distinct)
        before = np.maximum(after - 1, 0)
        reaches = (bounds[before] + bounds[before + 1] - 1) / 2 >= ends
        return np.where(reaches, before, after).tolist()

    @cached_property
    def doubled_ranks(self) -> NDArray[np.float64]:
        """Twice the average rank of every row, less its mean; 0 without a finite value."""
        return self.of_rows(self.doubled_places, missing=0)

    @property
    def rank_squares(self) -> float:
        """The squares of ``doubled_ranks`` added up."""
        squares = float(self.size * (self.size**2 - 1))
        if not self.is_distinct:  # ties take their cubes off: Kendall (1945), Biometrika 33(3)
            ties = self.counts[self.counts > 1].astype(np.float64)
            squares -= float((ties**3 - ties).sum())
        return squares / 3

    @cached_property
    def doubled_places(self) -> NDArray[np.float64]:
        """Twice the average place of every distinct value, less its mean: they add up to 0."""
        told = np.empty(self.distinct)
        np.add(self.starts[:-1], self.starts[1:], out=told[:-1])
        told[-1:] = self.starts[-1:] + self.size
        told -= self.size
        return told

    def of_rows[Scalar: np.generic](
        self, told: NDArray[Scalar], *, missing: Any
    ) -> NDArray[Scalar]:
        """What is told of every distinct value, for every row; others get ``missing``."""
        whole = told if self.is_whole else np.append(told, told.dtype.type(missing))
        return taken(whole, self.codes)


@dataclass(frozen=True)
class Ordered(Sorted):
    """A column that was sorted."""

    order: NDArray[np.int32]  # shape (n_rows,): rows by ascending value, then ``gone``
    firsts: Places | None  # ``starts``; None: no value comes twice

    @cached_property
    def starts(self) -> Places:
        """See Sorted."""
        return np.arange(self.distinct) if self.firsts is None else self.firsts

    @cached_property
    def codes(self) -> NDArray[np.int32]:
        """See Sorted. The order turned round: each row is given the place it has there. O(n)."""
        places = pc.inverse_permutation(pa.array(self.order), max_index=self.rows - 1).to_numpy()
        if self.firsts is not None:
            numbers = np.full(self.rows, self.distinct, dtype=np.int32)
            is_new = np.zeros(self.size, dtype=bool)
            is_new[self.firsts] = True
            np.cumsum(is_new, out=numbers[: self.size])
            numbers[: self.size] -= 1
            return taken(numbers, places)
        if not self.is_whole:
            places = places.copy()
            places[self.gone] = self.distinct
        return places

    def beside(self, marks: Marks) -> Marked:
        """See Sorted."""
        return InOrder(self, marks, taken(marks.codes, self.order[: self.size]))


@dataclass(frozen=True)
class Counted(Sorted):
    """A column of whole numbers of a short range, counted instead of sorted."""

    numbers: NDArray[np.int32]  # ``codes``
    sizes: NDArray[np.int64]  # ``counts``

    @property
    def codes(self) -> NDArray[np.int32]:
        """See Sorted."""
        return self.numbers

    @cached_property
    def starts(self) -> Places:
        """See Sorted."""
        return np.cumsum(self.sizes) - self.sizes

    def beside(self, marks: Marks) -> Marked:
        """See Sorted."""
        shape = (self.distinct + 1, marks.size)
        return ByValue(self, marks, crossed(self.numbers, marks.codes, shape=shape)[:-1])


def sort_numbers(column: Cells) -> Sorted:
    """Sort a column of numbers or dates, whole numbers exactly. The column is not changed.

    O(n log n), see ``argsort``; O(n) for whole numbers of a range below MOST_COUNTED and the number
    of rows, which are counted.
    """
    present, values = column.present, column.data
    infinite = 0
    if values.dtype == np.float64:
        finite = np.isfinite(values)
        if not finite.all():
            infinite = int(np.count_nonzero(present & np.isinf(values)))
            present = present & finite
    gone = np.flatnonzero(~present)
    if len(gone) == len(values):
        nothing = np.arange(len(values), dtype=np.int32)
        return Ordered(values[:0], len(values), gone, infinite, nothing, None)
    if len(gone):  # a value that is there stands for what is not, until the end
        values = values.copy()
        values[gone] = values[present.argmax()]
    if values.dtype == np.int64:
        span = int(values.max()) - int(values.min())
        if span < min(len(values), MOST_COUNTED):
            return _counted(values, gone=gone)
    return _ordered(values, gone=gone, infinite=infinite)


def _counted(values: NDArray[np.int64], *, gone: Places) -> Counted:
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
    return Counted(held + low, len(values), gone, 0, codes, counts[held])


def _ordered(values: NDArray[Any], *, gone: Places, infinite: int) -> Ordered:
    order, ascending = argsort(values, gone=gone)
    is_new = np.ones(len(ascending), dtype=bool)
    np.not_equal(ascending[1:], ascending[:-1], out=is_new[1:])
    firsts = None
    if not is_new.all():
        firsts = np.flatnonzero(is_new)
        ascending = ascending[firsts]
    return Ordered(ascending, len(values), gone, infinite, order, firsts)


def argsort(values: NDArray[Any], *, gone: Places) -> tuple[NDArray[np.int32], NDArray[Any]]:
    """Order of finite values, ties in the order of the rows, and the values in that order.

    The rows ``gone`` come last, and their values are not told. O(n log n).

    A value is scaled to 32 bits, its row is put below them, and the whole numbers are sorted:
    numpy does that with vector instructions, several times as fast as sorting an index. Values that
    32 bits do not tell apart are put in order afterwards.
    """
    size = len(values) - len(gone)
    keys = _keys(values) if len(values) >= PACK_FROM else None
    if keys is None:
        rows = np.delete(np.arange(len(values)), gone)
        order = np.append(rows[np.argsort(values[rows], kind="stable")], gone).astype(np.int32)
        return order, values[order[:size]]
    keys[gone] |= np.uint64(_LOW) << _SHIFT
    keys.sort()
    order = keys.astype(np.uint32).view(np.int32)
    ascending = taken(values, order[:size])
    is_less = ascending[1:] < ascending[:-1]
    if is_less.any():
        ascending = ascending.copy()
        _untie(order, ascending=ascending, keys=keys[:size], wrong=np.flatnonzero(is_less))
    return order, ascending


def _keys(values: NDArray[Any]) -> NDArray[np.uint64] | None:
    """Each value scaled to 0 .. 2 ** 32 - 3, never in another order, above the number of its row.

    None where they cannot be scaled.
    """
    low, high = values.min(), values.max()
    keys = np.empty(len(values), dtype="<u8")
    halves = keys.view("<u4")
    halves[::2] = np.arange(len(values), dtype=np.uint32)
    if values.dtype == np.int64:
        shift = np.uint64(max((int(high) - int(low)).bit_length() - 31, 0))
        away = values.view(np.uint64) - low.view(np.uint64)  # these cannot overflow
        away >>= shift
        halves[1::2] = away
        return keys
    with np.errstate(over="ignore", divide="ignore"):
        factor = (_LOW - 2) / (high - low)
    if not (np.isfinite(factor) and factor > 0):
        return None
    scaled = np.empty(min(len(values), BLOCK_ROWS), dtype="<f8")
    for rows in blocks(len(values)):
        some = scaled[: rows.stop - rows.start]
        np.subtract(values[rows], low, out=some)
        some *= factor
        some += _WHOLE
        halves[1::2][rows] = some.view("<u4")[::2]
    return keys


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
    shared = np.unique(keys[wrong] >> _SHIFT)
    firsts = np.searchsorted(keys, shared << _SHIFT)
    sizes = np.searchsorted(keys, shared << _SHIFT | np.uint64(_LOW), "right") - firsts
    runs = np.repeat(np.arange(len(shared)), sizes)
    places = np.repeat(firsts - np.cumsum(sizes) + sizes, sizes) + np.arange(len(runs))
    sorted_places = places[np.lexsort((ascending[places], runs))]
    order[places], ascending[places] = order[sorted_places], ascending[sorted_places]
