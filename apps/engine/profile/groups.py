"""Put the rows of a feature into a few groups, so that the target can be told by group."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.engine.profile.categorical import Coded
from apps.engine.profile.missing import number_text
from apps.engine.profile.numeric import Sorted

BINS = 10
TOP_GROUPS = 12
LONGEST_LABEL = 60


@dataclass(frozen=True)
class Groups:
    """A group for every row; rows without a value are the group "missing"."""

    codes: NDArray[np.uint8]  # shape (n_rows,), 0 <= code < len(labels)
    labels: list[str]


def group_numbers(column: Sorted, *, text: Callable[[float], str] = number_text) -> Groups:
    """Tenths of the rows in the order of the value; each value alone when there are few.

    Rows with the same value are never parted. ``text`` writes a bound for the label.
    O(n).
    """
    values, starts = column.ascending, column.starts
    if len(starts) > BINS:
        wanted = np.arange(1, BINS) * len(values) / BINS
        nearest = starts[np.clip(np.searchsorted(starts, wanted), 0, len(starts) - 1)]
        starts = np.unique(np.append(0, nearest))
    ends = np.append(starts[1:], len(values))[: len(starts)]  # without a value, no group at all
    labels = [
        _range(text(float(values[start])), text(float(values[end - 1])))
        for start, end in zip(starts, ends, strict=True)
    ]
    told = np.repeat(np.arange(len(starts), dtype=np.uint8), ends - starts)
    codes = column.of_rows(told, missing=len(labels))
    return _with_missing(codes, has_missing=len(column.order) < len(codes), labels=labels)


def group_values(column: Coded) -> Groups:
    """The most frequent values, and all others together. O(n)."""
    first = column.first(TOP_GROUPS + 1)
    labels = [label[:LONGEST_LABEL] for label in first[:TOP_GROUPS]]
    others = column.distinct - len(labels)
    if others == 1:
        labels.append(first[TOP_GROUPS][:LONGEST_LABEL])
    elif others:
        labels.append(f"{others:,} other values")
    # The last place is that of a missing value: its code is -1.
    told = np.append(np.minimum(np.arange(column.distinct), TOP_GROUPS), len(labels))
    has_missing = int(column.counts.sum()) < len(column.codes)
    return _with_missing(
        told.astype(np.uint8)[column.codes], has_missing=has_missing, labels=labels
    )


def _with_missing(codes: NDArray[np.uint8], *, has_missing: bool, labels: list[str]) -> Groups:
    return Groups(codes, [*labels, "missing"] if has_missing else labels)


def _range(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"
