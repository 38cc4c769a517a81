"""How numbers and dates stand on axes: as the page beside the chart writes them."""

from collections.abc import Iterable, Sequence
from typing import Any

from apps.engine.profile.years import YEARS

DAY_MS = 86_400_000
NUMBERS = {"separatethousands": True, "exponentformat": "B", "minexponent": 6}
"""1,000 up to millions, from ten millions on 10M: what has a name needs no power of ten."""
DATES = {
    "tickformatstops": [
        {"dtickrange": [None, DAY_MS - 1], "value": "%H:%M\n%-d %b %Y"},
        {"dtickrange": [DAY_MS, "M1"], "value": "%-d %b\n%Y"},
        {"dtickrange": ["M1", "M12"], "value": "%b\n%Y"},
        {"dtickrange": ["M12", None], "value": "%Y"},
    ],
    "hoverformat": "%-d %b %Y, %H:%M",
}
"""No more than the step of the ticks needs; what is below the line stands where it changes."""
HOVERED = {
    **dict.fromkeys(("minute", "hour"), "%-d %b %Y, %H:%M"),
    **dict.fromkeys(("day", "week"), "%-d %b %Y"),
    **dict.fromkeys(("month", "quarter"), "%b %Y"),
    **dict.fromkeys(("year", "decade", "century"), "%Y"),
}
"""How a mark is called that stands for a step of time."""


def written(layout: dict[str, Any], data: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The layout with every axis that says nothing else writing numbers and dates as the page does.

    Where all marks of an axis lie among YEARS they may be years, and nobody writes 2,013 for one.
    """
    told = dict(layout)
    for key, axis in layout.items():
        if key[:5] not in {"xaxis", "yaxis"}:
            continue
        if axis.get("type") == "date":
            # A format of its own would count for less than the stops.
            stops = {} if "tickformat" in axis else DATES
            told[key] = {**stops, **axis}
        else:
            parted = not may_be_years(_on(key, data))
            told[key] = {**NUMBERS, "separatethousands": parted, **axis}
    return told


def may_be_years(values: Iterable[float]) -> bool:
    """Whether all of them, and there are some, lie where years do."""
    known = list(values)
    return bool(known) and YEARS[0] <= min(known) and max(known) <= YEARS[1]


def _on(axis: str, data: Sequence[dict[str, Any]]) -> list[float]:
    """Numbers that are drawn along an axis; bars begin at 0."""
    letter, number = axis[0], axis[5:]
    found: list[float] = []
    for trace in data:
        if trace.get(f"{letter}axis", letter) != f"{letter}{number}":
            continue
        along = "x" if trace.get("orientation") == "h" else "y"
        if trace["type"] == "bar" and letter == along:
            found.append(0)
        found += [one for key in PARTS[letter] for one in _numbers(trace.get(key))]
    return found


PARTS = {"x": ("x",), "y": ("y", "lowerfence", "upperfence", "q1", "q3")}
"""Of boxes that stand upright only their quartiles and whiskers are on the axis."""


def _numbers(values: Any) -> list[float]:
    listed = [] if values is None else list(values)
    return [one for one in listed if isinstance(one, int | float) and not isinstance(one, bool)]
