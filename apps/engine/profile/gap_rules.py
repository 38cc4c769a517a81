"""Gaps that follow a rule: a column is missing exactly where another one has a certain value."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.profile.cells import Cells, Columns
from apps.engine.profile.gaps import Gaps
from apps.engine.profile.missing import number_text
from apps.engine.profile.mutual import MISSING, Binned
from apps.engine.profile.sample import compared_rows
from apps.engine.types import Kind

LEAST_GAPS = 3
MOST_OF_ROWS = 0.5
FEW = 64

Told = dict[str, Any]


def find_rules(
    told: list[Told], *, gaps: Gaps, source: Columns, columns: dict[str, Binned]
) -> None:
    """Note in ``exactly`` of each gap the column and the value where it is missing, or None.

    Charges are blank exactly where the months are 0: not a loss but a rule. Columns that the
    compared rows do not rule out are read, each once, and every row is asked.
    """
    for gap in told:
        gap["exactly"] = None
    for name, maybe in _candidates(told, gaps=gaps, source=source, columns=columns).items():
        left = [gap for gap in maybe if gap["exactly"] is None]
        cells = source.read(name) if left else None
        for gap in left:
            absent = gaps.absent(gap["name"])
            assert cells is not None
            assert absent is not None
            value = _only_value(cells, absent=absent)
            if value is not None:
                gap["exactly"] = {"column": name, "value": value}


def _candidates(
    told: list[Told], *, gaps: Gaps, source: Columns, columns: dict[str, Binned]
) -> dict[str, list[Told]]:
    """For each column the gaps that may follow from one of its values."""
    found: dict[str, list[Told]] = {name: [] for name in columns}
    if not columns:
        return found
    rows = compared_rows(source.rows)
    codes = np.array([reduced.codes for reduced in columns.values()])
    for gap in told:
        missing = gaps.absent(gap["name"])
        if missing is None or not LEAST_GAPS <= gap["missing"] <= MOST_OF_ROWS * source.rows:
            continue
        inside = np.flatnonzero(missing if rows is None else missing[rows])
        for name, may_be in zip(columns, _have_one(codes, inside).tolist(), strict=True):
            if may_be and name != gap["name"]:
                found[name].append(gap)
    return found


def _have_one(codes: NDArray[np.uint8], rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Columns, shape (n_columns, n_rows), that may have one value in all these rows.

    A few rows tell of most that they have not.
    """
    first = codes[:, rows[:1]]
    may_be = (first != MISSING).all(axis=1) & (codes[:, rows[:FEW]] == first).all(axis=1)
    for place in np.flatnonzero(may_be):
        may_be[place] = (codes[place][rows] == first[place]).all()
    told: NDArray[np.bool_] = may_be
    return told


def _only_value(cells: Cells, *, absent: NDArray[np.bool_]) -> str | None:
    if not cells.present[absent].all():
        return None
    inside = cells.data[absent]
    if (inside != inside[0]).any() or (cells.data[~absent & cells.present] == inside[0]).any():
        return None
    if cells.words is not None:
        return str(cells.words[int(inside[0])].as_py())[:60]
    return None if cells.kind == Kind.DATETIME else number_text(float(inside[0]))
