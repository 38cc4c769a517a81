"""A table along one of its date columns: rows, target and every column by period."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.monitoring.distances import psi_by_chance, psi_each
from apps.engine.profile.categorical import Coded
from apps.engine.profile.cells import Cells
from apps.engine.profile.datetime import MONDAY, UNITS
from apps.engine.profile.lookup import crossed, taken
from apps.engine.profile.marks import Marks
from apps.engine.profile.ordering import Sorted
from apps.engine.profile.relation import ClassTarget, LabelsTarget, means, rates
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
MINUTE_US = HOUR_US // 60
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Calendar:
    """The period of every row by one date column."""

    name: str
    step: str
    codes: NDArray[np.int8]  # shape (n_rows,), -1 without a date
    starts: list[str]  # ISO dates or moments

    @cached_property
    def marks(self) -> Marks:
        """``codes`` plus 1 in one byte, 0 without a date."""
        return Marks((self.codes + np.int8(1)).view(np.uint8), len(self.starts) + 1)

    def rows_of(self, period: int) -> NDArray[np.int64]:
        """The rows of one period, ascending."""
        if self._remembered.get(period) is None:
            self._remembered[period] = np.flatnonzero(self.marks.codes == period + 1)
        return self._remembered[period]

    @cached_property
    def _remembered(self) -> dict[int, NDArray[np.int64]]:
        return {}

    @property
    def counts(self) -> NDArray[np.int64]:
        """Rows of every period."""
        return self.marks.counts[1:]

    @cached_property
    def enough(self) -> NDArray[np.int64]:
        """The periods with LEAST_ROWS rows or more."""
        return np.flatnonzero(self.counts >= LEAST_ROWS)

    @cached_property
    def reference(self) -> int:
        """The period that others are held against."""
        return first_full(self.counts)

    def limits(self, levels: int) -> NDArray[np.float64]:
        """A large PSI of each of ``enough``, for so many bins: chance stays below."""
        held = self._limits.get(levels)
        if held is None:
            among = int(self.counts[self.reference])
            by_chance = [
                psi_by_chance(levels, rows=rows, reference_rows=among, certainty=CERTAIN)
                for rows in self.counts[self.enough].tolist()
            ]
            held = self._limits[levels] = np.maximum(by_chance, LARGE_PSI)
        return held

    @cached_property
    def _limits(self) -> dict[int, NDArray[np.float64]]:
        return {}


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
    numbers = _numbers(_moments(cells), step=step, unit=unit)
    first, last = int(numbers.min()), int(numbers.max())
    if first == last:
        return None
    codes = (numbers - first).astype(np.int8)
    codes[~cells.present] = -1
    starts = [_start(number, step=step, unit=unit) for number in range(first, last + 1)]
    return Calendar(name, step, codes, starts)


def _moments(cells: Cells) -> NDArray[np.int64]:
    """Microseconds since 1970 of every row, the first moment where there is none."""
    if not cells.missing:
        return cells.data
    return np.where(cells.present, cells.data, cells.data[cells.present].min())


def _numbers(moments: NDArray[np.int64], *, step: str, unit: str) -> NDArray[np.int64]:
    if step == "hour":
        return moments // HOUR_US
    if step == "minute":
        return moments // MINUTE_US
    if step == "week":
        return _by_day(moments // DAY_US, lambda days: (days + MONDAY) // 7)
    return _by_day(moments // DAY_US, partial(_units, unit=unit))


def _units(days: NDArray[np.int64], *, unit: str) -> NDArray[np.int64]:
    return days.view("datetime64[D]").astype(f"datetime64[{unit}]").astype(np.int64)


def _by_day[Scalar: np.generic](
    days: NDArray[np.int64], tell: Callable[[NDArray[np.int64]], NDArray[Scalar]]
) -> NDArray[Scalar]:
    """What is told of the day of every row; a day that many rows have is asked for once."""
    first, last = int(days.min()), int(days.max())
    if last - first >= len(days):
        return tell(days)
    return taken(tell(np.arange(first, last + 1)), days - first)


def _start(number: int, *, step: str, unit: str) -> str:
    if step == "week":
        return str(np.datetime64(number * 7 - MONDAY, "D"))
    text = str(np.int64(number).astype(f"datetime64[{unit}]").astype("datetime64[s]"))
    return text.replace("T", " ")[:16] if step in {"minute", "hour"} else text[:10]


def along(
    days: Calendar, *, cells: Cells, target: Target | None, usable: NDArray[np.bool_] | None
) -> dict[str, Any]:
    """Rows by period with the stretches without any, the target, its level shift, its seasons."""
    counts = days.counts
    told: dict[str, Any] = {
        "column": days.name,
        "step": days.step,
        "starts": days.starts,
        "rows": counts.tolist(),
        "without_date": len(days.codes) - int(counts.sum()),
        "gaps": _gaps(counts, starts=days.starts),
        "target": None,
        "shift": None,
        "trend": None,
    }
    if target is not None:
        told["target"] = _target(days.marks.codes, target, usable=usable, size=len(days.starts))
        series = [
            point["value"] if rows >= LEAST_ROWS else None
            for point, rows in zip(told["target"]["points"], told["rows"], strict=True)
        ]
        told["shift"] = level_shift(series, step=days.step)
        told["trend"] = steady_trend(series)
    told["seasons"] = _seasons(days, _moments(cells), target, usable=usable)
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
    codes: NDArray[np.uint8],
    target: Target,
    *,
    usable: NDArray[np.bool_] | None,
    size: int,
) -> dict[str, Any]:
    """Rate of the first shown class or label, or mean, by group with 95 % intervals.

    A code is the number of a group from 1, or 0 for none.
    """
    mine = codes if usable is None else codes[usable]
    if isinstance(target, LabelsTarget):
        target = target.each[0]
    if isinstance(target, ClassTarget):
        code = target.shown[0]
        cells = mine * np.uint8(2) + (target.codes == code)  # at most 2 * (MOST_PERIODS + 1)
        table = np.bincount(cells, minlength=2 * size + 2).reshape(-1, 2)[1:]
        points = rates(table[:, 1], table.sum(axis=1))
        return {"kind": "rate", "of": target.labels[code], "points": points}
    sizes = np.bincount(mine, minlength=size + 1)[1:]
    centre = float(target.numbers.mean())
    away = target.numbers - centre
    sums = np.bincount(mine, weights=away, minlength=size + 1)[1:]
    squares = np.bincount(mine, weights=away**2, minlength=size + 1)[1:]
    points = means(sizes, sums, squares, centre=centre)
    return {"kind": "mean", "of": target.name, "points": points}


def _seasons(
    days: Calendar,
    moments: NDArray[np.int64],
    target: Target | None,
    *,
    usable: NDArray[np.bool_] | None,
) -> list[dict[str, Any]]:
    span = int(moments.max() - moments.min())
    dates = moments // DAY_US
    inside = moments - dates * DAY_US
    seasons: list[tuple[str, NDArray[np.uint8], tuple[str, ...]]] = []
    if span >= 2 * DAY_US and bool(inside.any()):
        hours = tuple(f"{hour:02d}" for hour in range(24))
        seasons.append(("hour of the day", (inside // HOUR_US).astype(np.uint8), hours))
    if span >= 14 * DAY_US:
        weekdays = _by_day(dates, lambda days: ((days + MONDAY) % 7).astype(np.uint8))
        seasons.append(("day of the week", weekdays, WEEKDAYS))
    if span >= 360 * DAY_US:
        months = _by_day(dates, lambda days: (_units(days, unit="M") % 12).astype(np.uint8))
        seasons.append(("month of the year", months, MONTHS))
    found = []
    for by, codes, labels in seasons:
        mine = (codes + np.uint8(1)) * (days.marks.codes > 0)
        rows = np.bincount(mine, minlength=len(labels) + 1)[1:]
        if np.count_nonzero(rows) < 2:
            continue
        told = None if target is None else _target(mine, target, usable=usable, size=len(labels))
        found.append({"by": by, "labels": list(labels), "rows": rows.tolist(), "target": told})
    return found


def drift(
    days: Calendar, *, name: str, cells: Cells, feature: Sorted | Coded
) -> dict[str, Any] | None:
    """Population stability index of a column in every period against the first full one.

    Numbers are binned by the tenths of that period and what lies beyond its ends, texts by its
    BINS most frequent values, fewer where it has few rows; a missing value is a bin of its own.
    ``large`` counts the periods above LARGE_PSI and above what chance gives (``psi_by_chance``);
    periods with fewer than LEAST_ROWS rows have no value. None when fewer than two periods have
    rows enough.
    O(n).
    """
    counts, enough = days.counts, days.enough
    if len(enough) < 2:
        return None
    reference = days.reference
    if isinstance(feature, Sorted):
        table = _of_numbers(days, feature, cells=cells, first=reference)
    else:
        table = _of_values(days, feature, first=reference)
    told = psi_each(_shares(table[reference]), _shares(table[enough]))
    told = np.round(told, 4)
    levels = int((table.sum(axis=0) > 0).sum())
    values: list[float | None] = [None] * len(counts)
    for place, value in zip(enough.tolist(), told.tolist(), strict=True):
        values[place] = value
    large = int(np.count_nonzero(told > days.limits(levels)))
    return {"name": name, "psi": values, "most": float(told.max()), "large": large}


def _shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Shares of bins, half a row added to each (Jeffreys 1946): an empty bin is not impossible."""
    return (counts + 0.5) / (counts.sum(axis=-1, keepdims=True) + 0.5 * counts.shape[-1])


