"""One column of a request row, and the quick check of rows that are as usual.

Nearly every row of a request is: all columns, of the right types, within what training saw. It is
recognised in a tenth of the time that the full check takes (``contract.check_rows``), which words
what is wrong or worth a warning and decides about all other rows.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.engine.types import Kind

Row = dict[str, Any]
UsualRow = Callable[[Row], Row | None]
Read = Callable[[Any], Any]


@dataclass(frozen=True)
class Field:
    """One column of a request row. ``low`` and ``high`` are what development rows spanned."""

    name: str
    kind: Kind
    nullable: bool
    low: float | None = None
    high: float | None = None
    categories: tuple[str, ...] | None = None
    example: Any = None
    missing_rate: float = 0.0


def usual_row(fields: Sequence[Field], breaks: Sequence[Callable[[Row], bool]] = ()) -> UsualRow:
    """A function from a row to the row in the contract's types and order.

    It answers None when anything about the row has to be looked at: the full check decides then.
    ``breaks`` are tests of the row as it is returned; one that is true asks for the full check.
    """
    check = _by_fields(fields)
    if not breaks:
        return check

    def check_relations(row: Row) -> Row | None:
        clean = check(row)
        if clean is not None and any(broken(clean) for broken in breaks):
            return None
        return clean

    return check_relations


def _by_fields(fields: Sequence[Field]) -> UsualRow:
    names = {item.name for item in fields}
    plan = [(item.name, item.nullable, _READERS[item.kind](item)) for item in fields]

    def check(row: Row) -> Row | None:
        if row.keys() != names:
            return None
        clean: Row = {}
        for name, nullable, read in plan:
            value = row[name]
            if value is not None:
                value = read(value)
                if value is None:
                    return None
            elif not nullable:
                return None
            clean[name] = value
        return clean

    return check


def _integer(item: Field) -> Read:
    low, high = _span(item)
    return lambda value: value if type(value) is int and low <= value <= high else None


def _number(item: Field) -> Read:
    low, high = _span(item)

    def read(value: Any) -> Any:
        kind = type(value)
        if (kind is float or kind is int) and low <= value <= high:
            return float(value)
        return None

    return read


def _span(item: Field) -> tuple[float, float]:
    """What training saw; nothing lies in it where that is unknown."""
    if item.low is None or item.high is None:
        return math.inf, -math.inf
    return item.low, item.high


def _boolean(item: Field) -> Read:
    return lambda value: value if type(value) is bool else None


def _text(item: Field) -> Read:
    if item.categories is None:
        return lambda value: value if type(value) is str and is_plain_text(value) else None
    seen = frozenset(filter(is_plain_text, item.categories))
    return lambda value: value if type(value) is str and value in seen else None


def is_plain_text(text: str) -> bool:
    """Whether it is surely a text that is taken."""
    return len(text) <= _LONG and text.isascii() and "\x00" not in text


def moment_reader(item: Field) -> Read:
    """A function from a text to the moment without a zone that it surely is, else to None."""

    def read(value: Any) -> Any:
        if type(value) is not str:
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        return moment if moment.tzinfo is None else None

    return read


_LONG = 1_000
_READERS: dict[Kind, Callable[[Field], Read]] = {
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.TEXT: _text,
    Kind.DATETIME: moment_reader,
}
