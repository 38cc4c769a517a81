"""JSON and JSON Lines as records of text: nested objects flattened, numbers as they are spelled.

A number keeps the digits it has in the file: it is never a float on the way, so an identifier of
twenty digits stays itself. JSON is after RFC 8259; a name that stands twice in one object is
refused, because one of the two values would be lost.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apps.engine.errors import BadFile, TooLarge
from apps.engine.reading.cells import RecordCells
from apps.engine.reading.content import text_lines, utf8_chunks
from apps.engine.reading.options import Limits, ReadingOptions

_NAMED = 3  # parts that are left out, in a sentence
_Path = tuple[str, ...]


class _Number(str):
    """The spelling of a number, to tell 7 from "7"."""

    __slots__ = ()


@dataclass
class _Columns:
    """Columns in the order in which they were met, and what the file calls their values."""

    paths: dict[_Path, int] = field(default_factory=dict)
    texts: set[int] = field(default_factory=set)
    others: set[int] = field(default_factory=set)
    records: int = 0
    lists: set[int] = field(default_factory=set)
    empty: int = 0  # texts without a letter
    nulls: int = 0

    def see(self, record: Mapping[str, Any], *, limits: Limits) -> None:
        self.records += 1
        for path, value in _flat(record):
            at = self.paths.setdefault(path, len(self.paths))
            if at >= limits.columns:
                raise TooLarge(
                    f"The objects have more than {limits.columns:,} different names, which is the "
                    "limit: leave out those that are not needed."
                )
            self._see(at, value)

    def _see(self, at: int, value: Any) -> None:
        if value is None:
            self.nulls += 1
        elif isinstance(value, str) and not isinstance(value, _Number):
            self.empty += not value
            self.texts.add(at)
        else:
            self.others.add(at)
            if isinstance(value, list):
                self.lists.add(at)

    def row(self, record: Mapping[str, Any]) -> list[str]:
        cells = [""] * len(self.paths)
        for path, value in _flat(record):
            cells[self.paths[path]] = _spelled(value)
        return cells

    def names(self) -> list[str]:
        return [".".join(path) for path in self.paths]


def looks_like_lines(text: str) -> bool:
    """Whether the first two lines that are not blank are an object each."""
    lines = [line for line in text.splitlines() if line.strip()][:2]
    try:
        return len(lines) == 2 and isinstance(json.loads(lines[0]), dict) and lines[1][0] == "{"
    except (ValueError, RecursionError):
        return False


def json_cells(path: Path, *, options: ReadingOptions, limits: Limits) -> RecordCells:
    """The records of a file. A document is held as a whole; lines are read one by one, twice.

    Raises
    ------
    BadFile
        If it is not JSON (with the line), or not a list of objects.
    TooLarge
        If a document is larger than the limit, or has too many names.
    """
    told: list[str] = []
    records: list[dict[str, Any]] = []
    is_lines = options.format == "jsonl"
    if not is_lines:
        records, told = _records(_document(path, options=options, limits=limits))

    def objects() -> Iterable[tuple[int, dict[str, Any]]]:
        if is_lines:
            return _lines(path, options=options, limits=limits)
        return enumerate(records, start=1)

    columns = _Columns()
    for _, record in objects():
        columns.see(record, limits=limits)
    if not columns.paths:
        raise BadFile("The file is empty: its objects have no names.")

    def read() -> Iterator[tuple[int, list[str]]]:
        yield 0, columns.names()
        for place, record in objects():
            yield place, columns.row(record)

    return RecordCells(
        read,
        limits=limits,
        size_bytes=path.stat().st_size,
        unit="line" if is_lines else "record",
        stored_as_text=frozenset(columns.texts - columns.others),
        told=[*told, *_notes(columns)],
    )


def _notes(columns: _Columns) -> list[str]:
    names, found = columns.names(), []
    nested = [name for name, path in zip(names, columns.paths, strict=True) if len(path) > 1]
    if nested:
        found.append(
            f"{len(nested):,} columns come from objects inside objects and have dotted names, "
            f"first {nested[0]!r}."
        )
    if columns.lists:
        first = names[min(columns.lists)]
        found.append(
            f"{len(columns.lists):,} columns hold lists, first {first!r}: a list is kept as text."
        )
    if columns.empty:
        found.append(
            f"{columns.empty:,} empty texts are missing here, like the {columns.nulls:,} nulls."
        )
    return found


def _flat(record: Mapping[str, Any], above: _Path = ()) -> Iterator[tuple[_Path, Any]]:
    for key, value in record.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, (*above, key))
        else:
            yield (*above, key), value


def _spelled(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return _as_json(value)


def _as_json(value: Any) -> str:
    """A list, or an empty object, as JSON text; numbers keep their spelling."""
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, list):
        return f"[{','.join(_as_json(each) for each in value)}]"
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)}:{_as_json(each)}" for key, each in value.items())
        return f"{{{','.join(pairs)}}}"
    return json.dumps(value, ensure_ascii=False)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise BadFile(
            f"An object has the name {twice[:80]!r} twice, and one of the values would be lost: "
            "rename one."
        )
    return found


def _parsed(text: str, *, line: int) -> Any:
    try:
        return json.loads(
            text,
            object_pairs_hook=_once,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_Number,
        )
    except RecursionError as error:
        raise BadFile(
            "The JSON is nested too deeply to be a table: write one object for each row."
        ) from error
    except json.JSONDecodeError as error:
        raise BadFile(
            f"Line {line + error.lineno - 1:,} is not JSON ({error.msg}, column {error.colno:,}): "
            "correct it, or write the file again."
        ) from error


def _lines(
    path: Path, *, options: ReadingOptions, limits: Limits
) -> Iterator[tuple[int, dict[str, Any]]]:
    chunks = utf8_chunks(path, encoding=options.encoding, limits=limits)
    with text_lines(b"", chunks) as stream:
        for place, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            record = _parsed(line, line=place)
            if not isinstance(record, dict):
                raise BadFile(f"Line {place:,} is not an object: each line is one row, as {{…}}.")
            yield place, record


def _document(path: Path, *, options: ReadingOptions, limits: Limits) -> Any:
    parts, size = [], 0
    for chunk in utf8_chunks(path, encoding=options.encoding, limits=limits):
        size += len(chunk)
        if size > limits.json_bytes:
            raise TooLarge(
                f"The JSON document has more than {limits.json_bytes:,} bytes, which is the limit: "
                "write it as JSON Lines, one object a line, or as CSV."
            )
        parts.append(chunk)
    return _parsed(b"".join(parts).decode(), line=1)


def _records(document: Any) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows of a document, and what is to be told about where they were found."""
    if isinstance(document, list):
        return _objects(document, where=""), []
    if not isinstance(document, dict):
        raise BadFile("The JSON holds a single value, not a list of objects.")
    lists = {key: value for key, value in document.items() if isinstance(value, list)}
    inner = [key for key, value in lists.items() if value and isinstance(value[0], dict)]
    if len(inner) == 1:
        return _under(document, inner[0])
    if lists and len(lists) == len(document):
        return _columns_of(lists), ["The file holds one list for each column."]
    if not lists:
        return [document], ["The file holds one object: it is one row."]
    raise BadFile(
        "The JSON is an object that is neither a row nor one list for each column: write a list "
        "of objects, one for each row."
    )


def _under(document: Mapping[str, Any], key: str) -> tuple[list[dict[str, Any]], list[str]]:
    told = [f"The rows are the list under {key!r}."]
    others = [other for other in document if other != key]
    if others:
        names = ", ".join(repr(other) for other in others[:_NAMED])
        told.append(f"What stands beside it is left out: {names}.")
    return _objects(document[key], where=f" under {key!r}"), told


def _objects(rows: list[Any], *, where: str) -> list[dict[str, Any]]:
    for place, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise BadFile(
                f"Element {place:,} of the list{where} is not an object: write one object for "
                "each row."
            )
    return rows


def _columns_of(lists: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    sizes = {key: len(value) for key, value in lists.items()}
    if len(set(sizes.values())) > 1:
        (first, one), (other, two) = (
            min(sizes.items()),
            max(sizes.items(), key=lambda each: each[1]),
        )
        raise BadFile(
            f"The lists of the columns differ in length, such as {first!r} with {one:,} and "
            f"{other!r} with {two:,}: a table needs them alike."
        )
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
