"""Rows of the table as a page shows them, the advice on a split, the summary for the gate."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from django.http import QueryDict
from numpy.typing import NDArray

from apps.datasets.asked import Asked, asked_in, page_number
from apps.datasets.layouts import rows_of
from apps.datasets.models import Split, Table
from apps.datasets.queries import current_split, current_table
from apps.datasets.storage import local
from apps.engine.errors import EngineError
from apps.engine.grid.facet import Facet, FacetLine, facet
from apps.engine.grid.find import find
from apps.engine.grid.order import ranked
from apps.engine.grid.rows import Rows
from apps.engine.reading.tables import read_rows
from apps.engine.splitting.advice import advise
from apps.engine.types import ColumnSpec, Kind
from apps.planning.queries import signed_plan
from apps.projects.models import Cycle

# What a request may read: enough for a preview, little enough to answer within a second.
PREVIEW_CELLS = 3_000_000
UNIQUE_TEXT_CELLS = 20
GRID_ROWS = 50
GRID_COLUMNS = 60
CELL_CHARS = 60


def rows_within(parquet: str, *, cells: int, columns: Collection[str] | None = None) -> int:
    """How many of the first rows make about ``cells`` cells of these ``columns`` (None: all).

    Among chosen columns a cell of a text that hardly repeats counts as UNIQUE_TEXT_CELLS, since a
    step changes each different text by itself.
    """
    told = pq.read_metadata(local(parquet))
    if columns is None:
        return max(1_000, cells // max(1, told.num_columns))
    width = sum(
        UNIQUE_TEXT_CELLS if _hardly_repeats(told, place) else 1
        for place in range(told.num_columns)
        if told.schema.column(place).name in columns
    )
    return max(1_000, cells // max(1, width))


def _hardly_repeats(told: pq.FileMetaData, place: int) -> bool:
    """Whether a column holds texts that take bytes: those that repeat lie in a dictionary."""
    if told.schema.column(place).physical_type != "BYTE_ARRAY":
        return False
    groups = (told.row_group(group).column(place) for group in range(told.num_row_groups))
    return sum(one.total_uncompressed_size for one in groups) > 6 * told.num_rows


def first_rows(parquet: str, *, cells: int, columns: Collection[str] | None = None) -> pd.DataFrame:
    """The first rows of a stored table, about ``cells`` cells, of these columns (None: all)."""
    count = rows_within(parquet, cells=cells, columns=columns)
    names = None if columns is None else list(columns)
    return read_rows(local(parquet), first=0, count=count, columns=names)


@dataclass(frozen=True)
class GridColumn:
    """Head of a column; numbers stand on the right. ``sort`` is "ascending", "descending" or "".

    ``by`` and ``counts`` are addresses: sorted by it, and with its counts; empty where not offered.
    """

    name: str
    kind: str
    sort: str = ""
    by: str = ""
    counts: str = ""
    is_counted: bool = False

    @property
    def is_number(self) -> bool:
        """Right-aligned."""
        return self.kind in {Kind.INTEGER, Kind.NUMBER}


@dataclass(frozen=True)
class Grid:
    """One page of rows: (number, [(text or None, is_number), ...]).

    ``total`` rows are shown on all pages together, ``of_rows`` are there. Where columns are many,
    ``columns`` are some of all ``names``, and further pages lie beside this one.
    """

    columns: list[GridColumn]
    names: list[str]
    rows: list[tuple[int, list[tuple[str | None, bool]]]]
    total: int
    of_rows: int
    page: int
    pages: int
    split: Split | None
    asked: Asked
    facet: Facet | None = None
    without: tuple[str, ...] = ()
    """Hidden columns."""

    @property
    def previous(self) -> int:
        """Number of the page before; 0 at the first."""
        return self.page - 1

    @property
    def following(self) -> int:
        """Number of the next page; 0 at the last."""
        return self.page + 1 if self.page < self.pages else 0

    @property
    def across(self) -> int:
        """Which of the pages side by side this is, from 1."""
        return self.asked.across

    @property
    def beside(self) -> int:
        """How many pages lie side by side."""
        return _pages(len(self.names), GRID_COLUMNS)

    @property
    def first_column(self) -> int:
        """Place of the first column of this page among all, from 1."""
        return (self.across - 1) * GRID_COLUMNS + 1

    @property
    def last_column(self) -> int:
        """Place of its last column."""
        return self.first_column + len(self.columns) - 1

    @property
    def left(self) -> int:
        """The page to the left; 0 at the first."""
        return self.across - 1

    @property
    def right(self) -> int:
        """The page to the right; 0 at the last."""
        return self.across + 1 if self.across < self.beside else 0

    @property
    def facet_lines(self) -> list[tuple[FacetLine, float, str]]:
        """Each line of the counts, its share of the rows shown, and the address of its rows."""
        if self.facet is None:
            return []
        shown = max(self.facet.filled + self.facet.missing, 1)
        return [
            (line, line.rows / shown, self.asked.with_condition(line.condition).tail)
            if line.condition
            else (line, line.rows / shown, "")
            for line in self.facet.lines
        ]


def grid(
    cycle: Cycle,
    *,
    page: str,
    across: str = "1",
    kept: NDArray[np.bool_] | None = None,
    hidden: Collection[str] = (),
    data: QueryDict | None = None,
) -> Grid | None:
    """One page of the table: development rows only once a test is sealed. None without a table.

    ``across`` is the page among those side by side. ``kept`` picks rows of these, and ``hidden``
    leaves columns out. ``data`` is an address that may ask for conditions, a searched text, an
    order and the counts of a column.
    """
    table, split = current_table(cycle), current_split(cycle)
    if table is None:
        return None
    spec = table.table_spec
    asked = asked_in(data, spec=spec, hidden=hidden) if data is not None else Asked()
    open_columns = [column for column in spec.columns if column.name not in hidden]
    side = min(page_number(across), _pages(len(open_columns), GRID_COLUMNS))
    asked = replace(asked, across=side)
    shown = open_columns[(side - 1) * GRID_COLUMNS :][:GRID_COLUMNS]
    with rows_of(split.development if split else table.parquet) as rows:
        asked, kept = _kept(rows, asked, kept)
        total = rows.total if kept is None else int(np.count_nonzero(kept))
        pages = _pages(total, GRID_ROWS)
        number = min(page_number(page), pages)
        first = (number - 1) * GRID_ROWS
        places = _places(rows, asked, kept, first=first, total=total)
        frame = rows.page(places, columns=[column.name for column in shown])
        counted = facet(rows, asked.facet, kept=kept) if asked.facet else None
        of_rows = rows.total
    return Grid(
        columns=[_column(column, asked, offers=data is not None) for column in shown],
        names=[column.name for column in open_columns],
        rows=_lines(frame, places, shown),
        total=total,
        of_rows=of_rows,
        page=number,
        pages=pages,
        split=split,
        asked=asked,
        facet=counted,
        without=tuple(column.name for column in spec.columns if column.name in hidden),
    )


def _pages(count: int, of_page: int) -> int:
    return max(1, -(-count // of_page))


def _lines(
    frame: pd.DataFrame, places: NDArray[np.int64], shown: list[ColumnSpec]
) -> list[tuple[int, list[tuple[str | None, bool]]]]:
    texts = [_texts(frame[column.name], kind=column.kind) for column in shown]
    marks = [GridColumn(column.name, column.kind).is_number for column in shown]
    lines = list(zip(*texts, strict=True)) or [()] * len(places)
    return [
        (int(place) + 1, list(zip(cells, marks, strict=True)))
        for place, cells in zip(places, lines, strict=True)
    ]


def _column(column: ColumnSpec, asked: Asked, *, offers: bool) -> GridColumn:
    if not offers:
        return GridColumn(column.name, column.kind)
    sort = asked.sort if asked.sort and asked.sort.column == column.name else None
    return GridColumn(
        column.name,
        column.kind,
        sort="" if sort is None else "descending" if sort.descending else "ascending",
        by=asked.sorted_by(column.name),
        counts=asked.counting(column.name),
        is_counted=asked.facet == column.name,
    )


def _kept(
    rows: Rows, asked: Asked, kept: NDArray[np.bool_] | None
) -> tuple[Asked, NDArray[np.bool_] | None]:
    """The rows that are asked for; a condition that cannot be asked is told, not obeyed."""
    if not asked.wanted:
        return asked, kept
    try:
        found = find(rows, asked.wanted)
    except EngineError as error:
        return replace(asked, where=(), search="", problem=str(error)), kept
    return asked, found if kept is None else found & kept


def _places(
    rows: Rows, asked: Asked, kept: NDArray[np.bool_] | None, *, first: int, total: int
) -> NDArray[np.int64]:
    """Places of the rows of one page."""
    if asked.sort is not None:
        return ranked(rows, asked.sort, kept=kept, first=first, count=GRID_ROWS)
    if kept is None:
        return np.arange(first, min(first + GRID_ROWS, total))
    return np.flatnonzero(kept)[first : first + GRID_ROWS]


def _texts(cells: pd.Series, *, kind: str) -> list[str | None]:
    """Cells as a grid shows them: numbers as short as they are exact, times without an empty clock,
    texts cut (here: of thousands of cells the template's filter would take half of the page)."""
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
    if kind == Kind.NUMBER:
        return f"{cell:.10g}"
    text = str(cell)
    return text if len(text) <= CELL_CHARS else f"{text[: CELL_CHARS - 1]}…"


def split_advice(cycle: Cycle) -> dict[str, Any]:
    """How to split today's table, and why; ``problem`` says why it cannot be split."""
    table, plan = current_table(cycle), signed_plan(cycle)
    if table is None or plan is None:
        return {}
    frame = first_rows(table.parquet, cells=PREVIEW_CELLS)
    is_partial = len(frame) < (table.rows or 0)
    try:
        told = advise(
            frame,
            target=plan.target,
            quantity=plan.is_of_numbers,
            sets=plan.sets,
            sign=plan.label_sign,
        )
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
