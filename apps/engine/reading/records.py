"""CSV records as batches of text cells: exact about rows that are too long, too short or blank."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from apps.engine.errors import BadFile, TooLarge
from apps.engine.reading.blocks import Block, blocks
from apps.engine.reading.content import text_lines, utf8_chunks, without_lines
from apps.engine.reading.options import Limits, ReadingOptions
from apps.engine.reading.raw_cells import RawCells
from apps.engine.reading.rejects import RejectedRows

MOST_REJECTED_KEPT = 1_000
_BYTES_AT_ONCE = 1_048_576  # what a processor keeps near: cells of all columns are copied from it
ROWS_PER_BATCH = 20_000


@dataclass
class Tally:
    """What happened to the records of one file."""

    rows: int = 0
    padded: int = 0
    first_padded: int = 0  # line
    blank: int = 0
    bytes: int = 0  # of text, as UTF-8
    stray_line: int = 0  # from here on quotes stand inside cells that are not quoted
    rejected_count: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)
    rejects: RejectedRows | None = None  # where all of them are written

    def reject(self, line: int, row: list[str], *, says: str) -> None:
        """Count a record that is left out; keep the first thousand by line."""
        self.rejected_count += 1
        if len(self.rejected) < MOST_REJECTED_KEPT:
            self.rejected.append({"line": line, "says": says})
        if self.rejects is not None:
            self.rejects.write(line, row, says=says)


@dataclass(frozen=True)
class Shape:
    """Cells a record must have. ``extra``: each record ends with one delimiter too many."""

    width: int
    extra: bool = False
    header: bool = True


def first_records(
    path: Path, *, options: ReadingOptions, limits: Limits, count: int
) -> list[list[str]]:
    """The first records that are not blank."""
    lines = text_lines(b"", _content(path, options=options, limits=limits))
    found = _records(lines, options=options, limits=limits, line=1 + options.skip)
    return [row for _, row in islice((each for each in found if not is_blank(each[1])), count)]


def _content(path: Path, *, options: ReadingOptions, limits: Limits) -> Iterator[bytes]:
    chunks = utf8_chunks(path, encoding=options.encoding, limits=limits)
    return without_lines(chunks, options.skip)


def text_batches(
    path: Path, *, options: ReadingOptions, limits: Limits, shape: Shape, tally: Tally
) -> Iterator[list[pa.StringArray]]:
    """All records below the header as columns of text, block by block. Memory: a few blocks.

    Raises
    ------
    BadFile
        For a quote that is not closed, bytes of another encoding, or a NUL; with the line.
    TooLarge
        For too many rows, or a cell that is too long.
    """
    chunks = _content(path, options=options, limits=limits)
    found = blocks(chunks, delimiter=options.delimiter, quote=options.quote, line=1 + options.skip)
    header_left = shape.header
    for block in found:
        for columns in _block_columns(
            block, options=options, limits=limits, shape=shape, tally=tally
        ):
            rows = [column[1:] for column in columns] if header_left else columns
            header_left = False
            tally.rows += len(rows[0])
            check_size(rows, tally=tally, limits=limits)
            if len(rows[0]):
                yield rows


def _block_columns(
    block: Block, *, options: ReadingOptions, limits: Limits, shape: Shape, tally: Tally
) -> Iterator[list[pa.StringArray]]:
    tally.bytes += len(block.data)
    if block.is_regular:
        columns = _parsed(block, options=options, shape=shape)
        if columns is not None:
            yield columns
            return
        lines = text_lines(block.data, iter(()))
    else:
        tally.stray_line = block.line
        lines = text_lines(block.data, block.rest)
    records = _records(lines, options=options, limits=limits, line=block.line)
    found = fitting(records, shape=shape, tally=tally)
    while rows := list(islice(found, ROWS_PER_BATCH)):
        yield [pa.array(cells, pa.string()) for cells in zip(*rows, strict=True)]


def _parsed(block: Block, *, options: ReadingOptions, shape: Shape) -> list[pa.StringArray] | None:
    """Columns of a block in which every record fits, else None. The fast way."""
    data = block.data
    if shape.width == 1 and _has_blank_line(bytes(data)):
        return None  # it would be read as an empty cell
    names = [str(place) for place in range(shape.width + shape.extra)]
    misfits: list[Any] = []

    def note(row: Any) -> str:
        misfits.append(row)
        return "skip"

    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(data),
            # One thread: blocks are few, and the next one is read while this one is used.
            pyarrow.csv.ReadOptions(
                column_names=names, block_size=_BYTES_AT_ONCE, use_threads=False
            ),
            pyarrow.csv.ParseOptions(
                delimiter=options.delimiter,
                quote_char=options.quote or False,
                ignore_empty_lines=False,
                newlines_in_values=block.has_quotes,
                invalid_row_handler=note,
            ),
            pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:  # the exact way says what it is
        return None
    if misfits:
        return None
    columns = [_joined(column) for column in table.columns]
    if shape.extra and pc.max(pc.binary_length(columns.pop())).as_py():
        return None
    return columns


def _has_blank_line(data: bytes) -> bool:
    if data[:1] in b"\r\n" or b"\n\n" in data:
        return True
    return b"\r" in data and (b"\r\r" in data or b"\n\r" in data)


def _joined(column: pa.ChunkedArray) -> pa.StringArray:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


def _records(
    lines: Iterable[str], *, options: ReadingOptions, limits: Limits, line: int
) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line that it begins in. Quotes must be closed; else BadFile."""
    csv.field_size_limit(limits.cell_bytes)
    reader = csv.reader(
        lines,
        delimiter=options.delimiter,
        quotechar=options.quote or None,
        quoting=csv.QUOTE_MINIMAL if options.quote else csv.QUOTE_NONE,
        strict=True,
    )
    while True:
        begins = line + reader.line_num
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _refusal(error, begins, limits=limits) from error
        yield begins, row


