"""Which rows fulfil conditions and hold a searched text."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from apps.engine.grid.rows import Rows
from apps.engine.profile.cells import cells_of
from apps.engine.profile.slices import Condition, fulfils
from apps.engine.types import Kind


@dataclass(frozen=True)
class Wanted:
    """Rows that fulfil every condition and hold ``search`` in one of the columns ``within``.

    A searched text is found anywhere in a cell, whatever its letters' case.
    """

    where: tuple[Condition, ...] = ()
    search: str = ""
    within: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.where or self.search)


def find(rows: Rows, wanted: Wanted) -> NDArray[np.bool_]:
    """For each row of the table whether it is wanted. O(rows of the columns that are named).

    Raises ColumnMissing for a column that is not there, BadParameter for a value of another kind.
    """
    kept = np.ones(rows.total, dtype=bool)
    for piece, span in rows.pieces:
        mine = kept[span]
        for condition in wanted.where:
            if mine.any():
                mine &= holds(rows.cells(condition.column, piece), condition)
        if wanted.search and mine.any():
            mine &= _mentions(rows, piece, wanted.search, wanted.within, size=len(mine))
    return kept


def holds(cells: pa.Array, condition: Condition) -> NDArray[np.bool_]:
    """Which cells of one piece of a column fulfil a condition."""
    if pa.types.is_string(cells.type) and condition.operation == "is":
        condition.check(Kind.TEXT)
        found = pc.is_in(cells, value_set=pa.array(condition.values, pa.string()))
        return _truth(found) & _truth(cells.is_valid())
    if condition.operation in {"missing", "filled"}:
        return _truth(cells.is_null() if condition.operation == "missing" else cells.is_valid())
    return fulfils(cells_of(pa.chunked_array([cells])), condition)


def _mentions(
    rows: Rows, piece: int, search: str, within: Sequence[str], *, size: int
) -> NDArray[np.bool_]:
    found = np.zeros(size, dtype=bool)
    for name in within:
        cells = rows.cells(name, piece)
        words = cells.dictionary if pa.types.is_dictionary(cells.type) else cells
        told = pc.match_substring(words, pattern=search, ignore_case=True)
        if words is not cells:
            told = told.take(cells.indices)
        found |= _truth(told.fill_null(False))
    return found


def _truth(array: pa.Array) -> NDArray[np.bool_]:
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=bool)
