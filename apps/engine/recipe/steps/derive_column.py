"""Compute a new column from others."""

from dataclasses import dataclass, replace
from typing import ClassVar

import pandas as pd

from apps.engine.recipe.expression.evaluate import kind_in, names_in, on_frame, on_row, script_of
from apps.engine.recipe.step import Parameter, Row, Step, free_name
from apps.engine.types import ColumnSpec, TableSpec

HELP = (
    'Such as price * amount, `unit sold` == "pair" or days_between(ordered, sent). What cannot '
    "be computed, such as a division by 0, is missing."
)


@dataclass(frozen=True)
class DeriveColumn(Step):
    """Compute a new column row by row, in a small language that only knows its own functions."""

    key: ClassVar[str] = "derive_column"
    title: ClassVar[str] = "Derive a column"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("to", "New column", "text"),
        Parameter("expression", "Expression", "expression", help=HELP),
    )
    to: str
    expression: str

    def check(self, spec: TableSpec) -> TableSpec:
        """Spec with the new column at the end; the kinds in the expression must go together."""
        made = ColumnSpec(free_name(spec, self.to), kind_in(self.expression, spec))
        return replace(spec, columns=(*spec.columns, made))

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Frame with the new column."""
        return frame.assign(**{self.to: on_frame(self.expression, frame)})

    def sentence(self) -> str:
        """Tell the expression."""
        return f"Derive “{self.to}” = {self.expression}"

    def script(self, spec: TableSpec) -> str:
        """Call the same functions."""
        kind = kind_in(self.expression, spec)
        made = script_of(self.expression)
        return f"frame[{self.to!r}] = column({made}, {kind.value!r}, frame)"

    def uses(self) -> tuple[str, ...]:
        """Columns in the expression."""
        return names_in(self.expression)

    def flow(self) -> dict[str, tuple[str, ...]]:
        """The new column comes from them."""
        return {self.to: self.uses()}

    def replay(self, row: Row) -> Row:
        """Row with the new column, when it has all the others."""
        if any(name not in row for name in self.uses()):
            return row
        return {**row, self.to: on_row(self.expression, row)}
