"""What cells would lose as numbers: leading zeros, plus signs, digits. Counted, not guessed."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from apps.engine.reading.raw_cells import RawCells

_ZERO = r"^[+-]?0[0-9]"
_PLUS = r"^[+][0-9]"
_EXACT = 2**53
_LEAST_BYTES = 16
_WIDEST = 2**63


@dataclass
class Losses:
    """Counts over the cells of one column."""

    zeros: int = 0
    plus: int = 0
    digits: int = 0
    first: str = ""  # the first cell that loses something, and its row

    def count(self, cells: pa.StringArray, *, rows: int, whole: bool) -> None:
        """Add cells (null where missing) that come after ``rows``. O(cells).

        ``whole``: they are read as 64-bit integers, which keep more digits than numbers do.
        """
        zeros = pc.match_substring_regex(cells, _ZERO)
        plus = pc.match_substring_regex(cells, _PLUS)
        digits = _beyond(cells, limit=_WIDEST if whole else _EXACT)
        self.zeros += pc.sum(zeros).as_py() or 0
        self.plus += pc.sum(plus).as_py() or 0
        self.digits += pc.sum(digits).as_py() or 0
        if not self.first:
            at = pc.index(pc.or_(pc.or_(zeros, plus), digits), True).as_py()
            if at >= 0:
                self.first = f"{cells[at].as_py()[:40]!r} in row {rows + at + 1:,}"

    def says(self, verb: str) -> str:
        """ "42 values would lose a leading 0, first '007' in row 1", or "" """
        parts = [
            f"{count:,} value{'' if count == 1 else 's'} {verb} {what}"
            for count, what in (
                (self.zeros, "a leading 0"),
                (self.plus, "a leading +"),
                (self.digits, "digits, because a number does not hold that many"),
            )
            if count
        ]
        return f"{' and '.join(parts)}, first {self.first}" if parts else ""


def _beyond(cells: pa.StringArray, *, limit: int) -> pa.BooleanArray:
    """Whole numbers whose size is at or above the limit."""
    rows = np.flatnonzero(RawCells.of(cells).sizes_bytes >= _LEAST_BYTES)
    answers = np.zeros(len(cells), bool)
    if len(rows):
        long = cells.take(pa.array(rows)).to_pylist()
        answers[rows] = [_is_beyond(cell, limit) for cell in long]
    return pa.array(answers)


def _is_beyond(cell: str, limit: int) -> bool:
    body = cell.lstrip("+-")
    return body.isascii() and body.isdigit() and len(body) < 400 and int(body) >= limit
