"""What every step of a recipe is: declared parameters, a check on the shape, and a change."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, Self

import pandas as pd

from apps.engine.errors import BadParameter, ColumnMissing
from apps.engine.types import ColumnSpec, Kind, TableSpec

Row = dict[str, Any]
"""One row: column name to value, None where missing."""


@dataclass(frozen=True)
class Parameter:
    """One input of a step, enough to build a form field from.

    ``input`` is one of "column", "columns", "text", "texts" (one a line), "choice", "choices",
    "expression", "kind" (of the chosen column: the form fills it in),
    "mapping" (a list of [from, to], where to is None for missing). In an ``exact`` text white space
    at the ends counts.
    """

    name: str
    label: str
    input: str
    help: str = ""
    required: bool = True
    choices: tuple[str, ...] = ()
    default: Any = ""
    exact: bool = False

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {**asdict(self), "choices": list(self.choices)}

    def read(self, value: Any, *, step: str) -> Any:
        """The value in the type that a step keeps; BadParameter when it is not usable."""
        if value is None or value == "" or value == []:
            if self.required:
                raise BadParameter(f"The step {step!r} needs {self.label.lower()!r}: fill it in.")
            return _EMPTY.get(self.input, self.default)
        expected = (list, tuple) if self.input in _EMPTY else str
        if not isinstance(value, expected) or not self._offers(value):
            raise BadParameter(f"{self.label!r} of the step {step!r} cannot be {value!r}.")
        if self.input == "mapping":
            return _pairs(value, label=self.label, step=step)
        if self.input in _EMPTY:
            return tuple(str(each) for each in value)
        return value

    def _offers(self, value: Any) -> bool:
        chosen = value if self.input == "choices" else [value]
        return not self.choices or all(each in self.choices for each in chosen)


_EMPTY: dict[str, Any] = {"columns": (), "texts": (), "mapping": (), "choices": ()}


def _pairs(value: Sequence[Any], *, label: str, step: str) -> tuple[tuple[str, str | None], ...]:
    pairs = []
    for each in value:
        if not isinstance(each, (list, tuple)) or len(each) != 2 or each[0] is None:
            raise BadParameter(f"{label!r} of the step {step!r} is a list of [from, to].")
        pairs.append((str(each[0]), None if each[1] is None else str(each[1])))
    sources = [source for source, _ in pairs]
    if len(set(sources)) < len(sources):
        raise BadParameter(f"{label!r} of the step {step!r} maps one value twice.")
    return tuple(pairs)


@dataclass(frozen=True)
class Declared:
    """What a person can choose, with its declared parameters.

    A subclass is a frozen dataclass with one field per declared parameter.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]]

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Self:
        """Build from JSON parameters; BadParameter when one is missing, unknown or unusable."""
        unknown = sorted(set(params) - {each.name for each in cls.parameters})
        if unknown:
            raise BadParameter(f"The step {cls.title!r} has no parameter {unknown[0]!r}.")
        read = {
            each.name: each.read(params.get(each.name), step=cls.title) for each in cls.parameters
        }
        return cls(**read)


@dataclass(frozen=True)
class Step(Declared, ABC):
    """A change that looks at one row only (or, when not ``row_wise``, at whole rows of a table)."""

    row_wise: ClassVar[bool] = True
    drops_rows: ClassVar[bool] = False

    @abstractmethod
    def check(self, spec: TableSpec) -> TableSpec:
        """Shape after the step; ColumnMissing or BadParameter when it cannot be applied.

        Counts of rows and of missing values stay those from before: only applying tells.
        """

    @abstractmethod
    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The changed frame; the given one stays. Rows keep their index labels. O(cells)."""

    @abstractmethod
    def sentence(self) -> str:
        """What the step does, for people."""

    @abstractmethod
    def script(self, spec: TableSpec) -> str:
        """The same change in pandas, on a ``frame`` of the given shape (see ``recipe.script``)."""

    def uses(self) -> tuple[str, ...]:
        """Columns that have to be there, in the order of the parameters."""
        found: list[str] = []
        for each in self.parameters:
            value = getattr(self, each.name)
            if each.input == "column" and value:
                found.append(value)
            elif each.input == "columns":
                found += value
        return tuple(dict.fromkeys(found))

    def looks_at_all(self) -> bool:
        """Whether what it does depends on columns that it does not name."""
        return False

    def flow(self) -> dict[str, tuple[str, ...]]:
        """For each column that may hold something else afterwards: the columns it comes from."""
        return {} if self.drops_rows else {name: (name,) for name in self.uses()}

    def replay(self, row: Row) -> Row:
        """The same change on one row of a prediction request."""
        return row

    def warn(self, row: Row) -> str:
        """A sentence when the row is one that the recipe would have left out; else ""."""
        del row
        return ""


def column_of(spec: TableSpec, name: str) -> ColumnSpec:
    """The named column, or ColumnMissing."""
    for column in spec.columns:
        if column.name == name:
            return column
    raise ColumnMissing(f"There is no column named {name!r} at this step: choose another one.")


def text_column(spec: TableSpec, name: str) -> ColumnSpec:
    """The named column, or BadParameter when it holds no text."""
    column = column_of(spec, name)
    if column.kind is not Kind.TEXT:
        raise BadParameter(f"The column {name!r} does not hold text: leave it out.")
    return column


def with_column(spec: TableSpec, name: str, *, change: Mapping[str, Any]) -> TableSpec:
    """Spec in which the named column has other attributes."""
    columns = tuple(
        replace(column, **change) if column.name == name else column for column in spec.columns
    )
    return replace(spec, columns=columns)


def free_name(spec: TableSpec, name: str) -> str:
    """The name of a new column, or BadParameter when it is blank or taken."""
    if not name.strip() or name in spec.names:
        raise BadParameter(f"The name {name!r} is blank or taken: choose another one.")
    return name


def quoted(names: Sequence[str], *, most: int = 5) -> str:
    """Names in quotes, the first few of many."""
    shown = ", ".join(f"“{name}”" for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
