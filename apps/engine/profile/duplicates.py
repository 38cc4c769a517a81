"""Count rows that occur more than once, one column at a time."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apps.engine.profile.categorical import Coded
from apps.engine.profile.cells import Cells
from apps.engine.profile.ordering import Sorted

MIX = np.uint64(0x9E3779B97F4A7C15)
"""Odd multiplier which makes the order of the columns matter (2**64 / golden ratio)."""
APART = np.uint64(0xBF58476D1CE4E5B9)
"""Another odd multiplier: of SplitMix64, Steele, Lea and Flood (2014), OOPSLA."""
BLOCK_ROWS = 131_072
MISSING = np.uint64(0xD1B54A32D192ED03)
"""Stands for every missing value."""


def hash_cells(column: Cells) -> NDArray[np.uint64]:
    """A 64-bit hash of every value; equal values have equal hashes. O(n).

    Numbers are mixed by the finaliser of SplitMix64: Steele, Lea and Flood (2014), OOPSLA.
    """
    if column.words is not None:
        of_word = pd.util.hash_array(
            np.array(column.words.to_pylist(), dtype=object), categorize=False
        )
        hashes = of_word[column.data] if len(of_word) else np.zeros(len(column.data), "u8")
    else:
        hashes = np.empty(len(column.data), dtype=np.uint64)
        for start in range(0, len(hashes), BLOCK_ROWS // 8):
            rows = slice(start, start + BLOCK_ROWS // 8)
            _mix(column.data[rows], into=hashes[rows])
    if column.missing:
        hashes[~column.present] = MISSING
    return hashes


def codes_apart(column: Cells, *, feature: Sorted | Coded) -> NDArray[np.int32]:
    """Codes that are the same exactly where the cells are: also two infinite ones."""
    if isinstance(feature, Coded) or not feature.infinite:
        return feature.codes
    codes = feature.codes.copy()
    for number, side in enumerate((-np.inf, np.inf), feature.distinct + 1):
        codes[column.present & (column.data == side)] = number
    return codes


def _mix(values: NDArray[Any], *, into: NDArray[np.uint64]) -> None:
    """Hashes of numbers, each pass over a block that stays near the processor."""
    plain = values + 0.0 if values.dtype == np.float64 else values  # -0.0 is 0.0
    into[:] = plain.view(np.uint64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        into ^= into >> np.uint64(shift)
        into *= np.uint64(factor)
    into ^= into >> np.uint64(31)


class RowHashes:
    """A 64-bit hash of every row, grown column by column; 8 bytes a row."""

    def __init__(self, rows: int) -> None:
        self.hashes: NDArray[np.uint64] = np.zeros(rows, dtype=np.uint64)
        self.all_differ = False  # a column has another value in each row: there is nothing to find

    def add(self, column: Cells, *, feature: Sorted | Coded) -> None:
        """Mix one more column into the hashes. O(n)."""
        self.all_differ |= feature.distinct == len(column.present)
        if not self.all_differ:
            self.mix(codes_apart(column, feature=feature))

    def mix(self, column: NDArray[np.integer[Any]]) -> None:
        """Mix in ``hash_cells``, or codes of values."""
        for start in range(0, len(self.hashes), BLOCK_ROWS):
            hashes = self.hashes[start : start + BLOCK_ROWS]
            more = column[start : start + BLOCK_ROWS]
            np.bitwise_xor(hashes, more, out=hashes, dtype=np.uint64, casting="unsafe")
            hashes *= MIX
            hashes ^= hashes >> np.uint64(32)

    def told(self) -> NDArray[np.uint64] | None:
        """What another process joins."""
        return None if self.all_differ else self.hashes

    def join(self, others: NDArray[np.uint64] | None) -> None:
        """Mix in the hashes that the same rows have by other columns, see ``told``. O(n)."""
        self.all_differ |= others is None
        if others is None or self.all_differ:
            return
        # Columns that are like those here have like hashes: alone, the two would cancel out.
        self.hashes *= APART
        self.hashes ^= self.hashes >> np.uint64(32)
        self.mix(others)

    def repeated(self) -> int:
        """Rows that are equal to an earlier row.

        Two different rows count as equal with a chance below rows**2 / 2**65 (about one
        in 40,000 for 30 million rows). O(n log n).
        """
        if self.all_differ:
            return 0
        ascending = np.sort(self.hashes)
        return int(np.count_nonzero(ascending[1:] == ascending[:-1]))
