"""A plan with everything it says, in the words of the forms: for reading and for paper."""

from dataclasses import dataclass
from typing import Any

from apps.planning.catalogue import TASKS
from apps.planning.fields import Field, Rows


@dataclass(frozen=True)
class Sheet:
    """One planning task: what is said, and its rows as a table without empty columns."""

    title: str
    said: list[tuple[str, str]]
    rows_title: str
    columns: list[Field]
    rows: list[list[tuple[Field, str]]]
    excluded: list[str]


def _table(rows: Rows, content: list[dict[str, Any]]) -> tuple[list[Field], list[Any]]:
    used = [
        field
        for field in rows.fields
        if not (field.within and field.derived)
        and any(field.of(row) not in (None, False) for row in content)
    ]
    return used, [[(field, field.words(field.of(row))) for field in used] for row in content]


def paper_of(content: dict[str, Any]) -> list[Sheet]:
    """All tasks of a content, in order. Fields that say nothing are left out."""
    sheets = []
    for task, told in TASKS.items():
        said = content.get(task, {})
        rows = said.get(told.rows.key) or [] if told.rows else []
        columns, cells = _table(told.rows, rows) if told.rows else ([], [])
        late = [row["name"] for row in rows if row.get("known") == "after"]
        sheets.append(
            Sheet(
                title=told.title,
                said=[
                    (field.label, field.words(field.of(said)))
                    for field in told.fields
                    if field.of(said) is not None
                ],
                rows_title=told.rows.title if told.rows else "",
                columns=columns,
                rows=cells,
                excluded=late,
            )
        )
    return sheets