def first_full(counts: NDArray[np.int64]) -> int:
    """The first period that is no mere beginning: at least half the rows of the median one."""
    usual = float(np.median(counts[counts >= LEAST_ROWS]))
    return int(np.flatnonzero(counts >= usual / 2)[0])


def _of_values(days: Calendar, feature: Coded, *, first: int) -> NDArray[np.int64]:
    """Rows of every period and bin; the last two bins are other values and no value."""
    held = np.bincount(feature.codes[days.rows_of(first)] + 1, minlength=feature.distinct + 1)[1:]
    bin_of = np.full(feature.distinct, BINS, dtype=np.uint8)
    top = np.argsort(-held, kind="stable")[: _parts(days, first)]
    bin_of[top] = np.arange(len(top))
    return _count(days, feature.of_rows(bin_of, missing=BINS + 1), size=BINS + 2)


def _of_numbers(days: Calendar, feature: Sorted, *, cells: Cells, first: int) -> NDArray[np.int64]:
    """Rows of every period and bin: a bin is a stretch of ascending values, or no value."""
    marked = feature.beside(days.marks)
    codes = np.sort(feature.codes[days.rows_of(first)])
    mine = feature.unique[codes[: np.searchsorted(codes, feature.distinct)]]
    if not len(mine):
        return marked.rows([]).T[1:]
    edges = _tenths(mine, parts=_parts(days, first))
    inner = np.searchsorted(feature.unique, [*edges, mine[-1]], side="right")
    cuts = [int(np.searchsorted(feature.unique, mine[0])), *inner.tolist()]
    bins = [*range(len(edges) + 2), BINS + 1]  # below and above all that the first one held
    told = np.zeros((days.marks.size, BINS + 3), dtype=np.int64)
    told[:, [*bins, BINS + 2]] = marked.rows(cuts).T
    for side, place in ((-np.inf, 0), (np.inf, BINS + 1)) if feature.infinite else ():
        rows = days.marks.codes[cells.present & (cells.data == side)]
        infinite = np.bincount(rows, minlength=days.marks.size)
        told[:, place] += infinite
        told[:, BINS + 2] -= infinite
    return told[1:]


def _parts(days: Calendar, first: int) -> int:
    return max(2, min(BINS, int(days.counts[first]) // ROWS_A_BIN))


def _tenths(ascending: NDArray[Any], *, parts: int) -> NDArray[np.float64]:
    """The different quantiles that part ascending values evenly (numpy's linear ones)."""
    places = np.arange(1, parts) / parts * (len(ascending) - 1)
    low = places.astype(np.int64)
    start = ascending[low].astype(np.float64)
    end = ascending[np.minimum(low + 1, len(ascending) - 1)].astype(np.float64)
    with np.errstate(over="ignore"):  # a difference of huge numbers: the value below stands for it
        edges = start + (end - start) * (places - low)
    return np.unique(np.where(np.isfinite(edges), edges, start))


def _count(days: Calendar, bins: NDArray[np.uint8], *, size: int) -> NDArray[np.int64]:
    return crossed(days.marks.codes, bins, shape=(days.marks.size, size))[1:]
