"""Keep the rows on which a condition on one column holds."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from apps.engine.errors import BadParameter
from apps.engine.reading.tables import kind_of_series
from apps.engine.recipe.step import Parameter, Row, Step, column_of
from apps.engine.recipe.values import is_missing, literal, value_beside, value_of
from apps.engine.types import Kind, TableSpec

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "is": operator.eq,
    "is less than": operator.lt,
    "is at most": operator.le,
    "is more than": operator.gt,
    "is at least": operator.ge,
}
_SIGNS = {
    "is": "==",
    "is not": "==",
    "is less than": "<",
    "is at most": "<=",
    "is more than": ">",
    "is at least": ">=",
}
_ORDERED = tuple(_COMPARE)[1:]
OPERATORS = ("is", "is not", *_ORDERED, "is present", "is missing")


@dataclass(frozen=True)
class FilterRows(Step):
    """Keep the rows on which a condition holds.

    Rows are left out in development only: a prediction request outside the condition is answered,
    with a warning, because its model has seen no such row.
    """

    key: ClassVar[str] = "filter_rows"
    title: ClassVar[str] = "Filter rows"
    drops_rows: ClassVar[bool] = True
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("column", "Column", "column"),
        Parameter(
            "operator",
            "Keep rows where it",
            "choice",
            help="A missing cell passes “is not” and “is missing” only.",
            choices=OPERATORS,
        ),
        Parameter("value", "Value", "text", required=False),
    )
    column: str
    operator: str
    value: str = ""

    @property
    def _needs_value(self) -> bool:
        return self.operator not in ("is present", "is missing")

    def check(self, spec: TableSpec) -> TableSpec:
        """The same spec; the value must be one of the column's kind, and orderable if asked."""
        kind = column_of(spec, self.column).kind
        if self._needs_value:
            value_of(self.value, kind=kind)
        if kind is Kind.BOOLEAN and self.operator in _ORDERED:
            raise BadParameter(
                f"The column {self.column!r} is true or false and has no order: use “is”."
            )
        return spec

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows on which the condition holds."""
        series = frame[self.column]
        missing = series.isna()
        if not self._needs_value:
            return frame[missing if self.operator == "is missing" else ~missing]
        value = value_of(self.value, kind=kind_of_series(series) or Kind.TEXT)
        compare = _COMPARE["is" if self.operator == "is not" else self.operator]
        holds = compare(series, value).fillna(False).astype(bool)
        return frame[~holds if self.operator == "is not" else holds]

    def _condition(self) -> str:
        value = f" “{self.value}”" if self._needs_value else ""
        return f"“{self.column}” {self.operator}{value}"

    def sentence(self) -> str:
        """Name the condition."""
        return f"Keep rows where {self._condition()}"

    def script(self, spec: TableSpec) -> str:
        """Keep the rows."""
        cells = f"frame[{self.column!r}]"
        if not self._needs_value:
            mark = "" if self.operator == "is missing" else "~"
            return f"frame = frame[{mark}{cells}.isna()]"
        value = literal(value_of(self.value, kind=column_of(spec, self.column).kind))
        mark = "~" if self.operator == "is not" else ""
        holds = f"({cells} {_SIGNS[self.operator]} {value}).fillna(False).astype(bool)"
        return f"frame = frame[{mark}{holds}]"

    def _holds(self, value: Any) -> bool:
        if is_missing(value) or not self._needs_value:
            return is_missing(value) == (self.operator in ("is missing", "is not"))
        other = value_beside(self.value, value=value)
        if self.operator == "is not":
            return bool(value != other)
        return bool(_COMPARE[self.operator](value, other))

    def warn(self, row: Row) -> str:
        """Say so when the condition does not hold on the row."""
        if self.column not in row or self._holds(row[self.column]):
            return ""
        return f"The model was built on rows where {self._condition()}: this row is another."
