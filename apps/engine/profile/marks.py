"""How what is marked at each row, such as its class or its period, falls on a sorted column."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

FEW = 4
"""Up to so many marks are counted one by one."""


@dataclass(frozen=True)
class Marks:
    """A small number for every row: the class of its target, the period of its date."""

    codes: NDArray[np.unsignedinteger[Any]]  # shape (n_rows,)
    size: int  # the codes are below it

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Rows of every mark, shape (size,)."""
        return np.bincount(self.codes, minlength=self.size)


class Ranked(Protocol):
    """What marks fall on: the different finite values of a column, ascending (``Sorted``)."""

    @property
    def size(self) -> int:
        """Finite values."""

    @property
    def is_distinct(self) -> bool:
        """No value comes twice."""

    @property
    def starts(self) -> NDArray[np.int64]:
        """Place of the first row of each value."""

    @property
    def counts(self) -> NDArray[np.int64]:
        """Rows of each value."""

    def begins(self, numbers: Sequence[int]) -> list[int]:
        """Places at which the rows of some values begin."""


class Marked(Protocol):
    """Marks beside the values of a column."""

    def rows(self, cuts: Sequence[int]) -> NDArray[np.int64]:
        """Rows by stretch of ascending values and mark, shape (len(cuts) + 2, marks.size).

        ``cuts`` are the numbers of the values with which the second stretch begins, the third and
        so on, ascending. The last line has the rows without a finite value.
        """

    def rank_sum(self, mark: int) -> float:
        """Twice the average places of the rows with one mark, less their mean, added up."""


@dataclass(frozen=True)
class InOrder:
    """Marks in the order of the values, so that the rows of a stretch lie side by side."""

    column: Ranked
    marks: Marks
    told: NDArray[np.unsignedinteger[Any]]  # shape (n_finite,), by ascending value

    def rows(self, cuts: Sequence[int]) -> NDArray[np.int64]:
        """See Marked. O(n)."""
        ends = [0, *self.column.begins(cuts), len(self.told)]
        parts = [slice(first, end) for first, end in pairwise(ends)]
        if self.marks.size > FEW:
            counted = [np.bincount(self.told[part], minlength=self.marks.size) for part in parts]
        else:  # of one mark after the other, vector instructions take a fifth of the time
            has = [self.told == mark for mark in range(self.marks.size)]
            counted = [np.array([np.count_nonzero(one[part]) for one in has]) for part in parts]
        return _with_others(np.array(counted), self.marks)

    def rank_sum(self, mark: int) -> float:
        """See Marked. O(n)."""
        if self.column.is_distinct:
            places = np.flatnonzero(self.told == mark)
            return float(2 * int(places.sum()) - (self.column.size - 1) * len(places))
        rows = np.add.reduceat(self.told == mark, self.column.starts, dtype=np.int64)
        return _rank_sum(self.column, rows)


@dataclass(frozen=True)
class ByValue:
    """Marks counted for each different value, of a column that has few."""

    column: Ranked
    marks: Marks
    counts: NDArray[np.int64]  # shape (n_distinct, marks.size)

    def rows(self, cuts: Sequence[int]) -> NDArray[np.int64]:
        """See Marked. O(n_distinct)."""
        parts = pairwise([0, *cuts, len(self.counts)])
        summed = [self.counts[first:end].sum(axis=0) for first, end in parts]
        return _with_others(np.array(summed), self.marks)

    def rank_sum(self, mark: int) -> float:
        """See Marked."""
        return _rank_sum(self.column, self.counts[:, mark])


def _rank_sum(column: Ranked, rows: NDArray[np.int64]) -> float:
    """``rows`` are those of each value."""
    doubled = 2 * column.starts + column.counts  # 1 more than twice the average place
    return float(doubled @ rows - column.size * rows.sum())


def _with_others(counted: NDArray[np.int64], marks: Marks) -> NDArray[np.int64]:
    others = marks.counts - counted.sum(axis=0)
    return np.vstack([counted, others])
