"""Merge columns into a new one."""

from dataclasses import dataclass, replace
from typing import ClassVar

import pandas as pd

from apps.engine.errors import BadParameter
from apps.engine.recipe.step import Parameter, Row, Step, column_of, free_name, quoted
from apps.engine.recipe.values import text_of_value, texts
from apps.engine.types import ColumnSpec, Kind, TableSpec

SKIP, _MISSING = "leave it out", "the result is missing"


@dataclass(frozen=True)
class MergeColumns(Step):
    """Put the values of columns behind each other, as texts, into a new column."""

    key: ClassVar[str] = "merge_columns"
    title: ClassVar[str] = "Merge columns"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("columns", "Columns", "columns", help="In the order of the table. They stay."),
        Parameter("to", "New column", "text"),
        Parameter("separator", "Separator", "text", required=False, exact=True),
        Parameter(
            "when_missing",
            "Where one is missing",
            "choice",
            choices=(SKIP, _MISSING),
            required=False,
            default=SKIP,
        ),
    )
    columns: tuple[str, ...]
    to: str
    separator: str = ""
    when_missing: str = SKIP

    def check(self, spec: TableSpec) -> TableSpec:
        """Spec with the new column at the end."""
        for name in self.columns:
            column_of(spec, name)
        if len(self.columns) < 2:
            raise BadParameter("Merging needs at least two columns.")
        made = ColumnSpec(free_name(spec, self.to), Kind.TEXT)
        return replace(spec, columns=(*spec.columns, made))

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Frame with the new column; missing where nothing is there."""
        parts = (texts(frame[name]).to_pylist() for name in self.columns)
        joined = [self._joined(each) for each in zip(*parts, strict=True)]
        return frame.assign(**{self.to: pd.array(joined, "string")})

    def _joined(self, parts: tuple[str | None, ...]) -> str | None:
        there = [part for part in parts if part is not None]
        lost = self.when_missing == _MISSING and len(there) < len(parts)
        return None if lost else (self.separator.join(there) or None)

    def sentence(self) -> str:
        """Name the columns."""
        return f"Merge {quoted(self.columns)} into “{self.to}”"

    def script(self, spec: TableSpec) -> str:
        """Join them row by row."""
        del spec
        skip = self.when_missing == SKIP
        return (
            f"frame[{self.to!r}] = merged(frame, {list(self.columns)!r}, {self.separator!r}, "
            f"skip={skip})"
        )

    def flow(self) -> dict[str, tuple[str, ...]]:
        """The new column comes from all."""
        return {self.to: self.columns}

    def replay(self, row: Row) -> Row:
        """Row with the new column, when it has all of them."""
        if any(name not in row for name in self.columns):
            return row
        return {**row, self.to: self._joined(tuple(text_of_value(row[n]) for n in self.columns))}
