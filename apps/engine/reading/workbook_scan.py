"""A look through a packed sheet, piece by piece, before a program is let to build it in memory.

A workbook of five kilobytes can hold one cell in the last row and column; whoever builds the
rectangle up to it needs gigabytes. Here only references are read, and nothing is built.
"""

import io
import re
import xml.sax
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import defusedxml.sax
from defusedxml.common import DefusedXmlException

from apps.engine.errors import BadFile, TooLarge
from apps.engine.reading.options import Limits

_PIECE_BYTES = 1_048_576
_CELL = re.compile(
    rb'<(?:\w+:)?(row|c)(?=[\s/>])(?:[^>]*?\sr="([A-Z]{0,4})([0-9]{0,8})")?(?:[^>]*?\st="(e)")?'
)
_HIDDEN = re.compile(rb'<(?:\w+:)?(row|col)\s[^>]*?hidden="(?:1|true)"')
_NO_RESULT = re.compile(rb"</(?:\w+:)?f>\s*(?:<(?:\w+:)?v\s*/>|<v></v>)?\s*</(?:\w+:)?c>")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>]")
# Records of the binary parts (MS-XLSB 2.3.2).
_ROW_HEADER, _CELLS, _ERRORS, _BUNDLE = 0, range(1, 12), (3, 11), 156
_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"


@dataclass
class SheetFacts:
    """What a sheet holds beside its values."""

    rows: int = 0  # the last that is used, from 1
    columns: int = 0
    errors: int = 0
    formulas: int = 0
    without_result: int = 0
    hidden_rows: int = 0
    hidden_columns: int = 0

    def check(self, *, limits: Limits) -> None:
        """Raise TooLarge when the rectangle up to the last cell is beyond the limits."""
        if self.columns > limits.columns:
            raise TooLarge(
                f"A cell lies in column {self.columns:,} of the sheet and the limit is "
                f"{limits.columns:,}: delete it, or the columns that are not needed."
            )
        if self.rows > limits.rows or self.rows * self.columns > limits.sheet_cells:
            raise TooLarge(
                f"The sheet reaches to row {self.rows:,} and column {self.columns:,}; at most "
                f"{limits.sheet_cells:,} cells are read: delete what is not needed, or save it "
                "as CSV."
            )

    def see(self, row: int, column: int) -> None:
        """A cell lies here, from 1."""
        self.rows, self.columns = max(self.rows, row), max(self.columns, column)


def scan_xlsx(archive: zipfile.ZipFile, part: str, *, limits: Limits) -> SheetFacts:
    """References, errors and formulas of one sheet of XML. Memory: two pieces. O(bytes)."""
    facts, row, column = SheetFacts(), 0, 0
    with archive.open(part) as stream:
        for piece in _whole_tags(stream):
            facts.formulas += len(_FORMULA.findall(piece))
            facts.without_result += len(_NO_RESULT.findall(piece))
            for what in _HIDDEN.findall(piece):
                facts.hidden_rows += what == b"row"
                facts.hidden_columns += what == b"col"
            for tag, letters, digits, error in _CELL.findall(piece):
                if tag == b"row":
                    row, column = int(digits or row + 1), 0
                    continue
                column = _number(letters) if letters else column + 1
                facts.see(int(digits or row), column)
                facts.errors += bool(error)
            facts.check(limits=limits)
    return facts


def _number(letters: bytes) -> int:
    value = 0
    for letter in letters:
        value = value * 26 + letter - 64
    return value


def _whole_tags(stream: IO[bytes]) -> Iterator[bytes]:
    """Pieces that do not end inside a tag; a document type declaration is refused."""
    left = b""
    while piece := stream.read(_PIECE_BYTES):
        data = left + piece
        refuse_declarations(data)
        end = max(data.rfind(b"</row>"), 0) or max(data.rfind(b"<"), 0) or len(data)
        yield data[:end]
        left = data[end:]
    yield left


