"""Two or more sets of rows side by side, column by column: what differs most stands first."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2_contingency

from apps.engine.dates import period_text
from apps.engine.errors import BadParameter, NotEnoughData
from apps.engine.monitoring.distances import psi
from apps.engine.percent import percent
from apps.engine.profile.categorical import LONGEST_SHOWN, code_values
from apps.engine.profile.cells import Cells, Columns
from apps.engine.profile.datetime import moment
from apps.engine.profile.missing import number_text
from apps.engine.profile.pairs import as_floats
from apps.engine.profile.slices import Condition, rows_of
from apps.engine.profile.years import YEARS
from apps.engine.types import Kind, Report

MOST_SIDES = 6
LEAST_ROWS = 20
"""A side with fewer rows tells no distribution."""
BINS = 10
SURE = 0.01
"""Adjusted chance below which a difference is said to be more than chance."""


@dataclass(frozen=True)
class Binned:
    """Rows of every side in every bin, the last bin being the rows without a value."""

    table: NDArray[np.int64]  # shape (n_sides, n_bins + 1)
    labels: list[str]
    middles: list[float | None]
    spread: float | None


def compare_rows(
    *, tables: list[str], sides: list[dict[str, Any]], without: list[str], report: Report
) -> dict[str, Any]:
    """Compare sets of rows. Job function.

    Parameters
    ----------
    tables : list of str
        Paths of typed tables.
    sides : list of dict
        ``name``, ``table`` (place in ``tables``), ``where`` (conditions as lists), ``others``
        (true: the rows that do *not* fulfil them). The first one is compared with each other.
    without : list of str
        Columns that are not told.

    Returns
    -------
    dict, JSON-ready
        ``sides`` (name, rows), ``columns`` that all sides have (``psi``, the largest against the
        first side; ``p``, adjusted; ``is_sure``; ``missing``, ``middles``; ``says``), the largest
        difference first and those that chance may have made last; ``lacking``: columns that some
        side does not have, or has in another kind.

    Notes
    -----
    Size before chance: columns are ordered by the population stability index over the tenths of
    the first side or the most frequent values, see ``psi``. Chance: Pearson's chi-squared test of
    the same counts, adjusted for the number of columns by Holm (1979), Scandinavian Journal of
    Statistics 6(2), 65-70. O(cells log n).
    """
    if not 2 <= len(sides) <= MOST_SIDES:
        raise BadParameter(f"Compare two to {MOST_SIDES} sets of rows.")
    sources = [_side(tables[side["table"]], side, without) for side in sides]
    for side, source in zip(sides, sources, strict=True):
        if source.rows < LEAST_ROWS:
            raise NotEnoughData(
                f"“{side['name']}” has {source.rows} rows; {LEAST_ROWS} are needed to compare."
            )
    shared = [name for name in sources[0].names if all(name in one.names for one in sources)]
    found, lacking = [], _lacking(sources, shared)
    for done, name in enumerate(shared):
        report(done, len(shared), f"Comparing “{name}”")
        cells = [source.read(name) for source in sources]
        if len({one.kind for one in cells}) > 1:
            lacking.append({"name": name, "why": "is not of the same kind everywhere"})
            continue
        found.append(_compared(name, cells))
    adjust(found)
    found.sort(key=lambda column: (not column["is_sure"], -column["psi"]))
    told = [
        {"name": side["name"], "rows": source.rows}
        for side, source in zip(sides, sources, strict=True)
    ]
    return {"sides": told, "columns": found, "lacking": lacking}


def _side(table: str, side: dict[str, Any], without: list[str]) -> Columns:
    source = Columns(table, without=without)
    if side["where"]:
        kept = rows_of(source, [Condition.from_list(one) for one in side["where"]])
        source.narrow(~kept if side["others"] else kept)
    return source


def _lacking(sources: list[Columns], shared: list[str]) -> list[dict[str, str]]:
    names = dict.fromkeys(name for source in sources for name in source.names)
    return [{"name": name, "why": "is not everywhere"} for name in names if name not in shared]


def binned(cells: list[Cells], *, named_by_first: bool = False) -> Binned:
    """One column of every side in the same bins: tenths of the first side, or frequent values.

    With ``named_by_first`` no value is named that the first side does not hold.
    """
    if cells[0].words is None:
        return _numbers(cells)
    return _texts(cells, named_by_first=named_by_first)


def _compared(name: str, cells: list[Cells]) -> dict[str, Any]:
    column = binned(cells)
    rows, bins = column.table.sum(axis=1, keepdims=True), column.table.shape[1]
    # Half a row in every bin (Jeffreys 1946): an empty bin is not impossible.
    shares = (column.table + 0.5) / (rows + 0.5 * bins)
    sizes = [psi(shares[0], other) for other in shares[1:]]
    plain = column.table / rows
    farthest = int(np.argmax(sizes)) + 1
    return {
        "name": name,
        "kind": str(cells[0].kind),
        "psi": round(max(sizes), 4),
        "p": by_chance(column.table),
        "missing": plain[:, -1].tolist(),
        "middles": column.middles,
        "says": difference(column, plain, farthest, kind=cells[0].kind),
        "farthest": farthest,
    }


def by_chance(table: NDArray[np.int64]) -> float:
    """How often chance makes sides that differ as much: Pearson's chi-squared test."""
    held = table[:, table.sum(axis=0) > 0]
    return float(chi2_contingency(held).pvalue) if held.shape[1] > 1 else 1.0


