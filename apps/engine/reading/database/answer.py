"""The answer of a query as a file of exact text: every value as it was, NULL apart from "".

The file is Parquet with columns of text; what the database said of each column stands in its
footer. From there on it is read like any other file: text first, then kinds (``imports``).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from apps.engine.errors import BadFile, BadQuery
from apps.engine.reading.cells import StoredAs
from apps.engine.reading.options import Limits
from apps.engine.reading.records import Shape, Tally, check_size
from apps.engine.types import Kind

FOOTER = b"mlcycle.columns"
_EXACT_DIGITS = 15  # decimal digits that a float64 gives back, whatever they are
_EXACT_WHOLE = 2**53
_LEAST, _MOST = -(2**63), 2**63 - 1
_NETWORKS = (
    *(IPv4Address, IPv4Interface, IPv4Network),
    *(IPv6Address, IPv6Interface, IPv6Network),
)
_AS_TEXT = (str, UUID, timedelta, *_NETWORKS)
_ROWS_PER_BATCH = 65_536


@dataclass
class AnswerColumn:
    """One column of an answer, with what its values turned out to be."""

    name: str
    stored: str = ""  # the database's own word for its type
    declared: Kind | None = None  # for a column without a value
    is_loose: bool = False  # SQLite: the type says nothing, a text may be a date
    seen: set[type] = field(default_factory=set)
    least: int = 0
    most: int = 0
    digits: int = 0  # most of a decimal
    fractions: bool = False
    long: int = 0  # decimals with more digits than a number keeps
    zoned: bool = False

    def texts(self, values: Sequence[Any], *, row: int) -> pa.StringArray:
        """The values as text; ``row`` is the place of the first, from 1."""
        types = {*map(type, values)} - {type(None)}
        for each in types - self.seen:
            self._check(each, values, row=row)
        self.seen |= types
        if types <= {str}:
            return self._strings(values, row=row)
        return pa.array(
            [None if value is None else self._text(value) for value in values]
            if types != {int}
            else self._whole(values),
            pa.string(),
        )

    def _whole(self, values: Sequence[Any]) -> list[str | None]:
        """As ``_text`` would, in a third of the time."""
        numbers = [value for value in values if value is not None]
        self.least, self.most = min(self.least, *numbers), max(self.most, *numbers)
        return [None if value is None else str(value) for value in values]

    def _strings(self, values: Sequence[str | None], *, row: int) -> pa.StringArray:
        for at, value in enumerate(values):
            if value is not None and "\0" in value:
                raise BadQuery(
                    f"A text of {self.name!r} in row {row + at:,} holds a NUL character, which no "
                    "text has: take it out in the query."
                )
        return pa.array(values, pa.string())

    def _check(self, each: type, values: Sequence[Any], *, row: int) -> None:
        if issubclass(each, bytes | bytearray | memoryview):
            raise BadQuery(
                f"The column {self.name!r} holds bytes: leave it out, or write them as text in the "
                "query, for example with encode(…, 'hex') or HEX(…)."
            )
        if not issubclass(each, (*_AS_TEXT, int, float, Decimal, date, time)):
            raise BadQuery(
                f"The column {self.name!r} ({self.stored or each.__name__}) holds lists or "
                "objects, which a table cannot hold: take them apart, or cast them to text in the "
                "query."
            )

    def _text(self, value: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            self.least, self.most = min(self.least, value), max(self.most, value)
            return str(value)
        if isinstance(value, float):
            return repr(value)
        if isinstance(value, Decimal):
            return self._decimal(value)
        if isinstance(value, datetime):
            if value.tzinfo is not None:
                self.zoned = True
                value = value.astimezone(UTC).replace(tzinfo=None)
            return value.isoformat(" ")
        if isinstance(value, date | time):
            return value.isoformat()
        return str(value)

    def _decimal(self, value: Decimal) -> str:
        if not value.is_finite():
            self.fractions = True
            return str(value)
        _, digits, exponent = value.as_tuple()
        if cast("int", exponent) < 0:
            self.fractions = True
        else:
            self.least, self.most = min(self.least, int(value)), max(self.most, int(value))
        self.long += len(digits) > _EXACT_DIGITS
        return format(value, "f")

    def _is_whole(self) -> bool:
        return self.least >= _LEAST and self.most <= _MOST

    def kind(self) -> tuple[Kind | None, str]:
        """What it is read as, and why when that is not plain. None: the text has to tell."""
        seen = frozenset(self.seen)
        if not seen:
            return self.declared or Kind.TEXT, "There is no value in it."
        if seen == {bool}:
            return Kind.BOOLEAN, ""
        if seen <= {int, float, Decimal}:
            return self._kind_of_numbers(seen)
        if self.declared is Kind.DATETIME or seen <= {date, datetime}:
            return Kind.DATETIME, "Times with a zone are stored as UTC." if self.zoned else ""
        return (None, "") if self.is_loose else (Kind.TEXT, "")

    def _kind_of_numbers(self, seen: frozenset[type]) -> tuple[Kind, str]:
        if seen == {Decimal}:
            return self._kind_of_decimals()
        if seen == {int}:
            if self._is_whole():
                return Kind.INTEGER, ""
            return Kind.TEXT, "Kept as text: some are larger than a whole number of 64 bits."
        if max(self.most, -self.least) < _EXACT_WHOLE:
            return Kind.NUMBER, ""
        return Kind.TEXT, "Kept as text: some whole numbers would lose digits as numbers."

    def _kind_of_decimals(self) -> tuple[Kind, str]:
        if not self.fractions and self._is_whole():
            return Kind.INTEGER, ""
        if not self.long:
            return Kind.NUMBER, ""
        return Kind.TEXT, (
            f"Kept as text, so that every digit stays: {self.long:,} have more than "
            f"{_EXACT_DIGITS} digits, which a number would round. Choose number to accept that."
        )

    def told(self) -> dict[str, Any]:
        """What the footer keeps."""
        kind, says = self.kind()
        stored = f"Stored as {self.stored}." if self.stored else ""
        return {
            "name": self.name,
            "kind": kind.value if kind else "",
            "says": " ".join(part for part in (stored, says) if part) or "As the database gave it.",
        }


class AnswerWriter:
    """Blocks of rows into the file. Memory: one block."""

    def __init__(self, path: Path, columns: Sequence[AnswerColumn]) -> None:
        self.columns = columns
        self.rows = 0
        self.bytes = 0
        self._schema = pa.schema([(str(at), pa.string()) for at in range(len(columns))])
        self._writer = pq.ParquetWriter(path, self._schema)

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write a block of at least one row."""
        block = [
            column.texts(values, row=self.rows + 1)
            for column, values in zip(self.columns, zip(*rows, strict=True), strict=True)
        ]
        self._writer.write_batch(pa.record_batch(block, schema=self._schema))
        self.rows += len(rows)
        self.bytes += sum(texts.nbytes for texts in block)

    def finish(self) -> None:
        """Write what is known of the columns now, and close."""
        told = json.dumps([column.told() for column in self.columns], sort_keys=True)
        self._writer.add_key_value_metadata({FOOTER.decode(): told})
        self._writer.close()


