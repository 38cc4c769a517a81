"""A part of the rows, by conditions on columns: which rows fulfil them, and their profile."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from apps.engine.dates import period_text
from apps.engine.errors import BadParameter
from apps.engine.profile.cells import Cells, Columns
from apps.engine.profile.explore import explore
from apps.engine.types import Kind, Report

MOST_CONDITIONS = 8
MOST_VALUES = 50
DAY = np.timedelta64(1, "D")
_DAY = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-\d\d([ T]\d\d:\d\d(?::(\d\d))?)?")
"""A bound that is a day, or a moment of one."""
OPERATIONS = {
    "is": "is",
    "between": "is between",
    "below": "is from … to below",
    "missing": "is missing",
    "filled": "is filled",
}


@dataclass(frozen=True)
class Condition:
    """What one column has to hold, with values as texts.

    ``is`` takes one or more values, ``between`` a low and a high end (an empty end is open, both
    belong to it), ``below`` the same without its high end, ``missing`` and ``filled`` none.
    """

    operation: str
    column: str
    values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        counts = {"is": range(1, MOST_VALUES + 1), "between": (2,), "below": (2,)}
        if self.operation not in OPERATIONS:
            raise BadParameter(f"There is no condition “{self.operation}”; choose one of the list.")
        if len(self.values) not in counts.get(self.operation, (0,)):
            raise BadParameter(
                f"The condition on “{self.column}” needs "
                + (f"1 to {MOST_VALUES} values." if self.operation == "is" else "other values.")
            )
        if self.operation in {"between", "below"} and not any(self.values):
            raise BadParameter(f"Give “{self.column}” a lowest value, a highest, or both.")

    @classmethod
    def from_list(cls, told: Any) -> "Condition":
        """Rebuild from ``as_list``. Raises BadParameter when it is something else."""
        if not isinstance(told, list) or not all(isinstance(part, str) for part in told):
            raise BadParameter("The slice in the address cannot be read: choose its rows again.")
        if len(told) < 2:
            raise BadParameter("The slice in the address is cut off: choose its rows again.")
        return cls(told[0], told[1], tuple(told[2:]))

    def check(self, kind: Kind) -> None:
        """Raise BadParameter when a column of this kind cannot be compared in this way."""
        if self.operation in {"missing", "filled"}:
            return
        if kind in {Kind.TEXT, Kind.BOOLEAN}:
            if self.operation != "is":
                raise BadParameter(
                    f"“{self.column}” holds texts, which have no range: choose values instead."
                )
            return
        for value in self.values:
            _number(value, kind, self.column)

    def as_list(self) -> list[str]:
        """JSON-ready form."""
        return [self.operation, self.column, *self.values]

    @property
    def says(self) -> str:
        """The condition in words, without the column's name."""
        if self.operation == "is":
            return "is " + " or ".join(f"“{value}”" for value in self.values)
        if self.operation in {"missing", "filled"}:
            return OPERATIONS[self.operation]
        low, high = self.values
        if _DAY.fullmatch(low or high):
            return _between_days(low, high, is_open=self.operation == "below")
        below = "below" if self.operation == "below" else "at most"
        if low and high:
            word = "to below" if self.operation == "below" else "to"
            return f"is from {low} {word} {high}"
        return f"is at least {low}" if low else f"is {below} {high}"


def _between_days(low: str, high: str, *, is_open: bool) -> str:
    """Dates in words; a bound is a number or a date, never a text that looks like one."""
    first, last = (_said(one) if one else "" for one in (low, high))
    if first and last:
        return f"is from {first} to {'before ' if is_open else ''}{last}"
    if first:
        return f"is {first} or later"
    return f"is before {last}" if is_open else f"is {last} or earlier"


def _said(bound: str) -> str:
    told = _DAY.fullmatch(bound)
    if not told or (told[2] or "00") != "00":
        return bound
    return period_text(bound, "minute" if told[1] else "day")


def rows_of(source: Columns, where: Sequence[Condition]) -> NDArray[np.bool_]:
    """Which rows of ``source`` fulfil every condition. Reads only their columns. O(n)."""
    kept = np.ones(source.rows, dtype=bool)
    for condition in where:
        kept &= fulfils(source.read(condition.column), condition)
    return kept


def sliced(
    table: Path | str, *, where: Sequence[Condition] = (), without: Sequence[str] = ()
) -> Columns:
    """The columns of a table on the rows of a slice, ``without`` some columns.

    Raises ColumnMissing when a condition names a column that is not there, or one left out.
    """
    source = Columns(table, without=without)
    if where:
        source.narrow(rows_of(source, where))
    return source


def study_slice(
    *,
    tables: list[str],
    where: list[list[str]],
    without: list[str],
    target: str | None,
    report: Report,
    positive: str | None = None,
    reading: str = "",
) -> dict[str, Any]:
    """``profile`` and ``study`` of a slice of one table, without some columns. Job function."""
    conditions = [Condition.from_list(told) for told in where]
    source = sliced(tables[0], where=conditions, without=without)
    return explore(source, target=target, report=report, positive=positive, reading=reading)


def fulfils(cells: Cells, condition: Condition) -> NDArray[np.bool_]:
    """Which cells fulfil a condition; BadParameter when their kind cannot be compared so."""
    if condition.operation == "missing":
        return ~cells.present
    if condition.operation == "filled":
        return cells.present
    condition.check(cells.kind)
    if cells.words is not None:
        return cells.present & _texts(cells.words, condition)[cells.data]
    values = [_number(value, cells.kind, condition.column) for value in condition.values]
    if condition.operation == "is":
        return cells.present & np.isin(cells.data, [value for value in values if value is not None])
    return cells.present & _inside(cells, values, condition)


def _texts(words: pa.Array, condition: Condition) -> NDArray[np.bool_]:
    wanted = pc.is_in(words, value_set=pa.array(condition.values, pa.string()))
    # One more place: a column without any text has no word for its rows to point at.
    return np.append(np.asarray(wanted.to_numpy(zero_copy_only=False), dtype=bool), False)


def _inside(
    cells: Cells, values: list[float | int | None], condition: Condition
) -> NDArray[np.bool_]:
    low, high = values
    inside = np.ones(len(cells.data), dtype=bool)
    if low is not None:
        inside &= cells.data >= low
    if high is None:
        return inside
    if condition.operation == "below":
        return inside & (cells.data < high)
    if cells.kind == Kind.DATETIME and len(condition.values[1].strip()) == len("2024-01-31"):
        return inside & (cells.data < high + int(DAY / np.timedelta64(1, "us")))  # the whole day
    return inside & (cells.data <= high)


def _number(text: str, kind: Kind, column: str) -> float | int | None:
    """A typed value in the unit of the cells; None for an open end."""
    plain = text.strip()
    if not plain:
        return None
    try:
        if kind == Kind.DATETIME:
            moment = np.datetime64(plain.replace(" ", "T").removesuffix("Z"), "us")
            if np.isnat(moment):
                raise ValueError
            return int(moment.astype(np.int64))
        return _exact(plain)
    except (ValueError, OverflowError) as error:
        wanted = "a date such as 2024-01-31" if kind == Kind.DATETIME else "a number such as 12.5"
        raise BadParameter(f"“{column}” is compared with {wanted}, not with “{text}”.") from error


def _exact(text: str) -> float | int:
    """Whole numbers stay whole: a float cannot tell large ones apart."""
    if text.lstrip("+-").isdecimal() and len(text) < 19:
        return int(text)
    value = float(text)
    if math.isnan(value):
        raise ValueError
    return value
