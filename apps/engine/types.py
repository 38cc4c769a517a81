"""Frozen dataclasses and callables that cross the border between the engine and the rooms."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, NamedTuple

Report = Callable[[int, int, str], None]
"""``report(done, total, says)``: tells progress; raises ``Stopped`` when asked to stop."""


def silent(done: int, total: int, says: str) -> None:
    """Report nothing."""


class Kind(StrEnum):
    """What a column holds. Stored in Parquet as the type named beside it."""

    INTEGER = "integer"  # Int64
    NUMBER = "number"  # float64
    BOOLEAN = "boolean"  # boolean
    DATETIME = "datetime"  # timestamp[us], no zone unless the text carried one (then UTC)
    TEXT = "text"  # string; categories too: a category is a text with few distinct values


class Problem(StrEnum):
    """What is to be predicted."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"
    MULTILABEL = "multilabel"  # each row has a set of labels, see ``labels``


class Interval(NamedTuple):
    """Two-sided interval, in the unit of what it bounds."""

    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half the distance between the bounds."""
        return (self.high - self.low) / 2


@dataclass(frozen=True)
class ColumnSpec:
    """One column of a typed table."""

    name: str
    kind: Kind
    missing: int = 0
    format: str = ""  # strptime format for datetimes read from text

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "ColumnSpec":
        """Rebuild from ``as_dict``."""
        return cls(**{**data, "kind": Kind(data["kind"])})


@dataclass(frozen=True)
class TableSpec:
    """Shape and types of a typed table."""

    rows: int
    columns: tuple[ColumnSpec, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)

    def kind_of(self, name: str) -> Kind | None:
        """Kind of the named column, or None when there is no such column."""
        return next((column.kind for column in self.columns if column.name == name), None)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"rows": self.rows, "columns": [asdict(column) for column in self.columns]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "TableSpec":
        """Rebuild from ``as_dict``."""
        return cls(data["rows"], tuple(ColumnSpec.from_dict(column) for column in data["columns"]))
