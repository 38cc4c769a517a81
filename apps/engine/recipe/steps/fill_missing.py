"""Fill gaps with a constant, or from another column."""

from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from apps.engine.errors import BadParameter
from apps.engine.recipe.step import Parameter, Row, Step, column_of
from apps.engine.recipe.values import is_missing, literal, value_of
from apps.engine.types import Kind, TableSpec


@dataclass(frozen=True)
class FillMissing(Step):
    """Fill gaps by a rule that holds for one row: a median would have to be learned."""

    key: ClassVar[str] = "fill_missing"
    title: ClassVar[str] = "Fill missing"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("column", "Column", "column"),
        Parameter("kind", "The column holds", "kind"),
        Parameter("value", "With the value", "text", required=False),
        Parameter("other", "Or from the column", "column", required=False),
    )
    column: str
    kind: str
    value: str = ""
    other: str = ""

    def check(self, spec: TableSpec) -> TableSpec:
        """The same spec; the value or the other column must be of the column's kind."""
        kind = column_of(spec, self.column).kind
        if bool(self.value) == bool(self.other):
            raise BadParameter("Fill with a value or from another column: give one of the two.")
        if kind.value != self.kind:
            raise BadParameter(
                f"The column {self.column!r} holds {kind.value} at this step, and the value was "
                f"given for {self.kind}: add the step anew."
            )
        if self.value:
            value_of(self.value, kind=kind)
        elif (found := column_of(spec, self.other).kind) is not kind or self.other == self.column:
            raise BadParameter(
                f"The column {self.other!r} is {found.value} and {self.column!r} is {kind.value}: "
                "choose another column of the same kind."
            )
        return spec

    def _constant(self) -> Any:
        return value_of(self.value, kind=Kind(self.kind))

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Frame with fewer gaps."""
        series = frame[self.column]
        by = self._constant() if self.value else frame[self.other]
        filled = series.where(series.notna(), by).astype(series.dtype)
        return frame.assign(**{self.column: filled})

    def sentence(self) -> str:
        """Name the column and what fills it."""
        by = f"with “{self.value}”" if self.value else f"from “{self.other}”"
        return f"Fill missing “{self.column}” {by}"

    def script(self, spec: TableSpec) -> str:
        """Fill where it is missing."""
        del spec
        cells = f"frame[{self.column!r}]"
        by = literal(self._constant()) if self.value else f"frame[{self.other!r}]"
        return f"{cells} = {cells}.where({cells}.notna(), {by}).astype({cells}.dtype)"

    def flow(self) -> dict[str, tuple[str, ...]]:
        """The column comes from itself, and from the other one."""
        return {self.column: self.uses()}

    def replay(self, row: Row) -> Row:
        """Row with the gap filled, where the column is part of the row."""
        if self.column not in row or not is_missing(row[self.column]):
            return row
        by = self._constant() if self.value else row.get(self.other)
        return {**row, self.column: None if is_missing(by) else by}
