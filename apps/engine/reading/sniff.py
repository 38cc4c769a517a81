"""A proposal of how to read a file, with the reason for each part of it."""

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from apps.engine.errors import BadFile
from apps.engine.reading.archive import ZIP
from apps.engine.reading.content import unpacked
from apps.engine.reading.database.answer import told_of
from apps.engine.reading.encoding import encoding_of
from apps.engine.reading.json_cells import looks_like_lines
from apps.engine.reading.magic import PARQUET, looks_like_json, refuse_known
from apps.engine.reading.notes import MISSING_WORDS
from apps.engine.reading.options import Limits, ReadingOptions
from apps.engine.reading.workbook import OLE, Workbook, title_rows

DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
_SAMPLE_BYTES = 262_144
_SAMPLE_RECORDS = 200
_TITLE_ROWS = 20
_OF_TEXT = ("delimiter", "quote", "decimal", "thousands")  # a workbook's numbers are spelled here
_OF_CSV = ("delimiter", "quote", "skip", "header", "decimal", "thousands")
_DECIMAL_COMMA = re.compile(r"^-?[0-9]+,[0-9]+$")
_DECIMAL_POINT = re.compile(r"^-?[0-9]+\.[0-9]+$")
_GROUPED_COMMA = re.compile(r"^-?[0-9]{1,3}(\.[0-9]{3})+,[0-9]+$")
_POINT_OF_THOUSANDS = re.compile(
    r"^(-?[0-9]{1,3}(\.[0-9]{3})+(,[0-9]+)?|[0-9]+\.[0-9]+\.[0-9]+|.*[^-0-9.,].*)$"
)
_NUMBER = re.compile(r"^-?[0-9]+([.,][0-9]+)?$")


@dataclass(frozen=True)
class Sniffed:
    """How to read a file, and why. ``sheets``: those of a workbook."""

    options: ReadingOptions
    explanations: tuple[str, ...]
    sheets: tuple[str, ...] = ()


def sniff(
    path: Path,
    *,
    filename: str,
    given: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
    most_bytes: int | None = None,
) -> Sniffed:
    """Propose reading options for a file. Reads all bytes once, holds a few chunks of them.

    Parameters
    ----------
    path : Path
    filename : str
        Name that the file came with; used in sentences only, never trusted.
    given : mapping, optional
        Options that a person has chosen: they are kept, only the others are proposed.
    most_bytes : int, optional
        Judge the encoding by the beginning only: for a preview.

    Raises
    ------
    BadFile
        If the file is empty, or is not a table, or its encoding cannot be told for sure.
    """
    given = dict(given or {})
    ReadingOptions.from_dict(given)  # a wrong choice is refused before the file is opened
    with unpacked(path) as stream:
        head = stream.read(_SAMPLE_BYTES)
    if head.startswith(PARQUET) and told_of(path) is not None:
        options = ReadingOptions.from_dict({"missing": [], **given, "format": "sql"})
        return Sniffed(options, ("NULL is missing; an empty text stays an empty text.",))
    if head.startswith(PARQUET):
        options = ReadingOptions.from_dict({**given, "format": "parquet"})
        return Sniffed(options, ("It is a Parquet file: names and types come from the file.",))
    if head.startswith((OLE, *ZIP)):
        return sniff_workbook(path, given=given, limits=limits or Limits())
    refuse_known(head)
    explanations = []
    if "encoding" not in given:
        given["encoding"], reason = encoding_of(path, head, most_bytes=most_bytes)
        explanations.append(reason)
    text = _sample_text(head, encoding=given["encoding"])
    if not text.strip("\ufeff \t\r\n"):
        raise BadFile(f"The file {_shown(filename)} is empty: it holds no text.")
    if looks_like_json(text):
        return _json(text, given=given, explanations=explanations)
    return _delimited(text, given=given, explanations=explanations)


def sniff_workbook(path: Path, *, given: Mapping[str, Any], limits: Limits) -> Sniffed:
    """The sheet that is shown first, unless one is chosen, and the row of its header."""
    book = Workbook(path, limits=limits)
    sheets = book.sheets()
    chosen = given.get("sheet", "")
    if chosen and chosen not in sheets.names:
        raise BadFile(f"The workbook has no sheet named {_shown(chosen)}: choose another.")
    sheet = chosen or next((each for each in sheets.names if each not in sheets.hidden), "")
    if not sheet:
        raise BadFile("All sheets of the workbook are hidden: choose one of them.")
    told = [f"It is a workbook ({book.kind}); the sheet {_shown(sheet)} is read."]
    others = [each for each in sheets.names if each != sheet]
    if others:
        told[0] = told[0][:-1] + f", of {len(sheets.names):,} sheets: choose another if needed."
    if sheet in sheets.hidden:
        told.append(f"The sheet {_shown(sheet)} is hidden in the workbook.")
    kept = {key: value for key, value in given.items() if key not in _OF_TEXT}
    options = {**kept, "sheet": sheet, "format": "excel"}
    if "skip" not in given:
        book.facts(sheet).check(limits=limits)
        options["skip"] = title_rows(list(islice(book.rows(sheet).iter_rows(), _TITLE_ROWS)))
        if options["skip"]:
            told.append(
                f"The first {options['skip']} rows are a title above the header and are left out."
            )
    told.append("Types are proposed from the cells; what the workbook stores as text stays text.")
    return Sniffed(ReadingOptions.from_dict(options), tuple(told), sheets.names)


