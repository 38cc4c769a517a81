"""Sums over pairs of columns, in blocks of rows: what every association is computed from."""

from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

BLOCK_ROWS = 65_536

Square = NDArray[np.float64]


@dataclass
class PairSums:
    """Sums over the rows that have both columns of a pair.

    For ``p`` numbers with values x and all ``m`` masks (those of the numbers first, then
    those of the categories): ``products`` x_i x_j (p, p), ``sums`` x_i (p, m), ``squares``
    x_i squared (p, m), ``rows`` (p, m); and for each category ``levels``: sums of x and
    rows by level, each (n_levels, p).
    """

    products: Square
    sums: Square
    squares: Square
    rows: Square
    levels: list[tuple[Square, Square]]

    def __add__(self, other: "PairSums") -> "PairSums":
        return PairSums(
            self.products + other.products,
            self.sums + other.sums,
            self.squares + other.squares,
            self.rows + other.rows,
            [
                (sums + more_sums, rows + more_rows)
                for (sums, rows), (more_sums, more_rows) in zip(
                    self.levels, other.levels, strict=True
                )
            ],
        )


def pair_sums(
    numbers: list[NDArray[np.float32]],
    categories: list[tuple[NDArray[np.int32], int]],
    *,
    threads: Executor | None = None,
) -> PairSums:
    """Add up all pairs.

    ``numbers`` have shape (n_rows,), NaN when missing; ``categories`` are codes (-1 when
    missing) and their number of levels. O(n_rows * p * (p + m)) multiplications, done as
    matrix products; memory is bounded by the block.
    """
    size = len(numbers[0])
    block = partial(_block_sums, numbers, categories)
    starts = range(0, size, BLOCK_ROWS)
    total: PairSums | None = None
    for part in (threads.map if threads else map)(block, starts):
        total = part if total is None else total + part
    assert total is not None
    return total


def _block_sums(
    numbers: list[NDArray[np.float32]],
    categories: list[tuple[NDArray[np.int32], int]],
    start: int,
) -> PairSums:
    rows = slice(start, start + BLOCK_ROWS)
    values = np.ascontiguousarray(np.column_stack([number[rows] for number in numbers]))
    absent = np.isnan(values)
    values[absent] = 0
    gaps = np.column_stack([absent, *[codes[rows] < 0 for codes, _ in categories]])
    with_gaps = np.flatnonzero(gaps.any(axis=0))
    counted = (~absent).sum(axis=0).astype(np.float64)
    squared = values * values
    width = gaps.shape[1]
    sums = np.repeat(values.sum(axis=0, dtype=np.float64)[:, None], width, axis=1)
    squares = np.repeat(squared.sum(axis=0, dtype=np.float64)[:, None], width, axis=1)
    both = np.repeat(counted[:, None], width, axis=1)
    if len(with_gaps):  # what is lost where the other column has no value
        lost = gaps[:, with_gaps].astype(np.float32)
        sums[:, with_gaps] -= values.T @ lost
        squares[:, with_gaps] -= squared.T @ lost
        both[:, with_gaps] -= (~absent).astype(np.float32).T @ lost
    return PairSums(
        (values.T @ values).astype(np.float64),
        sums,
        squares,
        both,
        _by_level(values, absent, [(codes[rows], levels) for codes, levels in categories]),
    )


def _by_level(
    values: NDArray[np.float32],
    absent: NDArray[np.bool_],
    categories: list[tuple[NDArray[np.int32], int]],
) -> list[tuple[Square, Square]]:
    """Sums and rows by level; a product with 0/1 needs no multiplication where it is 0."""
    if not categories:
        return []
    n, wide = values.shape
    exact = values.astype(np.float64)
    with_gaps = np.flatnonzero(absent.any(axis=0))
    lost = np.ascontiguousarray(absent[:, with_gaps], dtype=np.float64)
    every, ones = np.arange(n + 1), np.ones(n)
    found = []
    for codes, levels in categories:
        member = csc_array((ones, codes + 1, every), shape=(levels + 1, n))
        sizes = np.bincount(codes + 1, minlength=levels + 1).astype(np.float64)
        rows: Square = np.repeat(sizes[:, None], wide, axis=1)
        if len(with_gaps):
            rows[:, with_gaps] -= np.asarray(member @ lost)
        found.append(((member @ exact)[1:], rows[1:]))
    return found
