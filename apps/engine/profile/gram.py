"""Sums over pairs of columns, in blocks of rows: what every association is computed from."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

BLOCK_ROWS = 8_192  # a multiple of 8: what is absent is told in bits

Square = NDArray[np.float64]


@dataclass(frozen=True)
class Scaled:
    """A column of numbers about its mean, 0 where there is none."""

    values: NDArray[np.float32]  # shape (n_rows,)
    absent: NDArray[np.uint8] | None  # shape (n_rows / 8,), a bit is 1 where there is none

    @classmethod
    def of(cls, values: NDArray[np.float32], *, absent: NDArray[np.bool_] | None) -> Self:
        """A column and the rows that have no number; None when all have one."""
        return cls(values, None if absent is None else np.packbits(absent))


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


def pair_sums(numbers: list[Scaled], categories: list[tuple[NDArray[np.int8], int]]) -> PairSums:
    """Add up all pairs.

    ``categories`` are codes (-1 when missing) of shape (n_rows,) and their number of levels.
    O(n_rows * p * (p + m)) multiplications, done as matrix products; memory is bounded by the
    block.
    """
    size = len(numbers[0].values)
    total: PairSums | None = None
    for start in range(0, size, BLOCK_ROWS):
        part = _block_sums(numbers, categories, start)
        total = part if total is None else total + part
    assert total is not None
    return total


def _block_sums(
    numbers: list[Scaled],
    categories: list[tuple[NDArray[np.int8], int]],
    start: int,
) -> PairSums:
    """Sums are wanted over the rows that have both: those of all, less those of what is lost."""
    some = [(codes[start : start + BLOCK_ROWS], levels) for codes, levels in categories]
    gaps = [place for place, number in enumerate(numbers) if number.absent is not None]
    unfilled = [place for place, (codes, _) in enumerate(some) if (codes < 0).any()]
    wide = len(numbers)
    block = _stacked(numbers, gaps, [some[place][0] for place in unfilled], start=start)
    # Exact where it counts rows: a block has fewer than 2 ** 24.
    values, lost = block[wide : 2 * wide], block[2 * wide :]
    products = (values @ values.T).astype(np.float64)
    weighed = (block[: 2 * wide] @ lost.T).astype(np.float64)
    together = (lost @ lost.T).astype(np.float64)
    alone = together[0]  # the first of ``lost`` is 1 in all rows
    masks = [*gaps, *(wide + place for place in unfilled)]
    width = wide + len(categories)
    counted = np.full(wide, alone[0])
    counted[gaps] -= alone[1 : 1 + len(gaps)]
    sums = np.repeat(weighed[wide:, :1], width, axis=1)
    squares = np.repeat(np.diag(products)[:, None], width, axis=1)
    both = np.repeat(counted[:, None], width, axis=1)
    sums[:, masks] -= weighed[wide:, 1:]
    squares[:, masks] -= weighed[:wide, 1:]
    both[:, masks] -= alone[1:]
    both[np.ix_(gaps, masks)] += together[1 : 1 + len(gaps), 1:]
    by_level = _by_level(block[wide : 2 * wide + 1 + len(gaps)], gaps, some)
    return PairSums(products, sums, squares, both, by_level)


def _stacked(
    numbers: list[Scaled], gaps: list[int], codes: list[NDArray[np.int8]], *, start: int
) -> NDArray[np.float32]:
    """Rows of the squares, of the values, of ones, of what numbers and categories have lost."""
    rows = slice(start, start + BLOCK_ROWS)
    size, wide = len(numbers[0].values[rows]), len(numbers)
    block = np.empty((2 * wide + 1 + len(gaps) + len(codes), size), dtype=np.float32)
    for place, number in enumerate(numbers, wide):
        block[place] = number.values[rows]
    np.multiply(block[wide : 2 * wide], block[wide : 2 * wide], out=block[:wide])
    block[2 * wide] = 1
    octets = slice(start // 8, (start + BLOCK_ROWS) // 8)
    for row, place in enumerate(gaps, 2 * wide + 1):
        absent = numbers[place].absent
        assert absent is not None
        block[row] = np.unpackbits(absent[octets], count=size)
    for row, code in enumerate(codes, 2 * wide + 1 + len(gaps)):
        np.less(code, 0, out=block[row])
    return block


def _by_level(
    block: NDArray[np.float32], gaps: list[int], categories: list[tuple[NDArray[np.int8], int]]
) -> list[tuple[Square, Square]]:
    """Sums and rows by level: a product with a matrix that is 1 where a row has the level.

    ``block`` has the numbers, a row of ones, and what the numbers ``gaps`` have lost.
    """
    if not categories:
        return []
    wide = len(block) - 1 - len(gaps)
    firsts = np.cumsum([0, *[levels for _, levels in categories]])
    member = np.empty((firsts[-1], block.shape[1]), dtype=np.float32)
    for (codes, levels), (first, last) in zip(categories, pairwise(firsts), strict=True):
        np.equal(codes, np.arange(levels, dtype=codes.dtype)[:, None], out=member[first:last])
    found = (member @ block.T).astype(np.float64)
    sums, rows = found[:, :wide], np.repeat(found[:, wide : wide + 1], wide, axis=1)
    rows[:, gaps] -= found[:, wide + 1 :]
    return [(sums[first:last], rows[first:last]) for first, last in pairwise(firsts)]
