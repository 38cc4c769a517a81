"""Write texts in one way: letter case, accents, blanks."""

import unicodedata
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from apps.engine.errors import BadParameter
from apps.engine.recipe.step import Parameter, Row, Step, quoted, text_column
from apps.engine.recipe.values import by_value
from apps.engine.types import TableSpec

_KEEP, LOWER, UPPER, FIRST = CASES = ("as it is", "lower case", "upper case", "First capital")
REMOVE, SINGLE = "removed", "single, none at the ends"


@dataclass(frozen=True)
class NormaliseText(Step):
    """Write texts in one way, so that spellings of one thing become one value."""

    key: ClassVar[str] = "normalise_text"
    title: ClassVar[str] = "Normalise texts"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("columns", "Columns", "columns"),
        Parameter("case", "Letters", "choice", choices=CASES, required=False, default=_KEEP),
        Parameter(
            "accents",
            "Accents",
            "choice",
            choices=(_KEEP, REMOVE),
            required=False,
            default=_KEEP,
        ),
        Parameter(
            "blanks", "Blanks", "choice", choices=(_KEEP, SINGLE), required=False, default=_KEEP
        ),
    )
    columns: tuple[str, ...]
    case: str = _KEEP
    accents: str = _KEEP
    blanks: str = _KEEP

    def check(self, spec: TableSpec) -> TableSpec:
        """The same spec; each column must hold text, and something must be chosen."""
        for name in self.columns:
            text_column(spec, name)
        if self.case == self.accents == self.blanks:
            raise BadParameter("Choose what to do with letters, accents or blanks.")
        return spec

    def _changed(self, text: str) -> str | None:
        if self.accents == REMOVE:
            parts = unicodedata.normalize("NFKD", text)
            plain = "".join(sign for sign in parts if not unicodedata.combining(sign))
            text = unicodedata.normalize("NFC", plain)
        if self.blanks == SINGLE:
            text = " ".join(text.split())
        if self.case == LOWER:
            text = text.lower()
        elif self.case == UPPER:
            text = text.upper()
        elif self.case == FIRST:
            text = text[:1].upper() + text[1:].lower()
        return text or None

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Frame with texts written in one way."""
        return frame.assign(**{name: by_value(frame[name], self._changed) for name in self.columns})

    def _words(self) -> str:
        accents = "accents removed" if self.accents == REMOVE else ""
        blanks = "single blanks" if self.blanks == SINGLE else ""
        case = self.case if self.case != _KEEP else ""
        return ", ".join(each for each in (case, accents, blanks) if each)

    def sentence(self) -> str:
        """Name the columns and what is done."""
        return f"Normalise {quoted(self.columns)}: {self._words()}"

    def script(self, spec: TableSpec) -> str:
        """Normalise each different text."""
        del spec
        case = {LOWER: "lower", UPPER: "upper", FIRST: "first"}.get(self.case, "")
        options = f"case={case!r}, accents={self.accents == _KEEP}, blanks={self.blanks == _KEEP}"
        return "\n".join(
            f"frame[{name!r}] = by_text(frame[{name!r}], lambda text: normalised(text, {options}))"
            for name in self.columns
        )

    def replay(self, row: Row) -> Row:
        """Row with texts written in one way."""
        return row | {
            name: self._changed(value)
            for name in self.columns
            if isinstance(value := row.get(name), str)
        }