def refuse_declarations(data: bytes) -> None:
    """Entities can grow without bound, or read files: no workbook needs them."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise BadFile(
            "The workbook declares a document type, as no spreadsheet program does: save it again."
        )


def scan_xlsb(archive: zipfile.ZipFile, part: str, *, limits: Limits) -> SheetFacts:
    """The same of a binary sheet."""
    facts, row = SheetFacts(), 0
    with archive.open(part) as packed:
        for kind, body in _binary_records(packed, keep_bytes=4):
            if kind == _ROW_HEADER:
                row = int.from_bytes(body, "little") + 1
            elif kind in _CELLS:
                facts.see(row, int.from_bytes(body, "little") + 1)
                facts.errors += kind in _ERRORS
                facts.check(limits=limits)
    return facts


def xlsb_links(packed: IO[bytes]) -> dict[str, str]:
    """Names of the sheets of workbook.bin, and the relation that leads to each."""
    found = {}
    for kind, body in _binary_records(packed, keep_bytes=2_048):
        if kind == _BUNDLE:
            link, left = _wide_text(body[8:])
            found[_wide_text(left)[0]] = link
    return found


def _wide_text(data: bytes) -> tuple[str, bytes]:
    end = 4 + 2 * int.from_bytes(data[:4], "little")
    return data[4:end].decode("utf-16-le", errors="replace"), data[end:]


def _binary_records(packed: IO[bytes], *, keep_bytes: int) -> Iterator[tuple[int, bytes]]:
    """Records of a binary part: their kind, and the first bytes of each."""
    with io.BufferedReader(packed, _PIECE_BYTES) as stream:  # type: ignore[type-var]
        while (kind := _variable(stream, most=2)) is not None:
            size = _variable(stream, most=4) or 0
            yield kind, stream.read(min(size, keep_bytes))
            _skip(stream, size - keep_bytes)


def _skip(stream: IO[bytes], count: int) -> None:
    while count > 0 and (piece := stream.read(min(count, _PIECE_BYTES))):
        count -= len(piece)


def _variable(stream: IO[bytes], *, most: int) -> int | None:
    """A number whose bytes hold seven bits each; None at the end."""
    value = 0
    for place in range(most):
        byte = stream.read(1)
        if not byte:
            return None
        value |= (byte[0] & 0x7F) << 7 * place
        if byte[0] < 0x80:
            break
    return value


class _OdsSheets(xml.sax.ContentHandler):
    """Counts cells of each sheet with their repetitions; refuses when one grows too large."""

    def __init__(self, *, limits: Limits) -> None:
        super().__init__()
        self.sheets: dict[str, SheetFacts] = {}
        self._limits = limits
        self._facts = SheetFacts()
        self._row = self._column = self._repeat = 0
        self._rows = 1

    def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:  # noqa: N802
        space, word = name
        if space != _TABLE:
            return
        if word == "table":
            self._facts = self.sheets.setdefault(attrs.get((_TABLE, "name"), ""), SheetFacts())
            self._row = 0
        elif word == "table-row":
            self._rows = int(attrs.get((_TABLE, "number-rows-repeated"), 1))
            self._column = 0
        elif word in ("table-cell", "covered-table-cell"):
            self._cell(attrs)

    def _cell(self, attrs: Any) -> None:
        self._column += int(attrs.get((_TABLE, "number-columns-repeated"), 1))
        values = {key: value for (_, key), value in attrs.items() if key.endswith("value-type")}
        if values:
            self._facts.see(self._row + self._rows, self._column)
            self._facts.errors += "error" in values.values()
            self._facts.formulas += (_TABLE, "formula") in attrs
            self._facts.check(limits=self._limits)

    def endElementNS(self, name: Any, qname: Any) -> None:  # noqa: N802
        if name == (_TABLE, "table-row"):
            self._row += self._rows


def scan_ods(archive: zipfile.ZipFile, *, limits: Limits) -> dict[str, SheetFacts]:
    """The same of each sheet of an OpenDocument file, by its name."""
    handler = _OdsSheets(limits=limits)
    parser = defusedxml.sax.make_parser()
    parser.forbid_dtd = True
    parser.setFeature(xml.sax.handler.feature_namespaces, True)
    parser.setContentHandler(handler)
    try:
        with archive.open("content.xml") as stream:
            parser.parse(stream)
    except DefusedXmlException as error:
        raise BadFile(
            "The workbook declares a document type, as no spreadsheet program does: save it again."
        ) from error
    except (xml.sax.SAXException, KeyError) as error:
        raise BadFile("The workbook is damaged: save it again.") from error
    return handler.sheets
