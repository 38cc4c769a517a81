"""Keys of two tables held against each other: which rows match, how often, what follows.

A missing key matches nothing, not even another missing key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from apps.engine.errors import BadParameter
from apps.engine.joining.how import JoinKind
from apps.engine.reading.convert import convert
from apps.engine.reading.tables import kind_of_series
from apps.engine.recipe.values import texts
from apps.engine.types import Kind

NUMERIC = frozenset({Kind.INTEGER, Kind.NUMBER})
Places = npt.NDArray[np.int64]


def comparable(left: Kind | None, right: Kind | None) -> bool:
    """Whether values of the two kinds can be equal as they are."""
    return left is right or {left, right} <= NUMERIC


def refuse_unlike(left: pd.Series, right: pd.Series) -> None:
    """BadParameter when two key columns are of kinds that never match."""
    ours, theirs = kind_of_series(left), kind_of_series(right)
    if not comparable(ours, theirs):
        raise BadParameter(
            f"The keys {left.name!r} ({ours}) and {right.name!r} ({theirs}) are of different "
            "kinds, so nothing would match: compare them as numbers or as text, or read one of "
            "them as another kind."
        )


def key_values(series: pd.Series, *, compare: str) -> pd.Series:
    """A key column in the form in which it is compared; missing where it has none."""
    kind = kind_of_series(series)
    if compare == "number":
        if kind is Kind.TEXT:
            return pd.Series(convert(texts(series), kind=Kind.NUMBER).to_numpy(False))
        return series.astype("Float64") if kind in NUMERIC else series.copy()
    if compare in ("text", "loose"):
        cells: pa.Array = texts(series)
        if compare == "loose":
            cells = pc.utf8_lower(pc.utf8_trim_whitespace(cells))
        return pd.Series(cells.to_pandas(), dtype="string")
    return series.copy()


def pair_codes(left: pd.Series, right: pd.Series, *, compare: str) -> tuple[Places, Places]:
    """Equal values of two columns as equal numbers; -1 where missing. O(rows).

    Columns that are both no text have one way to be compared only.
    """
    if Kind.TEXT not in (kind_of_series(left), kind_of_series(right)):
        compare = "exact"
    mine, theirs = key_values(left, compare=compare), key_values(right, compare=compare)
    mine.name, theirs.name = left.name, right.name
    refuse_unlike(mine, theirs)
    if mine.dtype != theirs.dtype:  # Int64 beside float64
        mine, theirs = mine.astype("Float64"), theirs.astype("Float64")
    both = pd.concat([mine, theirs], ignore_index=True)
    codes, _ = pd.factorize(both)
    codes = codes.astype(np.int64)
    codes[both.isna().to_numpy()] = -1
    return codes[: len(mine)], codes[len(mine) :]


def key_codes(
    left: pd.DataFrame,
    right: pd.DataFrame,
    *,
    left_on: Sequence[str],
    right_on: Sequence[str],
    compare: str = "exact",
) -> tuple[Places, Places]:
    """Equal keys as equal numbers from 0; -1 where a part of the key is missing. O(rows)."""
    first, second = np.zeros(len(left), np.int64), np.zeros(len(right), np.int64)
    for mine, theirs in zip(left_on, right_on, strict=True):
        ours, others = pair_codes(left[mine], right[theirs], compare=compare)
        first, second = _combined(first, ours), _combined(second, others)
        both, _ = pd.factorize(np.concatenate([first, second]))
        missing = np.concatenate([first, second]) < 0
        both = np.where(missing, -1, both).astype(np.int64)
        first, second = both[: len(left)], both[len(left) :]
    return first, second


def _combined(codes: Places, more: Places) -> Places:
    # Both are numbered without gaps, below 2**31 rows, so the product fits into 63 bits.
    return np.where((codes < 0) | (more < 0), -1, (codes << 31) | more.clip(min=0))


@dataclass(frozen=True)
class Matches:
    """Which rows of two tables have the same key. ``left`` and ``right`` are ``key_codes``."""

    left: Places
    right: Places

    @cached_property
    def _size(self) -> int:
        return int(max(self.left.max(initial=-1), self.right.max(initial=-1))) + 1

    @cached_property
    def per_left(self) -> Places:
        """For each row on the left: rows on the right with its key."""
        return _counted(self.right, of=self.left, size=self._size)

    @cached_property
    def per_right(self) -> Places:
        """For each row on the right: rows on the left with its key."""
        return _counted(self.left, of=self.right, size=self._size)

    @property
    def cardinality(self) -> str:
        """1:1, 1:n, n:1 or n:m: whether known keys repeat on the left and on the right."""
        first = "n" if _repeats(self.left) else "1"
        second = "n" if _repeats(self.right) else "1"
        return "n:m" if (first, second) == ("n", "n") else f"{first}:{second}"

    @property
    def multiplies(self) -> bool:
        """Whether a row on the left finds more than one on the right."""
        return bool(self.per_left.max(initial=0) > 1)

    def rows_after(self, kind: JoinKind) -> int:
        """Rows that the join makes, without making them."""
        return {
            JoinKind.LEFT: lambda: self.per_left.clip(min=1).sum(),
            JoinKind.INNER: lambda: self.per_left.sum(),
            JoinKind.RIGHT: lambda: self.per_right.clip(min=1).sum(),
            JoinKind.OUTER: lambda: (
                self.per_left.clip(min=1).sum() + int((self.per_right == 0).sum())
            ),
            JoinKind.SEMI: lambda: (self.per_left > 0).sum(),
            JoinKind.ANTI: lambda: (self.per_left == 0).sum(),
        }[kind]().item()

    def pairs(self, kind: JoinKind) -> tuple[Places, Places]:
        """Places on the left and on the right of each row that the join makes; -1 for none.

        Rows stand in the order of the left table (a right join: of the right), matches of one row
        in the order of the other; rows of the right table without a match come last.
        """
        if kind is JoinKind.SEMI or kind is JoinKind.ANTI:
            stays = np.flatnonzero((self.per_left > 0) == (kind is JoinKind.SEMI))
            return stays, np.full(len(stays), -1)
        if kind is JoinKind.RIGHT:
            right, left = _expanded(self.right, self.left, self.per_right, keep=True)
            return left, right
        left, right = _expanded(self.left, self.right, self.per_left, keep=kind != JoinKind.INNER)
        if kind is JoinKind.OUTER:
            alone = np.flatnonzero(self.per_right == 0)
            left = np.concatenate([left, np.full(len(alone), -1)])
            right = np.concatenate([right, alone])
        return left, right


def _counted(codes: Places, *, of: Places, size: int) -> Places:
    counts = np.bincount(codes[codes >= 0], minlength=max(size, 1))
    return np.where(of >= 0, counts[of.clip(min=0)], 0).astype(np.int64)


def _repeats(codes: Places) -> bool:
    known = codes[codes >= 0]
    return len(np.unique(known)) < len(known)


def _expanded(base: Places, other: Places, counts: Places, *, keep: bool) -> tuple[Places, Places]:
    """Each place of ``base`` once for each match in ``other``, and those matches."""
    order = np.argsort(other, kind="stable")
    starts = np.searchsorted(other[order], base, side="left")
    times = counts.clip(min=1) if keep else counts
    ours = np.repeat(np.arange(len(base)), times)
    nth = np.arange(len(ours)) - np.repeat(np.cumsum(times) - times, times)
    places = np.repeat(starts, times) + nth
    found = np.repeat(counts > 0, times)
    theirs = np.full(len(ours), -1)
    theirs[found] = order[places[found]]
    return ours, theirs
