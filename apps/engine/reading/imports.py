"""Job functions: one uploaded file to one typed table, or to a look at its first rows."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from apps.engine.errors import BadFile, TooLarge
from apps.engine.reading.archive import ZIP, shown, take_out
from apps.engine.reading.cells import Cells, CsvCells
from apps.engine.reading.database.answer import AnswerCells
from apps.engine.reading.json_cells import json_cells
from apps.engine.reading.options import Limits, ReadingOptions
from apps.engine.reading.parquet_table import import_parquet
from apps.engine.reading.rejects import RejectedRows
from apps.engine.reading.sniff import Sniffed, sniff
from apps.engine.reading.text_table import import_text
from apps.engine.reading.workbook import Workbook, kind_of_archive, sheet_cells
from apps.engine.types import Report


@dataclass(frozen=True)
class Opened:
    """The file that holds the table, how it is read, and what could be chosen instead."""

    path: Path
    found: Sniffed
    members: tuple[str, ...] = ()

    @property
    def options(self) -> ReadingOptions:
        """How it is read."""
        return self.found.options

    def told(self) -> dict[str, Any]:
        """What a page shows: options, why each was proposed, and the choices."""
        return {
            "options": self.options.as_dict(),
            "explanations": list(self.found.explanations),
            "members": list(self.members),
            "sheets": list(self.found.sheets),
        }


@contextmanager
def opened(
    path: Path,
    *,
    filename: str,
    options: Mapping[str, Any] | None,
    limits: Limits,
    most_bytes: int | None = None,
) -> Iterator[Opened]:
    """Find out what a file is; a member of an archive is unpacked beside it for as long.

    Raises BadFile or TooLarge as ``sniff`` and ``take_out`` do.
    """
    size = path.stat().st_size
    if size > limits.bytes:
        raise TooLarge(f"The file has {size:,} bytes and the limit is {limits.bytes:,}.")
    given = dict(options or {})
    if not is_archive(path):
        found = sniff(path, filename=filename, given=given, limits=limits, most_bytes=most_bytes)
        yield Opened(path, found)
        return
    member = given.pop("member", "")
    with tempfile.TemporaryDirectory(prefix="member-") as folder:
        inner, name, names = take_out(path, member=member, folder=Path(folder), limits=limits)
        if is_archive(inner):
            raise BadFile(f"{shown(name)} is an archive inside the archive: upload it by itself.")
        found = sniff(inner, filename=name, given=given, limits=limits, most_bytes=most_bytes)
        told = f"The file {shown(name)} of the zip archive is read."
        yield Opened(
            inner,
            replace(
                found,
                options=replace(found.options, member=name),
                explanations=(told, *found.explanations),
            ),
            names,
        )


def is_archive(path: Path) -> bool:
    """A zip archive that is not a workbook."""
    with path.open("rb") as file:
        if not file.read(4).startswith(ZIP):
            return False
    return kind_of_archive(path) == "zip"


def cells_of(source: Opened, *, limits: Limits) -> Cells:
    """The records of text of a file that is not Parquet."""
    if source.options.format == "sql":
        return AnswerCells(source.path, limits)
    if source.options.format == "excel":
        book = Workbook(source.path, limits=limits)
        return sheet_cells(book, options=source.options, limits=limits)
    if source.options.format in ("json", "jsonl"):
        return json_cells(source.path, options=source.options, limits=limits)
    return CsvCells(source.path, source.options, limits)


def import_file(
    *,
    source: str,
    target: str,
    filename: str,
    options: dict[str, Any] | None,
    limits: dict[str, int] | None,
    report: Report,
    rejects: str | None = None,
) -> dict[str, Any]:
    """Read a file into a typed Parquet table at ``target``.

    Parameters
    ----------
    source, target : str
        Paths. The source is delimited text (also gzip), a workbook, JSON, JSON Lines, Parquet, or
        a zip archive with one of them.
    filename : str
        Name the file came with, for sentences.
    options : dict, optional
        Any part of ``ReadingOptions``; what is left out is proposed by ``sniff``.
    limits : dict, optional
        Any part of ``Limits``.
    rejects : str, optional
        Path of a CSV file of all rejected rows; written only when there are some.

    Returns
    -------
    dict
        "spec", "rows", "options", "decisions" and "explanations" (why each was chosen),
        "warnings", "renamed", "rejected" (first 1,000: line, says), "rejected_count",
        "preview" (first 100 rows as text or None), "members" and "sheets" to choose from.

    Raises
    ------
    BadFile, TooLarge, BadParameter, ColumnMissing
        Before or while reading; then nothing is left at ``target``.

    Notes
    -----
    O(bytes). Memory is bounded by some blocks of 8 MB whatever the size, except for a workbook
    (32 bytes a cell) and a JSON document, whose sizes are limited. For workers.
    """
    bounds = Limits.from_dict(limits or {})
    with opened(Path(source), filename=filename, options=options, limits=bounds) as found:
        result = _imported(found, Path(target), limits=bounds, rejects=rejects, report=report)
        return {**result, **found.told()}


def _imported(
    found: Opened, target: Path, *, limits: Limits, rejects: str | None, report: Report
) -> dict[str, Any]:
    if found.options.format == "parquet":
        return import_parquet(
            found.path, target, options=found.options, limits=limits, report=report
        )
    cells = cells_of(found, limits=limits)
    if rejects is None:
        return import_text(cells, target, options=found.options, limits=limits, report=report)
    with RejectedRows(Path(rejects)) as rows:
        return import_text(
            cells, target, options=found.options, limits=limits, report=report, rejects=rows
        )
