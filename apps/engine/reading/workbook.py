"""Workbooks (xlsx, xlsm, xlsb, xls, ods): which sheets there are, and one of them as text.

Values come from calamine, which computes nothing, opens no link and knows no macro. What its
values do not tell (error cells, formulas without a result, hidden rows) is counted by a scan of
the file, which comes first: it also refuses what would need too much memory.
"""

import mmap
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import python_calamine as calamine
from defusedxml.ElementTree import ParseError, fromstring

from apps.engine.errors import BadFile, TooLarge
from apps.engine.reading.archive import DAMAGE, opened_zip, shown
from apps.engine.reading.cells import RecordCells
from apps.engine.reading.options import Limits, ReadingOptions
from apps.engine.reading.workbook_scan import (
    SheetFacts,
    refuse_declarations,
    scan_ods,
    scan_xlsb,
    scan_xlsx,
    xlsb_links,
)

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_EXACT_WHOLE = 2.0**53
_ROUNDED = 1e15  # a workbook keeps fifteen digits
_SHEET_LIKE = (calamine.SheetTypeEnum.WorkSheet, calamine.SheetTypeEnum.MacroSheet)
_HEADER_ROWS = 20
_PARTS = re.compile(r"(xl/.*\.(xml|rels)|content\.xml|styles\.xml)")
_HEAD_BYTES = 65_536


@dataclass(frozen=True)
class Sheets:
    """Sheets with cells, and those of them that are hidden."""

    names: tuple[str, ...]
    hidden: tuple[str, ...]


def kind_of_archive(path: Path) -> str:
    """xlsx, xlsb, ods or "zip"; BadFile for a document that is none of these."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except DAMAGE as error:
        raise BadFile(
            "The file begins as a zip archive or workbook and is cut off or damaged: upload it "
            "again."
        ) from error
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "xl/workbook.bin" in names:
        return "xlsb"
    if "content.xml" in names and "mimetype" in names:
        return "ods"
    if "[Content_Types].xml" in names:
        raise BadFile("This file is an Office document, not a workbook: save the table as CSV.")
    return "zip"


def refuse_ole(path: Path) -> None:
    """Raise BadFile for an old Office file that is protected, or that is no workbook."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data.find("EncryptedPackage".encode("utf-16-le")) >= 0:
            raise _protected()
        names = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))
        if all(data.find(name) < 0 for name in names):
            raise BadFile(
                "This file is an old Office file that is not a workbook: save the table as CSV."
            )


def _protected() -> BadFile:
    return BadFile("The workbook is protected by a password: save it without one.")


class Workbook:
    """An opened workbook. Sizes are judged first; values are read when they are asked for."""

    def __init__(self, path: Path, *, limits: Limits) -> None:
        self.path, self.limits = path, limits
        self.kind = "xls"
        if path.stat().st_size > limits.workbook_bytes:
            raise _too_large(path.stat().st_size, limits=limits)
        with path.open("rb") as file:
            is_ole = file.read(len(OLE)) == OLE
        if is_ole:
            refuse_ole(path)
        else:
            self.kind = kind_of_archive(path)
            self._judge()
        self._book = self._opened()

    def _judge(self) -> None:
        with opened_zip(self.path, limits=self.limits) as archive:
            total = sum(each.file_size for each in archive.infolist())
            if total > self.limits.workbook_bytes:
                raise _too_large(total, limits=self.limits)
            for name in archive.namelist():
                if _PARTS.fullmatch(name):
                    with archive.open(name) as part:
                        refuse_declarations(part.read(_HEAD_BYTES))
            if self.kind == "ods":
                self._ods_facts = scan_ods(archive, limits=self.limits)

    def _opened(self) -> Any:
        with _refused("The workbook is damaged: open it and save it again."):
            try:
                return calamine.CalamineWorkbook.from_path(self.path)
            except calamine.PasswordError as error:
                raise _protected() from error

    def sheets(self) -> Sheets:
        """Sheets that have cells; charts are not among them. BadFile when there is none."""
        found = [each for each in self._book.sheets_metadata if each.typ in _SHEET_LIKE]
        if not found:
            raise BadFile("The workbook has no sheet with cells: save the table as a sheet.")
        visible = calamine.SheetVisibleEnum.Visible
        return Sheets(
            tuple(each.name for each in found),
            tuple(each.name for each in found if each.visible != visible),
        )

    def facts(self, sheet: str) -> SheetFacts:
        """What the scan of a sheet finds. Raises TooLarge before anything is built in memory."""
        if self.kind == "xls":
            return SheetFacts()  # its format ends at 65,536 rows and 256 columns
        if self.kind == "ods":
            return self._ods_facts.get(sheet, SheetFacts())
        with opened_zip(self.path, limits=self.limits) as archive:
            part = self._part(archive, sheet)
            scan = scan_xlsx if self.kind == "xlsx" else scan_xlsb
            return scan(archive, part, limits=self.limits)

    def _part(self, archive: zipfile.ZipFile, sheet: str) -> str:
        """The file of the archive that holds the sheet: the place is the same in all lists."""
        try:
            links = fromstring(archive.read(f"xl/_rels/workbook.{self._ending}.rels"))
            targets = {each.get("Id"): each.get("Target", "") for each in links}
            name = targets[self._link(archive, sheet)]
            part = name.lstrip("/") if name.startswith("/") else f"xl/{name}"
            archive.getinfo(part)
        except (KeyError, ParseError) as error:
            raise BadFile(f"The workbook's sheet {shown(sheet)} is not where it says.") from error
        return part

    @property
    def _ending(self) -> str:
        return "xml" if self.kind == "xlsx" else "bin"

    def _link(self, archive: zipfile.ZipFile, sheet: str) -> str:
        if self.kind == "xlsx":
            root = fromstring(archive.read("xl/workbook.xml"))
            for each in root.iter():
                if each.tag.endswith("}sheet") and each.get("name") == sheet:
                    return next(value for key, value in each.items() if key.endswith("}id"))
            raise KeyError(sheet)
        with archive.open("xl/workbook.bin") as stream:
            return xlsb_links(stream)[sheet]

    def rows(self, sheet: str) -> Any:
        """The sheet as calamine gives it."""
        with _refused(
            f"The sheet {shown(sheet)} cannot be read: open the workbook and save it again."
        ):
            return self._book.get_sheet_by_name(sheet)


