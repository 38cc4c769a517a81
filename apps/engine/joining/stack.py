"""Union: the rows of another table below those of this one, column by column."""

import re
from collections.abc import Sequence

import pandas as pd

from apps.engine.errors import BadParameter, ColumnMissing
from apps.engine.joining.columns import names_after
from apps.engine.joining.how import JoinHow
from apps.engine.joining.matching import comparable
from apps.engine.reading.tables import house_types, kind_of_series
from apps.engine.types import Kind


def likely_matching(left: Sequence[str], right: Sequence[str]) -> list[tuple[str, str]]:
    """Columns of the right table and those of the left that are called alike.

    Equal names first, then names that differ in case, spaces and punctuation only. Each once.
    """
    pairs = {name: name for name in right if name in left}
    free = {_plain(name): name for name in reversed(left) if name not in pairs}
    for name in right:
        if name not in pairs and (mine := free.pop(_plain(name), None)) is not None:
            pairs[name] = mine
    return [(name, pairs[name]) for name in right if name in pairs]


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


def matched_columns(left: pd.DataFrame, right: pd.DataFrame, how: JoinHow) -> dict[str, str]:
    """Names of the right table and what they become; without a choice, equal names match.

    Raises ColumnMissing or BadParameter when columns are not there, kinds do not fit, or one
    column is to be filled by two.
    """
    pairs = how.matching
    if pairs is None:
        pairs = tuple((name, name) for name in right.columns if name in left.columns)
    pairs = tuple(pair for pair in pairs if pair[0] not in how.leave_out)
    for other, mine in pairs:
        _refuse_unlike(left, right, other=other, mine=mine)
    for side in (0, 1):
        used = [pair[side] for pair in pairs]
        twice = [name for name in used if used.count(name) > 1]
        if twice:
            raise BadParameter(f"The column {twice[0]!r} is matched twice: choose one.")
    called = dict(pairs)
    new = [name for name in right.columns if name not in called and name not in how.leave_out]
    return called | dict(zip(new, names_after(left.columns, new, prefix=how.prefix), strict=True))


def _refuse_unlike(left: pd.DataFrame, right: pd.DataFrame, *, other: str, mine: str) -> None:
    if other not in right.columns or mine not in left.columns:
        raise ColumnMissing(f"The columns {mine!r} and {other!r} are not both there: match anew.")
    ours, theirs = kind_of_series(left[mine]), kind_of_series(right[other])
    if not comparable(ours, theirs):
        raise BadParameter(
            f"{mine!r} ({ours}) and {other!r} ({theirs}) are of different kinds and cannot stand "
            "in one column: leave one out, or read it as another kind."
        )


def stacked(left: pd.DataFrame, right: pd.DataFrame, how: JoinHow) -> pd.DataFrame:
    """Rows of both. What only one table has is missing in the rows of the other. O(cells).

    A whole-number column beside one of numbers becomes one of numbers; BadParameter where that
    would change a digit.
    """
    called = matched_columns(left, right, how)
    below = right[list(called)].rename(columns=called)
    for name in below.columns:
        if name in left.columns:
            _refuse_lossy(left[name], below[name])
    both = pd.concat([left, below], ignore_index=True)
    if how.origin:
        both = _with_origin(both, len(left), how)
    return house_types(both)


def _refuse_lossy(first: pd.Series, second: pd.Series) -> None:
    kinds = {kind_of_series(first), kind_of_series(second)}
    if kinds != {Kind.INTEGER, Kind.NUMBER}:
        return
    whole = first if kind_of_series(first) is Kind.INTEGER else second
    if bool((whole.abs() > 2**53).any()):
        raise BadParameter(
            f"{first.name!r} holds whole numbers of more than 15 digits on one side and fractions "
            "on the other: as one column they would lose digits. Read it as text."
        )


def _with_origin(both: pd.DataFrame, above: int, how: JoinHow) -> pd.DataFrame:
    first, second = how.origin_names
    if how.origin not in both.columns:
        origin = pd.Series([first] * above + [second] * (len(both) - above), dtype="string")
        return both.assign(**{how.origin: origin})
    if kind_of_series(both[how.origin]) is not Kind.TEXT:
        raise BadParameter(f"{how.origin!r} is taken by a column that is no text: choose another.")
    origin = both[how.origin].copy()
    origin.iloc[above:] = origin.iloc[above:].fillna(second)
    return both.assign(**{how.origin: origin})
