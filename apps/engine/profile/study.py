"""What lies between columns: relations, gaps, time, sums."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.profile.associations import Trait, rank_correlations
from apps.engine.profile.categorical import Coded
from apps.engine.profile.cells import Cells, Columns
from apps.engine.profile.gap_rules import find_rules
from apps.engine.profile.gaps import Gap, Gaps
from apps.engine.profile.gram import Scaled, pair_sums
from apps.engine.profile.likeness import clustered_order, ranked_pairs, redundancy_groups
from apps.engine.profile.mutual import Binned, binned
from apps.engine.profile.ordering import Sorted
from apps.engine.profile.periods import Calendar, along, calendar, drift
from apps.engine.profile.sample import Excerpt
from apps.engine.profile.sums import Numbers, probe_of, sum_rules
from apps.engine.profile.target import Target
from apps.engine.types import Kind

Square = list[list[float | None]]

MOST_CLOCKS = 3
"""Date columns along which the table is told."""
LEAST_LATER = 0.99
LEAST_AFTER = 0.5


@dataclass(frozen=True)
class Piece:
    """What is kept of one column."""

    name: str
    gap: Gap | None
    time: dict[str, Any] | None  # the table along it, when it is a clock
    drift: list[dict[str, Any] | None]  # one for each clock
    bins: Binned | None
    seen: NDArray[np.float64] | None  # numbers in the rows of the probe
    scaled: Scaled | None


class Study:
    """What lies between columns, gathered while they are profiled one by one.

    In memory are one byte for each row of every clock, one bit for each row of a column with gaps,
    and of the rows on which columns are compared (see ``Excerpt``) nine bytes for each column.
    Source of each number: the function that computes it.
    """

    def __init__(self, source: Columns) -> None:
        self.source = source
        self.probe = probe_of(source.rows)
        self.gaps = Gaps(source.rows, None, None)
        self.bins: dict[str, Binned] = {}
        self.numbers: list[Numbers] = []
        self.scaled: dict[str, Scaled] = {}
        self.clocks: list[Calendar] = []
        self.time: dict[str, dict[str, Any]] = {}
        self.drift: dict[str, list[dict[str, Any]]] = {}

    def begin(self, target: Target | None, usable: NDArray[np.bool_] | None) -> None:
        """Learn the target, and read the dates along which everything is told."""
        self.gaps = Gaps(self.source.rows, target, usable)
        for name in self.source.dates:
            if len(self.clocks) == MOST_CLOCKS:
                break
            cells = self.source.read(name)
            days = calendar(name, cells=cells)
            if days is not None:
                self.clocks.append(days)
        self.drift = {days.name: [] for days in self.clocks}

    def look(
        self,
        trait: Trait,
        profile: dict[str, Any],
        *,
        cells: Cells,
        excerpt: Excerpt,
        is_target: bool,
    ) -> Piece:
        """Everything about one column; keeps nothing."""
        name, feature = trait.name, excerpt.feature
        present = said(cells, feature)
        hidden = int(cells.present.sum() - present.sum()) if present is not cells.present else 0
        is_number = cells.kind in {Kind.INTEGER, Kind.NUMBER}
        return Piece(
            name,
            self.gaps.look(name, present=present, is_target=is_target, hidden=hidden),
            self._along(name, cells),
            [
                None if days.name == name else drift(days, name=name, cells=cells, feature=feature)
                for days in self.clocks
            ],
            binned(name, excerpt) if trait.is_comparable else None,
            _floats(cells, self.probe) if is_number else None,
            _standard(excerpt, cells.data, profile) if is_number else None,
        )

    def _along(self, name: str, cells: Cells) -> dict[str, Any] | None:
        days = next((days for days in self.clocks if days.name == name), None)
        if days is None:
            return None
        return along(days, cells=cells, target=self.gaps.target, usable=self.gaps.usable)

    def keep(self, piece: Piece, *, is_compared: bool) -> None:
        """Take a column in, in the order of the table."""
        if piece.gap is not None:
            self.gaps.keep(piece.gap)
        if piece.time is not None:
            self.time[piece.name] = piece.time
        for days, found in zip(self.clocks, piece.drift, strict=True):
            if found is not None:
                self.drift[days.name].append(found)
        if not is_compared:
            return
        assert piece.bins is not None
        self.bins[piece.name] = piece.bins
        if piece.seen is not None:
            read = partial(self._read, piece.name)
            self.numbers.append(Numbers(piece.name, piece.seen, read))
        if piece.scaled is not None:
            self.scaled[piece.name] = piece.scaled

    def told(self, profile: dict[str, Any], *, mutual: Callable[[], Square]) -> dict[str, Any]:
        """All of it beside the profile, JSON-ready.

        ``relations`` (rows that were compared, order, three square matrices, ranked pairs,
        redundancy groups), ``time`` (see ``along``, one for each date column, at most MOST_CLOCKS),
        ``gaps`` (see ``Gaps``), ``sums`` (see ``sum_rules``) and ``later`` (dates that follow other
        dates). ``mutual`` gives the ``mutual_matrix`` of ``bins``: it is asked last, as a helper
        may be at it meanwhile.
        """
        gaps = self.gaps.told()
        find_rules(gaps["columns"], gaps=self.gaps, source=self.source, columns=self.bins)
        time = [{**self.time[days.name], "drift": self.drift[days.name]} for days in self.clocks]
        linear = pearson_matrix(self.scaled, names=profile["associations"]["columns"])
        found = {"gaps": gaps, "time": time, "sums": sum_rules(self.numbers)}
        found["later"] = _later(self.clocks, source=self.source)
        return {"relations": self._relations(profile, linear=linear, mutual=mutual()), **found}

    def _relations(
        self, profile: dict[str, Any], *, linear: Square, mutual: Square
    ) -> dict[str, Any]:
        associations, target = profile["associations"], profile["target"] or {}
        names, kinds = associations["columns"], associations["kinds"]
        square = np.array(associations["values"], dtype=np.float64).reshape(len(names), len(names))
        distinct = {column["name"]: column["distinct"] for column in profile["columns"]}
        return {
            "rows": associations["rows"],
            "columns": names,
            "kinds": kinds,
            "order": clustered_order(square),
            "rank": associations["values"],
            "linear": linear,
            "mutual": mutual,
            "pairs": ranked_pairs(
                square,
                names=names,
                kinds=kinds,
                mutual=mutual,
                levels=[distinct[name] for name in names],
                rows=[self.bins[name].filled for name in names],
            ),
            "groups": redundancy_groups(square, names=names, target=target.get("name")),
        }

    def _read(self, name: str) -> NDArray[np.float64]:
        return _floats(self.source.read(name), slice(None))


def said(cells: Cells, feature: Sorted | Coded) -> NDArray[np.bool_]:
    """Rows that hold a value which means something: no blank, no "N/A"."""
    if isinstance(feature, Sorted) or not feature.hides.any():
        return cells.present
    meant = np.append(~feature.hides, False)  # a missing value has the code -1
    return meant[feature.codes]


def _floats(cells: Cells, rows: NDArray[np.int64] | slice) -> NDArray[np.float64]:
    return np.where(cells.present[rows], cells.data[rows].astype(np.float64), np.nan)


def pearson_matrix(columns: Mapping[str, Scaled], *, names: list[str]) -> Square:
    """Pearson's correlation of every two numbers among ``names``, None elsewhere.

    ``columns`` are the numbers, scaled by mean and deviation, which make single precision enough.
    A pair is compared on the rows that have both; infinite values count as missing. Source: Pearson
    (1895), Proceedings of the Royal Society 58, 240-242.
    """
    square: Square = [[None] * len(names) for _ in names]
    if not columns:
        return square
    found = np.round(rank_correlations(pair_sums(list(columns.values()), [])), 4)
    places = [names.index(name) for name in columns]
    for one, row in zip(places, found.tolist(), strict=True):
        for other, value in zip(places, row, strict=True):
            square[one][other] = None if value != value else value
    return square


def _standard(excerpt: Excerpt, data: NDArray[Any], column: dict[str, Any]) -> Scaled:
    """Compared numbers in standard deviations from the mean, 0 where they are absent."""
    values, absent = excerpt.values(data), excerpt.absent
    if column.get("mean") is None or not column["std"]:
        nothing = np.ones(len(values), dtype=bool)
        return Scaled.of(np.zeros(len(values), dtype=np.float32), absent=nothing)
    with np.errstate(over="ignore", invalid="ignore"):  # of what stands where nothing is
        scaled = (values - column["mean"]) / column["std"]
    if absent is not None:
        scaled[absent] = 0
    return Scaled.of(scaled.astype(np.float32), absent=absent)


def _later(clocks: list[Calendar], *, source: Columns) -> list[dict[str, Any]]:
    """Date columns that in (nearly) every row are not before another one, and mostly after it."""
    found = []
    read = {days.name: source.read(days.name) for days in clocks} if len(clocks) > 1 else {}
    for (one, mine), (other, others) in permutations(read.items(), 2):
        both = mine.present & others.present
        n = int(np.count_nonzero(both))
        after = np.count_nonzero((mine.data > others.data) & both)
        before = np.count_nonzero((mine.data < others.data) & both)
        if n >= 2 and 1 - before / n >= LEAST_LATER and after / n >= LEAST_AFTER:
            found.append({"column": one, "than": other, "share": after / n, "rows": n})
    return found
