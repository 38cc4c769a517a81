"""How much one column tells about another, whatever the shape of what binds them."""

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from apps.engine.profile.categorical import Coded
from apps.engine.profile.numeric import Sorted

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


def binned(name: str, *, feature: Sorted | Coded) -> Binned:
    """Reduce a prepared column to few groups, fewer on few rows. O(n)."""
    rows = len(feature.codes if isinstance(feature, Coded) else feature.ranks)
    levels = int(np.clip((rows / ROWS_A_CELL) ** 0.5, 2, LEVELS))
    if isinstance(feature, Coded):
        codes = np.minimum(feature.codes, levels)
        codes = np.where(feature.codes < 0, MISSING, codes)
    else:
        share = (np.nan_to_num(feature.ranks, nan=1.0) + 1) / 2
        codes = np.minimum(share * levels, levels - 1).astype(np.int64)
        codes = np.where(np.isnan(feature.ranks), MISSING, codes)
    return Binned(name, codes.astype(np.uint8))


def mutual_information(counts: NDArray[Any]) -> float:
    """Mutual information of a contingency table in nats, never below 0.

    ``counts`` has shape (n_row_levels, n_column_levels). What independent columns show by chance
    is taken off: (rows - 1)(columns - 1) / (2 n), Miller (1955), Note on the bias of information
    estimates. Definition: Cover and Thomas (2006), Elements of Information Theory, 2.28.
    """
    table = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0].astype(np.float64)
    n = table.sum()
    if n < 2 or min(table.shape) < 2:
        return 0.0
    shares = table / n
    independent = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    held = shares > 0
    raw = float((shares[held] * np.log(shares[held] / independent[held])).sum())
    return max(0.0, raw - (table.shape[0] - 1) * (table.shape[1] - 1) / (2 * n))


def informational_correlation(nats: float) -> float:
    """Mutual information on the scale of a correlation, 0 to 1: sqrt(1 - exp(-2 I)).

    For two normal columns it is the size of Pearson's correlation. Source: Linfoot (1957), An
    informational measure of correlation, Information and Control 1(1), 85-89.
    """
    return float(np.sqrt(-np.expm1(-2 * nats)))


def mutual_matrix(
    columns: list[Binned], *, threads: Executor | None = None
) -> list[list[float | None]]:
    """``informational_correlation`` of every pair, over the rows that have both. O(n p ** 2)."""
    size = len(columns)
    square: list[list[float | None]] = [[None] * size for _ in range(size)]
    pairs = [(one, other) for one in range(size) for other in range(one)]
    found = (threads.map if threads else map)(
        lambda pair: _pair(columns[pair[0]], columns[pair[1]]), pairs
    )
    for (one, other), value in zip(pairs, found, strict=True):
        square[one][other] = square[other][one] = round(value, 4)
    for place in range(size):
        square[place][place] = 1.0
    return square


def _pair(one: Binned, other: Binned) -> float:
    wide = MISSING + 1
    cells = one.codes.astype(np.uint16) * np.uint16(wide) + other.codes
    counts = np.bincount(cells, minlength=wide * wide).reshape(wide, wide)
    table = counts[:MISSING, :MISSING]
    nats = mutual_information(table)
    return informational_correlation(nats) if nats > chance_level(table) else 0.0


def chance_level(counts: NDArray[np.int64]) -> float:
    """What ``mutual_information`` of independent columns exceeds once in 1 / BY_CHANCE tables.

    2 n I is about chi-squared with (rows - 1)(columns - 1) degrees of freedom: Wilks (1938),
    Annals of Mathematical Statistics 9(1), 60-62.
    """
    n = int(counts.sum())
    freedom = (int((counts.sum(axis=1) > 0).sum()) - 1) * (int((counts.sum(axis=0) > 0).sum()) - 1)
    if n < 1 or freedom < 1:
        return 0.0
    return float((chi2.isf(BY_CHANCE, freedom) - freedom) / (2 * n))
