"""Keep one of rows that are equal."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from apps.engine.errors import BadParameter
from apps.engine.recipe.step import Parameter, Step, column_of, quoted
from apps.engine.types import Kind, TableSpec

_FIRST, _LAST, _FULLEST, _HIGHEST, _NONE = KEEPS = (
    "the first",
    "the last",
    "the most complete",
    "the highest",
    "none",
)


@dataclass(frozen=True)
class DropDuplicates(Step):
    """Keep one of rows that are equal. Looks at the whole table: never replayed."""

    key: ClassVar[str] = "drop_duplicates"
    title: ClassVar[str] = "Drop duplicate rows"
    row_wise: ClassVar[bool] = False
    drops_rows: ClassVar[bool] = True
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter(
            "columns",
            "Columns to compare",
            "columns",
            help="None compares all. Two missing cells are equal.",
            required=False,
        ),
        Parameter(
            "keep",
            "Keep",
            "choice",
            help="Of rows that tie, the first is kept. None keeps none of them.",
            required=False,
            choices=KEEPS,
            default=_FIRST,
        ),
        Parameter(
            "by", "Highest in", "column", help="For “the highest”: the newest date.", required=False
        ),
    )
    columns: tuple[str, ...] = ()
    keep: str = _FIRST
    by: str = ""

    def check(self, spec: TableSpec) -> TableSpec:
        """The same spec; “the highest” needs a column that has an order."""
        for name in self.columns:
            column_of(spec, name)
        if (self.keep == _HIGHEST) != bool(self.by):
            raise BadParameter("“The highest” and “Highest in” belong together: choose both.")
        if self.by and column_of(spec, self.by).kind in (Kind.TEXT, Kind.BOOLEAN):
            raise BadParameter(f"The column {self.by!r} has no order: choose a number or a date.")
        return spec

    def looks_at_all(self) -> bool:
        """Rows are compared as a whole, or by how many cells they fill."""
        return not self.columns or self.keep == _FULLEST

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Frame with one row of each, in the order of before."""
        names = list(self.columns) or None
        if self.keep in (_FIRST, _LAST, _NONE):
            keep = {_FIRST: "first", _LAST: "last", _NONE: False}[self.keep]
            return frame[~frame.duplicated(subset=names, keep=keep)]  # type: ignore[arg-type]
        worth = frame[self.by] if self.by else frame.notna().sum(axis=1)
        order = worth.sort_values(ascending=False, kind="stable", na_position="last").index
        again = frame.loc[order].duplicated(subset=names)
        return frame[~again.loc[frame.index]]

    def sentence(self) -> str:
        """Name what is compared and what stays."""
        among = f" in {quoted(self.columns)}" if self.columns else ""
        if self.keep == _FIRST:
            what = f" {quoted(self.columns)} of" if self.columns else ""
            return f"Drop rows that repeat{what} an earlier row"
        by = f" in “{self.by}”" if self.by else ""
        return f"Of rows that are equal{among} keep {self.keep}{by}"

    def script(self, spec: TableSpec) -> str:
        """Keep one of each."""
        del spec
        names = list(self.columns) or None
        if self.keep in (_FIRST, _LAST, _NONE):
            keep = {_FIRST: "first", _LAST: "last", _NONE: False}[self.keep]
            return f"frame = frame[~frame.duplicated(subset={names!r}, keep={keep!r})]"
        worth = f"frame[{self.by!r}]" if self.by else "frame.notna().sum(axis=1)"
        return (
            f"order = {worth}.sort_values(ascending=False, kind='stable').index\n"
            f"again = frame.loc[order].duplicated(subset={names!r})\n"
            "frame = frame[~again.loc[frame.index]]"
        )