def _texts(cells: list[Cells], *, named_by_first: bool) -> Binned:
    counts = []
    for one in cells:
        coded = code_values(one)
        counts.append(pd.Series(coded.counts, index=coded.words.to_pylist(), dtype="int64"))
    pooled = pd.concat(counts, axis=1, keys=range(len(counts))).fillna(0).astype("int64")
    weights = pooled[pooled[0] > 0][0] if named_by_first else pooled.sum(axis=1)
    order = weights.sort_values(ascending=False, kind="stable").index
    top = list(order[:BINS])
    rest = pooled.drop(index=top).sum(axis=0).to_numpy()
    missing = [one.missing for one in cells]
    table = np.column_stack([pooled.loc[top].to_numpy().T, rest, missing])
    labels = [*(str(label)[:LONGEST_SHOWN] for label in top), "other values"]
    return Binned(table.astype(np.int64), labels, [None] * len(cells), None)


def _numbers(cells: list[Cells]) -> Binned:
    values = [as_floats(one) for one in cells]
    finite = [one[np.isfinite(one)] for one in values]
    first = finite[0] if len(finite[0]) else np.concatenate(finite)
    edges = np.unique(np.quantile(first, np.arange(1, BINS) / BINS)) if len(first) else np.zeros(0)
    # A range of one value is told apart from what lies above it.
    table = []
    for whole, part in zip(values, finite, strict=True):
        held = np.bincount(np.searchsorted(edges, part, side="left"), minlength=len(edges) + 1)
        table.append([*held, len(whole) - len(part)])
    with np.errstate(over="ignore", invalid="ignore"):
        pooled = np.concatenate(finite)
        spread = float(pooled.std()) if len(pooled) else 0.0
        middles = [float(one.mean()) if len(one) else None for one in finite]
    known = np.isfinite(spread) and spread > 0
    return Binned(
        np.array(table, dtype=np.int64),
        [],
        [one if one is not None and np.isfinite(one) else None for one in middles],
        spread if known else None,
    )


def difference(column: Binned, shares: NDArray[np.float64], other: int, *, kind: Kind) -> str:
    """The largest of what a person would call a difference, from the first side to another."""
    gone, came = shares[0, -1], shares[other, -1]
    lost = f"missing {percent(gone)} → {percent(came)}"
    if column.labels:
        moved = shares[other, :-1] - shares[0, :-1]
        place = int(np.argmax(np.abs(moved)))
        if abs(came - gone) > abs(moved[place]):
            return lost
        gone, came = percent(shares[0, place]), percent(shares[other, place])
        return f"“{column.labels[place]}” {gone} → {came}"
    before, after = column.middles[0], column.middles[other]
    if before is None or after is None or column.spread is None:
        return lost
    steps = (after - before) / column.spread
    if abs(came - gone) > abs(steps):
        return lost
    if kind == Kind.DATETIME:
        return f"mean {_day(before)} → {_day(after)}"
    parted = not all(YEARS[0] <= mean <= YEARS[1] for mean in (before, after))
    told = " → ".join(_short(mean, parted=parted) for mean in (before, after))
    away = f"{steps:+.2f}".replace("-", "\N{MINUS SIGN}")
    return f"mean {told} ({away} standard deviations)"


def _day(milliseconds: float) -> str:
    return period_text(moment(int(milliseconds * 1_000)), "day")


def _short(value: float, *, parted: bool) -> str:
    return number_text(float(f"{value:.4g}"), parted=parted)


def adjust(columns: list[dict[str, Any]]) -> None:
    """Holm's step-down adjustment of every ``p``, and ``is_sure``."""
    worst = 0.0
    for place, column in enumerate(sorted(columns, key=lambda one: float(one["p"]))):
        worst = max(worst, min(1.0, float(column["p"]) * (len(columns) - place)))
        column["p"] = worst
        column["is_sure"] = worst < SURE
