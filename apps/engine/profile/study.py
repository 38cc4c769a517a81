"""What lies between columns: relations, gaps, time, sums. The worker's second call on a table."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.profile.associations import rank_correlations
from apps.engine.profile.categorical import code_values
from apps.engine.profile.cells import Cells, Columns
from apps.engine.profile.gaps import Gaps
from apps.engine.profile.gram import pair_sums
from apps.engine.profile.likeness import clustered_order, ranked_pairs, redundancy_groups
from apps.engine.profile.missing import hides_a_gap, number_text
from apps.engine.profile.mutual import Binned, binned, mutual_matrix
from apps.engine.profile.numeric import sort_numbers
from apps.engine.profile.periods import Calendar, along, calendar, drift
from apps.engine.profile.sums import Numbers, sum_rules
from apps.engine.profile.table import THREADS
from apps.engine.profile.target import Target, has_target, prepare_target
from apps.engine.types import Kind, Report

MOST_CLOCKS = 3
"""Date columns along which the table is told."""
LEAST_LATER = 0.99
MOST_EXACT_ROWS = 0.5


def study_table(
    *, table: str, profile: str, report: Report, positive: str | None = None
) -> dict[str, Any]:
    """Study what the columns of a profiled table have to do with each other. Job function.

    ``profile`` is the path of what ``profile_table`` told about it; else see ``study``.
    """
    told = json.loads(Path(profile).read_text())
    return study(Columns(table), told=told, report=report, positive=positive)


def study(
    source: Columns, *, told: dict[str, Any], report: Report, positive: str | None = None
) -> dict[str, Any]:
    """Study what profiled columns have to do with each other.

    Parameters
    ----------
    source : Columns
        Of a typed table. In memory are one column at a time, one byte for each
        row of every compared column and eight for every compared number.
    told : dict
        What ``profile`` told about them: the target and the compared columns.
    positive : str or None
        As for ``profile``.

    Returns
    -------
    dict, JSON-ready
        ``relations`` (order, three square matrices, ranked pairs, redundancy groups), ``gaps``
        (see ``Gaps``), ``time`` (see ``along``, one for each date column, at most MOST_CLOCKS),
        ``sums`` (see ``sum_rules``) and ``later`` (dates that follow other dates).
    """
    walk = _Study(source, told=told, positive=positive)
    names = source.names
    for done, name in enumerate(names):
        report(done, len(names) + 1, f"Looking between columns: “{name}”")
        walk.column(name)
    report(len(names), len(names) + 1, "Comparing every pair")
    with ThreadPoolExecutor(THREADS) as threads:
        relations = _relations(told["associations"], walk=walk, threads=threads)
    report(len(names) + 1, len(names) + 1, "Studied")
    gaps = walk.gaps.told()
    _find_exact(gaps["columns"], source=walk.source, columns=walk.bins, rows=told["rows"])
    return {
        "relations": relations,
        "gaps": gaps,
        "time": walk.time,
        "sums": sum_rules(walk.numbers),
        "later": _later(walk.clocks),
    }


class _Study:
    """One pass over the columns, and what is kept of each."""

    def __init__(self, source: Columns, *, told: dict[str, Any], positive: str | None) -> None:
        self.source = source
        self.compared = set(told["associations"]["columns"])
        self.target_name: str | None = (told["target"] or {}).get("name")
        self.target, self.usable = _target(source, name=self.target_name, positive=positive)
        self.gaps = Gaps(source.rows, self.target, self.usable)
        self.bins: dict[str, Binned] = {}
        self.numbers: list[Numbers] = []
        self.sizes = {column["name"]: column for column in told["columns"]}
        dates = [name for name in source.names if self.sizes[name]["kind"] == Kind.DATETIME]
        made = [calendar(name, cells=source.read(name)) for name in dates]
        self.clocks: list[Calendar] = [days for days in made if days][:MOST_CLOCKS]
        self.time = [along(days, target=self.target, usable=self.usable) for days in self.clocks]

    def column(self, name: str) -> None:
        cells = self.source.read(name)
        present = _said(cells)
        hidden = int(cells.present.sum() - present.sum())
        self.gaps.add(name, present=present, is_target=name == self.target_name, hidden=hidden)
        for days, told in zip(self.clocks, self.time, strict=True):
            found = None if days.name == name else drift(days, name=name, cells=cells)
            if found:
                told["drift"].append(found)
        if name not in self.compared:
            return
        feature = code_values(cells) if cells.words is not None else sort_numbers(cells)
        self.bins[name] = binned(name, feature=feature)
        if cells.kind in {Kind.INTEGER, Kind.NUMBER}:
            self.numbers.append(Numbers(name, _floats(cells)))


def _said(cells: Cells) -> NDArray[np.bool_]:
    """Rows that hold a value which means something: no blank, no "N/A"."""
    if cells.words is None or not len(cells.words):
        return cells.present
    hidden = hides_a_gap(cells.words)
    if not hidden.any():
        return cells.present
    return cells.present & ~hidden[cells.data]


def _target(
    source: Columns, *, name: str | None, positive: str | None
) -> tuple[Target | None, NDArray[np.bool_] | None]:
    if name is None:
        return None, None
    series = source.series(name)
    usable = has_target(series)
    target, _ = prepare_target(
        series[usable].reset_index(drop=True), rows=source.rows, positive=positive
    )
    return target, None if usable.all() else usable


def _floats(cells: Cells) -> NDArray[np.float64]:
    return np.where(cells.present, cells.data.astype(np.float64), np.nan)


def _relations(
    associations: dict[str, Any], *, walk: _Study, threads: ThreadPoolExecutor
) -> dict[str, Any]:
    names, kinds = associations["columns"], associations["kinds"]
    square = np.array(associations["values"], dtype=np.float64).reshape(len(names), len(names))
    mutual = mutual_matrix([walk.bins[name] for name in names], threads=threads)
    return {
        "columns": names,
        "kinds": kinds,
        "order": clustered_order(square),
        "rank": associations["values"],
        "linear": pearson_matrix(walk.numbers, names=names, threads=threads),
        "mutual": mutual,
        "pairs": ranked_pairs(
            square,
            names=names,
            kinds=kinds,
            mutual=mutual,
            levels=[walk.sizes[name]["distinct"] for name in names],
            rows=[walk.sizes[name]["count"] for name in names],
        ),
        "groups": redundancy_groups(square, names=names, target=walk.target_name),
    }


def pearson_matrix(
    numbers: list[Numbers], *, names: list[str], threads: ThreadPoolExecutor | None = None
) -> list[list[float | None]]:
    """Pearson's correlation of every two numbers among ``names``, None elsewhere.

    A pair is compared on the rows that have both; infinite values count as missing. Source:
    Pearson (1895), Proceedings of the Royal Society 58, 240-242.
    """
    place_of = {name: place for place, name in enumerate(names)}
    square: list[list[float | None]] = [[None] * len(names) for _ in names]
    if not numbers:
        return square
    told = pair_sums([_standard(column.values) for column in numbers], [], threads=threads)
    found = rank_correlations(told)
    for one, column in enumerate(numbers):
        for two, other in enumerate(numbers):
            value = found[one, two]
            told_value = None if np.isnan(value) else round(float(value), 4)
            square[place_of[column.name]][place_of[other.name]] = told_value
    return square


def _standard(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """In standard deviations from the mean, so that single precision is enough."""
    finite = np.isfinite(values)
    kept = values[finite]
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        scaled = (values - kept.mean()) / kept.std() if len(kept) else values
    scaled = np.where(finite & np.isfinite(scaled), scaled, np.nan)
    return scaled.astype(np.float32)


def _find_exact(
    gaps: list[dict[str, Any]], *, source: Columns, columns: dict[str, Binned], rows: int
) -> None:
    """Note where a column is missing exactly in the rows of one value of another column.

    Charges are blank exactly where the months are 0: not a loss but a rule.
    """
    for gap in gaps:
        gap["exactly"] = None
        if not 3 <= gap["missing"] <= MOST_EXACT_ROWS * rows:
            continue
        absent = ~_said(source.read(gap["name"]))
        for name, reduced in columns.items():
            if name == gap["name"] or len(np.unique(reduced.codes[absent])) > 1:
                continue
            value = _only_value(source.read(name), absent=absent)
            if value is not None:
                gap["exactly"] = {"column": name, "value": value}
                break


def _only_value(cells: Cells, *, absent: NDArray[np.bool_]) -> str | None:
    if not cells.present[absent].all():
        return None
    inside = cells.data[absent]
    if (inside != inside[0]).any() or (cells.data[~absent & cells.present] == inside[0]).any():
        return None
    if cells.words is not None:
        return str(cells.words[int(inside[0])].as_py())[:60]
    return None if cells.kind == Kind.DATETIME else number_text(float(inside[0]))


def _later(clocks: list[Calendar]) -> list[dict[str, Any]]:
    """Date columns that in (nearly) every row are not before another one, and mostly after it."""
    found = []
    for one in clocks:
        for other in clocks:
            both = (one.codes >= 0) & (other.codes >= 0)
            n = int(both.sum())
            if one is other or n < 2:
                continue
            after = one.moments[both] - other.moments[both]
            never, later = float((after >= 0).mean()), float((after > 0).mean())
            if never >= LEAST_LATER and later >= MOST_EXACT_ROWS:
                found.append({"column": one.name, "than": other.name, "share": later, "rows": n})
    return found
