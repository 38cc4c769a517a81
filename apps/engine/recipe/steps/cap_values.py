"""Limit a column to a range."""

from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from apps.engine.errors import BadParameter
from apps.engine.reading.tables import kind_of_series
from apps.engine.recipe.step import Parameter, Row, Step, column_of
from apps.engine.recipe.values import is_missing, literal, value_beside, value_of
from apps.engine.types import Kind, TableSpec

CAP, _MISSING = "set to the limit", "set missing"


@dataclass(frozen=True)
class CapValues(Step):
    """Set values beyond written limits to the limit, or to missing."""

    key: ClassVar[str] = "cap_values"
    title: ClassVar[str] = "Limit a range"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("column", "Column", "column", help="Numbers or dates."),
        Parameter("low", "Lowest allowed", "text", required=False),
        Parameter("high", "Highest allowed", "text", required=False),
        Parameter(
            "beyond",
            "Values beyond",
            "choice",
            help="A limit is a rule that you know: one learned from the rows belongs to the model.",
            choices=(CAP, _MISSING),
            required=False,
            default=CAP,
        ),
    )
    column: str
    low: str = ""
    high: str = ""
    beyond: str = CAP

    def check(self, spec: TableSpec) -> TableSpec:
        """The same spec; limits must be values of the column, the lower one first."""
        kind = column_of(spec, self.column).kind
        if kind in (Kind.TEXT, Kind.BOOLEAN):
            raise BadParameter(f"The column {self.column!r} has no order: choose another one.")
        limits = [value_of(each, kind=kind) for each in (self.low, self.high) if each]
        if not limits:
            raise BadParameter("Give a lowest value, a highest value, or both.")
        if limits[0] > limits[-1]:
            raise BadParameter(f"{self.low!r} is above {self.high!r}: exchange the limits.")
        return spec

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Frame with the column inside the limits."""
        series = frame[self.column]
        kind, changed = kind_of_series(series) or Kind.NUMBER, frame[self.column]
        for text, is_low in ((self.low, True), (self.high, False)):
            if text:
                limit = value_of(text, kind=kind)
                beyond = (series < limit if is_low else series > limit).fillna(False).astype(bool)
                changed = changed.mask(beyond, limit if self.beyond == CAP else None)
        return frame.assign(**{self.column: changed.astype(series.dtype)})

    def sentence(self) -> str:
        """Name the column and the limits."""
        limits = " and ".join(
            f"{word} {text}" for word, text in (("below", self.low), ("above", self.high)) if text
        ).replace(" and above", " or above")
        return f"In “{self.column}” {self.beyond.replace('set', 'set values ' + limits, 1)}"

    def script(self, spec: TableSpec) -> str:
        """Mask what is beyond."""
        kind, cells = column_of(spec, self.column).kind, f"frame[{self.column!r}]"
        limits = [
            literal(value_of(each, kind=kind)) if each else "None" for each in (self.low, self.high)
        ]
        return f"{cells} = limited({cells}, {limits[0]}, {limits[1]}, cap={self.beyond == CAP})"

    def replay(self, row: Row) -> Row:
        """Row with the value inside the limits."""
        value = row.get(self.column)
        if is_missing(value):
            return row
        changed: Any = value
        if self.low and value < (low := value_beside(self.low, value=value)):
            changed = low if self.beyond == CAP else None
        if self.high and value > (high := value_beside(self.high, value=value)):
            changed = high if self.beyond == CAP else None
        return row if changed is value else {**row, self.column: changed}
