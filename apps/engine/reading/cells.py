"""Where records of text come from, whatever the file: lines of CSV, rows of a sheet, objects."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from apps.engine.errors import BadFile
from apps.engine.reading.options import Limits, ReadingOptions
from apps.engine.reading.records import (
    ROWS_PER_BATCH,
    Shape,
    Tally,
    check_size,
    first_records,
    fitting,
    is_blank,
    text_batches,
)
from apps.engine.types import Kind

Records = Iterator[tuple[int, list[str]]]
"""Each record with its place in the file, from 1, as a person would count it."""


@dataclass(frozen=True)
class StoredAs:
    """The kind that the origin of a column lays down, and what it says of it."""

    kind: Kind
    says: str


class Cells(Protocol):
    """Records of text that can be read more than once."""

    size_bytes: int
    unit: str  # what a record is called: "line" or "row"
    stored_as_text: frozenset[int]  # columns that the file itself calls text
    stored_as: Mapping[int, StoredAs]  # columns whose kind is laid down already

    def first(self, count: int) -> list[list[str]]:
        """The first records that are not blank, the header among them."""
        ...

    def batches(self, *, shape: Shape, tally: Tally) -> Iterator[list[pa.StringArray]]:
        """All records below the header, as columns of text."""
        ...

    def notes(self) -> list[str]:
        """What was met on the way; whole once the batches were read."""
        ...


@dataclass
class CsvCells:
    """Lines of delimited text."""

    path: Path
    options: ReadingOptions
    limits: Limits
    unit: str = "line"
    stored_as_text: frozenset[int] = frozenset()
    stored_as: Mapping[int, StoredAs] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.size_bytes = self.path.stat().st_size

    def first(self, count: int) -> list[list[str]]:
        """The first records that are not blank."""
        return first_records(self.path, options=self.options, limits=self.limits, count=count)

    def batches(self, *, shape: Shape, tally: Tally) -> Iterator[list[pa.StringArray]]:
        """All records below the header."""
        return text_batches(
            self.path, options=self.options, limits=self.limits, shape=shape, tally=tally
        )

    def notes(self) -> list[str]:
        """Nothing: the tally knows all."""
        return []


@dataclass
class RecordCells:
    """Records that something else has cut into cells. ``read`` begins anew at each call."""

    read: Callable[[], Records]
    limits: Limits
    size_bytes: int
    unit: str = "row"
    stored_as_text: frozenset[int] = frozenset()
    stored_as: Mapping[int, StoredAs] = field(default_factory=dict)
    told: Sequence[str] = field(default_factory=list)

    def first(self, count: int) -> list[list[str]]:
        """The first records that are not blank."""
        found = (row for _, row in self._checked() if not is_blank(row))
        return list(islice(found, count))

    def batches(self, *, shape: Shape, tally: Tally) -> Iterator[list[pa.StringArray]]:
        """All records below the header. Memory: one batch."""
        found = fitting(self._checked(), shape=shape, tally=tally)
        if shape.header:
            next(found, None)
        while rows := list(islice(found, ROWS_PER_BATCH)):
            columns = [pa.array(cells, pa.string()) for cells in zip(*rows, strict=True)]
            tally.rows += len(rows)
            tally.bytes += sum(column.nbytes for column in columns)
            check_size(columns, tally=tally, limits=self.limits)
            yield columns

    def notes(self) -> list[str]:
        """What the reader told."""
        return list(self.told)

    def _checked(self) -> Records:
        for place, row in self.read():
            text = "".join(row)
            if not text.isascii() or "\0" in text:
                self._check(text, place)
            yield place, row

    def _check(self, text: str, place: int) -> None:
        if "\0" in text:
            raise BadFile(
                f"A cell in {self.unit} {place:,} holds a NUL character, which no text has: "
                "remove it."
            )
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise BadFile(
                f"A cell in {self.unit} {place:,} holds half of a character (a lone surrogate): "
                "write the file again."
            ) from error
