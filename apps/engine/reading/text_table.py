"""Records of text to a typed table: every cell is seen as text before its column has a kind."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from apps.engine.errors import BadFile
from apps.engine.reading.cells import Cells
from apps.engine.reading.names import own_names
from apps.engine.reading.options import Limits, ReadingOptions
from apps.engine.reading.records import Shape, Tally
from apps.engine.reading.rejects import RejectedRows
from apps.engine.reading.tables import schema_of, table_writer
from apps.engine.reading.typed import TextColumn, preview_of, text_columns
from apps.engine.types import Report, TableSpec

_SAMPLE_RECORDS = 1_001
_THREADS = 3  # two look at columns while one writes
_TASTE = 1_000
_Batch = list[pa.StringArray]


def import_text(
    cells: Cells,
    target: Path,
    *,
    options: ReadingOptions,
    limits: Limits,
    report: Report,
    rejects: RejectedRows | None = None,
) -> dict[str, Any]:
    """Read records of text into a typed table; see ``imports.import_file`` for the result.

    The kinds that fit the first block are written at once. When a later row does not fit them,
    the rest is only watched, and all is written in a second pass with the kinds then known.
    """
    head = read_head(cells, header=options.header, limits=limits)
    columns = text_columns(head.names, options=options, cells=cells)
    tally = Tally(rejects=rejects)
    preview: list[list[str | None]] = []
    watched = _told(
        cells.batches(shape=head.shape, tally=tally),
        preview,
        tokens=options.missing,
        tally=tally,
        cells=cells,
        report=report,
    )
    with ThreadPoolExecutor(_THREADS) as pool:
        if not _write_while_watching(watched, target, columns=columns, pool=pool):
            again = cells.batches(shape=head.shape, tally=Tally())
            _write(again, target, columns=columns, rows=tally.rows, report=report)
    spec = TableSpec(tally.rows, tuple(column.spec() for column in columns))
    return {
        "spec": spec.as_dict(),
        "rows": tally.rows,
        "decisions": [column.decision() for column in columns],
        "warnings": [
            *head.warnings,
            *_losses(tally, unit=cells.unit),
            *cells.notes(),
            *(says for column in columns for says in column.warnings()),
        ],
        "renamed": head.renamed,
        "rejected": tally.rejected,
        "rejected_count": tally.rejected_count,
        "preview": preview,
    }


class _KindChangedError(Exception):
    """A row does not fit the kinds that are being written."""


def _told(
    batches: Iterator[_Batch],
    preview: list[list[str | None]],
    *,
    tokens: tuple[str, ...],
    tally: Tally,
    cells: Cells,
    report: Report,
) -> Iterator[_Batch]:
    """The same batches, with the preview filled and progress told on the way."""
    for batch in _ahead(batches):
        preview += preview_of(batch, tokens=tokens, has=len(preview))
        size = cells.size_bytes
        report(min(tally.bytes, size), 2 * size, f"{tally.rows:,} rows read")
        yield batch
    if tally.rejected_count > tally.rows:
        raise BadFile(
            f"{tally.rejected_count:,} rows have more cells than the header and only "
            f"{tally.rows:,} fit, so the first line or the delimiter is wrong; the first is "
            f"{cells.unit} {tally.rejected[0]['line']:,}."
        )


def _ahead(batches: Iterator[_Batch]) -> Iterator[_Batch]:
    """The same batches; while one is used, the next is read in a thread."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch


def _kinds(columns: Sequence[TextColumn]) -> pa.Schema:
    return schema_of(TableSpec(0, tuple(column.spec() for column in columns)))


