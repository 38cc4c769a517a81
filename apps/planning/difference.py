"""What differs between two contents of a plan, field by field, in the words of the forms."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from apps.planning.catalogue import TASKS
from apps.planning.fields import DASH, Field, Rows, TaskFields


@dataclass(frozen=True)
class Change:
    """One field that differs."""

    task: str
    field: str
    before: str
    after: str


Row = dict[str, Any]


def _fields(
    task: str, fields: tuple[Field, ...], before: Row, after: Row, *, of: str
) -> Iterator[Change]:
    for field in fields:
        old, new = field.of(before), field.of(after)
        # A box that was never seen and one that is not ticked say the same.
        if (None if old is False else old) != (None if new is False else new):
            yield Change(task, f"{of}: {field.label}", field.words(old), field.words(new))


def _by_name(rows: Rows, content: Row) -> dict[tuple[Any, int], Row]:
    """Rows by name; the second of the same name is another one."""
    named: dict[tuple[Any, int], Row] = {}
    for row in content.get(rows.key) or []:
        name, turn = row.get(rows.names), 0
        while (name, turn) in named:
            turn += 1
        named[name, turn] = row
    return named


def _but_name(rows: Rows, row: Row) -> Row:
    return {key: value for key, value in row.items() if key != rows.names}


def _pairs(rows: Rows, before: Row, after: Row) -> Iterator[tuple[Row | None, Row | None]]:
    """Old and new row of the same name; a row that only got another name is the same row."""
    old, new = _by_name(rows, before), _by_name(rows, after)
    gone = {key: row for key, row in old.items() if key not in new}
    for key, row in new.items():
        renamed = None
        if key not in old:
            same = (k for k, was in gone.items() if _but_name(rows, was) == _but_name(rows, row))
            renamed = next(same, None)
        yield (gone.pop(renamed) if renamed else old.get(key)), row
    for row in gone.values():
        yield row, None


def _told(rows: Rows, row: Row) -> str:
    """A whole row on one line."""
    said = [
        f"{field.label.lower()}: {field.words(field.of(row))}"
        for field in rows.fields
        if field.key != rows.names and field.of(row) not in (None, False)
    ]
    return "; ".join(said) or "listed"


def _rows(task: str, rows: Rows, before: Row, after: Row, *, title: str) -> Iterator[Change]:
    for old, new in _pairs(rows, before, after):
        if old is None and new is not None:
            yield Change(task, f"{title}: {rows.called(new)}", DASH, _told(rows, new))
        elif new is None and old is not None:
            yield Change(task, f"{title}: {rows.called(old)}", _told(rows, old), "removed")
        elif old is not None and new is not None:
            of = f"{title}: {rows.called(new)}"
            yield from _fields(task, rows.fields, old, new, of=of)


def task_difference(task: str, before: Row, after: Row) -> list[Change]:
    """What differs between two contents of one planning task."""
    told: TaskFields = TASKS[task]
    found = list(_fields(task, told.fields, before, after, of=told.title))
    if told.rows:
        found += _rows(task, told.rows, before, after, title=told.title)
    return found


def difference(before: Row, after: Row) -> list[Change]:
    """What differs between two contents of a plan, task by task."""
    return [
        change
        for task in TASKS
        for change in task_difference(task, before.get(task, {}), after.get(task, {}))
    ]
