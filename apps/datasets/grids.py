"""Rows of the table as a page shows them, the advice on a split, the summary for the gate."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from apps.datasets.models import Split, Table
from apps.datasets.queries import current_split, current_table
from apps.datasets.storage import local
from apps.engine.errors import EngineError
from apps.engine.reading.tables import read_places, read_rows
from apps.engine.splitting.advice import advise
from apps.engine.types import Kind
from apps.planning.queries import signed_plan
from apps.projects.models import Cycle

# What a request may read: enough for a preview, little enough to answer within a second.
PREVIEW_CELLS = 3_000_000
GRID_ROWS = 50


def rows_within(parquet: str, *, cells: int) -> int:
    """How many of the first rows make about ``cells`` cells."""
    return max(1_000, cells // max(1, pq.read_metadata(local(parquet)).num_columns))


def first_rows(parquet: str, *, cells: int) -> pd.DataFrame:
    """The first rows of a stored table, about ``cells`` cells."""
    return read_rows(local(parquet), first=0, count=rows_within(parquet, cells=cells))


@dataclass(frozen=True)
class GridColumn:
    """Head of a column; numbers stand on the right."""

    name: str
    kind: str

    @property
    def is_number(self) -> bool:
        """Right-aligned."""
        return self.kind in {Kind.INTEGER, Kind.NUMBER}


@dataclass(frozen=True)
class Grid:
    """One page of rows: (number, [(text or None, is_number), ...])."""

    columns: list[GridColumn]
    rows: list[tuple[int, list[tuple[str | None, bool]]]]
    total: int
    page: int
    pages: int
    split: Split | None

    @property
    def previous(self) -> int:
        """Number of the page before; 0 at the first."""
        return self.page - 1

    @property
    def following(self) -> int:
        """Number of the next page; 0 at the last."""
        return self.page + 1 if self.page < self.pages else 0


def grid(
    cycle: Cycle,
    *,
    page: str,
    kept: NDArray[np.bool_] | None = None,
    hidden: Collection[str] = (),
) -> Grid | None:
    """One page of the table: development rows only once a test is sealed. None without a table.

    ``kept`` picks rows of these, and ``hidden`` leaves columns out.
    """
    table, split = current_table(cycle), current_split(cycle)
    if table is None:
        return None
    path = local(split.development if split else table.parquet)
    picked = None if kept is None else np.flatnonzero(kept)
    total = pq.read_metadata(path).num_rows if picked is None else len(picked)
    pages = max(1, -(-total // GRID_ROWS))
    number = min(max(1, int(page) if page.isdecimal() and len(page) < 12 else 1), pages)
    first = (number - 1) * GRID_ROWS
    places = np.arange(first, min(first + GRID_ROWS, total))
    places = places if picked is None else picked[places]
    columns = [
        GridColumn(column.name, column.kind)
        for column in table.table_spec.columns
        if column.name not in hidden
    ]
    frame = read_places(path, places=places)
    texts = [_texts(frame[column.name], kind=column.kind) for column in columns]
    marks = [column.is_number for column in columns]
    lines = list(zip(*texts, strict=True)) or [()] * len(places)
    return Grid(
        columns=columns,
        rows=[
            (int(place) + 1, list(zip(cells, marks, strict=True)))
            for place, cells in zip(places, lines, strict=True)
        ],
        total=total,
        page=number,
        pages=pages,
        split=split,
    )


def _texts(cells: pd.Series, *, kind: str) -> list[str | None]:
    """Cells as text: numbers as short as they are exact, times without an empty clock."""
    whole_days = kind == Kind.DATETIME and bool(
        (cells.dropna() == cells.dropna().dt.floor("D")).all()
    )
    return [
        None if missing else _text(cell, kind=kind, whole_days=whole_days)
        for cell, missing in zip(cells, cells.isna(), strict=True)
    ]


def _text(cell: Any, *, kind: str, whole_days: bool) -> str:
    if kind == Kind.DATETIME:
        return str(cell.date() if whole_days else cell)
    return f"{cell:.10g}" if kind == Kind.NUMBER else str(cell)


def split_advice(cycle: Cycle) -> dict[str, Any]:
    """How to split today's table, and why; ``problem`` says why it cannot be split."""
    table, plan = current_table(cycle), signed_plan(cycle)
    if table is None or plan is None:
        return {}
    frame = first_rows(table.parquet, cells=PREVIEW_CELLS)
    is_partial = len(frame) < (table.rows or 0)
    try:
        told = advise(frame, target=plan.target)
    except EngineError as error:
        # The first rows of a large table may hold one class only: the worker looks at all.
        told = {"warnings": [str(error)]} if is_partial else {"problem": str(error)}
    return {**told, "rows": len(frame), "is_partial": is_partial}


@dataclass(frozen=True)
class DataSummary:
    """The data as the gate page shows it."""

    table: Table
    split: Split | None
    inputs: dict[str, Any]


def data_summary(cycle: Cycle) -> DataSummary | None:
    """Waterfall, split and hashes of today's table, for the gate page."""
    table = current_table(cycle)
    return DataSummary(table, current_split(cycle), table.inputs) if table else None
