"""Rows as the data room shows them: of sensitive columns there is no cell, on no page."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from apps.datasets.models import Version
from apps.engine.reading.rejects import harmless
from apps.engine.recipe.values import text_of_value
from apps.planning.queries import sensitive_columns
from apps.projects.models import Cycle
from apps.web.refusals import Refusal

HIDDEN = "•••"
WITHHELD = "not shown: sensitive"
"""Instead of a cell in a file that is given out."""
_BATCH_ROWS = 8_192


def veiled_look(look: dict[str, Any] | None, *, cycle: Cycle) -> dict[str, Any] | None:
    """First rows under other options, or of a query, without cells of sensitive columns."""
    if not look or "rows" not in look:
        return look
    names = [column["name"] for column in look["columns"]]
    return {**look, "rows": veiled_rows(look["rows"], names, hidden=sensitive_columns(cycle))}


def first_rows_of(version: Version | None, *, cycle: Cycle) -> list[Sequence[Any]]:
    """The first rows of a version as they came, without cells of sensitive columns."""
    if version is None or not version.is_ready:
        return []
    names = version.table_spec.names
    return veiled_rows(version.report["preview"], names, hidden=sensitive_columns(cycle))


def veiled_rows(
    rows: Sequence[Sequence[Any]], names: Sequence[str], *, hidden: Collection[str]
) -> list[Sequence[Any]]:
    """``rows``, of which each cell of a ``hidden`` column is HIDDEN, a missing one too."""
    places = [place for place, name in enumerate(names) if name in hidden]
    if not places:
        return list(rows)
    found = [list(row) for row in rows]
    for row in found:
        for place in places:
            row[place] = HIDDEN
    return found


def veiled_lines(path: Path, *, hidden: Collection[str]) -> Iterator[list[Any]]:
    """Head and rows of a Parquet file as cells of CSV, batch by batch, without ``hidden`` ones.

    Text that a spreadsheet would run as a formula gets a quote before it.
    """
    with pq.ParquetFile(path) as file:
        names = file.schema_arrow.names
        yield [harmless(name) for name in names]
        places = {place for place, name in enumerate(names) if name in hidden}
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            columns = [
                [WITHHELD] * batch.num_rows if place in places else _cells(column.to_pylist())
                for place, column in enumerate(batch.columns)
            ]
            yield from map(list, zip(*columns, strict=True))


def _cells(values: list[Any]) -> list[Any]:
    return [harmless(value) if isinstance(value, str) else text_of_value(value) for value in values]


def may_leave(version: Version, *, cycle: Cycle) -> None:
    """Raise Refusal when the bytes of a version hold columns whose values are not shown."""
    names = version.table_spec.names if version.spec else []
    kept = [name for name in names if name in sensitive_columns(cycle)]
    if kept:
        listed = ", ".join(f"“{name}”" for name in kept[:5])
        more = f" and {len(kept) - 5} more" if len(kept) > 5 else ""
        raise Refusal(
            f"{version} is not given out: {listed}{more} hold sensitive values. Who brought the "
            "file has it; what it is stands in its SHA-256."
        )
