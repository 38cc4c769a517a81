"""Two typed tables to one, by any kind of join. What would multiply rows unseen is refused."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from apps.engine.errors import BadParameter, ColumnMissing, TooLarge
from apps.engine.joining.aggregate import grouped_columns, window_columns
from apps.engine.joining.columns import aggregate_names, brought, names_after, taken
from apps.engine.joining.how import AGGREGATING, EQUAL, FILTERS, ROWS, TIMED, JoinHow, JoinKind
from apps.engine.joining.matching import Matches, Places, key_codes
from apps.engine.joining.nearest import nearest_places
from apps.engine.joining.stack import matched_columns, stacked
from apps.engine.reading.tables import house_types, kind_of_series

MOST_CELLS = 250_000_000
"""Of a table whose rows were multiplied: 2 GB of numbers, half of the memory of a child process."""


def join(
    base: pd.DataFrame, other: pd.DataFrame, how: JoinHow
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Join ``other`` to ``base``.

    Parameters
    ----------
    base, other : DataFrame
        Typed tables. Not changed.
    how : JoinHow

    Returns
    -------
    frame : DataFrame with a RangeIndex; rows of ``base`` in their order, each with its matches
        in the order of ``other``; what only ``other`` has comes last (right join: its order).
        Columns of ``base``, then what is brought; of the keys those of ``base`` stay, filled from
        ``other`` where a row has no left side.
    report : dict, JSON-ready
        "matched" and "unmatched" (rows of ``base``), "match_rate" (0 to 1; None without rows and
        for a union), "rows_before", "rows_after", "added" (names), "renamed" (old to new).

    Raises
    ------
    ColumnMissing, BadParameter
        If a column is missing or of a kind that does not fit, a name stays taken, or rows of
        ``base`` would be multiplied and nobody agreed to that many rows.
    TooLarge
        If the result would be beyond ``MOST_CELLS``, or the windows beyond their limit.

    Notes
    -----
    O(rows log rows + cells). Checked before anything is joined, so that a wrong key cannot
    exhaust the memory.
    """
    base, other = house_types(base), house_types(other)
    refuse_absent(base, other, how)
    frame, matched, names = _WAYS[how.kind](base, other, how)
    rows, is_union = len(base), how.kind is JoinKind.UNION
    clashing = dict(zip(brought(list(other.columns), how), names, strict=False))
    return house_types(frame), {
        "matched": matched,
        "unmatched": rows - matched,
        "match_rate": None if is_union or not rows else matched / rows,
        "rows_before": rows,
        "rows_after": len(frame),
        "added": [str(name) for name in frame.columns if name not in base.columns],
        "renamed": {old: new for old, new in clashing.items() if old != new},
    }


_Way = Callable[[pd.DataFrame, pd.DataFrame, JoinHow], tuple[pd.DataFrame, int, list[str]]]


def refuse_absent(base: pd.DataFrame, other: pd.DataFrame, how: JoinHow) -> None:
    """ColumnMissing when a column that the join names is not there."""
    ours, theirs = list(how.left_on), list(how.right_on)
    if how.kind in TIMED:
        ours, theirs = [*ours, how.left_time], [*theirs, how.right_time]
    theirs += [column for column, _ in how.aggregates if column != ROWS]
    for names, frame, where in ((ours, base, "table so far"), (theirs, other, "joined source")):
        absent = [name for name in names if name not in frame.columns]
        if absent:
            raise ColumnMissing(
                f"There is no column named {absent[0]!r} in the {where}: choose another one."
            )


def codes_of(base: pd.DataFrame, other: pd.DataFrame, how: JoinHow) -> Matches:
    """Keys of both tables as numbers. O(rows)."""
    return Matches(
        *key_codes(base, other, left_on=how.left_on, right_on=how.right_on, compare=how.compare)
    )


def _equal(
    base: pd.DataFrame, other: pd.DataFrame, how: JoinHow
) -> tuple[pd.DataFrame, int, list[str]]:
    added = brought(list(other.columns), how)
    names = names_after(base.columns, added, prefix=how.prefix)
    _refuse_mixed_keys(base, other, how)
    matches = codes_of(base, other, how)
    says = refusal(matches, other, how, columns=base.shape[1] + len(added))
    if says:
        raise says
    left, right = matches.pairs(how.kind)
    frame = taken(base, left)
    if how.kind in (JoinKind.RIGHT, JoinKind.OUTER):
        frame = _with_keys(frame, taken(other[list(how.right_on)], right), how)
    if added:
        found = taken(other[added], right).set_axis(names, axis=1)
        frame = pd.concat([frame, found], axis=1)
    return frame, int((matches.per_left > 0).sum()), names


