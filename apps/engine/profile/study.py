"""What lies between columns: relations, gaps, time, sums."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.profile.associations import MOST_COLUMNS, Trait, rank_correlations
from apps.engine.profile.categorical import Coded
from apps.engine.profile.cells import Cells, Columns
from apps.engine.profile.gaps import Gap, Gaps
from apps.engine.profile.gram import PairSums, Scaled, pair_sums
from apps.engine.profile.likeness import clustered_order, ranked_pairs, redundancy_groups
from apps.engine.profile.lookup import blocks
from apps.engine.profile.missing import number_text
from apps.engine.profile.mutual import Binned, binned, mutual_matrix
from apps.engine.profile.numeric import Sorted
from apps.engine.profile.periods import Calendar, along, calendar, drift
from apps.engine.profile.sums import Numbers, probe_of, sum_rules
from apps.engine.profile.target import Target
from apps.engine.types import Kind

Square = list[list[float | None]]

MOST_CLOCKS = 3
"""Date columns along which the table is told."""
LEAST_LATER = 0.99
FEW = 64
KEPT_BYTES = 2**28
"""Numbers of a table that need more are read once more for Pearson's correlations."""
MOST_EXACT_ROWS = 0.5


@dataclass(frozen=True)
class Piece:
    """What is kept of one column."""

    name: str
    gap: Gap | None
    drift: list[dict[str, Any] | None]  # one for each clock
    bins: Binned | None
    seen: NDArray[np.float64] | None  # numbers in the rows of the probe
    scaled: Scaled | None


class Study:
    """What lies between columns, gathered while they are profiled one by one.

    In memory are one byte for each row of every compared column and clock, one bit for each row
    of a column with gaps, and of a table that is not large its numbers in single precision.
    Source of each number: the function that computes it.
    """

    def __init__(self, source: Columns) -> None:
        self.source = source
        self.probe = probe_of(source.rows)
        self.gaps = Gaps(source.rows, None, None)
        self.bins: dict[str, Binned] = {}
        self.numbers: list[Numbers] = []
        self.scaled: dict[str, Scaled] = {}
        self.keeps_numbers = 4 * source.rows * min(len(source.names), MOST_COLUMNS) <= KEPT_BYTES
        self.clocks: list[Calendar] = []
        self.time: list[dict[str, Any]] = []

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
                self.time.append(along(days, cells=cells, target=target, usable=usable))

    def look(
        self,
        trait: Trait,
        profile: dict[str, Any],
        *,
        cells: Cells,
        feature: Sorted | Coded,
        is_target: bool,
    ) -> Piece:
        """Everything about one column; keeps nothing, so threads may ask."""
        name = trait.name
        present = said(cells, feature)
        hidden = int(cells.present.sum() - present.sum()) if present is not cells.present else 0
        is_number = cells.kind in {Kind.INTEGER, Kind.NUMBER}
        return Piece(
            name,
            self.gaps.look(name, present=present, is_target=is_target, hidden=hidden),
            [
                None if days.name == name else drift(days, name=name, cells=cells, feature=feature)
                for days in self.clocks
            ],
            binned(name, feature=feature) if trait.is_comparable else None,
            _floats(cells, self.probe) if is_number else None,
            _standard(cells, profile, absent=feature.absent)
            if isinstance(feature, Sorted) and is_number and self.keeps_numbers
            else None,
        )

    def keep(self, piece: Piece, *, is_compared: bool) -> None:
        """Take a column in, in the order of the table."""
        if piece.gap is not None:
            self.gaps.keep(piece.gap)
        for told, found in zip(self.time, piece.drift, strict=True):
            if found is not None:
                told["drift"].append(found)
        if not is_compared:
            return
        assert piece.bins is not None
        self.bins[piece.name] = piece.bins
        if piece.seen is not None:
            read = partial(self._read, piece.name)
            self.numbers.append(Numbers(piece.name, piece.seen, read))
        if piece.scaled is not None:
            self.scaled[piece.name] = piece.scaled

    def beside(self) -> dict[str, Any]:
        """What follows from the columns without their associations, JSON-ready.

        ``gaps`` (see ``Gaps``), ``sums`` (see ``sum_rules``), ``later`` (dates that follow other
        dates) and ``mutual`` (see ``mutual_matrix``).
        """
        gaps = self.gaps.told()
        _find_exact(gaps["columns"], gaps=self.gaps, source=self.source, columns=self.bins)
        return {
            "gaps": gaps,
            "sums": sum_rules(self.numbers),
            "later": _later(self.clocks, source=self.source),
            "mutual": mutual_matrix(list(self.bins.values())),
        }

    def told(
        self,
        profile: dict[str, Any],
        *,
        beside: Callable[[], dict[str, Any]],
        threads: ThreadPoolExecutor,
    ) -> dict[str, Any]:
        """All of it beside the profile, JSON-ready.

        ``relations`` (order, three square matrices, ranked pairs, redundancy groups), ``time``
        (see ``along``, one for each date column, at most MOST_CLOCKS), and what ``beside`` tells:
        it is asked last, as a helper may be at it meanwhile.
        """
        names = profile["associations"]["columns"]
        sizes = {column["name"]: column for column in profile["columns"]}
        numbers = [sizes[column.name] for column in self.numbers]
        linear = pearson_matrix(
            self.source, numbers, names=names, kept=self.scaled, threads=threads
        )
        found = beside()
        mutual = found.pop("mutual")
        relations = _relations(profile, sizes=sizes, linear=linear, mutual=mutual)
        return {"relations": relations, "gaps": found.pop("gaps"), "time": self.time, **found}

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


