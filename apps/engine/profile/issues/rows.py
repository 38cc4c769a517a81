"""Rows that nearly repeat each other: equal but for spelling, or but for the name of the row."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from apps.engine.profile.issues.issue import Issue, Suggestion, shown
from apps.engine.reading.tables import kind_of_series
from apps.engine.recipe.clusters import fingerprint
from apps.engine.types import Kind

LEAST_COLUMNS = 4
LEAST_ROOM = 10
"""Rows count as nearly repeated only when so many times more combinations were possible."""


def near_duplicates(frame: pd.DataFrame, *, ids: list[str]) -> Iterator[Issue]:
    """Rows equal to an earlier one but for spelling and names of rows. O(cells).

    Rows that repeat an earlier one exactly are not counted: they are told apart.
    """
    compared = [name for name in frame.columns if name not in ids]
    if len(compared) < LEAST_COLUMNS or not _is_telling(frame[compared]):
        return
    exact = frame.duplicated().to_numpy()
    plain = frame[compared].assign(
        **{
            name: _plain(frame[name])
            for name in compared
            if kind_of_series(frame[name]) is Kind.TEXT
        }
    )
    near = plain.duplicated().to_numpy() & ~exact
    rows = int(near.sum())
    if not rows:
        return
    steps = [Suggestion("Keep one of each", "drop_duplicates", {"columns": compared})]
    yield Issue(
        "near_duplicates",
        "Nearly repeated rows",
        "low",
        rows,
        f"{rows:,} rows are equal to an earlier row but for spelling"
        + (f" and for {', '.join(f'“{name}”' for name in ids[:3])}." if ids else "."),
        "Two records of one event count twice; two events that look alike are both real. Ask "
        "which it is.",
        others=tuple(compared),
        examples=shown(f"row {place + 1:,}" for place in np.flatnonzero(near)),
        suggests=tuple(steps),
    )


def _is_telling(frame: pd.DataFrame) -> bool:
    """Whether rows that are equal by chance would be rare."""
    sizes = [max(1, frame[name].nunique()) for name in frame.columns]
    return float(np.log10(sizes).sum()) >= np.log10(max(1, len(frame))) * 2 + np.log10(LEAST_ROOM)


def _plain(column: "pd.Series") -> "pd.Series":
    codes, uniques = pd.factorize(column)
    plain = pd.array([fingerprint(each) or each for each in uniques], "string")
    return pd.Series(plain.take(codes, allow_fill=True), index=column.index)
