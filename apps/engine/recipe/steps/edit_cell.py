"""Correct one cell."""

from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from apps.engine.errors import BadParameter
from apps.engine.reading.tables import kind_of_series
from apps.engine.recipe.step import Parameter, Step, column_of
from apps.engine.recipe.values import literal, text_of_value, value_of
from apps.engine.types import Kind, TableSpec


@dataclass(frozen=True)
class EditCell(Step):
    """Correct one cell of one row of the joined table. Never replayed: a request is another row.

    What stood there has to stand there still, so that rows which moved are not changed unseen.
    """

    key: ClassVar[str] = "edit_cell"
    title: ClassVar[str] = "Correct one cell"
    row_wise: ClassVar[bool] = False
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("row", "Row number", "text", help="In the joined table, from 1."),
        Parameter("column", "Column", "column"),
        Parameter(
            "before",
            "It holds now",
            "text",
            help="Empty for missing. If a newer version has another value there, it is refused.",
            required=False,
            exact=True,
        ),
        Parameter("to", "Becomes", "text", help="Empty for missing.", required=False, exact=True),
    )
    row: str
    column: str
    before: str = ""
    to: str = ""

    def check(self, spec: TableSpec) -> TableSpec:
        """The same spec; the values must be of the column's kind."""
        kind = column_of(spec, self.column).kind
        if self._place() < 0 or self.before == self.to:
            raise BadParameter("Give a row number from 1, and another value than the present one.")
        for text in (self.before, self.to):
            if text:
                value_of(text, kind=kind)
        return spec

    def _place(self) -> int:
        return int(value_of(self.row, kind=Kind.INTEGER)) - 1

    def _new(self, kind: Kind) -> Any:
        return value_of(self.to, kind=kind) if self.to else None

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Frame with the cell changed; nothing when an earlier step left the row out."""
        series, place = frame[self.column], self._place()
        if place not in frame.index:
            return frame
        kind, now = kind_of_series(series) or Kind.TEXT, series.loc[place]
        expected = value_of(self.before, kind=kind) if self.before else None
        if text_of_value(now) != text_of_value(expected):
            raise BadParameter(
                f"Row {place + 1} holds {text_of_value(now)!r} in {self.column!r}, and not "
                f"{self.before!r}: the rows have changed. Switch this step off, or add it anew."
            )
        here = pd.Series(frame.index == place, index=frame.index)
        changed = series.mask(here, self._new(kind)).astype(series.dtype)
        return frame.assign(**{self.column: changed})

    def sentence(self) -> str:
        """Name row, column, and both values."""
        before, to = self.before or "missing", self.to or "missing"
        return f"In row {self.row} correct “{self.column}” from “{before}” to “{to}”"

    def script(self, spec: TableSpec) -> str:
        """Change the one cell."""
        kind, cells = column_of(spec, self.column).kind, f"frame[{self.column!r}]"
        here = f"pd.Series(frame.index == {self._place()}, index=frame.index)"
        return f"{cells} = {cells}.mask({here}, {literal(self._new(kind))}).astype({cells}.dtype)"
