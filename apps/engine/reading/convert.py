"""Text cells to one kind: what converts, and which cells do not. One rule for import and recipe."""

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from apps.engine.reading.raw_cells import RawCells, without_empty
from apps.engine.reading.tables import ARROW_TYPES
from apps.engine.types import Kind

TRUE_WORDS = ("true", "yes", "1")
FALSE_WORDS = ("false", "no", "0")
_WHOLE = r"^[+-]?[0-9]{1,19}$"
_DECIMAL = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_ISO = "ISO8601"
_ISO_LIKE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}|$)"
_PLAIN = {  # strptime formats that Arrow reads too: bytes of a cell, letter between date and time
    "%Y-%m-%d": (10, ""),
    **{f"%Y-%m-%d{sep}%H:%M": (16, sep) for sep in " T"},
    **{f"%Y-%m-%d{sep}%H:%M:%S": (19, sep) for sep in " T"},
}
_FEW = 4  # cells for each distinct value, from which on distinct values are parsed alone
_LEAST = 1_000
_FIRST = np.datetime64("0001-01-01", "us")  # what Python can hold, and people mean
_END = np.datetime64("10000-01-01", "us")
_YEAR_1_US = int(_FIRST.astype(np.int64))
_DATE_WORDS = pa.array(["now", "today"])  # pandas reads these as the clock


def as_missing(cells: pa.StringArray, *, tokens: tuple[str, ...]) -> pa.StringArray:
    """The same cells with the tokens that mean "missing" as null. O(cells)."""
    if not tokens:
        return cells
    if tokens == ("",):
        return without_empty(cells)
    empty = pc.is_in(cells, value_set=pa.array(tokens, pa.string()))
    if not pc.any(empty).as_py():
        return cells
    return pc.if_else(empty, pa.scalar(None, pa.string()), cells)


def plain_numbers(cells: pa.StringArray, *, decimal: str, thousands: str) -> pa.StringArray:
    """Numbers written the local way, rewritten with a decimal point and no thousands marks.

    A thousands mark must stand before three digits; a cell where it does not stays as it is
    (and so does not convert).
    """
    if thousands:
        mark, point = re.escape(thousands), re.escape(decimal)
        grouped = pc.match_substring_regex(
            cells, rf"^[+-]?[0-9]{{1,3}}({mark}[0-9]{{3}})*({point}[0-9]*)?$"
        )
        cells = pc.if_else(grouped, pc.replace_substring(cells, thousands, ""), cells)
    if decimal == ",":
        pointed = pc.match_substring(cells, ".")
        swapped = pc.replace_substring(cells, ",", ".")
        cells = pc.if_else(pointed, pa.scalar("ambiguous point"), swapped)
    return cells


def convert(
    cells: pa.StringArray,
    *,
    kind: Kind,
    date_format: str = "",
    decimal: str = ".",
    thousands: str = "",
) -> pa.Array:
    """Cells as the kind; a cell that does not convert becomes null. O(cells).

    Parameters
    ----------
    cells : StringArray, shape (n_rows,)
        Null where missing.
    kind : Kind
    date_format : str
        strptime format; "" reads ISO 8601. With %z, times are converted to UTC.
    decimal, thousands : str
        Marks used in the cells of numeric kinds.

    Returns
    -------
    Array, shape (n_rows,), of the kind's Arrow type
        The failed cells are those that are null here and not null in ``cells``.
    """
    if kind is Kind.TEXT:
        return cells
    if kind is Kind.BOOLEAN:
        return _booleans(cells)
    if kind is Kind.DATETIME:
        return datetimes(cells, date_format=date_format)
    if decimal != "." or thousands:
        cells = plain_numbers(cells, decimal=decimal, thousands=thousands)
    return _integers(cells) if kind is Kind.INTEGER else _numbers(cells)


def _booleans(cells: pa.StringArray) -> pa.BooleanArray:
    lower = pc.utf8_lower(cells)
    true = pc.is_in(lower, value_set=pa.array(TRUE_WORDS))
    known = pc.or_(true, pc.is_in(lower, value_set=pa.array(FALSE_WORDS)))
    return pc.if_else(known, true, pa.scalar(None, pa.bool_()))


