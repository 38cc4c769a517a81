"""Rows that find no match: the first of them for a page, all of them as a CSV file."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from apps.engine.reading.rejects import harmless
from apps.engine.recipe.values import text_of_value

SHOWN = 20
SHOWN_COLUMNS = 12
SHOWN_KEYS = 10
_BATCH_ROWS = 65_536
Mask = npt.NDArray[np.bool_]


def unmatched_rows(path: str, mask: Mask, *, keys: list[str], target: str) -> dict[str, Any]:
    """Write the rows of a typed table where ``mask`` is true, and tell of the first.

    Parameters
    ----------
    path, target : str
        The typed table, and the CSV file to be written; none is written without such rows.
        Text that a spreadsheet would run as a formula gets a quote before it.
    mask : array of bool, shape (n_rows,)
    keys : list of str
        Columns that are shown first.

    Returns
    -------
    dict
        "total", "columns" (at most ``SHOWN_COLUMNS``), "rows" (at most ``SHOWN`` lists of text,
        None where missing), "keys": the most frequent keys, [{"key", "rows"}].

    Notes
    -----
    O(cells), one batch of rows in memory.
    """
    total = int(mask.sum())
    if not total:
        return {"total": 0, "columns": [], "rows": [], "keys": []}
    shown: list[list[str | None]] = []
    with (
        pq.ParquetFile(path) as file,
        Path(target).open("w", encoding="utf-8-sig", newline="") as out,
    ):
        names = file.schema_arrow.names
        columns = [*keys, *(name for name in names if name not in keys)][:SHOWN_COLUMNS]
        writer = csv.writer(out)
        writer.writerow([harmless(name) for name in names])
        first = 0
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            chosen = mask[first : first + batch.num_rows]
            first += batch.num_rows
            if chosen.any():
                part = batch.filter(pa.array(chosen))
                writer.writerows(_lines(part))
                if len(shown) < SHOWN:
                    shown += _texts(part, columns)[: SHOWN - len(shown)]
    return {
        "total": total,
        "columns": columns,
        "rows": shown,
        "keys": _frequent(path, mask, keys=keys),
    }


def _lines(batch: pa.RecordBatch) -> Any:
    return zip(*(_cells(column) for column in batch.columns), strict=True)


def _cells(column: pa.Array) -> list[Any]:
    values = column.to_pylist()
    if column.type == pa.string():
        return [None if value is None else harmless(value) for value in values]
    return [text_of_value(value) for value in values]


def _texts(batch: pa.RecordBatch, columns: list[str]) -> list[list[str | None]]:
    few = batch.slice(0, SHOWN)
    cells = [[text_of_value(value) for value in few.column(name).to_pylist()] for name in columns]
    return [list(row) for row in zip(*cells, strict=True)]


def _frequent(path: str, mask: Mask, *, keys: list[str]) -> list[dict[str, Any]]:
    """The keys that stand most often among the rows, those that are missing as None."""
    if not keys:
        return []
    table = pq.read_table(path, columns=keys).filter(pa.array(mask))
    counts = table.to_pandas().value_counts(subset=keys, dropna=False).head(SHOWN_KEYS)
    found = []
    for key, rows in counts.items():
        parts = key if isinstance(key, tuple) else (key,)
        texts = ["missing" if pd.isna(part) else str(text_of_value(part)) for part in parts]
        found.append({"key": ", ".join(texts), "rows": int(rows)})
    return found
