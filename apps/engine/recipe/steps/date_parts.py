"""Make columns of the parts of a date."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from apps.engine.errors import BadParameter
from apps.engine.recipe.step import Parameter, Row, Step, column_of, free_name
from apps.engine.recipe.values import is_missing
from apps.engine.types import ColumnSpec, Kind, TableSpec

PARTS = ("year", "quarter", "month", "day", "weekday", "hour", "minute", "day of year")


_OF_ONE: dict[str, Callable[[datetime], int]] = {
    "year": lambda at: at.year,
    "quarter": lambda at: (at.month + 2) // 3,
    "month": lambda at: at.month,
    "day": lambda at: at.day,
    "weekday": lambda at: at.weekday(),
    "hour": lambda at: at.hour,
    "minute": lambda at: at.minute,
    "day of year": lambda at: at.timetuple().tm_yday,
}
"""As ``part_of``, for the one moment of a request: an array of one costs ten times as much."""


def part_of(moments: Any, part: str) -> Any:
    """One part of an array of datetime64[us] as whole numbers; Monday is weekday 0."""
    days = moments.astype("datetime64[D]").astype(np.int64)
    months = moments.astype("datetime64[M]")
    seconds = moments.astype(np.int64) // 1_000_000
    if part == "weekday":
        return (days + 3) % 7
    if part == "day":
        return days - months.astype("datetime64[D]").astype(np.int64) + 1
    if part == "day of year":
        years = moments.astype("datetime64[Y]").astype("datetime64[D]")
        return days - years.astype(np.int64) + 1
    if part == "hour":
        return seconds % 86_400 // 3_600
    if part == "minute":
        return seconds % 3_600 // 60
    number = months.astype(np.int64)
    return {
        "year": number // 12 + 1970,
        "quarter": number % 12 // 3 + 1,
        "month": number % 12 + 1,
    }[part]


@dataclass(frozen=True)
class DateParts(Step):
    """New columns for year, month, weekday and the like. Monday is weekday 0."""

    key: ClassVar[str] = "date_parts"
    title: ClassVar[str] = "Parts of a date"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("column", "Column", "column", help="A column of dates."),
        Parameter("parts", "Parts", "choices", choices=PARTS, help="Each becomes a column."),
    )
    column: str
    parts: tuple[str, ...]

    def name_of(self, part: str) -> str:
        """Name of the new column."""
        return f"{self.column} {part}"

    def check(self, spec: TableSpec) -> TableSpec:
        """Spec with the new columns at the end."""
        if column_of(spec, self.column).kind is not Kind.DATETIME:
            raise BadParameter(f"The column {self.column!r} holds no dates: convert it first.")
        made = [
            ColumnSpec(free_name(spec, self.name_of(part)), Kind.INTEGER)
            for part in dict.fromkeys(self.parts)
        ]
        return replace(spec, columns=(*spec.columns, *made))

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Frame with the new columns."""
        series = frame[self.column]
        missing = series.isna()
        moments = series.fillna(pd.Timestamp(0)).to_numpy("datetime64[us]")
        made = {
            self.name_of(part): pd.Series(part_of(moments, part), index=frame.index)
            .astype("Int64")
            .mask(missing)
            for part in self.parts
        }
        return frame.assign(**made)

    def sentence(self) -> str:
        """Name the parts."""
        return f"Take {', '.join(self.parts)} of “{self.column}”"

    def script(self, spec: TableSpec) -> str:
        """Take each part."""
        del spec
        return "\n".join(
            f"frame[{self.name_of(part)!r}] = date_part(frame[{self.column!r}], {part!r})"
            for part in self.parts
        )

    def flow(self) -> dict[str, tuple[str, ...]]:
        """The new columns come from the date."""
        return {self.name_of(part): (self.column,) for part in self.parts}

    def replay(self, row: Row) -> Row:
        """Row with the new columns."""
        if self.column not in row:
            return row
        value = row[self.column]
        if is_missing(value) or not isinstance(value, datetime):
            return row | {self.name_of(part): None for part in self.parts}
        return row | {self.name_of(part): _OF_ONE[part](value) for part in self.parts}