def _relations(
    profile: dict[str, Any],
    *,
    sizes: dict[str, dict[str, Any]],
    linear: Square,
    mutual: Square,
) -> dict[str, Any]:
    associations, target = profile["associations"], profile["target"] or {}
    names, kinds = associations["columns"], associations["kinds"]
    square = np.array(associations["values"], dtype=np.float64).reshape(len(names), len(names))
    return {
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
            levels=[sizes[name]["distinct"] for name in names],
            rows=[sizes[name]["count"] for name in names],
        ),
        "groups": redundancy_groups(square, names=names, target=target.get("name")),
    }


def pearson_matrix(
    source: Columns,
    numbers: list[dict[str, Any]],
    *,
    names: list[str],
    kept: Mapping[str, Scaled] = MappingProxyType({}),
    threads: ThreadPoolExecutor | None = None,
) -> list[list[float | None]]:
    """Pearson's correlation of every two numbers among ``names``, None elsewhere.

    ``numbers`` are profiles of columns, whose mean and deviation make single precision enough. A
    pair is compared on the rows that have both; infinite values count as missing. Columns that are
    not ``kept`` are read once more, in the groups of the file. Source: Pearson (1895), Proceedings
    of the Royal Society 58, 240-242.
    """
    place_of = {name: place for place, name in enumerate(names)}
    square: list[list[float | None]] = [[None] * len(names) for _ in names]
    if not numbers:
        return square
    if all(column["name"] in kept for column in numbers):
        total = pair_sums([kept[column["name"]] for column in numbers], [], threads=threads)
    else:
        total = _read_sums(source, numbers, threads=threads)
    found = np.round(rank_correlations(total), 4)
    places = [place_of[column["name"]] for column in numbers]
    for one, row in zip(places, found.tolist(), strict=True):
        for other, value in zip(places, row, strict=True):
            square[one][other] = None if value != value else value
    return square


def _read_sums(
    source: Columns, numbers: list[dict[str, Any]], *, threads: ThreadPoolExecutor | None
) -> PairSums:
    total: PairSums | None = None
    for group in range(source.groups):
        read = partial(_standard_group, source, group=group)
        scaled = (threads.map if threads else map)(read, numbers)
        part = pair_sums(list(scaled), [], threads=threads)
        total = part if total is None else total + part
    assert total is not None
    return total


def _standard_group(source: Columns, column: dict[str, Any], *, group: int) -> Scaled:
    cells = source.read(column["name"], group=group)
    absent = ~(cells.present & np.isfinite(cells.data))
    return _standard(cells, column, absent=absent if absent.any() else None)


def _standard(cells: Cells, column: dict[str, Any], *, absent: NDArray[np.bool_] | None) -> Scaled:
    """Numbers in standard deviations from the mean, 0 where they are absent."""
    if column.get("mean") is None or not column["std"]:
        nothing = np.ones(len(cells.data), dtype=bool)
        return Scaled.of(np.zeros(len(cells.data), dtype=np.float32), absent=nothing)
    scaled = np.empty(len(cells.data), dtype=np.float32)
    for rows in blocks(len(scaled)):
        away = cells.data[rows] - column["mean"]
        away /= column["std"]
        scaled[rows] = away
    if absent is not None:
        scaled[np.flatnonzero(absent)] = 0
    return Scaled.of(scaled, absent=absent)


def _find_exact(
    told: list[dict[str, Any]],
    *,
    gaps: Gaps,
    source: Columns,
    columns: dict[str, Binned],
) -> None:
    """Note where a column is missing exactly in the rows of one value of another column.

    Charges are blank exactly where the months are 0: not a loss but a rule.
    """
    for gap in told:
        gap["exactly"] = None
        if not 3 <= gap["missing"] <= MOST_EXACT_ROWS * source.rows:
            continue
        missing = gaps.absent(gap["name"])
        if missing is None:
            continue
        inside = np.flatnonzero(missing)
        for name, reduced in columns.items():
            if name == gap["name"] or not _is_one(reduced.codes, inside):
                continue
            value = _only_value(source.read(name), absent=missing)
            if value is not None:
                gap["exactly"] = {"column": name, "value": value}
                break


def _is_one(codes: NDArray[np.uint8], rows: NDArray[np.int64]) -> bool:
    """All these rows have the same code; a few tell that most have not."""
    first = codes[rows[0]]
    return bool((codes[rows[:FEW]] == first).all() and (codes[rows] == first).all())


def _only_value(cells: Cells, *, absent: NDArray[np.bool_]) -> str | None:
    if not cells.present[absent].all():
        return None
    inside = cells.data[absent]
    if (inside != inside[0]).any() or (cells.data[~absent & cells.present] == inside[0]).any():
        return None
    if cells.words is not None:
        return str(cells.words[int(inside[0])].as_py())[:60]
    return None if cells.kind == Kind.DATETIME else number_text(float(inside[0]))


def _later(clocks: list[Calendar], *, source: Columns) -> list[dict[str, Any]]:
    """Date columns that in (nearly) every row are not before another one, and mostly after it."""
    found = []
    read = {days.name: source.read(days.name) for days in clocks} if len(clocks) > 1 else {}
    for (one, mine), (other, others) in permutations(read.items(), 2):
        both = mine.present & others.present
        n = int(both.sum())
        if n < 2:
            continue
        after = mine.data[both] - others.data[both]
        never, later = float((after >= 0).mean()), float((after > 0).mean())
        if never >= LEAST_LATER and later >= MOST_EXACT_ROWS:
            found.append({"column": one, "than": other, "share": later, "rows": n})
    return found
