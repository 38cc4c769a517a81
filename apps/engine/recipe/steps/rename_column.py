"""Give a column another name."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from apps.engine.errors import BadParameter
from apps.engine.recipe.step import Parameter, Row, Step, column_of, with_column
from apps.engine.types import TableSpec


@dataclass(frozen=True)
class RenameColumn(Step):
    """Give a column another name, at the same place."""

    key: ClassVar[str] = "rename_column"
    title: ClassVar[str] = "Rename a column"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("column", "Column", "column"),
        Parameter("to", "New name", "text"),
    )
    column: str
    to: str

    def check(self, spec: TableSpec) -> TableSpec:
        """Spec with the new name; it must not be taken."""
        column_of(spec, self.column)
        if not self.to.strip() or (self.to != self.column and self.to in spec.names):
            raise BadParameter(f"The name {self.to!r} is blank or taken: choose another one.")
        return with_column(spec, self.column, change={"name": self.to})

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Frame with the new name."""
        return frame.rename(columns={self.column: self.to})

    def sentence(self) -> str:
        """Name both."""
        return f"Rename “{self.column}” to “{self.to}”"

    def script(self, spec: TableSpec) -> str:
        """Rename it."""
        del spec
        return f"frame = frame.rename(columns={ {self.column: self.to}!r})"

    def flow(self) -> dict[str, tuple[str, ...]]:
        """The new name comes from the old one."""
        return {self.to: (self.column,)}

    def replay(self, row: Row) -> Row:
        """Row with the new name."""
        return {self.to if name == self.column else name: value for name, value in row.items()}