@contextmanager
def _refused(says: str) -> Iterator[None]:
    """Refuse what calamine cannot read. Its panics are no ``Exception``: known by their name."""
    try:
        yield
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise BadFile(says) from error
    except BaseException as error:
        if type(error).__module__ != "pyo3_runtime":
            raise
        raise BadFile(says) from error


def _too_large(size: int, *, limits: Limits) -> TooLarge:
    return TooLarge(
        f"The workbook has {size:,} bytes unpacked and the limit is {limits.workbook_bytes:,}: "
        "save the sheet as CSV."
    )


def title_rows(rows: Sequence[Sequence[Any]]) -> int:
    """Rows above the header: those with at most one cell, where later ones have more."""
    filled = [sum(cell not in ("", None) for cell in row) for row in rows[:_HEADER_ROWS]]
    if max(filled, default=0) < 2:
        return 0
    return next(place for place, count in enumerate(filled) if count > 1)


def sheet_cells(book: Workbook, *, options: ReadingOptions, limits: Limits) -> RecordCells:
    """One sheet as records of text, spelled so that no value changes. O(cells), twice."""
    facts = book.facts(options.sheet)
    rows = book.rows(options.sheet)
    columns = [_Column() for _ in range(rows.width)]
    skip = options.skip + options.header
    for row in _below(rows, skip=skip):
        for column, cell in zip(columns, row, strict=True):
            column.see(cell)

    def read() -> Iterator[tuple[int, list[str]]]:
        for place, row in enumerate(rows.iter_rows(), start=1):
            if place > options.skip:
                cells = [each.spelled(cell) for each, cell in zip(columns, row, strict=True)]
                yield place, cells if any(cells) else []

    return RecordCells(
        read,
        limits=limits,
        size_bytes=book.path.stat().st_size,
        stored_as_text=frozenset(at for at, each in enumerate(columns) if each.is_text),
        told=[*_notes(facts, kind=book.kind), *_seen(rows, columns, skip=options.skip)],
    )


def _below(rows: Any, *, skip: int) -> Iterator[Sequence[Any]]:
    for place, row in enumerate(rows.iter_rows(), start=1):
        if place > skip:
            yield row


@dataclass
class _Column:
    """What the cells of a column are by the workbook, and how they are spelled alike."""

    texts: int = 0
    others: int = 0
    timed: bool = False
    micro: bool = False
    rounded: int = 0

    @property
    def is_text(self) -> bool:
        return bool(self.texts) and not self.others

    def see(self, cell: Any) -> None:
        if cell == "" or cell is None:
            return
        if isinstance(cell, str):
            self.texts += 1
            return
        self.others += 1
        if isinstance(cell, datetime):
            self.timed = True
            self.micro = self.micro or bool(cell.microsecond)
        elif isinstance(cell, float):
            self.rounded += abs(cell) >= _ROUNDED

    def spelled(self, cell: Any) -> str:
        if isinstance(cell, str):
            return cell
        if isinstance(cell, bool):
            return "true" if cell else "false"
        if isinstance(cell, float):
            whole = cell.is_integer() and abs(cell) < _EXACT_WHOLE
            return str(int(cell)) if whole else repr(cell)
        if isinstance(cell, date) and self.timed:
            moment = cell if isinstance(cell, datetime) else datetime.combine(cell, time())
            return moment.isoformat(" ", "microseconds" if self.micro else "seconds")
        if isinstance(cell, timedelta):
            return f"{cell.total_seconds():.6f}".rstrip("0").rstrip(".")
        return "" if cell is None else str(cell)


def _notes(facts: SheetFacts, *, kind: str) -> list[str]:
    found = []
    if facts.errors:
        found.append(f"{facts.errors:,} cells hold an error such as #N/A: they are missing here.")
    if kind == "xls":
        found.append("In an .xls file an error such as #N/A cannot be told from an empty cell.")
    if facts.formulas:
        found.append(
            f"{facts.formulas:,} cells hold a formula: the result that the workbook keeps is read, "
            "and nothing is computed."
        )
    if facts.without_result:
        found.append(
            f"{facts.without_result:,} formulas have no kept result and are missing here: open the "
            "workbook, let it compute, and save it."
        )
    if facts.hidden_rows or facts.hidden_columns:
        found.append(
            f"{facts.hidden_rows:,} hidden rows and {facts.hidden_columns:,} groups of hidden "
            "columns are read like the others."
        )
    return found


def _seen(rows: Any, columns: Sequence[_Column], *, skip: int) -> list[str]:
    found = []
    merged = [each for each in rows.merged_cell_ranges or () if each[1][0] >= skip]
    if merged:
        row = merged[0][0][0] + 1
        found.append(
            f"{len(merged):,} merged cells (first in row {row:,}): the value stands in the first "
            "cell, and the others are missing."
        )
    rounded = sum(each.rounded for each in columns)
    if rounded:
        found.append(
            f"{rounded:,} numbers have more than fifteen digits, which a workbook rounds: if they "
            "are identifiers, they were damaged before they came here."
        )
    return found
