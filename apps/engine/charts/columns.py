"""Charts of single columns, from the dictionaries of ``profile``."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import plotly.graph_objects as go

from apps.engine.charts.axes import HOVERED
from apps.engine.charts.labels import marks, positions, rounded, short
from apps.engine.charts.theme import ACCENT, MUTED, ON_BAR, WAITING, Figure, build
from apps.engine.errors import NotEnoughData
from apps.engine.percent import percent
from apps.engine.profile.years import holds_years

LEAST_SMOOTHED = 8
SMOOTH_POINTS = 100
MOST_POWERS = 8
MOST_WEEKS, WEEK_MS = 6, 604_800_000
"""Weeks that are named on an axis, and the length of one."""
HALF = 0.5
GAP, MOST_GAPS = 0.15, 12
"""Few whole numbers are bars apart, as values of a category are."""


def column_chart(column: dict[str, Any]) -> Figure:
    """The chart that fits a column's kind: histogram, dates over time or frequent values."""
    if column["kind"] in {"integer", "number"}:
        return histogram(column)
    return time_counts(column) if column["kind"] == "datetime" else categories(column)


def histogram(column: dict[str, Any], *, is_log: bool = False) -> Figure:
    """Rows by value of a numeric column with a smooth line and a box, by value or by its logarithm.

    Raises NotEnoughData when it holds no number, or none that a logarithm shows better.
    """
    shape = column["log_histogram"] if is_log else column["histogram"]
    if shape is None:
        raise NotEnoughData(f"The column “{column['name']}” holds no number to draw like this.")
    edges, counts = shape["edges"], shape["counts"]
    drawn = [math.log10(edge) for edge in edges] if is_log else edges
    pairs = list(pairwise(drawn))
    whole = not is_log and _holds_whole_numbers(column, edges)
    years = holds_years(column)
    ranges = [_range_text(low, high, whole=whole, years=years) for low, high in pairwise(edges)]
    is_each = whole and len(pairs) <= MOST_GAPS and edges[1] - edges[0] == 1
    gap = GAP if is_each else 0.0
    bars = go.Bar(
        x=[(low + high) / 2 for low, high in pairs],
        y=counts,
        width=[(high - low) * (1 - gap) for low, high in pairs],
        marker={"color": ACCENT, "opacity": 0.8},
        ids=marks(len(pairs), first=1 if shape["below"] else 0),
        text=ranges,
        textposition="none",
        hovertemplate="%{text}: %{y} rows<extra></extra>",
    )
    return build(
        [bars, *_density(drawn, counts), *_box(column, is_log=is_log)],
        columns=["value", "rows"],
        rows=_bins_as_rows(shape, ranges),
        layout={
            "xaxis": {
                "title": {"text": _value_title(column, shape, is_log=is_log)},
                "range": [drawn[0], drawn[-1]],
                **(_powers(drawn) if is_log else {}),
                **({"tickformat": "d" if years else ",d", "dtick": 1} if gap else {}),
                **({"separatethousands": False} if years else {}),
            },
            "yaxis": {**_rows_axis(), "domain": [0, 0.86]},
            "yaxis2": {"domain": [0.9, 1], "visible": False, "fixedrange": True},
            "bargap": 0.02,
        },
    )


def _holds_whole_numbers(column: dict[str, Any], edges: list[float]) -> bool:
    """Each bin holds whole numbers between halves: one of them, or so many."""
    return column.get("kind") == "integer" and all(edge % 1 == HALF for edge in edges)


def _range_text(low: float, high: float, *, whole: bool, years: bool) -> str:
    first, last = (low + HALF, high - HALF) if whole else (low, high)
    told = [short(end, years=years) for end in (first, last)]
    return told[0] if whole and first == last else " to ".join(told)


def _bins_as_rows(shape: dict[str, Any], ranges: list[str]) -> list[list[Any]]:
    edges = shape["edges"]
    told = [[name, rows] for name, rows in zip(ranges, shape["counts"], strict=True)]
    below = [[f"below {short(edges[0])}", shape["below"]]] if shape["below"] else []
    above = [[f"above {short(edges[-1])}", shape["above"]]] if shape["above"] else []
    return [*below, *told, *above]


def _value_title(column: dict[str, Any], shape: dict[str, Any], *, is_log: bool) -> str:
    if not is_log:
        outside = shape["below"] + shape["above"]
        return f"Value ({outside:,} far-out rows not drawn)" if outside else "Value"
    without = column["count"] - column["infinite"] - sum(shape["counts"])
    return f"Value ({without:,} rows of 0 or less not drawn)" if without else "Value"


def _density(edges: list[float], counts: list[int]) -> list[go.Scatter]:
    """A Gaussian kernel over the bins, as rows of a bin; none over a few bins, which need no line.

    Its width is Silverman's, but no less than half a bin: Silverman (1986), Density Estimation for
    Statistics and Data Analysis, formula 3.31.
    """
    weights, n = np.array(counts, dtype=np.float64), sum(counts)
    middle = (np.array(edges[1:]) + np.array(edges[:-1])) / 2
    if len(counts) < LEAST_SMOOTHED or not np.isfinite(middle).all():
        return []
    step = float(middle[1] - middle[0])
    with np.errstate(over="ignore", invalid="ignore"):
        spread = float(np.sqrt(np.cov(middle, fweights=counts))) if n > 1 else 0.0
    quarters = np.interp((0.25 * n, 0.75 * n), np.cumsum(weights), middle)
    narrow = min(spread, float(quarters[1] - quarters[0]) / 1.34) or spread
    width = max(0.9 * narrow * n**-0.2, step / 2)
    if not (np.isfinite(width) and width > 0):
        return []
    at = np.linspace(edges[0], edges[-1], SMOOTH_POINTS)
    kernel = np.exp(-0.5 * ((at[:, None] - middle) / width) ** 2) / (width * math.sqrt(2 * math.pi))
    return [
        go.Scatter(
            x=at.tolist(),
            y=(kernel @ weights * step).tolist(),
            mode="lines",
            line={"color": WAITING, "width": 2},
            hoverinfo="skip",
        )
    ]


