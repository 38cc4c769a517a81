"""A file as rows of a request: its cells as they came, and what the contract's kinds make of them.

What is no value of its column's kind stays as it stands in the file, so that the check of requests
refuses it in its own words.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from apps.engine.errors import BadFile, ColumnMissing
from apps.engine.reading.cells import StoredAs
from apps.engine.reading.convert import convert, datetimes
from apps.engine.reading.imports import cells_of, opened
from apps.engine.reading.infer import DATES, TIMES
from apps.engine.reading.options import Limits
from apps.engine.reading.parquet_table import import_parquet
from apps.engine.reading.rejects import RejectedRows
from apps.engine.reading.text_table import import_text
from apps.engine.recipe.values import text_of_value
from apps.engine.serving.contract import Contract
from apps.engine.serving.fields import Field
from apps.engine.types import Kind, Report

_SAMPLE = 1_000
_MOST_NAMED = 6
_NEAR = 0.8  # of 1; below, a name that looks alike is another one


@dataclass(frozen=True)
class Marks:
    """How numbers and dates are written: marks of numbers, a strptime format by column."""

    decimal: str = "."
    thousands: str = ""
    formats: Mapping[str, str] = field(default_factory=dict)


def import_as_text(
    source: Path, target: Path, *, filename: str, unread: Path, limits: Limits, report: Report
) -> tuple[Marks, int]:
    """Write a file as a table of texts at ``target``; a Parquet file keeps its types.

    Records with more cells than the header go to the CSV file ``unread``, written only when there
    are some. Returns how numbers are written, and how many records are there. Raises as
    ``import_file`` does.
    """
    with opened(source, filename=filename, options=None, limits=limits) as found:
        options = found.options
        if options.format == "parquet":
            import_parquet(found.path, target, options=options, limits=limits, report=report)
            return Marks(), 0
        cells = cells_of(found, limits=limits)
        as_it_is = StoredAs(Kind.TEXT, "Kept as it came.")
        cells.stored_as = dict.fromkeys(range(limits.columns), as_it_is)
        with RejectedRows(unread) as rows:
            told = import_text(
                cells, target, options=options, limits=limits, report=report, rejects=rows
            )
        return Marks(options.decimal, options.thousands), int(told["rejected_count"])


def require_columns(there: Sequence[str], contract: Contract) -> None:
    """Raise ColumnMissing, naming all that are missing and what comes near."""
    missing = [name for name in contract.names if name not in there]
    if not missing:
        return
    near = difflib.get_close_matches(missing[0], there, n=1, cutoff=_NEAR)
    hint = f" Is “{near[0]}” meant for “{missing[0]}”? Then rename it." if near else ""
    raise ColumnMissing(
        f"Each row needs {_listed(missing)}, which the file does not have, so nothing was scored. "
        f"It has {_listed(there)}.{hint}"
    )


def _listed(names: Sequence[str]) -> str:
    return f"the column{'s' if len(names) > 1 else ''} {named(names)}"


def named(names: Sequence[str]) -> str:
    """Names of columns in a sentence, the first few of many."""
    shown = ", ".join(f"“{name}”" for name in names[:_MOST_NAMED])
    return f"{shown} and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else shown


def date_formats(table: Path, contract: Contract) -> dict[str, str]:
    """The strptime format of each column of text that the contract calls a time; "" is ISO 8601.

    The format that reads most cells. Raises BadFile where two read all alike and mean other days.
    """
    schema = pq.read_schema(table)
    texts = {each.name for each in schema if each.type == pa.string()}
    wanted = [item.name for item in contract.fields if item.kind == Kind.DATETIME]
    return {name: _format_of(table, name) for name in wanted if name in texts}


def _format_of(table: Path, name: str) -> str:
    with pq.ParquetFile(table) as file:
        first = next(file.iter_batches(batch_size=_SAMPLE, columns=[name]), None)
        cells = first.column(0) if first is not None else pa.array([], pa.string())
        every = ("", *(f"{date}{time}" for date in DATES for time in TIMES))
        best = _best({each: _read(cells, each) for each in every})
        if best[0] == "" or len(best) == 1:
            return best[0]
        counts = dict.fromkeys(best, 0)
        for batch in file.iter_batches(columns=[name]):
            for each in best:
                counts[each] += _read(batch.column(0), each)
    best = _best(counts)
    if len(best) > 1:
        raise BadFile(
            f"The dates of “{name}” could be {' or '.join(best)}, and no row tells which: write "
            "them as 2024-05-31."
        )
    return best[0]


def _best(counts: Mapping[str, int]) -> list[str]:
    most = max(counts.values())
    return [each for each, count in counts.items() if count == most]


def _read(cells: pa.StringArray, date_format: str) -> int:
    return len(cells) - int(datetimes(cells, date_format=date_format).null_count)


def requests_of(batch: pa.RecordBatch, contract: Contract, marks: Marks) -> list[dict[str, Any]]:
    """Rows as a request sends them: the contract's columns only. O(cells)."""
    columns = [_values(batch.column(item.name), item, marks) for item in contract.fields]
    return [dict(zip(contract.names, row, strict=True)) for row in zip(*columns, strict=True)]


def _values(cells: pa.Array, item: Field, marks: Marks) -> list[Any]:
    if cells.type != pa.string():
        values = cells.to_pylist()
        if item.kind == Kind.TEXT:
            return [text_of_value(value) for value in values]
        return _as_sent(values) if pa.types.is_timestamp(cells.type) else values
    if item.kind == Kind.TEXT:
        return list(cells.to_pylist())
    typed = _converted(cells, item.kind, item.name, marks)
    values = typed.to_pylist()
    if typed.null_count > cells.null_count:
        left = cells.to_pylist()
        if item.kind == Kind.INTEGER:  # 3.0 is a whole number too, and 3.5 is told as a number
            left = _over(_converted(cells, Kind.NUMBER, item.name, marks).to_pylist(), left)
        values = _over(values, left)
    return _as_sent(values) if item.kind == Kind.DATETIME else values


def _converted(cells: pa.StringArray, kind: Kind, name: str, marks: Marks) -> pa.Array:
    return convert(
        cells,
        kind=kind,
        date_format=marks.formats.get(name, ""),
        decimal=marks.decimal,
        thousands=marks.thousands,
    )


def _over(values: Sequence[Any], left: Sequence[Any]) -> list[Any]:
    """Each value, or what is left of it where it is None."""
    return [other if value is None else value for value, other in zip(values, left, strict=True)]


def _as_sent(values: Sequence[Any]) -> list[Any]:
    return [value.isoformat() if hasattr(value, "isoformat") else value for value in values]
