"""Leave out columns."""

from dataclasses import dataclass, replace
from typing import ClassVar

import pandas as pd

from apps.engine.errors import BadParameter
from apps.engine.recipe.step import Parameter, Row, Step, column_of, quoted
from apps.engine.types import TableSpec


@dataclass(frozen=True)
class DropColumns(Step):
    """Leave out columns; at least one must stay."""

    key: ClassVar[str] = "drop_columns"
    title: ClassVar[str] = "Leave out columns"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("columns", "Columns", "columns", help="They are gone from here on."),
    )
    columns: tuple[str, ...]

    def check(self, spec: TableSpec) -> TableSpec:
        """Spec without the columns."""
        for name in self.columns:
            column_of(spec, name)
        left = tuple(column for column in spec.columns if column.name not in self.columns)
        if not left:
            raise BadParameter("This step would leave out every column: keep at least one.")
        return replace(spec, columns=left)

    def looks_at_all(self) -> bool:
        """Whether a column is left depends on the others."""
        return True

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Frame without the columns."""
        return frame.drop(columns=list(self.columns))

    def sentence(self) -> str:
        """Name the columns."""
        return f"Leave out {quoted(self.columns)}"

    def script(self, spec: TableSpec) -> str:
        """Leave them out."""
        del spec
        return f"frame = frame.drop(columns={list(self.columns)!r})"

    def flow(self) -> dict[str, tuple[str, ...]]:
        """Nothing new."""
        return {}

    def replay(self, row: Row) -> Row:
        """Row without the columns."""
        return {name: value for name, value in row.items() if name not in self.columns}
