"""How much one column tells about another, whatever the shape of what binds them."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from apps.engine.profile.categorical import Coded
from apps.engine.profile.lookup import stretches
from apps.engine.profile.sample import Excerpt

LEVELS = 12
"""Groups a column is reduced to: equal shares of a number's rows, or its most frequent values."""
ROWS_A_CELL = 10
"""Of a pair, on average: with fewer, chance looks like information."""
BY_CHANCE = 1e-5
"""Pairs that independent columns would show this often are told as 0."""


@dataclass(frozen=True)
class Binned:
    """A column reduced to at most LEVELS + 1 groups; the code LEVELS + 1 is a missing value."""

    name: str
    codes: NDArray[np.uint8]  # shape (n_compared_rows,)
    levels: int = LEVELS + 1  # codes below this are values

    @property
    def filled(self) -> int:
        """Compared rows that have a value."""
        return int(np.count_nonzero(self.codes != MISSING))


MISSING = LEVELS + 1
WIDE = MISSING + 1


def binned(name: str, excerpt: Excerpt) -> Binned:
    """Reduce a column to few groups, fewer on few rows. O(n)."""
    feature, rows = excerpt.feature, len(excerpt.codes)
    levels = max(2, min(LEVELS, int((rows / ROWS_A_CELL) ** 0.5)))
    if isinstance(feature, Coded):
        told = np.minimum(np.arange(feature.distinct), levels).astype(np.uint8)
        codes = excerpt.told(told, missing=MISSING)
        return Binned(name, codes, min(feature.distinct, levels + 1))
    told = stretches(feature.shares(levels), size=feature.distinct)
    return Binned(name, excerpt.told(told, missing=MISSING), levels)


def mutual_information(counts: NDArray[Any]) -> NDArray[np.float64]:
    """Mutual information of contingency tables in nats, never below 0.

    ``counts`` has shape (..., n_row_levels, n_column_levels). What independent columns show by
    chance is taken off: (rows - 1)(columns - 1) / (2 n), Miller (1955), Note on the bias of
    information estimates. Definition: Cover and Thomas (2006), Elements of Information Theory,
    2.28.
    """
    table = counts.astype(np.float64)
    rows, columns = table.sum(axis=-1), table.sum(axis=-2)
    n = rows.sum(axis=-1)
    raw = _entropy(rows) + _entropy(columns) - _entropy(table.reshape(*table.shape[:-2], -1))
    with np.errstate(divide="ignore", invalid="ignore"):
        nats = (raw - _freedom(table) / 2) / n + np.log(n)
    told: NDArray[np.float64] = np.where((n >= 2) & (_freedom(table) > 0), np.maximum(nats, 0), 0)
    return told


