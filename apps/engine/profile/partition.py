"""Rows parted by one column for a picture: a few groups, each with its condition."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from apps.engine.dates import period_text
from apps.engine.profile.categorical import LONGEST_SHOWN, code_values
from apps.engine.profile.cells import Cells
from apps.engine.profile.datetime import moment
from apps.engine.profile.missing import number_text
from apps.engine.profile.numeric import MOST_BINS, histogram
from apps.engine.profile.ordering import sort_numbers
from apps.engine.profile.periods import calendar
from apps.engine.profile.slices import Condition
from apps.engine.profile.years import all_years
from apps.engine.types import Kind


@dataclass(frozen=True)
class Partition:
    """A group for every row, and what the rows of each group have in common."""

    codes: NDArray[np.int64]  # shape (n_rows,), -1: in no group
    labels: list[str]
    conditions: list[Condition | None]  # None where it cannot be said in one condition
    is_ordered: bool  # numbers and dates
    step: str = ""  # of dates: what calendar unit a group is

    @property
    def size(self) -> int:
        """Number of groups."""
        return len(self.labels)


def everything(rows: int) -> Partition:
    """One group of all rows."""
    return Partition(np.zeros(rows, dtype=np.int64), [""], [None], is_ordered=False)


def parted(name: str, *, cells: Cells, most: int, even: bool = False) -> Partition:
    """Groups of one column.

    Texts: the ``most`` most frequent values and all others together. Dates: calendar periods, at
    most 36. Numbers: each value alone when there are at most ``most``, else bins of equal width,
    or with ``even`` of equally many rows. Rows without a value are a group of their own.
    O(n log n).
    """
    if cells.words is not None:
        found = _texts(name, cells, most=most)
    elif cells.kind == Kind.DATETIME:
        found = _dates(name, cells)
    else:
        found = _numbers(name, cells, most=most, even=even)
    if not cells.missing:
        return found
    return Partition(
        np.where(cells.present, found.codes, found.size),
        [*found.labels, "missing"],
        [*found.conditions, Condition("missing", name)],
        found.is_ordered,
        found.step,
    )


def _texts(name: str, cells: Cells, *, most: int) -> Partition:
    column = code_values(cells)
    labels = column.first(most)
    conditions: list[Condition | None] = [Condition("is", name, (label,)) for label in labels]
    others = column.distinct - len(labels)
    codes = column.codes.astype(np.int64)
    if others:
        labels, conditions = [*labels, f"{others:,} other values"], [*conditions, None]
        codes = np.minimum(codes, most)
    shown = [label[:LONGEST_SHOWN] for label in labels]
    return Partition(codes, shown, conditions, is_ordered=False)


def _dates(name: str, cells: Cells) -> Partition:
    days = calendar(name, cells=cells)
    if days is not None:
        ends = pairwise([*days.starts, ""])
        bounds = [_between(name, low, high) for low, high in ends]
        codes = days.codes.astype(np.int64)
        return Partition(codes, days.starts, bounds, is_ordered=True, step=days.step)
    filled = cells.data[cells.present]
    labels = [period_text(moment(int(filled[0])), "day")] if len(filled) else []
    codes = np.where(cells.present, 0, -1)
    filled_rows: list[Condition | None] = [Condition("filled", name)]
    return Partition(codes, labels, filled_rows[: len(labels)], is_ordered=True)


def _numbers(name: str, cells: Cells, *, most: int, even: bool) -> Partition:
    column = sort_numbers(cells)
    distinct = column.unique
    finite = cells.present & np.isfinite(cells.data)
    if not len(distinct):
        return Partition(np.full(len(finite), -1), [], [], is_ordered=True)
    parted = not all_years(distinct)
    if len(distinct) <= most:
        codes = np.where(finite, np.searchsorted(distinct, cells.data), -1)
        texts = [repr(value.item()) for value in distinct]
        exact: list[Condition | None] = [Condition("is", name, (text,)) for text in texts]
        labels = [number_text(float(value), parted=parted) for value in distinct]
        return Partition(codes, labels, exact, is_ordered=True)
    edges = _edges(column.ascending, most=most, even=even)
    told = cells.present & (cells.data == cells.data)  # an infinite one is beyond the last bound
    codes = np.where(told, np.searchsorted(edges, cells.data, side="right"), -1)
    texts = ["", *[repr(float(edge)) for edge in edges], ""]
    bins = [_between(name, low, high) for low, high in pairwise(texts)]
    words = [number_text(float(f"{edge:.4g}"), parted=parted) for edge in edges]
    labels = [
        f"below {words[0]}",
        *[f"{low} to {high}" for low, high in pairwise(words)],
        f"{words[-1]} or more",
    ]
    return Partition(codes, labels, bins, is_ordered=True)


def _edges(ascending: NDArray[np.float64], *, most: int, even: bool) -> NDArray[np.float64]:
    """Inner bounds of the bins; a value on a bound belongs to the bin above it."""
    if even:
        inner = np.quantile(ascending, np.arange(1, most) / most)
        return np.unique(inner)
    edges = np.array(histogram(ascending)["edges"])
    if len(edges) - 1 > most and most < MOST_BINS:
        edges = np.linspace(edges[0], edges[-1], most + 1)
    return edges[1:-1] if len(edges) > 2 else edges[:1]


def _between(name: str, low: str, high: str) -> Condition | None:
    return Condition("below", name, (low, high)) if low or high else Condition("filled", name)
