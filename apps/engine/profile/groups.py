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

    codes: NDArray[np.int64]  # shape (n_rows,), 0 <= code < len(labels)
    labels: list[str]


def group_numbers(column: Sorted, *, text: Callable[[float], str] = number_text) -> Groups:
    """Tenths of the rows in the order of the value; each value alone when there are few.

    Rows with the same value are never parted. ``text`` writes a bound for the label.
    O(n log BINS).
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
    bounds = (2 * starts[1:] - 1) / max(len(values) - 1, 1) - 1  # in the scale of the ranks
    missing = np.isnan(column.ranks)
    codes = np.zeros(len(column.ranks), dtype=np.int64)
    for bound in bounds.astype(np.float32):  # few bounds: faster than a search for each row
        codes += column.ranks > bound
    return _with_missing(codes, missing=missing, labels=labels)


def group_values(column: Coded) -> Groups:
    """The most frequent values, and all others together. O(n)."""
    first = column.first(TOP_GROUPS + 1)
    labels = [label[:LONGEST_LABEL] for label in first[:TOP_GROUPS]]
    others = column.distinct - len(labels)
    if others == 1:
        labels.append(first[TOP_GROUPS][:LONGEST_LABEL])
    elif others:
        labels.append(f"{others} other values")
    codes = np.minimum(column.codes.astype(np.int64), TOP_GROUPS)
    return _with_missing(codes, missing=column.codes < 0, labels=labels)


def _with_missing(
    codes: NDArray[np.int64], *, missing: NDArray[np.bool_], labels: list[str]
) -> Groups:
    if missing.any():
        codes = np.where(missing, len(labels), codes)
        labels = [*labels, "missing"]
    return Groups(codes, labels)


def _range(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"
