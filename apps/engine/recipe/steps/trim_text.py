"""Take the white space off both ends of texts."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from apps.engine.errors import BadParameter
from apps.engine.recipe.step import Parameter, Row, Step, column_of, quoted
from apps.engine.types import Kind, TableSpec

# Named one by one, because what "white space" is differs between the libraries that strip it.
WHITE_SPACE = " \t\n\r\v\f\u00a0\u2000\u2001\u2002\u2003\u2009\u200a\u202f\u3000\ufeff"


@dataclass(frozen=True)
class TrimText(Step):
    """Take the white space off both ends; a text that holds nothing else becomes missing."""

    key: ClassVar[str] = "trim_text"
    title: ClassVar[str] = "Trim texts"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("columns", "Columns", "columns", help="A text of only spaces becomes missing."),
    )
    columns: tuple[str, ...]

    def check(self, spec: TableSpec) -> TableSpec:
        """The same spec; each column must hold text."""
        for name in self.columns:
            if column_of(spec, name).kind is not Kind.TEXT:
                raise BadParameter(f"The column {name!r} does not hold text: leave it out.")
        return spec

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Frame with trimmed texts."""
        changed = {}
        for name in self.columns:
            trimmed = frame[name].str.strip(WHITE_SPACE)
            changed[name] = trimmed.mask(trimmed.str.len() == 0)
        return frame.assign(**changed)

    def sentence(self) -> str:
        """Name the columns."""
        return f"Trim {quoted(self.columns)}"

    def script(self, spec: TableSpec) -> str:
        """Strip; what is empty then is missing."""
        del spec
        return "\n".join(
            f"frame[{name!r}] = without_empty(frame[{name!r}].str.strip({WHITE_SPACE!r}))"
            for name in self.columns
        )

    def replay(self, row: Row) -> Row:
        """Row with trimmed texts."""
        trimmed = {
            name: value.strip(WHITE_SPACE) or None
            for name in self.columns
            if isinstance(value := row.get(name), str)
        }
        return {**row, **trimmed}