def _keep(cells: pa.StringArray, mask: pa.BooleanArray) -> pa.StringArray:
    return pc.if_else(mask, cells, pa.scalar(None, pa.string()))


def _integers(cells: pa.StringArray) -> pa.Int64Array:
    whole = _keep(cells, pc.match_substring_regex(cells, _WHOLE))
    whole = pc.replace_substring_regex(whole, r"^\+", "")
    try:
        return whole.cast(pa.int64())
    except pa.ArrowInvalid:  # a 19-digit number beyond 64 bits
        in_range = [
            value if value is not None and -(2**63) <= int(value) < 2**63 else None
            for value in whole.to_pylist()
        ]
        return pa.array(in_range, pa.string()).cast(pa.int64())


def _numbers(cells: pa.StringArray) -> pa.DoubleArray:
    numbers = _keep(cells, pc.match_substring_regex(cells, _DECIMAL)).cast(pa.float64())
    return pc.if_else(pc.is_finite(numbers), numbers, pa.scalar(None, pa.float64()))


def datetimes(cells: pa.StringArray, *, date_format: str) -> pa.TimestampArray:
    """Cells as times without zone, in microseconds; null where the format does not fit.

    A cell with more than six decimals of a second does not fit, because it would lose some.
    """
    if cells.null_count == len(cells):
        return pa.nulls(len(cells), ARROW_TYPES[Kind.DATETIME])
    times = _plain_times(cells, date_format)
    if times is not None:
        return times
    if len(cells) > _LEAST:
        encoded = cells.dictionary_encode()
        if len(encoded.dictionary) * _FEW <= len(cells):
            return _parsed_times(encoded.dictionary, date_format).take(encoded.indices)
    return _parsed_times(cells, date_format)


def _plain_times(cells: pa.StringArray, date_format: str) -> pa.TimestampArray | None:
    """Times of cells that all have the one plain form, else None. Ten times as fast."""
    size, between = _PLAIN.get(date_format, (0, ""))
    raw = RawCells.of(cells)
    fits = size and np.isin(raw.sizes_bytes, (0, size)).all()
    if not fits or not raw.have_all("-", place=4):
        return None
    if between and not raw.have_all(between, place=10):
        return None
    try:
        times = cells.cast(ARROW_TYPES[Kind.DATETIME])
    except pa.ArrowInvalid:
        return None
    return times if pc.min(times.cast(pa.int64())).as_py() >= _YEAR_1_US else None


def _parsed_times(cells: pa.StringArray, date_format: str) -> pa.TimestampArray:
    clock = pc.is_in(pc.utf8_lower(cells), value_set=_DATE_WORDS)
    wrong = pc.or_(clock, pc.match_substring_regex(cells, r"\.[0-9]{6}[0-9]*[1-9]"))
    if not date_format:  # pandas takes more for ISO 8601 than a person would, such as -1
        wrong = pc.or_(wrong, pc.invert(pc.match_substring_regex(cells, _ISO_LIKE)))
    text = _keep(cells, pc.invert(wrong)).to_pandas(types_mapper=_as_string)
    zoned = not date_format or "%z" in date_format
    try:
        times = pd.to_datetime(text, format=date_format or _ISO, errors="coerce", utc=zoned)
    except ValueError:  # the format itself is not a format
        return pa.nulls(len(cells), ARROW_TYPES[Kind.DATETIME])
    if times.dt.tz is not None:
        times = times.dt.tz_convert("UTC").dt.tz_localize(None)
    moments = times.to_numpy("datetime64[us]")
    outside = (moments < _FIRST) | (moments >= _END)  # NaT is neither
    return pa.array(moments, ARROW_TYPES[Kind.DATETIME], mask=np.isnat(moments) | outside)


def _as_string(_: pa.DataType) -> pd.StringDtype:
    return pd.StringDtype()