def _write_while_watching(
    batches: Iterator[_Batch],
    target: Path,
    *,
    columns: Sequence[TextColumn],
    pool: ThreadPoolExecutor,
) -> bool:
    """Write with the kinds that the first batch has; False when a later one changed a kind."""

    def watch(batch: _Batch) -> list[pa.Array]:
        return list(pool.map(TextColumn.watch, columns, batch))

    first = [watch(batch) for batch in islice(batches, 1)]
    schema = _kinds(columns)
    try:
        with (
            table_writer(target, schema=schema, dictionary=_repeating(first, schema)) as writer,
            _one_at_a_time(pool) as behind,
        ):
            for typed in chain(first, map(watch, batches)):
                if _kinds(columns) != schema:
                    raise _KindChangedError
                behind(writer.write_batch, pa.record_batch(typed, schema=schema))
    except _KindChangedError:
        for batch in batches:
            watch(batch)
        return False
    return True


@contextmanager
def _one_at_a_time(pool: Executor) -> Iterator[Callable[..., None]]:
    """Call things in the pool, each after the one before; on the way out the last has ended.

    Also when an error is on its way: a writer that is closed while it writes brings the whole
    process down.
    """
    running: Future[None] = pool.submit(lambda: None)

    def call(does: Callable[..., None], *with_these: object) -> None:
        nonlocal running
        running.result()
        running = pool.submit(does, *with_these)

    try:
        yield call
    finally:
        wait([running])
    running.result()


def _repeating(first: Sequence[Sequence[pa.Array]], schema: pa.Schema) -> list[str]:
    """Columns of text whose first cells are mostly ones that were seen before."""
    return [
        name
        for batch in first
        for name, cells in zip(schema.names, batch, strict=True)
        if cells.type == pa.string() and pc.count_distinct(cells[:_TASTE]).as_py() < _TASTE // 2
    ]


def _write(
    batches: Iterator[_Batch],
    target: Path,
    *,
    columns: Sequence[TextColumn],
    rows: int,
    report: Report,
) -> None:
    """Write with the kinds that are now certain."""
    for column in columns:
        column.forget_counts()
    schema, done = _kinds(columns), 0
    with table_writer(target, schema=schema) as writer:
        for batch in _ahead(batches):
            typed = [column.typed(cells) for column, cells in zip(columns, batch, strict=True)]
            writer.write_batch(pa.record_batch(typed, schema=schema))
            done += len(typed[0])
            report(rows + done, 2 * rows, f"{done:,} of {rows:,} rows written")


@dataclass(frozen=True)
class Head:
    """What the first thousand records tell: names, shape of a record, renamings, warnings."""

    names: list[str]
    shape: Shape
    renamed: dict[str, str]
    warnings: list[str]


def read_head(cells: Cells, *, header: bool, limits: Limits) -> Head:
    """Names and shape. Raises BadFile when no row fits below the header."""
    records = cells.first(_SAMPLE_RECORDS)
    if not records:
        raise BadFile("The file is empty: it holds no text.")
    first, data = (records[0], records[1:]) if header else ([], records)
    names, renamed, warnings = own_names(first or [""] * len(data[0]), limits=limits)
    if not header:
        renamed = {}
    width = len(names)
    if not data or any(len(row) <= width for row in data):
        return Head(names, Shape(width, header=header), renamed, warnings)
    if all(len(row) == width + 1 and not row[-1] for row in data):
        warnings.append("Each line ends with one delimiter too many: it is left out.")
        return Head(names, Shape(width, extra=True, header=header), renamed, warnings)
    raise BadFile(
        f"Every row has more cells ({len(data[0])} in the first) than the header, which has "
        f"{width}: the first line is not the header of this table, or the delimiter is wrong."
    )


def _losses(tally: Tally, *, unit: str) -> list[str]:
    found = []
    if tally.rejected_count:
        found.append(
            f"{tally.rejected_count:,} rows have more cells than the header and are left out, "
            f"first {unit} {tally.rejected[0]['line']:,}."
        )
    if tally.padded:
        found.append(
            f"{tally.padded:,} rows have fewer cells than the header and are filled with missing, "
            f"first {unit} {tally.first_padded:,}."
        )
    if tally.blank:
        found.append(f"{tally.blank:,} blank {unit}s are left out.")
    if tally.stray_line:
        found.append(
            f"Quotes stand inside cells that are not quoted (at or after line "
            f"{tally.stray_line:,}): they are kept as they are."
        )
    return found
