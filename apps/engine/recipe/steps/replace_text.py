"""Replace parts of texts."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from apps.engine.errors import BadParameter
from apps.engine.recipe.step import Parameter, Row, Step, quoted, text_column
from apps.engine.recipe.values import by_value
from apps.engine.types import TableSpec

PART, WHOLE, _PATTERN = "everywhere in a text", "whole texts only", "a pattern"


@dataclass(frozen=True)
class ReplaceText(Step):
    """Replace a text, or what fits a pattern. What is empty afterwards is missing."""

    key: ClassVar[str] = "replace_text"
    title: ClassVar[str] = "Replace in texts"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("columns", "Columns", "columns"),
        Parameter(
            "find",
            "Find",
            "text",
            help=r"A pattern is a regular expression (RE2), such as ([0-9]+) kg.",
            exact=True,
        ),
        Parameter(
            "to",
            "Replace by",
            "text",
            help=r"Nothing takes it out. In a pattern \1 is what the first brackets found.",
            required=False,
            exact=True,
        ),
        Parameter(
            "how",
            "Where",
            "choice",
            choices=(PART, WHOLE, _PATTERN),
            required=False,
            default=PART,
        ),
    )
    columns: tuple[str, ...]
    find: str
    to: str = ""
    how: str = PART

    def check(self, spec: TableSpec) -> TableSpec:
        """The same spec; a pattern must be one."""
        for name in self.columns:
            text_column(spec, name)
        self._changed("")
        return spec

    def _changed(self, text: str) -> str | None:
        if self.how == PART:
            return text.replace(self.find, self.to) or None
        if self.how == WHOLE:
            return (self.to or None) if text == self.find else text
        try:
            found = pc.replace_substring_regex(
                pa.array([text]), pattern=self.find, replacement=self.to
            )
        except pa.ArrowInvalid as error:
            raise BadParameter(f"The pattern {self.find!r} cannot be used: {error}.") from error
        return found[0].as_py() or None

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Frame with replaced texts."""
        return frame.assign(**{name: by_value(frame[name], self._changed) for name in self.columns})

    def sentence(self) -> str:
        """Name what, by what, and where."""
        what = {PART: "", WHOLE: "the whole text ", _PATTERN: "the pattern "}[self.how]
        done = f"by “{self.to}”" if self.to else "by nothing"
        return f"Replace {what}“{self.find}” {done} in {quoted(self.columns)}"

    def script(self, spec: TableSpec) -> str:
        """Replace in each different text."""
        del spec
        change = {
            PART: f"lambda text: text.replace({self.find!r}, {self.to!r}) or None",
            WHOLE: f"lambda text: ({self.to!r} or None) if text == {self.find!r} else text",
            _PATTERN: f"lambda text: by_pattern(text, {self.find!r}, {self.to!r})",
        }[self.how]
        return "\n".join(
            f"frame[{name!r}] = by_text(frame[{name!r}], {change})" for name in self.columns
        )

    def replay(self, row: Row) -> Row:
        """Row with replaced texts."""
        return row | {
            name: self._changed(value)
            for name in self.columns
            if isinstance(value := row.get(name), str)
        }
