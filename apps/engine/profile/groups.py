"""Put the rows of a feature into a few groups, so that the target can be told by group."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from apps.engine.profile.categorical import Coded
from apps.engine.profile.lookup import stretches
from apps.engine.profile.missing import number_text
from apps.engine.profile.ordering import Sorted
from apps.engine.profile.years import all_years

BINS = 10
TOP_GROUPS = 12
LONGEST_LABEL = 60


@dataclass(frozen=True)
class Groups:
    """Stretches of the different values of a column; rows without one are the group "missing"."""

    column: Sorted | Coded
    labels: list[str]
    cuts: list[int]  # numbers of the values with which the groups after the first begin
    valued: int  # groups of rows that have a value

    @cached_property
    def codes(self) -> NDArray[np.uint8]:
        """The group of every row, shape (n_rows,), below len(labels)."""
        told = stretches(self.cuts, size=self.column.distinct)
        return self.column.of_rows(told, missing=self.valued)

    def added_up(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Sums over each group of (n_distinct + 1, n) rows by value, the last of missing ones."""
        ends = [0, *self.cuts, self.column.distinct] if self.valued else [0]
        sums = [rows[first:end].sum(axis=0) for first, end in pairwise([*ends, len(rows)])]
        return np.array(sums[: len(self.labels)])


def group_numbers(column: Sorted, *, words: Callable[[float, float], str] | None = None) -> Groups:
    """Tenths of the rows in the order of the value; each value alone when there are few.

    Rows with the same value are never parted. ``words`` says which values a group holds, by its
    ends; without it they are numbers.
    O(n).
    """
    values = column.unique
    words = words or _amounts(values)
    firsts = np.arange(min(len(values), BINS))
    if len(values) > BINS:
        wanted = column.first_from(np.arange(1, BINS) * column.size / BINS)
        nearest = np.minimum(wanted, len(values) - 1)
        firsts = np.unique(np.append(0, nearest))
    bounds = [*firsts.tolist(), len(values)]
    labels = [
        words(float(values[first]), float(values[end - 1])) for first, end in pairwise(bounds)
    ]
    return _groups(column, labels=labels, cuts=bounds[1:-1], has_missing=not column.is_whole)


def group_values(column: Coded) -> Groups:
    """The most frequent values, and all others together. O(n)."""
    first = column.first(TOP_GROUPS + 1)
    labels = [label[:LONGEST_LABEL] for label in first[:TOP_GROUPS]]
    others = column.distinct - len(labels)
    if others == 1:
        labels.append(first[TOP_GROUPS][:LONGEST_LABEL])
    elif others:
        labels.append(f"{others:,} other values")
    has_missing = int(column.counts.sum()) < len(column.codes)
    cuts = list(range(1, len(labels)))
    return _groups(column, labels=labels, cuts=cuts, has_missing=has_missing)


def _groups(
    column: Sorted | Coded, *, labels: list[str], cuts: list[int], has_missing: bool
) -> Groups:
    return Groups(column, [*labels, "missing"] if has_missing else labels, cuts, len(labels))


def _amounts(ascending: NDArray[np.float64]) -> Callable[[float, float], str]:
    """How numbers are said from one to another: thousands parted, unless all may be years."""
    parted = not all_years(ascending)

    def words(low: float, high: float) -> str:
        ends = [number_text(end, parted=parted) for end in (low, high)]
        return " to ".join(dict.fromkeys(ends))

    return words
