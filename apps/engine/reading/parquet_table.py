"""A Parquet file to a typed table: checked by its footer, flat columns, every lost cell counted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from apps.engine.errors import BadFile, TooLarge
from apps.engine.reading.names import own_names
from apps.engine.reading.options import Limits, ReadingOptions
from apps.engine.reading.tables import ARROW_TYPES, schema_of, table_writer
from apps.engine.reading.typed import PREVIEW_ROWS, preview_of
from apps.engine.types import ColumnSpec, Kind, Report, TableSpec

_ROWS_PER_BATCH = 65_536
_TICKS_PER_S = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
# A name or a text that is not UTF-8 is a ValueError, and so are most of Arrow's own.
_DAMAGE = (OSError, ValueError, pa.ArrowException)
_YEAR_1_S, _YEAR_9999_S = -62_135_596_800, 253_402_300_799


@dataclass
class StoredColumn:
    """One column on its way from a Parquet type to a kind, with what it lost."""

    name: str
    stored: pa.DataType
    kind: Kind
    missing: int = 0
    lost: int = 0  # cells that became missing
    shortened: int = 0  # times that had more than microseconds

    def typed(self, cells: pa.Array, *, limits: Limits) -> pa.Array:
        """Cells of the kind; what the kind cannot hold becomes missing and is counted."""
        if pa.types.is_dictionary(cells.type):
            cells = cells.dictionary_decode()
        if self.kind is Kind.NUMBER:
            numbers = cells.cast(pa.float64())
            typed = pc.if_else(pc.is_finite(numbers), numbers, pa.scalar(None, pa.float64()))
        elif self.kind is Kind.INTEGER:
            typed = _integers(cells)
        elif self.kind is Kind.DATETIME:
            typed = self._times(cells)
        else:
            typed = cells.cast(ARROW_TYPES[self.kind])
        longest = pc.max(pc.binary_length(typed)).as_py() if self.kind is Kind.TEXT else 0
        if (longest or 0) > limits.cell_bytes:
            raise TooLarge(
                f"A cell of {self.name!r} holds {longest:,} bytes and the limit is "
                f"{limits.cell_bytes:,}: shorten it."
            )
        self.lost += typed.null_count - cells.null_count
        self.missing += typed.null_count
        return typed

    def _times(self, cells: pa.Array) -> pa.Array:
        """Times in microseconds; those outside the years 1 to 9999 become missing."""
        if pa.types.is_date(cells.type):
            cells = cells.cast(pa.timestamp("s"))
        unit, ticks = cells.type.unit, cells.cast(pa.int64())
        if unit == "ns":  # reaches from 1677 to 2262 only: no year is out of range
            whole = pc.multiply(pc.divide(ticks, 1_000), 1_000)
            self.shortened += pc.sum(pc.not_equal(whole, ticks)).as_py() or 0
        else:
            low, high = _YEAR_1_S * _TICKS_PER_S[unit], (_YEAR_9999_S + 1) * _TICKS_PER_S[unit]
            fits = pc.and_(pc.greater_equal(ticks, low), pc.less(ticks, high))
            cells = pc.if_else(fits, cells, pa.scalar(None, cells.type))
        return cells.cast(pa.timestamp("us", cells.type.tz), safe=False).cast(pa.timestamp("us"))

    def warnings(self) -> list[str]:
        """What was lost, in sentences."""
        found = []
        if self.lost:
            found.append(
                f"{self.lost:,} cells of {self.name!r} are not finite or out of range and became "
                "missing."
            )
        if self.shortened:
            found.append(f"{self.shortened:,} times of {self.name!r} are cut to microseconds.")
        return found


def _integers(cells: pa.Array) -> pa.Array:
    if pa.types.is_uint64(cells.type):
        fits = pc.less_equal(cells, pa.scalar(2**63 - 1, pa.uint64()))
        cells = pc.if_else(fits, cells, pa.scalar(None, pa.uint64()))
    return cells.cast(pa.int64())


def kind_of(stored: pa.DataType) -> Kind | None:
    """Kind that a Parquet column is read as, or None when there is none."""
    if pa.types.is_dictionary(stored):
        stored = stored.value_type
    tests = (
        (pa.types.is_boolean, Kind.BOOLEAN),
        (pa.types.is_integer, Kind.INTEGER),
        (pa.types.is_floating, Kind.NUMBER),
        (pa.types.is_decimal128, Kind.NUMBER),
        (pa.types.is_timestamp, Kind.DATETIME),
        (pa.types.is_date, Kind.DATETIME),
        (pa.types.is_string, Kind.TEXT),
        (pa.types.is_large_string, Kind.TEXT),
        (pa.types.is_null, Kind.TEXT),
    )
    return next((kind for is_it, kind in tests if is_it(stored)), None)


def open_parquet(path: Path, *, limits: Limits) -> pq.ParquetFile:
    """Open a Parquet file after its footer was held against the limits.

    Raises
    ------
    BadFile
        If it is damaged or encrypted, or has a column of a type that is not flat.
    TooLarge
        If the footer announces more rows, columns or bytes than the limits allow.
    """
    try:
        # An old 96-bit time reaches beyond what nanoseconds hold: it would come back as another.
        file = pq.ParquetFile(path, coerce_int96_timestamp_unit="us")
    except _DAMAGE as error:
        raise BadFile("The Parquet file is damaged or encrypted: write it again.") from error
    footer, fields = file.metadata, file.schema_arrow
    size = sum(footer.row_group(each).total_byte_size for each in range(footer.num_row_groups))
    for what, value, limit in (
        ("rows", footer.num_rows, limits.rows),
        ("columns", footer.num_columns, limits.columns),
        ("bytes of unpacked data", size, limits.bytes),
    ):
        if value > limit:
            raise TooLarge(f"The file announces {value:,} {what} and the limit is {limit:,}.")
    wrong = [f"{each.name} ({each.type})" for each in fields if kind_of(each.type) is None]
    if wrong:
        raise BadFile(
            f"These columns are of a type that a table cannot hold: {', '.join(wrong[:20])}. "
            "Leave them out, or write them as plain values."
        )
    return file


def _batches(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    try:
        for batch in file.iter_batches(batch_size=_ROWS_PER_BATCH):
            batch.validate(full=True)
            yield batch
    except _DAMAGE as error:
        raise BadFile("The Parquet file is damaged: write it again.") from error


def first_rows(path: Path, *, limits: Limits) -> dict[str, Any]:
    """Names, kinds and the first rows, as ``preview.preview_file`` gives them."""
    with open_parquet(path, limits=limits) as file:
        names, renamed, warnings = own_names(file.schema_arrow.names, limits=limits)
        columns = _columns(file, names)
        batch = next(_batches(file), None)
        head = [] if batch is None else [cells[:PREVIEW_ROWS] for cells in batch.columns]
        typed = [
            each.typed(cells, limits=limits) for each, cells in zip(columns, head, strict=False)
        ]
    return {
        "columns": [
            {"name": each.name, "kind": each.kind.value, "says": f"Stored as {each.stored}."}
            for each in columns
        ],
        "rows": preview_of([cells.cast(pa.string()) for cells in typed], tokens=(), has=0),
        "warnings": [*warnings, *(says for each in columns for says in each.warnings())],
        "renamed": renamed,
    }


def _columns(file: pq.ParquetFile, names: Sequence[str]) -> list[StoredColumn]:
    return [
        StoredColumn(name, each.type, kind_of(each.type) or Kind.TEXT)
        for name, each in zip(names, file.schema_arrow, strict=True)
    ]


def import_parquet(
    path: Path, target: Path, *, options: ReadingOptions, limits: Limits, report: Report
) -> dict[str, Any]:
    """Rewrite a Parquet file as a typed table; see ``imports.import_file`` for the result."""
    with open_parquet(path, limits=limits) as file:
        names, renamed, warnings = own_names(file.schema_arrow.names, limits=limits)
        columns = _columns(file, names)
        rows = file.metadata.num_rows
        preview = _write(file, target, columns=columns, limits=limits, report=report)
    if options.kinds or options.date_formats:
        warnings.append("The kinds of a Parquet file come from the file: convert in the recipe.")
    specs = tuple(ColumnSpec(each.name, each.kind, each.missing) for each in columns)
    return {
        "spec": TableSpec(rows, specs).as_dict(),
        "rows": rows,
        "decisions": [
            {"column": each.name, "kind": each.kind.value, "says": f"Stored as {each.stored}."}
            for each in columns
        ],
        "warnings": warnings + [says for each in columns for says in each.warnings()],
        "renamed": renamed,
        "rejected": [],
        "rejected_count": 0,
        "preview": preview,
    }


def _write(
    file: pq.ParquetFile,
    target: Path,
    *,
    columns: Sequence[StoredColumn],
    limits: Limits,
    report: Report,
) -> list[list[str | None]]:
    schema = schema_of(TableSpec(0, tuple(ColumnSpec(each.name, each.kind) for each in columns)))
    preview: list[list[str | None]] = []
    done = 0
    with table_writer(target, schema=schema) as writer:
        for batch in _batches(file):
            typed = [
                column.typed(cells, limits=limits)
                for column, cells in zip(columns, batch.columns, strict=True)
            ]
            head = [cells[:PREVIEW_ROWS].cast(pa.string()) for cells in typed]
            preview += preview_of(head, tokens=(), has=len(preview))
            writer.write_batch(pa.record_batch(typed, schema=schema))
            done += len(batch)
            report(done, file.metadata.num_rows, f"{done:,} rows written")
        if done != file.metadata.num_rows:
            raise BadFile(
                f"The Parquet file is damaged: it announces {file.metadata.num_rows:,} rows and "
                f"holds {done:,}."
            )
    return preview
