"""Put the rows of a feature into a few groups, so that the target can be told by group."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from apps.engine.profile.categorical import Coded
from apps.engine.profile.lookup import stretches
from apps.engine.profile.missing import number_text
from apps.engine.profile.numeric import Sorted
from apps.engine.profile.years import all_years

BINS = 10
TOP_GROUPS = 12
LONGEST_LABEL = 60


@dataclass(frozen=True)
class Groups:
    """A group for every row; rows without a value are the group "missing"."""

    codes: NDArray[np.uint8]  # shape (n_rows,), 0 <= code < len(labels)
    labels: list[str]
    valued: int  # groups of rows that have a value


def group_numbers(column: Sorted, *, words: Callable[[float, float], str] | None = None) -> Groups:
    """Tenths of the rows in the order of the value; each value alone when there are few.

    Rows with the same value are never parted. ``words`` says which values a group holds, by its
    ends; without it they are numbers.
    O(n).
    """
    values, starts = column.unique, column.starts
    words = words or _amounts(values)
    firsts = np.arange(min(len(values), BINS))
    if len(values) > BINS:
        wanted = np.arange(1, BINS) * column.size / BINS
        nearest = np.clip(np.searchsorted(starts, wanted), 0, len(starts) - 1)
        firsts = np.unique(np.append(0, nearest))
    bounds = [*firsts.tolist(), len(values)]
    labels = [
        words(float(values[first]), float(values[end - 1])) for first, end in pairwise(bounds)
    ]
    told = stretches(bounds[1:-1], size=len(values))
    codes = column.of_rows(told, missing=len(labels))
    return _with_missing(codes, has_missing=not column.is_whole, labels=labels)


def group_values(column: Coded) -> Groups:
    """The most frequent values, and all others together. O(n)."""
    first = column.first(TOP_GROUPS + 1)
    labels = [label[:LONGEST_LABEL] for label in first[:TOP_GROUPS]]
    others = column.distinct - len(labels)
    if others == 1:
        labels.append(first[TOP_GROUPS][:LONGEST_LABEL])
    elif others:
        labels.append(f"{others:,} other values")
    told = np.minimum(np.arange(column.distinct), TOP_GROUPS).astype(np.uint8)
    codes = column.of_rows(told, missing=len(labels))
    has_missing = int(column.counts.sum()) < len(column.codes)
    return _with_missing(codes, has_missing=has_missing, labels=labels)


def _with_missing(codes: NDArray[np.uint8], *, has_missing: bool, labels: list[str]) -> Groups:
    return Groups(codes, [*labels, "missing"] if has_missing else labels, len(labels))


def _amounts(ascending: NDArray[np.float64]) -> Callable[[float, float], str]:
    """How numbers are said from one to another: thousands parted, unless all may be years."""
    parted = not all_years(ascending)

    def words(low: float, high: float) -> str:
        ends = [number_text(end, parted=parted) for end in (low, high)]
        return " to ".join(dict.fromkeys(ends))

    return words
