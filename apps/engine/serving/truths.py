"""A file of what really happened: for each prediction its id and the actual value."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from apps.engine.errors import BadFile, ColumnMissing
from apps.engine.reading.convert import convert
from apps.engine.reading.options import Limits
from apps.engine.recipe.values import text_of_value
from apps.engine.serving.batch_read import import_as_text, named
from apps.engine.types import Kind, Report

IDS = ("prediction_id", "prediction id", "id")
VALUES = ("value", "actual", "actual value", "truth")
MOST_ROWS = 100_000


def read_truths(
    *,
    source: str,
    filename: str,
    target: str,
    id_column: str,
    value_column: str,
    target_names: list[str],
    report: Report,
) -> dict[str, Any]:
    """Job function: write ids and values of a file as a Parquet table at ``target``.

    Parameters
    ----------
    source, filename : path of the file and its name
    target : its rows: ``id`` (text), ``text`` and ``number`` (null where the text is none)
    id_column, value_column : which columns hold them; "" finds out by IDS, and by VALUES and
        ``target_names`` (what the target is called); of two columns the other one

    Returns
    -------
    dict
        ``rows``, ``id_column``, ``value_column``.

    Raises
    ------
    ColumnMissing
        If a column is not there, or cannot be told.
    BadFile
        If a record has more cells than the header, or there are more than MOST_ROWS rows.
    """
    table, unread = Path(target).with_suffix(".read"), Path(target).with_suffix(".unread")
    limits = Limits(rows=MOST_ROWS)
    marks, broken = import_as_text(
        Path(source), table, filename=filename, unread=unread, limits=limits, report=report
    )
    if broken:
        raise BadFile(
            f"{broken:,} record{'s' if broken > 1 else ''} of the file "
            f"{'have' if broken > 1 else 'has'} more cells than its first line: nothing was kept. "
            "Mend the file and bring it again."
        )
    there = pq.read_schema(table).names
    key = _chosen(id_column, IDS, there, other="", what="the id of the prediction")
    value = _chosen(
        value_column, (*VALUES, *target_names), there, other=key, what="the actual value"
    )
    read = pq.read_table(table, columns=[key, value])
    texts = _texts(read[value])
    numbers = convert(texts, kind=Kind.NUMBER, decimal=marks.decimal, thousands=marks.thousands)
    told = {"id": _texts(read[key]), "text": texts, "number": numbers}
    pq.write_table(pa.table(told), target)
    return {"rows": read.num_rows, "id_column": key, "value_column": value}


def _chosen(
    asked: str, usual: Sequence[str], there: Sequence[str], *, other: str, what: str
) -> str:
    """The column that holds something: the one asked for, one of a usual name, or what is left."""
    if asked:
        if asked in there:
            return asked
        raise ColumnMissing(f"The file has no column “{asked}”. It has {named(there)}.")
    wanted = [name.casefold() for name in usual]
    left = {name.casefold(): name for name in there if name != other}
    found = [left[name] for name in wanted if name in left]
    if not found and other and len(left) == 1:
        found = list(left.values())
    if found:
        return found[0]
    raise ColumnMissing(
        f"Which column holds {what}? None is called {' or '.join(usual[:2])}; the file has "
        f"{named(there)}. Name it in the form."
    )


def _texts(cells: pa.ChunkedArray) -> pa.StringArray:
    """Cells as texts without blanks around them; a blank is none."""
    values = cells.to_pylist()
    if cells.type != pa.string():
        values = [None if value is None else text_of_value(value) for value in values]
    return pa.array([(value or "").strip() or None for value in values], pa.string())
