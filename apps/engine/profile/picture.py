"""A picture that a person asks for: columns, a measure, colour and panels, counted on all rows."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apps.engine.errors import BadParameter, NotEnoughData
from apps.engine.profile.cells import Columns
from apps.engine.profile.pairs import MOST_POINTS, as_floats, box_of, edges_of
from apps.engine.profile.partition import Partition, everything, parted
from apps.engine.types import Kind

KINDS = {
    "bar": "Bars",
    "line": "Lines",
    "histogram": "Histogram",
    "scatter": "Scatter plot",
    "box": "Boxes",
    "heatmap": "Heat map",
}
MEASURES = {
    "rows": "Number of rows",
    "mean": "Mean",
    "sum": "Sum",
    "median": "Median",
    "min": "Least",
    "max": "Greatest",
}
MOST_GROUPS, MOST_CELLS, MOST_COLOURS, MOST_PANELS = 30, 20, 5, 4
NEEDS = {"scatter": ("x", "y"), "box": ("x", "y"), "heatmap": ("x", "y")}


@dataclass(frozen=True)
class Picture:
    """What is drawn: names of columns, empty where there is none.

    Bars, lines and histograms show ``measure`` (of column ``of``) by ``x``; a heat map shows it by
    ``x`` and ``y``; a scatter plot shows ``y`` over ``x``; boxes show ``y`` by ``x``.
    """

    kind: str
    x: str
    y: str = ""
    measure: str = "rows"
    of: str = ""
    colour: str = ""
    facet: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.measure not in MEASURES:
            raise BadParameter("There is no such chart or measure: choose one of the lists.")
        names = {"x": "the horizontal axis", "y": "the vertical axis"}
        for part in NEEDS.get(self.kind, ("x",)):
            if not getattr(self, part):
                raise BadParameter(f"Choose a column for {names[part]}.")
        if self.measures and not self.of:
            raise BadParameter(f"Choose the column whose {MEASURES[self.measure].lower()} is told.")

    @property
    def measures(self) -> bool:
        """Whether a column is summed up in each group, not only counted."""
        return self.measure != "rows" and self.kind in {"bar", "line", "heatmap"}

    @property
    def colours(self) -> bool:
        """Whether groups of a column are told apart by colour."""
        return bool(self.colour) and self.kind in {"bar", "line", "histogram", "scatter"}


def picture_of(source: Columns, picture: Picture) -> dict[str, Any]:
    """The numbers of a picture, counted on every row of ``source``. Reads only its columns.

    Returns
    -------
    dict, JSON-ready
        ``picture``, ``panels`` and ``colours`` (labels), ``rows``, ``left_out`` (rows that lack
        what an axis needs), ``conditions`` (of panels, colours, xs and ys, as lists, or None),
        ``steps`` (the calendar unit of each part that is made of dates, by x, y, colour, facet),
        and by kind ``groups`` (each with rows, by panel, colour, place), ``points`` or ``cells``.
    """
    panels = _parted(source, picture.facet, most=MOST_PANELS, even=True)
    colour = picture.colour if picture.colours else ""
    colours = _parted(source, colour, most=MOST_COLOURS, even=True)
    parts = {"panels": _listed(panels), "colours": _listed(colours)}
    draw = {"scatter": _scattered, "box": _boxed, "heatmap": _mapped}.get(picture.kind, _grouped)
    drawn = draw(source, picture, panels, colours)
    conditions = {**parts, **drawn.pop("conditions", {})}
    steps = {"facet": panels.step, "colour": colours.step, **drawn.pop("steps", {})}
    if not drawn["rows"]:
        raise NotEnoughData("No row has what this chart needs: choose other columns or more rows.")
    return {
        "picture": asdict(picture),
        "panels": panels.labels,
        "colours": colours.labels,
        **drawn,
        "conditions": conditions,
        "steps": {part: step for part, step in steps.items() if step},
        "all": source.rows,
        "left_out": source.rows - drawn["rows"],
    }


def named(told: dict[str, Any], part: str) -> str:
    """A column of a picture as it parts the rows: “week of day” where a group is a week."""
    step, name = told["steps"].get(part, ""), told["picture"][part]
    return f"{step} of {name}" if step else str(name)


def _parted(source: Columns, name: str, *, most: int, even: bool = False) -> Partition:
    if not name:
        return everything(source.rows)
    return parted(name, cells=source.read(name), most=most, even=even)


def _listed(groups: Partition) -> list[list[str] | None]:
    return [one.as_list() if one else None for one in groups.conditions]


def _numbers(source: Columns, name: str) -> tuple[NDArray[np.float64], str]:
    """A column as numbers, and whether they are dates. Raises BadParameter for texts."""
    cells = source.read(name)
    if cells.words is not None:
        raise BadParameter(f"“{name}” holds texts; this chart needs numbers or dates there.")
    return as_floats(cells), "date" if cells.kind == Kind.DATETIME else "number"


def _values(source: Columns, picture: Picture) -> NDArray[np.float64]:
    """What is summed up: a yes counts as 1, so that a mean of yes and no is a share."""
    if not picture.measures:
        return np.ones(source.rows)
    cells = source.read(picture.of)
    if cells.kind == Kind.BOOLEAN:
        return np.where(cells.present, cells.data, np.nan).astype(np.float64)
    if cells.words is not None or cells.kind == Kind.DATETIME:
        raise BadParameter(f"“{picture.of}” holds no numbers that could be summed up.")
    return as_floats(cells)


def _grouped(
    source: Columns, picture: Picture, panels: Partition, colours: Partition
) -> dict[str, Any]:
    cells = source.read(picture.x)
    if picture.kind == "histogram" and cells.words is not None:
        raise BadParameter(f"“{picture.x}” holds texts: choose bars, or a column of numbers.")
    xs = parted(picture.x, cells=cells, most=MOST_GROUPS)
    return _summed(source, picture, (panels, colours, xs), names=("panel", "colour", "x"))


def _mapped(
    source: Columns, picture: Picture, panels: Partition, colours: Partition
) -> dict[str, Any]:
    xs, ys = (_parted(source, name, most=MOST_CELLS) for name in (picture.x, picture.y))
    return _summed(source, picture, (panels, ys, xs), names=("panel", "y", "x"))


def _summed(
    source: Columns, picture: Picture, parts: tuple[Partition, ...], *, names: tuple[str, ...]
) -> dict[str, Any]:
    values = _values(source, picture)
    held = np.isfinite(values)
    for part in parts:
        held = held & (part.codes >= 0)
    shape = tuple(part.size for part in parts)
    flat = np.zeros(int(held.sum()), dtype=np.int64)
    for part in parts:
        flat = flat * part.size + part.codes[held]
    by = pd.Series(values[held]).groupby(flat)
    counts = by.size().to_numpy()
    summed = by.agg(picture.measure).to_numpy(dtype=np.float64) if picture.measures else counts
    places = np.unravel_index(np.unique(flat), shape)
    groups: list[dict[str, Any]] = [
        {
            **{name: int(code) for name, code in zip(names, codes, strict=True)},
            "rows": int(rows),
            "value": _number(value),
        }
        for codes, rows, value in zip(zip(*places, strict=True), counts, summed, strict=True)
    ]
    extra = {"ys": parts[1].labels} if names[1] == "y" else {}
    asked = {"ys": _listed(parts[1])} if extra else {}
    return {
        "groups": groups,
        "xs": parts[2].labels,
        "is_ordered": parts[2].is_ordered,
        **extra,
        "rows": int(held.sum()),
        "conditions": {"xs": _listed(parts[2]), **asked},
        "steps": {"x": parts[2].step, **({"y": parts[1].step} if extra else {})},
    }


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _boxed(
    source: Columns, picture: Picture, panels: Partition, colours: Partition
) -> dict[str, Any]:
    values, kind = _numbers(source, picture.y)
    xs = _parted(source, picture.x, most=MOST_CELLS, even=True)
    held = np.isfinite(values) & (xs.codes >= 0) & (panels.codes >= 0)
    groups = []
    for panel in range(panels.size):
        for code in range(xs.size):
            mine = values[held & (panels.codes == panel) & (xs.codes == code)]
            if len(mine):
                groups.append({"panel": panel, "x": code, **box_of(mine)})
    return {
        "groups": groups,
        "xs": xs.labels,
        "kinds": ["category", kind],
        "rows": int(held.sum()),
        "conditions": {"xs": _listed(xs)},
        "steps": {"x": xs.step},
    }


def _scattered(
    source: Columns, picture: Picture, panels: Partition, colours: Partition
) -> dict[str, Any]:
    (x, x_kind), (y, y_kind) = (_numbers(source, name) for name in (picture.x, picture.y))
    held = np.isfinite(x) & np.isfinite(y) & (panels.codes >= 0) & (colours.codes >= 0)
    told: dict[str, Any] = {"kinds": [x_kind, y_kind], "rows": int(held.sum())}
    if 0 < told["rows"] <= MOST_POINTS:
        columns = {"x": x, "y": y, "panel": panels.codes, "colour": colours.codes}
        return told | {"points": {key: part[held].tolist() for key, part in columns.items()}}
    return told | (_cells(x[held], y[held], panels.codes[held], panels.size) if held.any() else {})


def _cells(
    x: NDArray[np.float64], y: NDArray[np.float64], panel: NDArray[np.int64], panels: int
) -> dict[str, Any]:
    """Rows in each cell of one grid for all panels; far-out rows are counted, not drawn."""
    x_edges, y_edges = edges_of(x), edges_of(y)
    counts = [
        np.histogram2d(y[panel == one], x[panel == one], bins=[y_edges, x_edges])[0].astype(int)
        for one in range(panels)
    ]
    return {
        "x_edges": x_edges.tolist(),
        "y_edges": y_edges.tolist(),
        "cells": [part.tolist() for part in counts],
        "far_out": int(len(x) - sum(int(part.sum()) for part in counts)),
    }
