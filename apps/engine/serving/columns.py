"""Many rows of a request checked column by column: a few passes instead of a look at each cell.

What is as usual is recognised by columns (as ``fields.usual_row`` does by rows); the other rows go
one by one through the full check, and what that makes of them is put into their places.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np

from apps.engine.contract.requests import narrowed
from apps.engine.serving.contract import Checked, Contract, check_one
from apps.engine.serving.fields import Field, is_plain_text, moment_reader
from apps.engine.types import Kind

LEAST_ROWS = 32
"""Below, rows are checked as quickly one by one."""
_EXACT = 2.0**53  # beyond, a whole number may be another one as a float
_NOTHING = type(None)


@dataclass
class Columns:
    """Checked rows by columns, each (n_rows,), in the contract's types and order.

    ``numbers`` has those of numbers and booleans as float64 too, NaN where missing.
    """

    values: dict[str, list[Any]]
    numbers: dict[str, Any]

    def __len__(self) -> int:
        """Number of rows."""
        return len(next(iter(self.values.values())))

    def row(self, place: int) -> dict[str, Any]:
        """One row, counted from 0."""
        return {name: cells[place] for name, cells in self.values.items()}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Row by row."""
        return rows_of(self.values)


def rows_of(values: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """Rows of columns. O(cells)."""
    names = tuple(values)
    return (dict(zip(names, row, strict=True)) for row in zip(*values.values(), strict=True))


def columns_of(rows: Sequence[Mapping[str, Any]], contract: Contract) -> Columns:
    """Checked rows as columns. O(cells)."""
    values = {name: [row[name] for row in rows] for name in contract.names}
    numeric = (Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN)
    kept = [item.name for item in contract.fields if item.kind in numeric]
    return Columns(values, {name: np.array(values[name], dtype="float64") for name in kept})


def check_columns(rows: Sequence[Any], contract: Contract) -> tuple[Columns, Checked] | None:
    """Rows by columns, and their warnings; None: something is wrong, ask ``check_rows`` what.

    Parameters
    ----------
    rows : at least one, as they came

    Notes
    -----
    What ``check_rows`` takes comes out with equal values and warnings. O(cells).
    """
    names = contract.names
    if len(names) < 2 or set(map(type, rows)) != {dict} or set(map(len, rows)) != {len(names)}:
        return None
    try:
        cells = list(zip(*map(itemgetter(*names), rows), strict=True))
    except KeyError:
        return None
    columns = Columns({}, {})
    odd = np.zeros(len(rows), dtype=bool)
    for item, column in zip(narrowed(contract.fields, contract.rules), cells, strict=True):
        odd |= _READERS[item.kind](item, column, columns)
    tests = contract.left_to_ask
    if tests:
        for place, row in enumerate(columns):
            odd[place] = odd[place] or any(broken(row) for broken in tests)
    checked = Checked()
    for place in np.flatnonzero(odd).tolist():
        check_one(place + 1, rows[place], contract, checked)
        if checked.errors:
            return None
        _put(columns, place, checked.rows.pop())
    checked.tell_unlisted()
    return columns, checked


def _put(columns: Columns, place: int, row: dict[str, Any]) -> None:
    for name, value in row.items():
        columns.values[name][place] = value
        if name in columns.numbers:
            columns.numbers[name][place] = math.nan if value is None else value


def _numeric(item: Field, column: Sequence[Any], columns: Columns) -> Any:
    whole = item.kind is Kind.INTEGER
    kept, strange = _of_types(column, {int} if whole else {float, int})
    numbers = np.array(kept, dtype="float64")
    with np.errstate(invalid="ignore"):
        odd = ~((numbers >= _or(item.low, math.inf)) & (numbers <= _or(item.high, -math.inf)))
        if whole:
            odd |= np.abs(numbers) >= _EXACT
    odd = _missing_too(item, odd, np.isnan(numbers), strange)
    columns.values[item.name] = (
        list(kept)
        if whole
        else [None if value is None else float(value) for value in kept]
        if None in kept
        else numbers.tolist()
    )
    columns.numbers[item.name] = numbers
    return odd


def _boolean(item: Field, column: Sequence[Any], columns: Columns) -> Any:
    kept, strange = _of_types(column, {bool})
    numbers = np.array(kept, dtype="float64")
    missing = np.isnan(numbers)
    columns.values[item.name], columns.numbers[item.name] = list(kept), numbers
    return _missing_too(item, missing.copy(), missing, strange)


def _text(item: Field, column: Sequence[Any], columns: Columns) -> Any:
    kept, strange = _of_types(column, {str})
    columns.values[item.name] = list(kept)
    seen = None if item.categories is None else frozenset(item.categories)
    distinct = set(kept) - {None}
    unusual = {
        text
        for text in distinct
        if not is_plain_text(text) or (seen is not None and text not in seen)
    }
    if not unusual and not strange and (item.nullable or None not in kept):
        return np.zeros(len(kept), dtype=bool)
    missing = np.array([value is None for value in kept])
    odd = np.array([value in unusual for value in kept]) | missing
    return _missing_too(item, odd, missing, strange)


def _moment(item: Field, column: Sequence[Any], columns: Columns) -> Any:
    kept, strange = _of_types(column, {str})
    read = moment_reader(item)
    moments = [None if value is None else read(value) for value in kept]
    columns.values[item.name] = moments
    missing = np.array([value is None for value in kept])
    odd = np.array([value is None for value in moments])
    return _missing_too(item, odd, missing, strange)


def _missing_too(item: Field, odd: Any, missing: Any, strange: Sequence[int]) -> Any:
    """Which rows are to be looked at: a missing value is as usual where it may be missing."""
    odd = odd & ~missing if item.nullable else odd | missing
    odd[list(strange)] = True
    return odd


def _of_types(column: Sequence[Any], types: set[type]) -> tuple[Sequence[Any], list[int]]:
    """The column with None for what is of another type, and where that stood."""
    allowed = types | {_NOTHING}
    if set(map(type, column)) <= allowed:
        return column, []
    strange = [place for place, value in enumerate(column) if type(value) not in allowed]
    kept = list(column)
    for place in strange:
        kept[place] = None
    return kept, strange


def _or(number: float | None, instead: float) -> float:
    return instead if number is None else number


_READERS: dict[Kind, Callable[[Field, Sequence[Any], Columns], Any]] = {
    Kind.INTEGER: _numeric,
    Kind.NUMBER: _numeric,
    Kind.BOOLEAN: _boolean,
    Kind.TEXT: _text,
    Kind.DATETIME: _moment,
}
