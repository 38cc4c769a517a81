"""Keep the rows on which an expression is true."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from apps.engine.errors import BadParameter
from apps.engine.recipe.expression.evaluate import kind_in, names_in, on_frame, on_row, script_of
from apps.engine.recipe.step import Parameter, Row, Step
from apps.engine.types import Kind, TableSpec


@dataclass(frozen=True)
class FilterExpression(Step):
    """Keep the rows on which an expression is true; a request outside is answered and warned."""

    key: ClassVar[str] = "filter_expression"
    title: ClassVar[str] = "Filter by an expression"
    drops_rows: ClassVar[bool] = True
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter(
            "expression",
            "Keep rows where",
            "expression",
            help="Such as age >= 18 and not is_missing(income). Unknown is left out.",
        ),
    )
    expression: str

    def check(self, spec: TableSpec) -> TableSpec:
        """The same spec; the expression must be true or false."""
        kind = kind_in(self.expression, spec)
        if kind is not Kind.BOOLEAN:
            raise BadParameter(f"The expression gives {kind.value}: a filter needs true or false.")
        return spec

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows on which it is true."""
        return frame[on_frame(self.expression, frame).fillna(False).astype(bool)]

    def sentence(self) -> str:
        """Tell the expression."""
        return f"Keep rows where {self.expression}"

    def script(self, spec: TableSpec) -> str:
        """Call the same functions."""
        del spec
        made = f"column({script_of(self.expression)}, 'boolean', frame)"
        return f"frame = frame[{made}.fillna(False).astype(bool)]"

    def uses(self) -> tuple[str, ...]:
        """Columns in the expression."""
        return names_in(self.expression)

    def warn(self, row: Row) -> str:
        """Say so when it is not true of the row."""
        if any(name not in row for name in self.uses()) or on_row(self.expression, row):
            return ""
        return f"The model was built on rows where {self.expression}: this row is another."
