"""Columns of another table by key: a left join that never adds or loses a row."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from apps.engine.errors import BadParameter
from apps.engine.reading.tables import house_types, spec_of
from apps.engine.recipe.step import column_of
from apps.engine.types import Kind, TableSpec

_NUMERIC = {Kind.INTEGER, Kind.NUMBER}


def join_left(
    base: pd.DataFrame,
    other: pd.DataFrame,
    *,
    left_on: Sequence[str],
    right_on: Sequence[str],
    prefix: str,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Add the columns of ``other`` to the rows of ``base`` with the same key (n:1).

    Parameters
    ----------
    base, other : DataFrame
        Typed tables.
    left_on, right_on : sequence of str
        Key columns, pairwise. A missing key never matches.
    prefix : str
        Put before a name of ``other`` that ``base`` has too.

    Returns
    -------
    frame : DataFrame with the rows of ``base`` in their order
    report : dict
        "matched" and "unmatched" (rows), "match_rate" (0 to 1, None without rows),
        "rows_before", "rows_after", "added" (names), "renamed" (old to new).

    Raises
    ------
    ColumnMissing, BadParameter
        If a key column is missing or of another kind than its partner, if the key is not unique
        in ``other`` (with the rows that the join would make), or if a name stays taken.

    Notes
    -----
    O(rows). Checked before anything is joined, so that a wrong key cannot exhaust the memory.
    """
    base, other = house_types(base), house_types(other)
    left_on, right_on = list(left_on), list(right_on)
    _check_keys(spec_of(base), spec_of(other), left_on=left_on, right_on=right_on)
    known = other.dropna(subset=right_on)
    _refuse_repeated(base, known, left_on=left_on, right_on=right_on)
    added = [name for name in other.columns if name not in right_on]
    renamed = {name: f"{prefix}{name}" for name in added if name in base.columns}
    names = [renamed.get(name, name) for name in added]
    taken = [name for name in renamed.values() if name in base.columns or names.count(name) > 1]
    if taken:
        raise BadParameter(f"The name {taken[0]!r} is taken too: choose another prefix.")
    places = _places(base, known, left_on=left_on, right_on=right_on)
    found = known[added].reset_index(drop=True).reindex(places)
    found.index, found.columns = base.index, pd.Index(names)
    matched = int((places >= 0).sum())
    return house_types(pd.concat([base, found], axis=1)), {
        "matched": matched,
        "unmatched": len(base) - matched,
        "match_rate": matched / len(base) if len(base) else None,
        "rows_before": len(base),
        "rows_after": len(base),
        "added": names,
        "renamed": renamed,
    }


def _check_keys(
    base: TableSpec, other: TableSpec, *, left_on: list[str], right_on: list[str]
) -> None:
    if not left_on or len(left_on) != len(right_on):
        raise BadParameter("A join needs as many key columns on the right as on the left.")
    for left, right in zip(left_on, right_on, strict=True):
        ours, theirs = column_of(base, left).kind, column_of(other, right).kind
        if ours is not theirs and not {ours, theirs} <= _NUMERIC:
            raise BadParameter(
                f"The keys {left!r} ({ours.value}) and {right!r} ({theirs.value}) are of different "
                "kinds, so nothing would match: convert one of them before the join."
            )


def _refuse_repeated(
    base: pd.DataFrame, known: pd.DataFrame, *, left_on: list[str], right_on: list[str]
) -> None:
    repeated = known.duplicated(subset=right_on, keep=False)
    if not repeated.any():
        return
    counts = known.groupby(right_on, sort=False).size().rename("_rows").reset_index()
    places = _places(base, counts, left_on=left_on, right_on=right_on)
    per_row = counts["_rows"].to_numpy()[places].clip(min=1)
    per_row[places < 0] = 1
    keys = known.loc[repeated, right_on].drop_duplicates().head(3)
    shown = "; ".join(", ".join(str(each) for each in row) for row in keys.to_numpy(dtype=object))
    raise BadParameter(
        f"The key {', '.join(right_on)} is not unique in the other table (such as {shown}): the "
        f"join would turn {len(base):,} rows into {int(per_row.sum()):,}. Make it unique first, or "
        "join on more columns."
    )


def _places(
    base: pd.DataFrame, known: pd.DataFrame, *, left_on: list[str], right_on: list[str]
) -> Any:
    """For each row of ``base`` the place of its key in ``known``, or -1."""
    keys = known[right_on].reset_index(drop=True).set_axis(left_on, axis=1)
    keys = keys.assign(**{_PLACE: range(len(keys))})
    wanted = base[left_on].copy()
    for name in left_on:
        if wanted[name].dtype != keys[name].dtype:  # Int64 beside float64
            wanted[name], keys[name] = wanted[name].astype("Float64"), keys[name].astype("Float64")
    merged = wanted.merge(keys, on=left_on, how="left", sort=False)[_PLACE]
    return merged.fillna(-1).astype("int64").to_numpy()


_PLACE = "\0place"  # no column of a file has a NUL in its name
