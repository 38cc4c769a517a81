"""Replace what names a person by a pseudonym."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from apps.engine.recipe.pseudonyms import pseudonym
from apps.engine.recipe.step import Parameter, Row, Step, column_of, quoted, with_column
from apps.engine.recipe.values import by_value, is_missing, series_of, text_of_value, texts
from apps.engine.types import Kind, TableSpec


@dataclass(frozen=True)
class Pseudonymise(Step):
    """Replace values by pseudonyms, with a key outside of database and file store."""

    key: ClassVar[str] = "pseudonymise"
    title: ClassVar[str] = "Pseudonymise"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter(
            "columns",
            "Columns",
            "columns",
            help="The same value gets the same pseudonym in all projects of this installation.",
        ),
    )
    columns: tuple[str, ...]

    def check(self, spec: TableSpec) -> TableSpec:
        """Spec in which the columns hold text."""
        for name in self.columns:
            column_of(spec, name)
            spec = with_column(spec, name, change={"kind": Kind.TEXT, "format": ""})
        return spec

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Frame with pseudonyms."""
        changed = {}
        for name in self.columns:
            plain = series_of(texts(frame[name]), like=frame[name], kind=Kind.TEXT)
            changed[name] = by_value(plain, pseudonym)
        return frame.assign(**changed)

    def sentence(self) -> str:
        """Name the columns."""
        return f"Pseudonymise {quoted(self.columns)}"

    def script(self, spec: TableSpec) -> str:
        """The same HMAC, with a key from the environment: it is not written down."""
        del spec
        return "\n".join(
            f"frame[{name!r}] = by_text(as_text(frame[{name!r}]), pseudonym)"
            for name in self.columns
        )

    def replay(self, row: Row) -> Row:
        """Row with pseudonyms."""
        return row | {
            name: pseudonym(text_of_value(row[name]) or "")
            for name in self.columns
            if not is_missing(row.get(name))
        }