def _box(column: dict[str, Any], *, is_log: bool) -> list[go.Box]:
    """Quartiles with whiskers from 5 % to 95 % of the rows, above the bars."""
    at = {one["at"]: one["value"] for one in column.get("quantiles") or []}
    wanted = [at[share] for share in (0.05, 0.25, 0.5, 0.75, 0.95) if share in at]
    if not wanted or (is_log and wanted[0] <= 0):
        return []
    if is_log:
        wanted = [math.log10(value) for value in wanted]
    low, first, middle, third, high = wanted
    return [
        go.Box(
            q1=[first],
            median=[middle],
            q3=[third],
            lowerfence=[low],
            upperfence=[high],
            y=[0],
            orientation="h",
            yaxis="y2",
            line={"color": MUTED, "width": 1.5},
            fillcolor="rgba(0,0,0,0)",
            hoverinfo="skip",
        )
    ]


def _powers(edges: list[float]) -> dict[str, Any]:
    """Ticks at powers of ten, with the first and the last value where there are few."""
    powers = list(range(math.ceil(edges[0]), math.floor(edges[-1]) + 1))
    step = max(1, -(-len(powers) // MOST_POWERS))
    ticks = [float(power) for power in powers[::step]]
    if len(ticks) < 2:
        ticks = [edges[0], edges[-1]]
    return {"tickvals": ticks, "ticktext": [short(10**tick) for tick in ticks]}


def categories(column: dict[str, Any]) -> Figure:
    """Rows of the most frequent values, the most frequent on top, and of all others."""
    names = [entry["value"] for entry in column["top"]]
    counts = [entry["rows"] for entry in column["top"]]
    rest = column["rest"]
    if rest["values"]:
        names.append(f"{rest['values']:,} other values")
        counts.append(rest["rows"])
    filled = max(column["count"], 1)
    parts = [count / filled for count in counts]
    bars = _lying_bars(counts, colours=[ACCENT] * len(column["top"]) + [MUTED], parts=parts)
    return build(
        [bars],
        columns=["value", "rows", "share"],
        rows=[
            [name, count, rounded(share)]
            for name, count, share in zip(names, counts, parts, strict=True)
        ],
        layout=_lying_layout(names),
    )


def labels_chart(target: dict[str, Any]) -> Figure | None:
    """Rows that hold each label of a target of sets, the most frequent on top; None of others."""
    if not target.get("labels"):
        return None
    kept = {"top": target["labels"], "rest": {"values": 0}}
    return categories({**kept, "count": target["labels"][0]["rows"] / target["labels"][0]["share"]})


def time_counts(column: dict[str, Any]) -> Figure:
    """Rows per step of time. Raises NotEnoughData when the column holds no date."""
    over_time = column["over_time"]
    if over_time is None:
        raise NotEnoughData(f"The column “{column['name']}” holds no date to draw.")
    bars = go.Bar(
        x=over_time["starts"],
        y=over_time["counts"],
        ids=marks(len(over_time["counts"])),
        marker={"color": ACCENT},
        hovertemplate="%{x}: %{y} rows<extra></extra>",
    )
    step = over_time["step"]
    axis: dict[str, Any] = {
        "type": "date",
        "title": {"text": f"By {step}"},
        "hoverformat": HOVERED[step],
    }
    if over_time["step"] == "week":  # Plotly would mark Sundays, where no week begins
        weeks = -(-len(over_time["starts"]) // MOST_WEEKS)
        axis |= {"tick0": over_time["starts"][0], "dtick": weeks * WEEK_MS}
    return build(
        [bars],
        columns=[f"{over_time['step']} from", "rows"],
        rows=[
            [start, rows]
            for start, rows in zip(over_time["starts"], over_time["counts"], strict=True)
        ],
        layout={
            "xaxis": axis,
            "yaxis": _rows_axis(),
        },
    )


def _rows_axis() -> dict[str, Any]:
    return {"title": {"text": "Rows"}, "rangemode": "tozero"}


def _lying_bars(counts: list[int], *, colours: list[str], parts: list[float]) -> go.Bar:
    return go.Bar(
        x=counts,
        y=list(range(len(counts))),
        ids=marks(len(counts)),
        orientation="h",
        marker={"color": colours[: len(counts)]},
        text=[percent(part) for part in parts],
        textposition="auto",
        insidetextfont={"color": ON_BAR},
        hovertemplate="%{x} rows (%{text})<extra></extra>",
    )


def _lying_layout(names: list[str]) -> dict[str, Any]:
    axis = positions(names)
    return {
        "xaxis": _rows_axis(),
        "yaxis": {**axis, "range": axis["range"][::-1], "showgrid": False},
        "height": 80 + 24 * max(len(names), 1),
    }
