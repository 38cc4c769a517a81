"""Keep it as a signal that a value is missing."""

from dataclasses import dataclass, replace
from typing import ClassVar

import pandas as pd

from apps.engine.recipe.step import Parameter, Row, Step, column_of, free_name, quoted
from apps.engine.recipe.values import is_missing
from apps.engine.types import ColumnSpec, Kind, TableSpec


@dataclass(frozen=True)
class FlagMissing(Step):
    """For each column a new one that says whether its value is missing."""

    key: ClassVar[str] = "flag_missing"
    title: ClassVar[str] = "Mark missing as a signal"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter(
            "columns",
            "Columns",
            "columns",
            help="New columns “… is missing” hold true or false. Add it before gaps are filled.",
        ),
    )
    columns: tuple[str, ...]

    @staticmethod
    def name_of(column: str) -> str:
        """Name of the new column."""
        return f"{column} is missing"

    def check(self, spec: TableSpec) -> TableSpec:
        """Spec with the new columns at the end."""
        made = []
        for name in self.columns:
            column_of(spec, name)
            made.append(ColumnSpec(free_name(spec, self.name_of(name)), Kind.BOOLEAN))
        return replace(spec, columns=(*spec.columns, *made))

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Frame with the new columns."""
        made = {self.name_of(name): frame[name].isna().astype("boolean") for name in self.columns}
        return frame.assign(**made)

    def sentence(self) -> str:
        """Name the columns."""
        return f"Mark where {quoted(self.columns)} is missing"

    def script(self, spec: TableSpec) -> str:
        """Ask each cell."""
        del spec
        return "\n".join(
            f"frame[{self.name_of(name)!r}] = frame[{name!r}].isna().astype('boolean')"
            for name in self.columns
        )

    def flow(self) -> dict[str, tuple[str, ...]]:
        """Each new column comes from its own."""
        return {self.name_of(name): (name,) for name in self.columns}

    def replay(self, row: Row) -> Row:
        """Row with the new columns."""
        return row | {
            self.name_of(name): is_missing(row[name]) for name in self.columns if name in row
        }