def told_of(path: Path) -> list[Mapping[str, Any]] | None:
    """The columns in the footer; None when the file is not the answer of a query."""
    try:
        with pq.ParquetFile(path) as file:
            metadata = file.metadata.metadata or {}
            columns = json.loads(metadata[FOOTER])
            is_text = all(each.type == pa.string() for each in file.schema_arrow)
            return columns if is_text and len(columns) == file.metadata.num_columns else None
    except (KeyError, OSError, ValueError, pa.ArrowException):
        return None


@dataclass
class AnswerCells:
    """An answer as records of text, like those of a CSV file; NULL is null."""

    path: Path
    limits: Limits
    unit: str = "row"

    def __post_init__(self) -> None:
        told = told_of(self.path)
        if told is None:
            raise BadFile("The answer of the query is damaged: run it again.")
        self.names = [str(each["name"]) for each in told]
        self.size_bytes = self.path.stat().st_size
        self.stored_as: Mapping[int, StoredAs] = {
            at: StoredAs(Kind(each["kind"]), str(each["says"]))
            for at, each in enumerate(told)
            if each["kind"]
        }
        self.stored_as_text = frozenset(range(len(told))) - frozenset(self.stored_as)

    def first(self, count: int) -> list[list[str]]:
        """The names, and the first rows below them; a cell without a value is None here."""
        rows: list[list[str | None]] = [list(self.names)]
        for batch in self._batches(min(count, _ROWS_PER_BATCH)):
            columns = [cells.to_pylist() for cells in batch.columns]
            rows += [list(row) for row in zip(*columns, strict=True)]
            if len(rows) >= count:
                break
        return cast("list[list[str]]", rows[:count])

    def batches(self, *, shape: Shape, tally: Tally) -> Iterator[list[pa.StringArray]]:
        """All rows as columns of text. Memory: one batch."""
        for batch in self._batches(_ROWS_PER_BATCH):
            tally.rows += len(batch)
            tally.bytes += batch.nbytes
            check_size(batch.columns, tally=tally, limits=self.limits)
            yield batch.columns

    def notes(self) -> list[str]:
        """Nothing: the columns tell."""
        return []

    def _batches(self, rows: int) -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(self.path) as file:
            yield from file.iter_batches(batch_size=rows)
