"""A table along one of its date columns: rows, target and every column by period."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.monitoring.distances import psi, psi_by_chance
from apps.engine.profile.categorical import code_values
from apps.engine.profile.cells import Cells
from apps.engine.profile.datetime import UNITS
from apps.engine.profile.relation import ClassTarget, means, rates
from apps.engine.profile.shifts import level_shift, steady_trend
from apps.engine.profile.target import Target

MOST_PERIODS = 36
LEAST_ROWS = 10
"""A period with fewer rows tells neither a target nor a distribution."""
BINS = 10
LARGE_PSI = 0.25
ROWS_A_BIN = 20
CERTAIN = 1 - 1e-6
"""Many columns times many periods are asked: each may be wrong once in a million."""
DAY_US = 86_400_000_000
HOUR_US = DAY_US // 24
MONDAY = 3  # days from the Monday before 1 January 1970, which was a Thursday
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Calendar:
    """The period of every row by one date column."""

    name: str
    step: str
    codes: NDArray[np.int64]  # shape (n_rows,), -1 without a date
    starts: list[str]  # ISO dates or moments
    moments: NDArray[np.int64]  # microseconds since 1970, 0 without a date

    def counts(self) -> NDArray[np.int64]:
        """Rows of every period."""
        return np.bincount(self.codes + 1, minlength=len(self.starts) + 1)[1:]


def calendar(name: str, *, cells: Cells) -> Calendar | None:
    """Calendar periods of a date column, None when it has fewer than two.

    The step is the shortest calendar unit that needs at most MOST_PERIODS periods. Weeks begin on
    Monday (ISO 8601). O(n).
    """
    filled = cells.data[cells.present]
    if not len(filled):
        return None
    span_s = float(filled.max() - filled.min()) / 1e6
    step, unit = next(
        ((step, unit) for step, unit, length in UNITS if span_s / length < MOST_PERIODS - 1),
        (UNITS[-1][0], UNITS[-1][1]),
    )
    moments = np.where(cells.present, cells.data, filled.min())
    numbers = _numbers(moments, step=step, unit=unit)
    first, last = int(numbers.min()), int(numbers.max())
    if first == last:
        return None
    codes = np.where(cells.present, numbers - first, -1)
    starts = [_start(number, step=step, unit=unit) for number in range(first, last + 1)]
    return Calendar(name, step, codes, starts, moments)


def _numbers(moments: NDArray[np.int64], *, step: str, unit: str) -> NDArray[np.int64]:
    if step == "week":
        weeks: NDArray[np.int64] = (moments // DAY_US + MONDAY) // 7
        return weeks
    return moments.view("datetime64[us]").astype(f"datetime64[{unit}]").astype(np.int64)


def _start(number: int, *, step: str, unit: str) -> str:
    if step == "week":
        return str(np.datetime64(number * 7 - MONDAY, "D"))
    text = str(np.int64(number).astype(f"datetime64[{unit}]").astype("datetime64[s]"))
    return text.replace("T", " ")[:16] if step in {"minute", "hour"} else text[:10]


def along(
    days: Calendar, *, target: Target | None, usable: NDArray[np.bool_] | None
) -> dict[str, Any]:
    """Rows by period with the stretches without any, the target, its level shift, its seasons."""
    counts = days.counts()
    told: dict[str, Any] = {
        "column": days.name,
        "step": days.step,
        "starts": days.starts,
        "rows": counts.tolist(),
        "without_date": int((days.codes < 0).sum()),
        "gaps": _gaps(counts, starts=days.starts),
        "target": None,
        "shift": None,
        "trend": None,
        "drift": [],
    }
    if target is not None:
        told["target"] = _target(days.codes, target, usable=usable, size=len(days.starts))
        series = [
            point["value"] if rows >= LEAST_ROWS else None
            for point, rows in zip(told["target"]["points"], told["rows"], strict=True)
        ]
        told["shift"] = level_shift(series, step=days.step)
        told["trend"] = steady_trend(series)
    told["seasons"] = _seasons(days, target, usable=usable)
    return told


def _gaps(counts: NDArray[np.int64], *, starts: list[str]) -> list[dict[str, Any]]:
    """Stretches of periods without a row, between the first row and the last."""
    found: list[dict[str, Any]] = []
    for place in np.flatnonzero(counts == 0):
        if found and found[-1]["last"] == place - 1:
            found[-1] |= {"last": int(place), "to": starts[place]}
            found[-1]["periods"] += 1
        else:
            begin = starts[place]
            found.append({"from": begin, "to": begin, "periods": 1, "last": int(place)})
    return [{key: gap[key] for key in ("from", "to", "periods")} for gap in found]


def _target(
    codes: NDArray[np.int64], target: Target, *, usable: NDArray[np.bool_] | None, size: int
) -> dict[str, Any]:
    """Rate of the first shown class, or mean, by group with 95 % intervals; code -1 is no group."""
    mine = codes if usable is None else codes[usable]
    dated = mine >= 0
    sizes = np.bincount(mine[dated], minlength=size)
    if isinstance(target, ClassTarget):
        code = target.shown[0]
        hits = np.bincount(mine[dated & (target.codes == code)], minlength=size)
        return {"kind": "rate", "of": target.labels[code], "points": rates(hits, sizes)}
    centre = float(target.numbers.mean())
    away = target.numbers[dated] - centre
    sums = np.bincount(mine[dated], weights=away, minlength=size)
    squares = np.bincount(mine[dated], weights=away**2, minlength=size)
    points = means(sizes, sums, squares, centre=centre)
    return {"kind": "mean", "of": target.name, "points": points}


def _seasons(
    days: Calendar, target: Target | None, *, usable: NDArray[np.bool_] | None
) -> list[dict[str, Any]]:
    moments, dated = days.moments, days.codes >= 0
    span = int(moments.max() - moments.min())
    seasons: list[tuple[str, NDArray[np.int64], tuple[str, ...]]] = []
    if span >= 2 * DAY_US and bool((moments % DAY_US).any()):
        hours = tuple(f"{hour:02d}" for hour in range(24))
        seasons.append(("hour of the day", moments % DAY_US // HOUR_US, hours))
    if span >= 14 * DAY_US:
        seasons.append(("day of the week", (moments // DAY_US + MONDAY) % 7, WEEKDAYS))
    if span >= 360 * DAY_US:
        months = moments.view("datetime64[us]").astype("datetime64[M]").astype(np.int64) % 12
        seasons.append(("month of the year", months, MONTHS))
    found = []
    for by, codes, labels in seasons:
        mine = np.where(dated, codes, -1)
        rows = np.bincount(mine + 1, minlength=len(labels) + 1)[1:]
        if np.count_nonzero(rows) < 2:
            continue
        told = None if target is None else _target(mine, target, usable=usable, size=len(labels))
        found.append({"by": by, "labels": list(labels), "rows": rows.tolist(), "target": told})
    return found


def drift(days: Calendar, *, name: str, cells: Cells) -> dict[str, Any] | None:
    """Population stability index of a column in every period against the first full one.

    Numbers are binned by the tenths of that period and what lies beyond its ends, texts by its
    BINS most frequent values, fewer where it has few rows; a missing value is a bin of its own.
    ``large`` counts the periods above LARGE_PSI and above what chance gives (``psi_by_chance``);
    periods with fewer than LEAST_ROWS rows have no value. None when fewer than two periods have
    rows enough.
    O(n log BINS).
    """
    counts = days.counts()
    enough = np.flatnonzero(counts >= LEAST_ROWS)
    if len(enough) < 2:
        return None
    reference = first_full(counts)
    bins, size = _bins(cells, first=days.codes == reference)
    table = np.bincount((days.codes + 1) * size + bins, minlength=(len(counts) + 1) * size).reshape(
        -1, size
    )[1:]
    expected = _shares(table[reference])
    values: list[float | None] = [None] * len(counts)
    large = 0
    for place in enough:
        values[place] = round(psi(expected, _shares(table[place])), 4)
        by_chance = psi_by_chance(
            int((table.sum(axis=0) > 0).sum()),
            rows=int(counts[place]),
            reference_rows=int(counts[reference]),
            certainty=CERTAIN,
        )
        large += int((values[place] or 0.0) > max(LARGE_PSI, by_chance))
    most = max(value for value in values if value is not None)
    return {"name": name, "psi": values, "most": most, "large": large}


def _shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Shares of bins, half a row added to each (Jeffreys 1946): an empty bin is not impossible."""
    return (counts + 0.5) / (counts.sum() + 0.5 * len(counts))