def _json(text: str, *, given: Mapping[str, Any], explanations: list[str]) -> Sniffed:
    lines = looks_like_lines(text)
    told = (
        "It is JSON Lines: each line is an object, and a row."
        if lines
        else "It is a JSON document."
    )
    kept = {key: value for key, value in given.items() if key not in _OF_CSV}
    options = ReadingOptions.from_dict({**kept, "format": "jsonl" if lines else "json"})
    return Sniffed(options, (*explanations, told))


def _delimited(text: str, *, given: dict[str, Any], explanations: list[str]) -> Sniffed:
    if "skip" not in given:
        given["skip"], reasons = _comments(text)
        explanations.extend(reasons)
    text = "".join(_lines(text)[given["skip"] :])
    if "delimiter" not in given:
        given["delimiter"], reason = _delimiter(text, quote=given.get("quote", '"'))
        explanations.append(reason)
    rows = _rows(text, delimiter=given["delimiter"], quote=given.get("quote", '"'))
    if "decimal" not in given and given["delimiter"] != ",":
        marks, reasons = _decimal(rows)
        given = {**marks, **given}
        explanations.extend(reasons)
    if "quote" not in given and '"' in text:
        explanations.append('Cells stand in double quotes (") where they need them.')
    explanations.extend(_header_doubts(rows, header=given.get("header", True)))
    if "missing" not in given:
        explanations.extend(_missing_words(rows))
    return Sniffed(ReadingOptions.from_dict({**given, "format": "csv"}), tuple(explanations))


def _missing_words(rows: list[list[str]]) -> list[str]:
    """Words that often mean "missing": told, never taken."""
    words: Counter[str] = Counter()
    for cell, count in Counter(chain.from_iterable(rows[1:])).items():
        if (word := cell.strip()) and word.lower() in MISSING_WORDS:
            words[word] += count
    found = [f"{word!r} ({count:,})" for word, count in words.most_common(5)]
    if not found:
        return []
    return [
        f"Only the empty cell is missing. In the first rows these words may mean it too: "
        f"{', '.join(found)}. Name them if they do."
    ]


def _shown(filename: str) -> str:
    return ascii(filename if len(filename) <= 80 else f"{filename[:79]}...")


def _sample_text(head: bytes, *, encoding: str) -> str:
    text = head.decode(encoding, errors="replace").removeprefix("\ufeff")
    if len(head) < _SAMPLE_BYTES:
        return text
    return text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text


def _comments(text: str) -> tuple[int, list[str]]:
    """Lines above the header that begin with #, unless the header itself seems to."""
    lines = _lines(text)
    count = next((at for at, line in enumerate(lines) if not line.startswith("#")), 0)
    above = lines[count - 1 : count + 1] if count else []
    if len(above) < 2 or _cells(above[0]) == _cells(above[1]):
        return 0, []
    return count, [
        f"The first {count} lines begin with # and are left out as comments. Change the lines to "
        "skip if they are not."
    ]


def _lines(text: str) -> list[str]:
    return io.StringIO(text, newline="").readlines()


def _cells(line: str) -> int:
    return 1 + max(line.count(each) for each in DELIMITERS)


def _rows(text: str, *, delimiter: str, quote: str) -> list[list[str]]:
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    )
    rows: list[list[str]] = []
    try:
        for row in reader:
            if row:
                rows.append(row)
            if len(rows) == _SAMPLE_RECORDS:
                break
    except csv.Error:  # the sample ends inside a cell; reading the file will say what is wrong
        return rows
    return rows


def _delimiter(text: str, *, quote: str) -> tuple[str, str]:
    """The mark that gives most records the same number of cells, at least two."""
    best, best_score, width = ",", (0.0, 0), 1
    for each in DELIMITERS:
        rows = _rows(text, delimiter=each, quote=quote)
        widths = Counter(len(row) for row in rows)
        cells, records = max(widths.items(), key=lambda pair: (pair[1], pair[0]), default=(1, 0))
        score = (round(records / max(len(rows), 1), 1), cells)
        if cells > 1 and score > best_score:
            best, best_score, width = each, score, cells
    if width == 1:
        return ",", "No delimiter was found: each line is one cell."
    return best, f"Cells are separated by {DELIMITERS[best]}: {width} columns."


def _decimal(rows: list[list[str]]) -> tuple[dict[str, str], list[str]]:
    """Decimal mark, and the thousands mark where numbers have both."""
    cells = [cell for row in rows[1:] for cell in row]
    commas = sum(bool(_DECIMAL_COMMA.match(cell)) for cell in cells)
    points = sum(bool(_DECIMAL_POINT.match(cell)) for cell in cells)
    grouped = [cell for cell in cells if _GROUPED_COMMA.match(cell)]
    if grouped and all(_POINT_OF_THOUSANDS.match(cell) for cell in cells if "." in cell):
        return {"decimal": ",", "thousands": "."}, [
            f"Numbers have a decimal comma and points between thousands, such as {grouped[0]}."
        ]
    if not commas:
        return {}, []
    if points:
        return {}, [
            f"Numbers are written with a comma ({commas}) and with a point ({points}): those with "
            "a comma stay text unless the decimal mark is chosen."
        ]
    return {"decimal": ","}, ["Numbers are written with a decimal comma."]


def _header_doubts(rows: list[list[str]], *, header: bool) -> list[str]:
    if not header or not rows:
        return []
    if len(rows) > 1 and all(_NUMBER.match(cell) for cell in rows[0]):
        return ["The first line holds only numbers: if it is data, choose that there is no header."]
    return ["The first line holds the names of the columns."]
