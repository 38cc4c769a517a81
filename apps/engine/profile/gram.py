"""Sums over pairs of columns, in blocks of rows: what every association is computed from."""

from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

BLOCK_ROWS = 16_384

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
    categories: list[tuple[NDArray[np.int8], int]],
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
    categories: list[tuple[NDArray[np.int8], int]],
    start: int,
) -> PairSums:
    rows = slice(start, start + BLOCK_ROWS)
    values = np.stack([number[rows] for number in numbers])  # shape (p, rows of the block)
    nowhere = np.isnan(values)
    lost_from = np.flatnonzero(nowhere.any(axis=1))
    absent = nowhere[lost_from]
    np.copyto(values, 0, where=nowhere)
    totals = values.sum(axis=1, dtype=np.float64)
    counted = np.full(len(numbers), float(values.shape[1]))
    counted[lost_from] -= np.count_nonzero(absent, axis=1)
    gaps = [absent, *[(codes[rows] < 0)[None] for codes, _ in categories]]
    masks = np.append(lost_from, len(numbers) + np.arange(len(categories)))
    lost = np.concatenate(gaps)
    with_gaps = np.flatnonzero(lost.any(axis=1))
    lost, masks = lost[with_gaps].astype(np.float32), masks[with_gaps]
    width = len(numbers) + len(categories)
    products = (values @ values.T).astype(np.float64)
    sums = np.repeat(totals[:, None], width, axis=1)
    squares = np.repeat(np.diag(products)[:, None], width, axis=1)
    both = np.repeat(counted[:, None], width, axis=1)
    if len(masks):  # what is lost where the other column has no value
        sums[:, masks] -= values @ lost.T
        squares[:, masks] -= (values * values) @ lost.T
        both[:, masks] -= lost.sum(axis=1, dtype=np.float64)
        both[np.ix_(lost_from, masks)] = counted[lost_from, None] - (
            (~absent).astype(np.float32) @ lost.T
        )
    some = [(codes[rows], levels) for codes, levels in categories]
    by_level = _by_level(values, absent.astype(np.float32), lost_from, some)
    return PairSums(products, sums, squares, both, by_level)


def _by_level(
    values: NDArray[np.float32],
    absent: NDArray[np.float32],
    lost_from: NDArray[np.int64],
    categories: list[tuple[NDArray[np.int8], int]],
) -> list[tuple[Square, Square]]:
    """Sums and rows by level: products with a matrix that is 1 where a row has the level."""
    if not categories:
        return []
    wide, n = values.shape
    firsts = np.cumsum([0, *[levels + 1 for _, levels in categories]])  # and one without a value
    member = np.empty((firsts[-1], n), dtype=np.float32)
    for (codes, levels), (first, last) in zip(categories, pairwise(firsts), strict=True):
        np.equal(codes, np.arange(-1, levels)[:, None].astype(codes.dtype), out=member[first:last])
    sums = (member @ values.T).astype(np.float64)
    counts = member.sum(axis=1).astype(np.float64)  # exact: a block has fewer rows than 2 ** 24
    rows = np.repeat(counts[:, None], wide, axis=1)
    if len(lost_from):
        rows[:, lost_from] -= member @ absent.T
    return [(sums[first + 1 : last], rows[first + 1 : last]) for first, last in pairwise(firsts)]
