"""Which columns of two tables are likely keys: by name, kind and overlap of values."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from apps.engine.joining.matching import Matches, comparable, key_codes, key_values
from apps.engine.reading.tables import kind_of_series
from apps.engine.types import Kind

KEY_KINDS = frozenset({Kind.INTEGER, Kind.TEXT, Kind.DATETIME})
_Names = tuple[str, ...]
MOST = 5
LEAST_OVERLAP = 0.5


@dataclass(frozen=True)
class KeySuggestion:
    """Key columns, pairwise, and what speaks for them.

    ``match_rate`` is the share (0 to 1) of the rows on the left that would find a match,
    ``overlap`` the share of the different keys on the left that stand on the right too.
    """

    left_on: _Names
    right_on: _Names
    match_rate: float
    overlap: float
    is_unique: bool
    """Whether the key stands at most once on the right, so that no row is multiplied."""
    compare: str = "exact"

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {**asdict(self), "left_on": list(self.left_on), "right_on": list(self.right_on)}


def suggest_keys(base: pd.DataFrame, other: pd.DataFrame) -> list[KeySuggestion]:
    """The likeliest keys of a join, best first, at most ``MOST``.

    Parameters
    ----------
    base : DataFrame, shape (n_rows, n_columns)
        Typed table. Not changed.
    other : DataFrame
        Typed table that is to be joined.

    Returns
    -------
    list of KeySuggestion
        First keys of the same name that are unique on the right: one column, or as few of the
        shared ones as are unique together. Then other unique columns of the same kind of which
        at least half of the rows overlap. Only without any of these, shared names that repeat;
        and shared names of different kinds ("007" beside 7) where reading both as numbers or as
        text makes half of the rows match. Numbers with a fraction are no keys.

    Notes
    -----
    O(rows) for each column, O(different values) for each pair of columns.
    """
    left, right = _counts(base), _counts(other)
    found = [_single(left, right, a, b, rows=len(base)) for a, b in _pairs(left, right)]
    together = _together(base, other, [name for name in left if _are_alike(left, right, name)])
    likely = [each for each in [*found, *together] if _is_likely(each)]
    if not any(_is_same(each) and each.is_unique for each in likely):
        likely += [each for each in found if _is_same(each) and not each.is_unique]
    return sorted(likely, key=lambda each: (_rank(each, left), -each.match_rate))[:MOST]


def _rank(found: KeySuggestion, left: "_Counts") -> int:
    """What speaks most for a key first. Whole numbers of two columns overlap by chance, texts
    hardly ever do."""
    if found.is_unique and _is_same(found):
        return 0
    if found.is_unique and _kind(left[found.left_on[0]]) is not Kind.INTEGER:
        return 1
    return 2 if _is_same(found) else 3


def _is_same(found: KeySuggestion) -> bool:
    return [_plain(a) for a in found.left_on] == [_plain(b) for b in found.right_on]


def _is_likely(found: KeySuggestion) -> bool:
    return found.is_unique and (_is_same(found) or found.match_rate >= LEAST_OVERLAP)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


_Counts = Mapping[str, "pd.Series[int]"]
"""For each column that may be a key: its different values as index, and their rows."""


def _counts(frame: pd.DataFrame) -> dict[str, "pd.Series[int]"]:
    return {
        str(name): series.value_counts()
        for name, series in frame.items()
        if kind_of_series(series) in KEY_KINDS
    }


def _pairs(left: _Counts, right: _Counts) -> list[tuple[str, str]]:
    return [
        (mine, theirs) for theirs in right for mine in left if _may_pair(left, right, mine, theirs)
    ]


def _may_pair(left: _Counts, right: _Counts, mine: str, theirs: str) -> bool:
    if _plain(mine) == _plain(theirs):
        return True
    unique = bool((right[theirs] <= 1).all())
    return unique and _kind(left[mine]) is _kind(right[theirs])


def _kind(counts: "pd.Series[int]") -> Kind | None:
    return kind_of_series(counts.index.to_series())


def _are_alike(left: _Counts, right: _Counts, name: str) -> bool:
    return name in right and comparable(_kind(left[name]), _kind(right[name]))


def _single(left: _Counts, right: _Counts, mine: str, theirs: str, *, rows: int) -> KeySuggestion:
    ours, others = left[mine], right[theirs]
    compare = "exact"
    if not comparable(_kind(ours), _kind(others)):
        ours, others, compare = _read_alike(ours, others)
    shared = ours.index.isin(others.index)
    return KeySuggestion(
        (mine,),
        (theirs,),
        match_rate=int(ours[shared].sum()) / rows if rows else 0.0,
        overlap=int(shared.sum()) / len(ours) if len(ours) else 0.0,
        is_unique=bool((others <= 1).all()),
        compare=compare,
    )


def _read_alike(
    ours: "pd.Series[int]", others: "pd.Series[int]"
) -> tuple["pd.Series[int]", "pd.Series[int]", str]:
    """Both as numbers when most of the text is numbers, else both as text."""
    kinds = {_kind(ours), _kind(others)}
    compare = "text"
    if kinds == {Kind.TEXT, Kind.INTEGER}:
        text = ours if _kind(ours) is Kind.TEXT else others
        numbers = key_values(text.index.to_series().reset_index(drop=True), compare="number")
        compare = "number" if numbers.notna().mean() >= LEAST_OVERLAP else "text"
    return _as(ours, compare), _as(others, compare), compare


def _as(counts: "pd.Series[int]", compare: str) -> "pd.Series[int]":
    values = key_values(counts.index.to_series().reset_index(drop=True), compare=compare)
    if compare == "number":
        values = values.astype("float64")
    return pd.Series(counts.to_numpy()).groupby(values).sum()


def _together(base: pd.DataFrame, other: pd.DataFrame, shared: list[str]) -> list[KeySuggestion]:
    """As few of the shared columns as are unique together on the right; nothing when none are."""
    if len(shared) < 2 or other[shared].dropna().duplicated().any():
        return []
    counts = other[shared].nunique().to_dict()
    for name in sorted(shared, key=lambda each: counts[each]):
        fewer = [each for each in shared if each != name]
        if fewer and not other[fewer].dropna().duplicated().any():
            shared = fewer
    if len(shared) < 2:
        return []
    names = tuple(shared)
    matches = Matches(*key_codes(base, other, left_on=names, right_on=names))
    found, known = matches.per_left > 0, matches.left >= 0
    different = len(pd.unique(matches.left[known]))
    return [
        KeySuggestion(
            names,
            names,
            match_rate=float(found.mean()) if len(base) else 0.0,
            overlap=len(pd.unique(matches.left[found])) / different if different else 0.0,
            is_unique=True,
        )
    ]
