"""Job functions: a look at the first rows of a file, read as a person would have it. No table."""

from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from apps.engine.reading.archive import ZIP, opened_zip, tables_in
from apps.engine.reading.imports import Opened, cells_of, is_archive, opened
from apps.engine.reading.options import Limits
from apps.engine.reading.parquet_table import first_rows
from apps.engine.reading.records import Shape, Tally, fitting
from apps.engine.reading.text_table import read_head
from apps.engine.reading.typed import preview_of, text_columns
from apps.engine.reading.workbook import OLE, Workbook
from apps.engine.types import Report

ROWS = 1_000
_BYTES = 16_000_000


def preview_file(
    *,
    source: str,
    filename: str,
    options: dict[str, Any] | None,
    report: Report,
) -> dict[str, Any]:
    """Read the first thousand rows as text and propose a kind for each column.

    Returns
    -------
    dict
        "columns" (name, kind, says), "rows" (first 100 as text, None where missing), "warnings",
        "renamed", and "options", "explanations", "members", "sheets" as ``import_file`` gives.

    Raises
    ------
    BadFile, TooLarge, BadParameter, ColumnMissing
        As the import would, as far as the first rows tell.

    Notes
    -----
    O(1) for text. A workbook and a JSON document are opened as a whole.
    """
    report(0, 1, "Looking at the first rows")
    limits = Limits()
    path = Path(source)
    with opened(
        path, filename=filename, options=options, limits=limits, most_bytes=_BYTES
    ) as found:
        if found.options.format == "parquet":
            return {**first_rows(found.path, limits=limits), **found.told()}
        return {**_read(found, limits=limits), **found.told()}


def _read(found: Opened, *, limits: Limits) -> dict[str, Any]:
    cells = cells_of(found, limits=limits)
    head = read_head(cells, header=found.options.header, limits=limits)
    options = _for_columns(found, head.names)
    columns = text_columns(head.names, options=options, cells=cells)
    tally = Tally()
    batch = _batch(cells.first(ROWS + 1), shape=head.shape, tally=tally)
    for column, values in zip(columns, batch, strict=True):
        column.watch(values)
    told = [column.decision() for column in columns]
    lost = [says for column in columns for says in column.warnings()]
    if tally.rejected_count:
        lost.append(f"{tally.rejected_count:,} of these rows have more cells than the header.")
    return {
        "columns": [
            {"name": each["column"], "kind": each["kind"], "says": each["says"]} for each in told
        ],
        "rows": preview_of(batch, tokens=options.missing, has=0),
        "warnings": [*head.warnings, *cells.notes(), *lost],
        "renamed": head.renamed,
    }


def _for_columns(found: Opened, names: list[str]) -> Any:
    """Options without choices for columns that another delimiter or sheet has taken away."""
    options = found.options
    kinds = {name: kind for name, kind in options.kinds.items() if name in names}
    formats = {name: each for name, each in options.date_formats.items() if name in names}
    return replace(options, kinds=kinds, date_formats=formats)


def _batch(records: list[list[str]], *, shape: Shape, tally: Tally) -> list[pa.StringArray]:
    below = records[1:] if shape.header else records
    placed = ((place, list(row)) for place, row in enumerate(below, start=1))
    rows = list(islice(fitting(placed, shape=shape, tally=tally), ROWS))
    if not rows:
        return [pa.array([], pa.string()) for _ in range(shape.width)]
    return [pa.array(cells, pa.string()) for cells in zip(*rows, strict=True)]


def choices_of(*, source: str, report: Report) -> dict[str, Any]:
    """Files of an archive, or sheets of a workbook, that a person may choose: for one that could
    not be read without a choice. Empty lists for any other file.

    Raises BadFile or TooLarge when the archive or workbook is not one to be opened.
    """
    report(0, 1, "Looking inside")
    path, limits = Path(source), Limits()
    if is_archive(path):
        with opened_zip(path, limits=limits) as archive:
            return {"members": tables_in(archive), "sheets": []}
    with path.open("rb") as file:
        is_book = file.read(len(OLE)).startswith((OLE, *ZIP))
    sheets = Workbook(path, limits=limits).sheets().names if is_book else ()
    return {"members": [], "sheets": list(sheets)}
