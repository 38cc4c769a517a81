"""Convert a quantity to another unit."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from apps.engine.errors import BadParameter
from apps.engine.recipe.step import Parameter, Row, Step, column_of, text_column, with_column
from apps.engine.recipe.values import is_missing, value_of
from apps.engine.types import Kind, TableSpec

_OWN = "by my own factor"
UNITS: dict[str, tuple[float, float]] = {
    _OWN: (1.0, 0.0),
    "miles to kilometres": (1.609344, 0.0),
    "feet to metres": (0.3048, 0.0),
    "inches to centimetres": (2.54, 0.0),
    "pounds to kilograms": (0.45359237, 0.0),
    "ounces to grams": (28.349523125, 0.0),
    "US gallons to litres": (3.785411784, 0.0),
    "miles per hour to kilometres per hour": (1.609344, 0.0),
    "knots to kilometres per hour": (1.852, 0.0),
    "Fahrenheit to Celsius": (5 / 9, -160 / 9),
    "kelvin to Celsius": (1.0, -273.15),
    "minutes to seconds": (60.0, 0.0),
    "hours to minutes": (60.0, 0.0),
    "percent to share": (0.01, 0.0),
    "cents to whole currency": (0.01, 0.0),
    "thousands to ones": (1000.0, 0.0),
}
"""Factor and what is added. International yard and pound agreement (1959); NIST SP 811, app. B."""


@dataclass(frozen=True)
class ConvertUnit(Step):
    """Multiply, and add where the zero differs; in all rows or in those of one unit."""

    key: ClassVar[str] = "convert_unit"
    title: ClassVar[str] = "Convert a unit"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("column", "Column", "column"),
        Parameter("conversion", "Conversion", "choice", choices=tuple(UNITS)),
        Parameter("factor", "Own factor", "text", required=False),
        Parameter("plus", "Own, then add", "text", required=False),
        Parameter(
            "unit_column",
            "Only where the column",
            "column",
            help="For a column of mixed units beside one that names the unit.",
            required=False,
        ),
        Parameter("unit", "Holds the unit", "text", required=False),
    )
    column: str
    conversion: str
    factor: str = ""
    plus: str = ""
    unit_column: str = ""
    unit: str = ""

    def check(self, spec: TableSpec) -> TableSpec:
        """Spec in which the column holds numbers with fractions."""
        kind = column_of(spec, self.column).kind
        if kind not in (Kind.INTEGER, Kind.NUMBER):
            raise BadParameter(f"The column {self.column!r} holds no numbers: convert it first.")
        if bool(self.factor or self.plus) != (self.conversion == _OWN):
            raise BadParameter(f"A factor of your own goes with “{_OWN}”, and only with it.")
        if bool(self.unit_column) != bool(self.unit):
            raise BadParameter("A column that names the unit, and the unit: give both or none.")
        if self.unit_column:
            text_column(spec, self.unit_column)
        self.numbers()
        return with_column(spec, self.column, change={"kind": Kind.NUMBER})

    def numbers(self) -> tuple[float, float]:
        """Factor and what is added."""
        if self.conversion != _OWN:
            return UNITS[self.conversion]
        return (
            value_of(self.factor or "1", kind=Kind.NUMBER),
            value_of(self.plus or "0", kind=Kind.NUMBER),
        )

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Frame with the column converted."""
        factor, plus = self.numbers()
        before = frame[self.column].astype("float64")
        after = before * factor + plus
        if self.unit_column:
            holds = (frame[self.unit_column] == self.unit).fillna(False).astype(bool)
            after = after.where(holds, before)
        return frame.assign(**{self.column: after})

    def sentence(self) -> str:
        """Name the column and the conversion."""
        where = f" where “{self.unit_column}” is “{self.unit}”" if self.unit_column else ""
        how = self.conversion
        if how == _OWN:
            how = f"times {self.factor or '1'} plus {self.plus or '0'}"
        return f"Convert “{self.column}”, {how}{where}"

    def script(self, spec: TableSpec) -> str:
        """Multiply and add."""
        del spec
        factor, plus = self.numbers()
        cells = f"frame[{self.column!r}]"
        lines = [f"before = {cells}.astype('float64')", f"after = before * {factor!r} + {plus!r}"]
        if self.unit_column:
            holds = f"(frame[{self.unit_column!r}] == {self.unit!r}).fillna(False).astype(bool)"
            lines.append(f"after = after.where({holds}, before)")
        return "\n".join([*lines, f"{cells} = after"])

    def flow(self) -> dict[str, tuple[str, ...]]:
        """The column comes from itself and from the unit."""
        return {self.column: self.uses()}

    def replay(self, row: Row) -> Row:
        """Row with the value converted."""
        value = row.get(self.column)
        if is_missing(value):
            return row
        factor, plus = self.numbers()
        applies = not self.unit_column or row.get(self.unit_column) == self.unit
        number: float = float(value)  # type: ignore[arg-type]
        return {**row, self.column: number * factor + plus if applies else number}
