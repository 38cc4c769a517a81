"""Split the texts of one column into new columns."""

from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import pandas as pd

from apps.engine.errors import BadParameter
from apps.engine.recipe.step import Parameter, Row, Step, free_name, quoted, text_column
from apps.engine.recipe.values import by_value
from apps.engine.types import ColumnSpec, Kind, TableSpec


@dataclass(frozen=True)
class SplitColumn(Step):
    """Split texts at a separator; the last new column takes the rest. The column stays."""

    key: ClassVar[str] = "split_column"
    title: ClassVar[str] = "Split a column"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("column", "Column", "column"),
        Parameter("separator", "Separator", "text", exact=True),
        Parameter(
            "names",
            "New columns",
            "texts",
            help="At least two. A text with fewer parts leaves the others missing.",
        ),
    )
    column: str
    separator: str
    names: tuple[str, ...]

    def check(self, spec: TableSpec) -> TableSpec:
        """Spec with the new columns at the end."""
        text_column(spec, self.column)
        if len(self.names) < 2 or len(set(self.names)) < len(self.names):
            raise BadParameter("Splitting needs at least two new names, all different.")
        made = tuple(ColumnSpec(free_name(spec, name), Kind.TEXT) for name in self.names)
        return replace(spec, columns=(*spec.columns, *made))

    def _part(self, text: str, place: int) -> str | None:
        parts = text.split(self.separator, len(self.names) - 1)
        return (parts[place] or None) if place < len(parts) else None

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Frame with the new columns."""
        series = frame[self.column]
        return frame.assign(
            **{
                name: by_value(series, partial(self._part, place=place))
                for place, name in enumerate(self.names)
            }
        )

    def sentence(self) -> str:
        """Name the column, the separator and what comes out."""
        return f"Split “{self.column}” at “{self.separator}” into {quoted(self.names)}"

    def script(self, spec: TableSpec) -> str:
        """Split, and name the parts."""
        del spec
        last = len(self.names) - 1
        return "\n".join(
            f"frame[{name!r}] = by_text(frame[{self.column!r}], "
            f"lambda text: part(text.split({self.separator!r}, {last}), {place}))"
            for place, name in enumerate(self.names)
        )

    def flow(self) -> dict[str, tuple[str, ...]]:
        """The new columns come from the old one."""
        return dict.fromkeys(self.names, (self.column,))

    def replay(self, row: Row) -> Row:
        """Row with the new columns."""
        if self.column not in row:
            return row
        text = row[self.column]
        return row | {
            name: self._part(text, place) if isinstance(text, str) else None
            for place, name in enumerate(self.names)
        }
