"""Replace values of one column by others."""

from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from apps.engine.reading.tables import kind_of_series
from apps.engine.recipe.step import Parameter, Row, Step, column_of
from apps.engine.recipe.values import is_missing, literal, value_beside, value_of
from apps.engine.types import Kind, TableSpec


@dataclass(frozen=True)
class MapValues(Step):
    """Replace values by others of the same kind, or by missing. Other values stay."""

    key: ClassVar[str] = "map_values"
    title: ClassVar[str] = "Map values"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("column", "Column", "column"),
        Parameter(
            "mapping", "From and to", "mapping", help="Leave “to” out to make the value missing."
        ),
    )
    column: str
    mapping: tuple[tuple[str, str | None], ...]

    def _values(self, kind: Kind) -> dict[Any, Any]:
        return {
            value_of(source, kind=kind): None if to is None else value_of(to, kind=kind)
            for source, to in self.mapping
        }

    def check(self, spec: TableSpec) -> TableSpec:
        """The same spec; every value must be one of the column's kind."""
        self._values(column_of(spec, self.column).kind)
        return spec

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Frame with replaced values."""
        series = frame[self.column]
        values = self._values(kind_of_series(series) or Kind.TEXT)
        changed = series.copy()
        for source, to in values.items():
            changed = changed.mask((series == source).fillna(False).astype(bool), to)
        return frame.assign(**{self.column: changed.astype(series.dtype)})

    def sentence(self) -> str:
        """Count the values."""
        count = len(self.mapping)
        return f"Map {count} value{'s' if count > 1 else ''} of “{self.column}”"

    def script(self, spec: TableSpec) -> str:
        """Replace all at once."""
        values = self._values(column_of(spec, self.column).kind)
        pairs = ", ".join(f"{literal(a)}: {literal(b)}" for a, b in values.items())
        name = repr(self.column)
        return f"frame[{name}] = mapped(frame[{name}], {{{pairs}}})"

    def replay(self, row: Row) -> Row:
        """Row with the value replaced."""
        value = row.get(self.column)
        if is_missing(value):
            return row
        for source, to in self.mapping:
            if value == value_beside(source, value=value):
                return {**row, self.column: None if to is None else value_beside(to, value=value)}
        return row
