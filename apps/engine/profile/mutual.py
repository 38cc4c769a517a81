"""How much one column tells about another, whatever the shape of what binds them."""

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from apps.engine.profile.categorical import Coded
from apps.engine.profile.numeric import Sorted, doubled_places

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
    codes: NDArray[np.uint8]  # shape (n_rows,)


MISSING = LEVELS + 1
WIDE = MISSING + 1


def binned(name: str, *, feature: Sorted | Coded) -> Binned:
    """Reduce a prepared column to few groups, fewer on few rows. O(n)."""
    rows = len(feature.codes if isinstance(feature, Coded) else feature.ranks)
    levels = int(np.clip((rows / ROWS_A_CELL) ** 0.5, 2, LEVELS))
    if isinstance(feature, Coded):
        # The last place is that of a missing value: its code is -1.
        told = np.append(np.minimum(np.arange(feature.distinct), levels), MISSING)
        return Binned(name, told.astype(np.uint8)[feature.codes])
    n = len(feature.ascending)
    share = doubled_places(feature.starts, n)
    share /= 2 * max(n - 1, 1)
    share *= levels
    told = np.minimum(share.astype(np.uint8), levels - 1)
    return Binned(name, feature.of_rows(feature.spread(told), missing=MISSING))


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


def mutual_matrix(
    columns: list[Binned], *, threads: Executor | None = None
) -> list[list[float | None]]:
    """``informational_correlation`` of every pair, over the rows that have both. O(n p ** 2)."""
    size = len(columns)
    if not size:
        return []
    tables = _tables(columns, threads=threads)[:, :, :MISSING, :MISSING]
    nats = mutual_information(tables)
    told = np.where(nats > chance_level(tables), informational_correlation(nats), 0.0)
    np.fill_diagonal(told, 1.0)
    rounded: list[list[float | None]] = np.round(told, 4).tolist()
    return rounded


def _tables(columns: list[Binned], *, threads: Executor | None) -> NDArray[np.float64]:
    """The contingency table of every two columns, shape (p, p, WIDE, WIDE).

    Two columns are made one of WIDE ** 2 levels, so that one count of two such columns holds the
    tables of four pairs.
    """
    size = len(columns)
    codes = [column.codes for column in columns]
    if size % 2:
        codes.append(np.zeros_like(codes[0]))
    twos = [
        one.astype(np.uint16) * np.uint16(WIDE) + other
        for one, other in zip(codes[::2], codes[1::2], strict=True)
    ]
    found = np.empty((len(codes), len(codes), WIDE, WIDE))
    pairs = [(one, other) for one in range(len(twos)) for other in range(one + 1)]
    counted = (threads.map if threads else map)(lambda pair: _four(twos, *pair), pairs)
    for (one, other), four in zip(pairs, counted, strict=True):
        for a in (0, 1):
            for b in (0, 1):
                table = four[a * WIDE : (a + 1) * WIDE, b * WIDE : (b + 1) * WIDE]
                found[2 * one + a, 2 * other + b] = table
                found[2 * other + b, 2 * one + a] = table.T
    return found[:size, :size]


_LEVEL_OF = np.concatenate(
    [np.repeat(np.eye(WIDE), WIDE, axis=0), np.tile(np.eye(WIDE), (WIDE, 1))], axis=1
)
"""Which level of the first and of the second column each level of two columns is."""


def _four(twos: list[NDArray[np.uint16]], one: int, other: int) -> NDArray[np.float64]:
    """The tables of both columns of ``one`` with both of ``other``, shape (2 WIDE, 2 WIDE)."""
    cells = twos[one] * np.uint16(WIDE * WIDE) + twos[other]
    counts = np.bincount(cells, minlength=WIDE**4).reshape(WIDE**2, WIDE**2)
    told: NDArray[np.float64] = _LEVEL_OF.T @ counts.astype(np.float64) @ _LEVEL_OF
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