def _refusal(error: csv.Error, line: int, *, limits: Limits) -> BadFile:
    if "field limit" in str(error):
        return TooLarge(
            f"A cell of the record in line {line:,} is longer than {limits.cell_bytes:,} bytes: "
            "shorten it, or look for a quote that is not closed."
        )
    if "expected after" in str(error):
        return BadFile(
            f"In the record that begins in line {line:,}, text follows a closing quote: double "
            "the quotes inside the cell, or say that the file does not use quotes."
        )
    return BadFile(
        f"The quote that opens in line {line:,} is never closed: close it, or say that the file "
        "does not use quotes."
    )


def is_blank(row: list[str]) -> bool:
    """Whether a line holds no record: nothing, or one cell of spaces."""
    return not row or (len(row) == 1 and not row[0].strip())


def fitting(
    records: Iterator[tuple[int, list[str]]], *, shape: Shape, tally: Tally
) -> Iterator[list[str]]:
    """Records with exactly ``shape.width`` cells: padded, or left out and counted."""
    width = shape.width
    for line, row in records:
        if not row or (width > 1 and is_blank(row)):
            tally.blank += 1
            continue
        if shape.extra and len(row) == width + 1 and not row[-1]:
            row.pop()
        missing = width - len(row)
        if missing < 0:
            tally.reject(line, row, says=f"{len(row)} cells where the header has {width}.")
            continue
        if missing:
            tally.padded += 1
            tally.first_padded = tally.first_padded or line
            row.extend([""] * missing)
        yield row


def check_size(columns: list[pa.StringArray], *, tally: Tally, limits: Limits) -> None:
    """Raise TooLarge for too many rows, or a cell that is too long."""
    if tally.rows > limits.rows:
        raise TooLarge(
            f"There are more than {limits.rows:,} rows, which is the limit: split the file."
        )
    for place, column in enumerate(columns, start=1):
        longest = RawCells.of(column).longest
        if longest > limits.cell_bytes:
            raise TooLarge(
                f"A cell of column {place} holds {longest:,} bytes and the limit is "
                f"{limits.cell_bytes:,}: shorten it, or look for a quote that is not closed."
            )