def _entropy(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Minus the sum of n ln n over the last axis: rows times entropy, up to a constant."""
    told: NDArray[np.float64] = -(counts * np.log(np.maximum(counts, 1))).sum(axis=-1)
    return told


def _freedom(table: NDArray[np.float64]) -> NDArray[np.int64]:
    """(rows - 1)(columns - 1) of the levels that occur, at least 0."""
    rows, columns = (table.any(axis=axis).sum(axis=-1) for axis in (-1, -2))
    freedom: NDArray[np.int64] = np.maximum(rows - 1, 0) * np.maximum(columns - 1, 0)
    return freedom


def informational_correlation(nats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mutual information on the scale of a correlation, 0 to 1: sqrt(1 - exp(-2 I)).

    For two normal columns it is the size of Pearson's correlation. Source: Linfoot (1957), An
    informational measure of correlation, Information and Control 1(1), 85-89.
    """
    told: NDArray[np.float64] = np.sqrt(-np.expm1(-2 * nats))
    return told


def mutual_matrix(columns: list[Binned]) -> list[list[float | None]]:
    """``informational_correlation`` of every pair, over the rows that have both. O(n p ** 2)."""
    size = len(columns)
    if not size:
        return []
    order, found = _tables(columns)
    one, other = np.tril_indices(size)
    tables = found[one, :MISSING, other, :MISSING]
    nats = mutual_information(tables)
    told = np.where(nats > chance_level(tables), informational_correlation(nats), 0.0)
    square = np.empty((size, size))
    square[order[one], order[other]] = square[order[other], order[one]] = told
    np.fill_diagonal(square, 1.0)
    rounded: list[list[float | None]] = [list(row) for row in np.round(square, 4).tolist()]
    return rounded


@dataclass(frozen=True)
class _Pack:
    """Some columns made one, so that a count of two packs holds the tables of all their pairs."""

    codes: NDArray[np.uint16]  # shape (n_rows,)
    level_of: NDArray[Any]  # shape (levels of the pack, WIDE * columns): 1 where it has a level


def _tables(columns: list[Binned]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """An order of the columns, and the table of each in it with those up to it.

    Shape (p, WIDE, p, WIDE); what is above the diagonal is arbitrary.
    """
    widths = [column.levels + bool(column.codes.max(initial=0) == MISSING) for column in columns]
    order, packs = _packs(columns, widths)
    found = np.empty((len(columns) * WIDE, len(columns) * WIDE))
    ends = np.cumsum([0, *[pack.level_of.shape[1] for pack in packs]]).tolist()
    stretches_of = [slice(first, last) for first, last in pairwise(ends)]
    for rows, one in zip(stretches_of, packs, strict=True):
        for columns_of, other in zip(stretches_of, packs, strict=True):
            found[rows, columns_of] = _counted(one, other)
            if other is one:
                break
    return np.array(order), found.reshape(len(columns), WIDE, len(columns), WIDE)


def _packs(columns: list[Binned], widths: list[int]) -> tuple[list[int], list[_Pack]]:
    """The widest columns first, as many together as have at most WIDE ** 2 levels."""
    order = sorted(range(len(columns)), key=lambda place: -widths[place])
    packs: list[list[int]] = []
    for place in order:
        if packs and math.prod(widths[one] for one in [*packs[-1], place]) <= WIDE**2:
            packs[-1].append(place)
        else:
            packs.append([place])
    return order, [_pack([(columns[place], widths[place]) for place in pack]) for pack in packs]


def _pack(columns: list[tuple[Binned, int]]) -> _Pack:
    rows = len(columns[0][0].codes)
    codes, level_of = np.zeros(rows, dtype=np.uint16), np.zeros((1, 0))
    for column, width in columns:
        codes *= np.uint16(width)
        codes += np.minimum(column.codes, column.levels)  # what is missing comes last
        mine = np.eye(WIDE)[[*range(column.levels), MISSING][:width]]
        level_of = np.hstack([level_of.repeat(width, axis=0), np.tile(mine, (len(level_of), 1))])
    exact = np.float32 if rows < 2**24 else np.float64  # for whole numbers up to that
    return _Pack(codes, level_of.astype(exact))


def _counted(one: _Pack, other: _Pack) -> NDArray[Any]:
    """The table of each column of ``one`` with each of ``other``, (p * WIDE, q * WIDE)."""
    size, other_size = len(one.level_of), len(other.level_of)
    cells = one.codes * np.uint16(other_size)
    cells += other.codes
    counts = np.bincount(cells, minlength=size * other_size).reshape(size, other_size)
    told: NDArray[Any] = one.level_of.T @ (counts.astype(one.level_of.dtype) @ other.level_of)
    return told


def chance_level(counts: NDArray[Any]) -> NDArray[np.float64]:
    """What ``mutual_information`` of independent columns exceeds once in 1 / BY_CHANCE tables.

    2 n I is about chi-squared with (rows - 1)(columns - 1) degrees of freedom: Wilks (1938),
    Annals of Mathematical Statistics 9(1), 60-62. ``counts`` as for ``mutual_information``.
    """
    freedom = _freedom(counts)
    n = counts.sum(axis=(-1, -2))
    level = chdtri(np.maximum(freedom, 1), BY_CHANCE) - freedom
    told: NDArray[np.float64] = np.where((freedom > 0) & (n > 0), level / (2 * np.maximum(n, 1)), 0)
    return told
