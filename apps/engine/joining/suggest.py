"""Which columns of another table are likely keys for a join: by name, kind and overlap."""

from dataclasses import dataclass

import pandas as pd

from apps.engine.reading.tables import kind_of_series
from apps.engine.types import Kind

_KEY_KINDS = {Kind.INTEGER, Kind.TEXT, Kind.DATETIME}
_Names = tuple[str, ...]
MOST = 3
LEAST_OVERLAP = 0.5


@dataclass(frozen=True)
class KeySuggestion:
    """Key columns, pairwise, and the share (0 to 1) of the left rows that would find a match."""

    left_on: _Names
    right_on: _Names
    match_rate: float


def suggest_keys(base: pd.DataFrame, other: pd.DataFrame) -> list[KeySuggestion]:
    """The likeliest keys of an n:1 join, best first, at most ``MOST``.

    Parameters
    ----------
    base : DataFrame, shape (n_rows, n_columns)
        Typed table, or its first rows. Not changed.
    other : DataFrame
        Typed table that is to be joined, whole: its key has to be unique.

    Returns
    -------
    list of KeySuggestion
        First what carries the same name on both sides (one column, or all shared ones together
        where only these are unique), then other columns of the same kind of which at least half
        of the rows overlap. Numbers with a fraction are no keys.

    Notes
    -----
    O(rows) for each pair of columns of the same kind.
    """
    left = {str(name): kind_of_series(base[name]) for name in base.columns}
    right = {str(name): kind_of_series(other[name]) for name in other.columns}
    unique = [
        name
        for name, kind in right.items()
        if kind in _KEY_KINDS and not other[name].dropna().duplicated().any()
    ]
    pairs: list[tuple[_Names, _Names]] = [
        ((mine,), (theirs,)) for theirs in unique for mine in left
    ]
    shared = tuple(name for name, kind in right.items() if kind in _KEY_KINDS and name in left)
    if len(shared) > 1 and not other[list(shared)].dropna().duplicated().any():
        pairs.append((shared, shared))
    found = [
        KeySuggestion(mine, theirs, _match_rate(base, other, mine, theirs))
        for mine, theirs in pairs
        if all(left[a] is right[b] for a, b in zip(mine, theirs, strict=True))
    ]
    likely = [
        each for each in found if each.match_rate >= LEAST_OVERLAP or each.left_on == each.right_on
    ]
    return sorted(likely, key=lambda each: (each.left_on != each.right_on, -each.match_rate))[:MOST]


def _match_rate(base: pd.DataFrame, other: pd.DataFrame, mine: _Names, theirs: _Names) -> float:
    if not len(base):
        return 0.0
    wanted = base[list(mine)].dropna()
    known = other[list(theirs)].dropna().drop_duplicates().set_axis(list(mine), axis=1)
    return len(wanted.merge(known, on=list(mine))) / len(base)
