"""Keep the first of rows that are equal."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from apps.engine.recipe.step import Parameter, Step, column_of, quoted
from apps.engine.types import TableSpec


@dataclass(frozen=True)
class DropDuplicates(Step):
    """Keep the first of rows that are equal. Looks at the whole table: never replayed."""

    key: ClassVar[str] = "drop_duplicates"
    title: ClassVar[str] = "Drop duplicate rows"
    row_wise: ClassVar[bool] = False
    drops_rows: ClassVar[bool] = True
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter(
            "columns",
            "Columns to compare",
            "columns",
            help="None compares all. Two missing cells are equal. The first row is kept.",
            required=False,
        ),
    )
    columns: tuple[str, ...] = ()

    def check(self, spec: TableSpec) -> TableSpec:
        """The same spec."""
        for name in self.columns:
            column_of(spec, name)
        return spec

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Frame with the first row of each."""
        return frame[~frame.duplicated(subset=list(self.columns) or None)]

    def sentence(self) -> str:
        """Name what is compared."""
        if not self.columns:
            return "Drop rows that repeat an earlier row"
        return f"Drop rows that repeat {quoted(self.columns)} of an earlier row"
