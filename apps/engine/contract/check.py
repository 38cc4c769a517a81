"""Job function: hold a typed table against a contract; count, and keep every failing row."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from apps.engine.contract.masks import Broken, Mask, broken_by
from apps.engine.contract.rule import Rule, rules_from
from apps.engine.errors import EngineError
from apps.engine.reading.tables import read_rows, read_table, spec_of
from apps.engine.recipe.values import text_of_value
from apps.engine.splitting.folds import read_split, rows_of
from apps.engine.types import Report, TableSpec

EXAMPLES = 5
_BATCH_ROWS = 65_536
ROW, BREAKS = 0, 1
"""Places of the original row number and of the broken rules among the columns of failing rows."""


def check_table(
    *,
    table: str,
    rules: Sequence[dict[str, Any]],
    today: str,
    failing: str,
    report: Report,
    split: str | None = None,
) -> dict[str, Any]:
    """Hold a table against all rules, whatever the first of them says.

    Parameters
    ----------
    table : typed table
    rules : as ``Rule.as_dict``
    today : ISO date and time in UTC, for ages
    failing : where the rows that break a rule are written as Parquet: the number of the row, the
        numbers of its broken rules (both from 1), then the table's columns; no such row, no file
    split : file of the split whose development rows the table is, so that their numbers are those
        in the whole table

    Returns
    -------
    dict
        ``rows``, ``failing_rows``, ``rules``: for each ``{"rule", "says", "severity", "state"
        ("held", "broken", "not asked"), "rows", "share", "note", "examples": [{"row", "value"}]}``.

    Notes
    -----
    O(cells of the columns that rules are about), which are in memory, and one batch of all columns.
    """
    asked = rules_from(rules)
    shape = spec_of(read_rows(table, first=0, count=0))
    report(0, len(asked) + 1, "Reading the columns of the rules")
    names = [name for name in shape.names if any(name in rule.columns for rule in asked)]
    frame = read_table(table, columns=names) if names else read_table(table)
    numbers = _numbers(len(frame), split)
    moment = datetime.fromisoformat(today)
    lines, masks = [], []
    for place, rule in enumerate(asked):
        report(place, len(asked) + 1, rule.sentence()[:150])
        line, mask = _line(rule, frame, shape, today=moment, numbers=numbers)
        lines.append(line)
        masks.append(mask)
    report(len(asked), len(asked) + 1, "Keeping the failing rows")
    kept = write_failing(table, masks, numbers=numbers, target=failing)
    report(len(asked) + 1, len(asked) + 1, "Done")
    return {"rows": len(frame), "failing_rows": kept, "rules": lines}


def _numbers(rows: int, split: str | None) -> NDArray[np.int64]:
    """Number of each row in the whole table, from 1."""
    if split is None:
        return np.arange(1, rows + 1, dtype=np.int64)
    fold = read_split(split)["fold"].to_numpy()
    return np.asarray(rows_of(fold, test=False), dtype=np.int64) + 1


def _line(
    rule: Rule,
    frame: pd.DataFrame,
    shape: TableSpec,
    *,
    today: datetime,
    numbers: NDArray[np.int64],
) -> tuple[dict[str, Any], Mask | None]:
    told = {"rule": rule.as_dict(), "says": rule.sentence(), "severity": rule.severity}
    note = rule.misfit(shape)
    try:
        broken = None if note else broken_by(rule, frame, today=today)
    except EngineError as error:
        note, broken = str(error), None
    if broken is None:
        nothing = {"rows": 0, "share": 0.0, "examples": []}
        return {**told, **nothing, "state": "not asked", "note": note}, None
    rows = int(broken.rows.sum())
    return {
        **told,
        "state": "broken" if broken.is_broken else "held",
        "rows": rows,
        "share": rows / len(frame) if len(frame) else 0.0,
        "note": broken.says,
        "examples": _examples(rule, frame, broken, numbers=numbers),
    }, (broken.rows if rows else None)


def _examples(
    rule: Rule, frame: pd.DataFrame, broken: Broken, *, numbers: NDArray[np.int64]
) -> list[dict[str, Any]]:
    if rule.kind == "filled":
        return []  # there is nothing to see
    places = np.flatnonzero(broken.rows)[:EXAMPLES]
    columns = list(rule.columns[:4])
    found = []
    for place in places:
        cells = [frame[name].iloc[place] for name in columns]
        words = ["missing" if pd.isna(cell) else str(text_of_value(cell))[:60] for cell in cells]
        value = (
            words[0]
            if len(words) == 1
            else ", ".join(f"{name} = {word}" for name, word in zip(columns, words, strict=True))
        )
        found.append({"row": int(numbers[place]), "value": value})
    return found


def write_failing(
    table: str, masks: Sequence[Mask | None], *, numbers: NDArray[np.int64], target: str
) -> int:
    """Write the rows for which any mask is true, a batch at a time; return how many."""
    broken = [(place, mask) for place, mask in enumerate(masks, start=1) if mask is not None]
    if not broken:
        return 0
    any_of = np.logical_or.reduce([mask for _, mask in broken])
    with pq.ParquetFile(table) as file:
        schema = _schema(file.schema_arrow)
        first = 0
        with pq.ParquetWriter(Path(target), schema) as writer:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS):
                here = slice(first, first + batch.num_rows)
                first += batch.num_rows
                chosen = any_of[here]
                if chosen.any():
                    part = batch.filter(pa.array(chosen))
                    head = [
                        pa.array(numbers[here][chosen]),
                        pa.array(_named(broken, here, chosen), pa.string()),
                    ]
                    writer.write_batch(
                        pa.RecordBatch.from_arrays([*head, *part.columns], schema=schema)
                    )
    return int(any_of.sum())


def _schema(schema: pa.Schema) -> pa.Schema:
    taken = set(schema.names)
    head = []
    for name, kind in (("row", pa.int64()), ("broken_rules", pa.string())):
        while name in taken:
            name = f"_{name}"
        head.append((name, kind))
    return pa.schema([*head, *((each.name, each.type) for each in schema)])


def _named(broken: list[tuple[int, Mask]], here: slice, chosen: Mask) -> list[str]:
    """The numbers of the rules that each chosen row breaks; each pattern is written once."""
    matrix = np.stack([mask[here][chosen] for _, mask in broken], axis=1)
    patterns, which = np.unique(np.packbits(matrix, axis=1), axis=0, return_inverse=True)
    numbers = [number for number, _ in broken]
    words = []
    for pattern in patterns:
        bits = np.unpackbits(pattern, count=len(numbers)).astype(bool)
        words.append(
            ", ".join(str(number) for number, bit in zip(numbers, bits, strict=True) if bit)
        )
    return [words[place] for place in np.ravel(which)]
