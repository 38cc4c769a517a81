"""Job function: what the rows that were left out had as target, beside those that stayed."""

from typing import Any

import pandas as pd

from apps.engine.reading.tables import read_rows, read_table
from apps.engine.splitting.target import is_class_target
from apps.engine.types import Report

SHOWN = 20


def count_losses(*, base: str, kept: str, target: str, report: Report) -> dict[str, Any]:
    """Compare the target of the base table with that of the rows that stayed, before the recipe.

    Parameters
    ----------
    base, kept : str
        Paths of typed tables: all rows, and those that the recipe left.
    target : str
        Column to be predicted, as it is called before the recipe.

    Returns
    -------
    dict, JSON-ready
        "rows_before", "rows_after", "classes": the most frequent values with "value", "before"
        and "after" (rows). No classes when the column is not in the base table, is a quantity,
        or has no value.

    Notes
    -----
    O(rows); reads one column of each table. For workers.
    """
    report(0, 1, "Counting what was left out")
    before = _column(base, target)
    after = _column(kept, target)
    report(1, 1, "Counted")
    classes: list[dict[str, Any]] = []
    if before is not None and after is not None and _has_classes(before):
        counts, stayed = before.value_counts(), after.value_counts()
        classes = [
            {"value": str(value), "before": int(rows), "after": int(stayed.get(value, 0))}
            for value, rows in counts.head(SHOWN).items()
        ]
    return {
        "rows_before": 0 if before is None else len(before),
        "rows_after": 0 if after is None else len(after),
        "classes": classes,
    }


def _has_classes(column: pd.Series) -> bool:
    return is_class_target(column) and bool(column.notna().any())


def _column(path: str, name: str) -> "pd.Series | None":
    if name not in read_rows(path, first=0, count=0).columns:
        return None
    return read_table(path, columns=[name])[name]