def first_full(counts: NDArray[np.int64]) -> int:
    """The first period that is no mere beginning: at least half the rows of the median one."""
    usual = float(np.median(counts[counts >= LEAST_ROWS]))
    return int(np.flatnonzero(counts >= usual / 2)[0])


def _bins(cells: Cells, *, first: NDArray[np.bool_]) -> tuple[NDArray[np.int64], int]:
    parts = int(np.clip(first.sum() // ROWS_A_BIN, 2, BINS))
    if cells.words is not None:
        codes = code_values(cells).codes
        held = np.bincount(codes[first] + 1, minlength=int(codes.max(initial=-1)) + 2)[1:]
        place_of = np.full(len(held) + 1, BINS, dtype=np.int64)
        top = np.argsort(-held, kind="stable")[:parts]
        place_of[top] = np.arange(len(top))
        bins = np.where(codes < 0, BINS + 1, place_of[codes])
        return bins, BINS + 2
    values = cells.data
    usable = cells.present & np.isfinite(values)
    mine = values[first & usable]
    if not len(mine):
        return np.where(cells.present, 0, 1), 2
    edges = np.unique(np.quantile(mine, np.arange(1, parts) / parts))
    bins = np.searchsorted(edges, values, side="left") + 1
    bins[values < mine.min()] = 0  # below and above all that the first period held
    bins[values > mine.max()] = BINS + 1
    bins[~cells.present | (values != values)] = BINS + 2
    return bins.astype(np.int64), BINS + 3
