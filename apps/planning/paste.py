"""Features pasted from a spreadsheet: text in, rows and complaints out. Nothing is guessed."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

HEADERS = {
    "name": ("name", "column", "feature", "field", "variable"),
    "meaning": ("meaning", "description", "definition"),
    "source": ("source", "system", "table"),
    "owner": ("owner", "responsible"),
    "type": ("type", "kind"),
    "known": ("known", "available", "availability", "known at", "when known"),
    "lag_days": ("lag_days", "lag", "lag in days", "delay"),
    "sensitive": ("sensitive", "protected", "personal"),
    "cost": ("cost", "price"),
}
"""Field -> the names by which a header row may call it."""
WITHOUT_HEADER = ("name", "meaning", "source", "known")
_FIELD_OF = {name: field for field, names in HEADERS.items() for name in names}
_KNOWN = {
    "": "unknown",
    "?": "unknown",
    "before the decision": "before",
    "at the decision": "at",
    "only after it": "after",
    "not known yet": "unknown",
}
_TYPES = {"boolean": "yes/no", "yes or no": "yes/no", "categorical": "category", "not said": ""}
_YES = {"yes", "y", "true", "1", "x", "sensitive"}
_NO = {"", "no", "n", "false", "0"}


class BadPaste(Exception):
    """The text cannot be read at all; one sentence with the line."""


@dataclass(frozen=True)
class Line:
    """One row of the text: its line number, and raw values by field, as a form takes them."""

    number: int
    values: dict[str, Any]


def _cells(text: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells; a cell in quotation marks may hold tabs and line breaks."""
    reader = csv.reader(text.splitlines(keepends=True), delimiter="\t", strict=True)
    before = 0
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield before + 1, [" ".join(cell.split()) for cell in cells]
            before = reader.line_num
    except csv.Error:
        raise BadPaste(
            f"Line {before + 1}: a quotation mark at the start of a cell is not closed, or "
            "something follows it. Take the marks away."
        ) from None


def _header(cells: list[str]) -> tuple[str, ...] | None:
    """The fields that a header row names; None where the first line is no header."""
    known = [_FIELD_OF.get(cell.lower().replace("_", " ").strip()) for cell in cells]
    known = [field or _FIELD_OF.get(cell.lower()) for field, cell in zip(known, cells, strict=True)]
    if "name" not in known:
        return None
    for cell, field in zip(cells, known, strict=True):
        if field is None and cell:
            names = ", ".join(HEADERS)
            raise BadPaste(f"Line 1: the heading “{cell}” is not known. Known are: {names}.")
        if field and known.count(field) > 1:
            raise BadPaste(f"Line 1: two headings mean “{field}”. Leave one of them out.")
    return tuple(field or "" for field in known)


def _plain(field: str, cell: str) -> Any:
    low = cell.lower()
    if field == "known":
        return _KNOWN.get(low, low)
    if field == "type":
        return _TYPES.get(low, low)
    if field == "sensitive":
        return True if low in _YES else False if low in _NO else None
    return cell


def _line(number: int, cells: list[str], fields: tuple[str, ...]) -> Line:
    while len(cells) > len(fields) and not cells[-1]:
        cells = cells[:-1]
    if len(cells) > len(fields):
        raise BadPaste(
            f"Line {number} has {len(cells)} cells where {len(fields)} are read: "
            f"{', '.join(field or 'nothing' for field in fields)}."
        )
    values: dict[str, Any] = {"known": "unknown"}
    for field, cell in zip(fields, cells, strict=False):
        if field:
            values[field] = _plain(field, cell)
        elif cell:
            raise BadPaste(f"Line {number}: “{cell}” stands under no heading.")
    if values.get("sensitive", False) is None:
        raise BadPaste(f"Line {number}: under “sensitive” write yes or no.")
    if not values.get("name"):
        raise BadPaste(f"Line {number}: the feature has no name.")
    return Line(number, values)


def read_paste(text: str) -> list[Line]:
    """Rows of tab-separated text. The first line may name the columns, in any order.

    Raises BadPaste with the line of the first thing that cannot be read.
    """
    lines = list(_cells(text))
    if not lines:
        return []
    fields = _header(lines[0][1])
    rest = lines if fields is None else lines[1:]
    return [_line(number, cells, fields or WITHOUT_HEADER) for number, cells in rest]
