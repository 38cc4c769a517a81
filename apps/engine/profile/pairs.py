"""Two columns side by side, counted exactly: points, cells, boxes or a mosaic."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.profile.associations import association_matrix, trait_of
from apps.engine.profile.categorical import Coded, code_values
from apps.engine.profile.cells import Cells, Columns
from apps.engine.profile.groups import LONGEST_LABEL
from apps.engine.profile.likeness import pair_in, ranked_pairs
from apps.engine.profile.mutual import binned, mutual_matrix
from apps.engine.profile.numeric import FAR_OUT, quantile
from apps.engine.profile.sample import Excerpt, prepared
from apps.engine.types import Kind

MOST_POINTS = 5_000
"""More rows are counted in cells instead of drawn one by one; never is a part of them drawn."""
CELLS = 32
MOST_GROUPS = 8
LEAST_THIRD_ROWS = 5


def binds(source: Columns, *, a: str, b: str) -> dict[str, Any] | None:
    """What binds two columns, on all rows; else as ``pair_in`` tells it. O(n log n)."""
    excerpts = {name: Excerpt.of(prepared(source.read(name)), whole=True) for name in (a, b)}
    traits = [trait_of(name, excerpt) for name, excerpt in excerpts.items()]
    if not all(trait.is_comparable for trait in traits):
        return None
    bins = [binned(name, excerpt) for name, excerpt in excerpts.items()]
    told, mutual = association_matrix(traits), mutual_matrix(bins)
    pairs = ranked_pairs(
        np.array(told["values"], dtype=np.float64),
        names=told["columns"],
        kinds=told["kinds"],
        mutual=mutual,
        levels=[trait.levels for trait in traits],
        rows=[one.filled for one in bins],
    )
    relations = {**told, "rank": told["values"], "mutual": mutual, "pairs": pairs}
    return pair_in(relations, names={a, b})


@dataclass(frozen=True)
class Axis:
    """One column as the numbers or the groups that a picture needs."""

    name: str
    kind: str  # "number", "date" or "category"
    present: NDArray[np.bool_]
    values: NDArray[np.float64]  # numbers; NaN where missing or infinite; empty for a category
    codes: NDArray[np.int64]  # groups; -1 where missing; empty for a number
    labels: list[str]
    conditions: list[list[str] | None] = field(default_factory=list)
    """What the rows of each group have in common, as a slice writes it; None for "others"."""


def pair_of(source: Columns, *, a: str, b: str, third: str = "") -> dict[str, Any]:
    """The picture of two columns as numbers, on the rows that have both.

    ``picture`` is "points" (two numbers, at most MOST_POINTS rows), "cells" (more rows), "boxes"
    (a number by a category; five-number summaries) or "mosaic" (two categories). ``rows`` counts
    the rows that have both, ``left_out`` all others. ``third`` colours points by group, or cells
    by its mean; it is ignored where it would say nothing. O(n log n); reads only these columns.
    """
    one, two = _axis(source, a), _axis(source, b)
    if one.kind == "category" and two.kind != "category":
        one, two = two, one
    both = _held(one) & _held(two)
    told: dict[str, Any] = {
        "a": one.name,
        "b": two.name,
        "kinds": [one.kind, two.kind],
        "rows": int(both.sum()),
        "left_out": int(len(both) - both.sum()),
        "third": None,
    }
    if not told["rows"]:
        return {**told, "picture": "nothing"}
    if two.kind != "category":
        colour = _axis(source, third) if third and third not in {a, b} else None
        return told | _numbers(one, two, both=both, third=colour)
    if one.kind == "category":
        return told | _mosaic(one, two, both=both)
    return told | _boxes(one, two, both=both)


def _axis(source: Columns, name: str) -> Axis:
    cells = source.read(name)
    if cells.words is not None:
        coded = code_values(cells)
        codes, labels = _few(coded)
        known = [["is", name, value] for value in coded.first(MOST_GROUPS)]
        conditions = [*known, *[None] * (len(labels) - len(known))]
        return Axis(name, "category", cells.present, np.empty(0), codes, labels, conditions)
    kind = "date" if cells.kind == Kind.DATETIME else "number"
    return Axis(name, kind, cells.present, as_floats(cells), np.empty(0, dtype=np.int64), [])


def as_floats(cells: Cells) -> NDArray[np.float64]:
    """Numbers as they are, dates in milliseconds as a time axis counts; NaN where there is none."""
    values = cells.data.astype(np.float64)
    if cells.kind == Kind.DATETIME:
        values /= 1_000
    return np.where(cells.present & np.isfinite(values), values, np.nan)


def _few(column: Coded) -> tuple[NDArray[np.int64], list[str]]:
    labels = [label[:LONGEST_LABEL] for label in column.first(MOST_GROUPS)]
    others = column.distinct - len(labels)
    if others > 0:
        labels.append(f"{others:,} other values")
    return np.minimum(column.codes.astype(np.int64), MOST_GROUPS), labels


def _held(axis: Axis) -> NDArray[np.bool_]:
    held = axis.codes >= 0 if axis.kind == "category" else np.isfinite(axis.values)
    return np.asarray(held, dtype=bool)


def _numbers(
    one: Axis, two: Axis, *, both: NDArray[np.bool_], third: Axis | None
) -> dict[str, Any]:
    if int(both.sum()) <= MOST_POINTS:
        return _points(one, two, both=both, third=third)
    return _cells(one, two, both=both, third=third)


def _points(one: Axis, two: Axis, *, both: NDArray[np.bool_], third: Axis | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "picture": "points",
        "x": one.values[both].tolist(),
        "y": two.values[both].tolist(),
    }
    if third is None:
        return told
    if third.kind == "category":
        codes = np.where(third.codes < 0, len(third.labels), third.codes)[both]
        labels = third.labels + (["missing"] if (third.codes < 0).any() else [])
        return told | {"third": {"name": third.name, "codes": codes.tolist(), "labels": labels}}
    values = [None if np.isnan(value) else float(value) for value in third.values[both]]
    return told | {"third": {"name": third.name, "values": values, "labels": None}}


def _cells(one: Axis, two: Axis, *, both: NDArray[np.bool_], third: Axis | None) -> dict[str, Any]:
    x, y = one.values[both], two.values[both]
    x_edges, y_edges = edges_of(x), edges_of(y)
    inside = (x >= x_edges[0]) & (x <= x_edges[-1]) & (y >= y_edges[0]) & (y <= y_edges[-1])
    wide, high = len(x_edges) - 1, len(y_edges) - 1
    across = np.clip(np.searchsorted(x_edges, x[inside], side="right") - 1, 0, wide - 1)
    up = np.clip(np.searchsorted(y_edges, y[inside], side="right") - 1, 0, high - 1)
    place = up * wide + across
    counts = np.bincount(place, minlength=wide * high)
    told: dict[str, Any] = {
        "picture": "cells",
        "x_edges": x_edges.tolist(),
        "y_edges": y_edges.tolist(),
        "counts": counts.reshape(high, wide).tolist(),
        "far_out": int(len(inside) - inside.sum()),
    }
    if third is None or third.kind == "date":
        return told
    values, of = _as_number(third)
    mine = values[both][inside]
    known = np.isfinite(mine)
    sums = np.bincount(place[known], weights=mine[known], minlength=wide * high)
    sizes = np.bincount(place[known], minlength=wide * high)
    means = [
        float(total / size) if size >= LEAST_THIRD_ROWS else None
        for total, size in zip(sums, sizes, strict=True)
    ]
    rows = [means[row * wide : (row + 1) * wide] for row in range(high)]
    return told | {"third": {"name": third.name, "of": of, "means": rows}}


def _as_number(third: Axis) -> tuple[NDArray[np.float64], str]:
    """A number as it is; a category as whether it holds its second most frequent value."""
    if third.kind == "number":
        return third.values, ""
    code = 1 if len(third.labels) > 1 else 0
    return np.where(third.codes < 0, np.nan, third.codes == code), third.labels[code]


def edges_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """At most CELLS equal steps over finite values; far-out values lie beyond the ends."""
    ascending = np.sort(values)
    low, high = float(ascending[0]), float(ascending[-1])
    first, last = quantile(ascending, at=0.01), quantile(ascending, at=0.99)
    central = last - first
    if central > 0:
        low = first - central * 0.1 if low < first - FAR_OUT * central else low
        high = last + central * 0.1 if high > last + FAR_OUT * central else high
    if low == high:
        return np.array([low - 0.5, high + 0.5])
    whole = np.unique(ascending)
    if len(whole) <= CELLS and bool((whole == np.round(whole)).all()) and high - low < CELLS:
        return np.arange(low - 0.5, high + 1)
    return 2 * np.linspace(low / 2, high / 2, CELLS + 1)  # halved: the range may overflow


def _boxes(number: Axis, group: Axis, *, both: NDArray[np.bool_]) -> dict[str, Any]:
    boxes = []
    for code, label in enumerate(group.labels):
        values = number.values[both & (group.codes == code)]
        if len(values):
            told = {"group": label, "is": group.conditions[code]}
            boxes.append({**told, **box_of(values)})
    return {"picture": "boxes", "boxes": boxes}


def box_of(values: NDArray[np.float64]) -> dict[str, Any]:
    """Tukey's five numbers of finite values, whiskers at the last within 1.5 quartile ranges.

    Source: Tukey (1977), Exploratory Data Analysis, chapter 2; quartiles interpolate linearly.
    """
    ascending = np.sort(values)
    lower, middle, upper = (quantile(ascending, at=at) for at in (0.25, 0.5, 0.75))
    reach = 1.5 * (upper - lower)
    inside = ascending[(ascending >= lower - reach) & (ascending <= upper + reach)]
    ends = (float(inside[0]), float(inside[-1])) if len(inside) else (lower, upper)
    return {
        "rows": len(ascending),
        "low": ends[0],
        "lower": lower,
        "middle": middle,
        "upper": upper,
        "high": ends[1],
        "outside": int(len(ascending) - len(inside)),
    }


def _mosaic(one: Axis, two: Axis, *, both: NDArray[np.bool_]) -> dict[str, Any]:
    wide = len(two.labels)
    cells = one.codes[both] * wide + two.codes[both]
    counts = np.bincount(cells, minlength=len(one.labels) * wide).reshape(-1, wide)
    return {
        "picture": "mosaic",
        "across": one.labels,
        "up": two.labels,
        "across_is": one.conditions,
        "up_is": two.conditions,
        "counts": counts.tolist(),
    }
