"""Text cells as numpy sees them: where each begins and how long it is. No Python text is made."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa


def _among(letters: bytes) -> np.ndarray:
    """For each of the 256 bytes, whether it is one of these. A look-up takes a tenth of isin."""
    table = np.zeros(256, bool)
    table[list(letters)] = True
    return table


_AFTER_ZERO = _among(b"0123456789xX")
_SPACES = _among(b"\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f ")
_FIRST_BEYOND_ASCII = 128


@dataclass(frozen=True)
class RawCells:
    """Views into the buffers of a text column.

    ``starts`` and ``sizes_bytes``, shape (n_rows,), say where each cell lies in ``letters``; the
    size of a missing cell is 0.
    """

    starts: np.ndarray
    sizes_bytes: np.ndarray
    letters: np.ndarray

    @classmethod
    def of(cls, cells: pa.StringArray) -> "RawCells":
        """Look at a column. O(cells)."""
        _, edges, letters = cells.buffers()
        offsets = np.frombuffer(edges, np.int32)[cells.offset : cells.offset + len(cells) + 1]
        sizes = offsets[1:] - offsets[:-1]
        if cells.null_count:
            sizes[~cells.is_valid().to_numpy(zero_copy_only=False)] = 0
        return cls(offsets[:-1], sizes, np.frombuffer(letters or b"", np.uint8))

    @property
    def longest(self) -> int:
        """Bytes of the longest cell; 0 without cells."""
        return int(self.sizes_bytes.max(initial=0))

    def at(self, place: int, *, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """The letter at a place of each cell; what it is for a shorter cell has no meaning."""
        if not len(self.letters):
            return np.zeros(len(self.starts[rows]), np.uint8)
        return self.letters.take(self.starts[rows] + place, mode="clip")

    def have_all(self, letter: str, *, place: int) -> bool:
        """Whether each present cell has this letter at this place."""
        return bool(((self.at(place) == ord(letter)) | (self.sizes_bytes == 0)).all())

    @cached_property
    def first(self) -> np.ndarray:
        """The first letter of each cell."""
        return self.at(0)

    def begins_with(self, letter: str) -> bool:
        """Whether a present cell does."""
        return bool(((self.first == ord(letter)) & (self.sizes_bytes > 0)).any())

    def has_leading_zero(self) -> bool:
        """Whether a cell, after its sign, starts with 0 and another digit or an x."""
        first, sizes = self.first, self.sizes_bytes
        rows = np.flatnonzero((first == ord("0")) & (sizes > 1))
        if _AFTER_ZERO[self.at(1, rows=rows)].any():
            return True
        rows = np.flatnonzero(((first == ord("-")) | (first == ord("+"))) & (sizes > 2))
        rows = rows[self.at(1, rows=rows) == ord("0")]
        return bool(_AFTER_ZERO[self.at(2, rows=rows)].any())

    def may_be_blank(self) -> np.ndarray:
        """Rows whose cell begins with a space, or with a letter that is not ASCII."""
        first = self.first
        odd = (first >= _FIRST_BEYOND_ASCII) | (first <= ord(" "))
        rows = np.flatnonzero(odd & (self.sizes_bytes > 0))
        first = first[rows]
        return rows[(first >= _FIRST_BEYOND_ASCII) | _SPACES[first]]


def without_empty(cells: pa.StringArray) -> pa.StringArray:
    """The same cells, the empty ones null; shares the buffers. O(cells)."""
    raw = RawCells.of(cells)
    empty = raw.sizes_bytes == 0
    if not empty.any():
        return cells
    _, edges, letters = cells.buffers()
    mask = np.zeros(cells.offset + len(cells), bool)
    mask[cells.offset :] = ~empty
    bitmap = pa.py_buffer(np.packbits(mask, bitorder="little").tobytes())
    return pa.StringArray.from_buffers(len(cells), edges, letters, bitmap, -1, cells.offset)
