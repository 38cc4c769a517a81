"""Convert one column to another kind."""

from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from apps.engine.errors import BadParameter
from apps.engine.reading.convert import convert
from apps.engine.reading.tables import kind_of_series
from apps.engine.recipe.step import Parameter, Row, Step, column_of, with_column
from apps.engine.recipe.values import count_failed, is_missing, series_of, text_of_value, texts
from apps.engine.types import Kind, TableSpec

_NUMERIC = (Kind.INTEGER, Kind.NUMBER)
REFUSE, _MISSING = "refuse", "set missing"


@dataclass(frozen=True)
class ParseType(Step):
    """Convert a column to another kind, by way of its text, with one rule for every cell."""

    key: ClassVar[str] = "parse_type"
    title: ClassVar[str] = "Convert a column"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("column", "Column", "column"),
        Parameter("kind", "Becomes", "choice", choices=tuple(Kind)),
        Parameter(
            "date_format",
            "Date format",
            "text",
            help="Such as %d/%m/%Y. Empty reads 2024-05-31 (ISO 8601).",
            required=False,
        ),
        Parameter(
            "on_failure",
            "When a cell does not convert",
            "choice",
            choices=(REFUSE, _MISSING),
            required=False,
            default=REFUSE,
        ),
    )
    column: str
    kind: str
    date_format: str = ""
    on_failure: str = REFUSE

    def check(self, spec: TableSpec) -> TableSpec:
        """Spec with the new kind; numbers and times do not convert to each other."""
        before, after = column_of(spec, self.column).kind, Kind(self.kind)
        plain = {Kind.DATETIME: (Kind.TEXT, Kind.DATETIME)}.get(after, tuple(Kind))
        if before not in plain or (before is Kind.DATETIME and after not in (Kind.TEXT, before)):
            raise BadParameter(
                f"The column {self.column!r} is {before.value} and cannot become {after.value}."
            )
        change = {"kind": after, "format": self.date_format if after is Kind.DATETIME else ""}
        return with_column(spec, self.column, change=change)

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Frame with the column converted.

        Raises BadParameter with the count and the first such cells when cells do not convert and
        ``on_failure`` is "refuse".
        """
        series = frame[self.column]
        before = texts(series)
        kind = Kind(self.kind)
        if kind in _NUMERIC and kind_of_series(series) is Kind.BOOLEAN:
            before = pc.if_else(pc.equal(before, "true"), "1", "0")  # null stays null
        after = convert(before, kind=kind, date_format=self.date_format)
        failed = count_failed(before, after)
        if failed and self.on_failure == REFUSE:
            wrong = before.filter(pc.and_(pc.is_valid(before), pc.is_null(after)))
            shown = ", ".join(repr(each) for each in pc.unique(wrong).to_pylist()[:3])
            raise BadParameter(
                f"{failed:,} cells of {self.column!r} are not {kind.value}, such as {shown}: map "
                "them first, or let them become missing."
            )
        return frame.assign(**{self.column: series_of(after, like=series, kind=kind)})

    def sentence(self) -> str:
        """Name the column and the kind."""
        how = f" ({self.date_format})" if self.date_format else ""
        lost = ", failures become missing" if self.on_failure == _MISSING else ""
        return f"Convert “{self.column}” to {self.kind}{how}{lost}"

    def script(self, spec: TableSpec) -> str:
        """Convert by way of its text."""
        del spec
        name, must = repr(self.column), self.on_failure == REFUSE
        return (
            f"frame[{name}] = converted(frame[{name}], {str(self.kind)!r}, "
            f"date_format={self.date_format!r}, must={must})"
        )

    def replay(self, row: Row) -> Row:
        """Row with the value converted; BadParameter as in ``apply``."""
        value = row.get(self.column)
        if is_missing(value):
            return row
        kind = Kind(self.kind)
        text = str(int(value)) if isinstance(value, bool) and kind in _NUMERIC else None
        text = text if text is not None else text_of_value(value)
        cells = pa.array([text], pa.string())
        converted: Any = convert(cells, kind=kind, date_format=self.date_format)[0].as_py()
        if converted is None and self.on_failure == REFUSE:
            raise BadParameter(f"{text!r} in {self.column!r} is not {kind.value}: correct it.")
        return {**row, self.column: converted}