def _refuse_mixed_keys(base: pd.DataFrame, other: pd.DataFrame, how: JoinHow) -> None:
    """A key column that is filled from both sides holds one kind."""
    if how.kind not in (JoinKind.RIGHT, JoinKind.OUTER):
        return
    for mine, theirs in zip(how.left_on, how.right_on, strict=True):
        ours, others = kind_of_series(base[mine]), kind_of_series(other[theirs])
        if how.compare != "exact" and ours is not others:
            raise BadParameter(
                f"A {how.kind} join fills {mine!r} ({ours}) from {theirs!r} ({others}) too: read "
                "one of them as the kind of the other."
            )


def _with_keys(frame: pd.DataFrame, keys: pd.DataFrame, how: JoinHow) -> pd.DataFrame:
    filled = {}
    for mine, theirs in zip(how.left_on, how.right_on, strict=True):
        ours, others = frame[mine], keys[theirs]
        if ours.dtype != others.dtype:  # whole numbers beside numbers
            ours, others = ours.astype("float64"), others.astype("float64")
        filled[mine] = ours.where(ours.notna(), others)
    return frame.assign(**filled)


def refusal(
    matches: Matches, other: pd.DataFrame, how: JoinHow, *, columns: int
) -> BadParameter | TooLarge | None:
    """Why the join may not be made: it multiplies rows, unseen or beyond the limit."""
    if how.kind in FILTERS or not matches.multiplies:
        return None
    rows, before = matches.rows_after(how.kind), len(matches.left)
    if rows * columns > MOST_CELLS:
        return TooLarge(
            f"The join would turn {before:,} rows into {rows:,} of {columns} columns, more than "
            f"the {MOST_CELLS:,} cells that fit into memory: join on more columns, or aggregate "
            "first."
        )
    if how.agreed_rows is None:
        names, shown = ", ".join(how.right_on), _repeated(matches, other, how)
        return BadParameter(
            f"The key {names} is not unique in the other table (such as {shown}): "
            f"the join would turn {before:,} rows into {rows:,}. Join on more columns, aggregate "
            f"first, or say yes to {rows:,} rows."
        )
    if rows > how.agreed_rows:
        return BadParameter(
            f"Agreed were {how.agreed_rows:,} rows; the join would make {rows:,} now. Look at it "
            "again, and say yes if that is meant."
        )
    return None


def _repeated(matches: Matches, other: pd.DataFrame, how: JoinHow) -> str:
    """The first three keys that stand more than once on the right and match."""
    right = pd.Series(matches.right)
    several = right.duplicated(keep=False) & (right >= 0) & (matches.per_right > 0)
    keys = other.loc[several.to_numpy(), list(how.right_on)].drop_duplicates().head(3)
    return "; ".join(", ".join(str(each) for each in row) for row in keys.to_numpy(dtype=object))


def _nearest(
    base: pd.DataFrame, other: pd.DataFrame, how: JoinHow
) -> tuple[pd.DataFrame, int, list[str]]:
    added = brought(list(other.columns), how)
    names = names_after(base.columns, added, prefix=how.prefix)
    places = nearest_places(base, other, how)
    found = taken(other[added], places).set_axis(names, axis=1)
    return pd.concat([base, found], axis=1), int((places >= 0).sum()), names


def _aggregated(
    base: pd.DataFrame, other: pd.DataFrame, how: JoinHow
) -> tuple[pd.DataFrame, int, list[str]]:
    names_after(base.columns, aggregate_names(how), prefix="")
    compute = window_columns if how.kind is JoinKind.WINDOW else grouped_columns
    found, size = compute(base, other, how)
    return pd.concat([base, found], axis=1), int((size > 0).sum()), []


def _union(
    base: pd.DataFrame, other: pd.DataFrame, how: JoinHow
) -> tuple[pd.DataFrame, int, list[str]]:
    called = matched_columns(base, other, how)
    names = [called[name] for name in brought(list(other.columns), how)]
    return stacked(base, other, how), len(base), names


_WAYS: dict[JoinKind, _Way] = {
    **dict.fromkeys(EQUAL, _equal),
    **dict.fromkeys(AGGREGATING, _aggregated),
    JoinKind.NEAREST: _nearest,
    JoinKind.UNION: _union,
}


def matched_places(base: pd.DataFrame, other: pd.DataFrame, how: JoinHow) -> Places:
    """For each row of ``base`` the records of ``other`` that it uses (0 for none)."""
    if how.kind is JoinKind.NEAREST:
        return (nearest_places(base, other, how) >= 0).astype(np.int64)
    if how.kind in AGGREGATING:
        compute = window_columns if how.kind is JoinKind.WINDOW else grouped_columns
        return compute(base, other, how)[1]
    return codes_of(base, other, how).per_left
