"""Make values that stand for "missing" really missing."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from apps.engine.errors import BadParameter
from apps.engine.reading.tables import kind_of_series
from apps.engine.recipe.step import Parameter, Row, Step, column_of, quoted
from apps.engine.recipe.values import is_missing, kind_of_value, literal, values_that_fit
from apps.engine.types import Kind, TableSpec


@dataclass(frozen=True)
class SetMissing(Step):
    """Make disguised missing values, such as -1, 999 or "N/A", really missing."""

    key: ClassVar[str] = "set_missing"
    title: ClassVar[str] = "Set missing"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("columns", "Columns", "columns"),
        Parameter(
            "tokens", "Values that mean missing", "texts", help="One a line, such as -1 or N/A."
        ),
    )
    columns: tuple[str, ...]
    tokens: tuple[str, ...]

    def check(self, spec: TableSpec) -> TableSpec:
        """The same spec; each column must be able to hold at least one of the values."""
        for name in self.columns:
            kind = column_of(spec, name).kind
            if not values_that_fit(self.tokens, kind=kind):
                raise BadParameter(
                    f"None of the values can stand in {name!r}, which is {kind.value}: leave the "
                    "column out."
                )
        return spec

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Frame with more missing cells."""
        changed = {}
        for name in self.columns:
            series = frame[name]
            values = values_that_fit(self.tokens, kind=kind_of_series(series) or Kind.TEXT)
            changed[name] = series.mask(series.isin(values).astype(bool))
        return frame.assign(**changed)

    def sentence(self) -> str:
        """Name the values and the columns."""
        return f"Set {quoted(self.tokens)} of {quoted(self.columns)} to missing"

    def script(self, spec: TableSpec) -> str:
        """Mask them, column by column."""
        lines = []
        for name in self.columns:
            values = values_that_fit(self.tokens, kind=column_of(spec, name).kind)
            listed = ", ".join(literal(value) for value in values)
            lines.append(
                f"frame[{name!r}] = frame[{name!r}].mask("
                f"frame[{name!r}].isin([{listed}]).astype(bool))"
            )
        return "\n".join(lines)

    def replay(self, row: Row) -> Row:
        """Row with more missing values."""
        disguised = {
            name: None
            for name in self.columns
            if not is_missing(value := row.get(name))
            and value in values_that_fit(self.tokens, kind=kind_of_value(value))
        }
        return {**row, **disguised}
