"""What a text column holds, decided over all its rows and never at the price of a value."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from apps.engine.reading.convert import datetimes, plain_numbers
from apps.engine.reading.notes import DIGITS_NOTE, why_text
from apps.engine.reading.raw_cells import RawCells
from apps.engine.types import Kind

DATES = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y")
TIMES = (
    *("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %H:%M:%S%z", " %H:%M:%S.%f%z"),
    *("T%H:%M", "T%H:%M:%S", "T%H:%M:%S.%f", "T%H:%M%z", "T%H:%M:%S%z", "T%H:%M:%S.%f%z"),
)
_DATE_LIKE = r"^[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}([ T][0-9]{1,2}:.*)?$"
_EXACT_DIGITS = 17
_LEAST_LARGE_BYTES = 16  # of a whole number from 2 to the power of 53 on
_EXACT_WHOLE = 2.0**53  # from here on a float64 skips whole numbers
_SAMPLE = 1_000
_TASTE = 50
_MOST_SPELLINGS = 2**4 + 2**5  # of "true" and "false" in any case


@dataclass
class Guess:
    """The kinds that all cells of one column, so far, agree with. Fed chunk by chunk."""

    decimal: str = "."
    thousands: str = ""
    seen: int = 0  # cells that are not missing
    rows: int = 0
    possible: list[Kind] = field(
        default_factory=lambda: [Kind.BOOLEAN, Kind.INTEGER, Kind.NUMBER, Kind.DATETIME]
    )
    formats: list[str] = field(default_factory=list)
    long_decimals: int = 0
    note: str = ""  # why it is text only
    looks_like_numbers: bool = False  # text only because numbers would lose something

    def feed(self, cells: pa.StringArray) -> pa.Array | None:
        """Rule out the kinds that do not fit these cells (null where missing). O(cells).

        Returns these cells as ``kind()``, or None when they are all missing.
        """
        present = len(cells) - cells.null_count
        fitting: dict[Kind, pa.Array] = {Kind.TEXT: cells}
        if present:
            if not self.seen:
                self.formats = _formats_of(cells[pc.index(cells.is_valid(), True).as_py()].as_py())
            before, self.possible = self.possible, []
            for kind in before:
                typed = self._fit(kind, cells, fitting)
                if typed is not None:
                    fitting[kind] = typed
                    self.possible.append(kind)
            if before and not self.possible:
                self.note = why_text(cells, before=before, seen=self.seen, rows=self.rows)
                self.looks_like_numbers = self.note == DIGITS_NOTE
        self.seen += present
        self.rows += len(cells)
        return fitting[self.kind()] if present else None

    def _fit(
        self, kind: Kind, cells: pa.StringArray, fitting: dict[Kind, pa.Array]
    ) -> pa.Array | None:
        """Cells as the kind when each of them fits it without loss, else None."""
        if kind is Kind.BOOLEAN:
            return _booleans(cells)
        if kind is Kind.DATETIME:
            return self._datetimes(cells)
        if self.decimal != "." or self.thousands:
            cells = plain_numbers(cells, decimal=self.decimal, thousands=self.thousands)
        if kind is Kind.INTEGER:
            whole = _cast(cells, pa.int64())
            return None if whole is None or RawCells.of(cells).has_leading_zero() else whole
        if Kind.INTEGER in fitting:
            whole = fitting[Kind.INTEGER]  # stays: an integer column is never stored as numbers
            bounds = pc.min_max(whole).as_py()
            largest = max(abs(bounds["min"]), abs(bounds["max"]))
            return whole if largest < _EXACT_WHOLE else None
        return self._numbers(cells)

    def _numbers(self, cells: pa.StringArray) -> pa.Array | None:
        numbers, raw = _cast(cells, pa.float64()), RawCells.of(cells)
        if numbers is None or not pc.all(pc.is_finite(numbers)).as_py() or raw.has_leading_zero():
            return None
        if raw.begins_with("+"):
            return None  # +49301234: a phone number, not a sum
        if raw.longest < _LEAST_LARGE_BYTES:
            return numbers
        large = cells.filter(pc.greater_equal(pc.abs(numbers), _EXACT_WHOLE))
        if _any(pc.match_substring_regex(large, r"^-?[0-9]+$")):
            return None  # an identifier: as a number it would lose digits
        long = cells.take(pa.array(np.flatnonzero(raw.sizes_bytes > _EXACT_DIGITS)))
        digits = pc.replace_substring_regex(long, r"^-?0*\.?0*|[.]|[eE].*$", "")
        too_long = pc.greater(pc.binary_length(digits), _EXACT_DIGITS)
        self.long_decimals += pc.sum(too_long).as_py() or 0
        return numbers

    def _datetimes(self, cells: pa.StringArray) -> pa.Array | None:
        kept: dict[str, pa.Array] = {}
        head = cells[:_SAMPLE]
        for each in self.formats:
            if datetimes(head, date_format=each).null_count == head.null_count:
                times = datetimes(cells, date_format=each)
                if times.null_count == cells.null_count:
                    kept[each] = times
        self.formats = list(kept)
        return next(iter(kept.values()), None)

    def kind(self) -> Kind:
        """The narrowest kind that every cell agrees with; text when that is not one for sure."""
        if not self.seen or (self.possible == [Kind.DATETIME] and len(self.formats) > 1):
            return Kind.TEXT
        return self.possible[0] if self.possible else Kind.TEXT

    @property
    def date_format(self) -> str:
        """strptime format of a datetime column, else ""."""
        return self.formats[0] if self.kind() is Kind.DATETIME else ""

    def says(self) -> str:
        """The decision in one sentence."""
        kind = self.kind()
        if not self.seen:
            return "Every cell is missing, so it is kept as text."
        if kind is Kind.TEXT and self.possible == [Kind.DATETIME]:
            either = " or ".join(self.formats)
            return f"Kept as text: the dates could be {either}, and no row tells which. Choose one."
        words = {
            Kind.BOOLEAN: "Every cell is true or false.",
            Kind.INTEGER: "Every cell is a whole number.",
            Kind.NUMBER: "Every cell is a number." + self._rounding(),
            Kind.DATETIME: f"Every cell is a time of the form {self.date_format}." + self._zone(),
            Kind.TEXT: f"Kept as text: {self.note}." if self.note else "Text.",
        }
        return words[kind]

    def _rounding(self) -> str:
        if not self.long_decimals:
            return ""
        return f" {self.long_decimals:,} have more digits than a number keeps and are rounded."

    def _zone(self) -> str:
        return " Offsets are converted to UTC." if "%z" in self.date_format else ""


def _any(answers: pa.BooleanArray) -> bool:
    return bool(pc.any(answers).as_py())


def _cast(cells: pa.StringArray, to: pa.DataType) -> pa.Array | None:
    try:
        cells[:_TASTE].cast(to)  # Arrow looks at all cells even after the first has failed
        return cells.cast(to)
    except pa.ArrowInvalid:
        return None


def _booleans(cells: pa.StringArray) -> pa.Array | None:
    """True and false in any case, as booleans; None when another cell is among them."""
    if not _are_booleans(cells[:_TASTE].to_pylist()):
        return None  # most columns: their different cells need not be told apart
    encoded = cells.dictionary_encode()
    words = encoded.dictionary.to_pylist()[:_MOST_SPELLINGS]
    if len(words) < len(encoded.dictionary) or not _are_booleans(words):
        return None
    return pa.array([word.lower() == "true" for word in words], pa.bool_()).take(encoded.indices)


def _are_booleans(words: Sequence[str | None]) -> bool:
    return {word.lower() for word in words if word is not None} <= {"true", "false"}


def _formats_of(cell: str) -> list[str]:
    """Formats that could have written this one cell; all cells of the column decide among them."""
    if not re.match(_DATE_LIKE, cell):
        return []
    return [f"{date}{time}" for date in DATES for time in TIMES if _reads(cell, f"{date}{time}")]


def _reads(cell: str, date_format: str) -> bool:
    try:
        datetime.strptime(cell, date_format)  # noqa: DTZ007  (only whether it fits)
    except ValueError:
        return False
    return True
