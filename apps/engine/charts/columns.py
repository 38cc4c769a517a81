"""Charts of single columns, from the dictionaries of ``profile_table``."""

from itertools import pairwise
from typing import Any

import plotly.graph_objects as go

from apps.engine.charts.labels import marks, positions, rounded, short
from apps.engine.charts.theme import ACCENT, MUTED, WAITING, Figure, build
from apps.engine.errors import NotEnoughData

MOST_MISSING_BARS = 60


def column_chart(column: dict[str, Any]) -> Figure:
    """The chart that fits a column's kind: histogram, dates over time or frequent values."""
    if column["kind"] in {"integer", "number"}:
        return histogram(column)
    return time_counts(column) if column["kind"] == "datetime" else categories(column)


def histogram(column: dict[str, Any]) -> Figure:
    """Rows by value of a numeric column. Raises NotEnoughData when it holds no number."""
    shape = column["histogram"]
    if shape is None:
        raise NotEnoughData(f"The column “{column['name']}” holds no number to draw.")
    edges, counts = shape["edges"], shape["counts"]
    pairs = list(pairwise(edges))
    ranges = [f"{short(low)} to {short(high)}" for low, high in pairs]
    rows: list[list[Any]] = [[name, rows] for name, rows in zip(ranges, counts, strict=True)]
    outside = shape["below"] + shape["above"]
    if shape["below"]:
        rows.insert(0, [f"below {short(edges[0])}", shape["below"]])
    if shape["above"]:
        rows.append([f"above {short(edges[-1])}", shape["above"]])
    bars = go.Bar(
        x=[(low + high) / 2 for low, high in pairs],
        y=counts,
        width=[high - low for low, high in pairs],
        marker={"color": ACCENT},
        ids=marks(len(pairs), first=1 if shape["below"] else 0),
        text=ranges,
        textposition="none",
        hovertemplate="%{text}: %{y} rows<extra></extra>",
    )
    title = f"Value ({outside} far-out rows not drawn)" if outside else "Value"
    return build(
        [bars],
        columns=["value", "rows"],
        rows=rows,
        layout={"xaxis": {"title": {"text": title}}, "yaxis": _rows_axis(), "bargap": 0.02},
    )


def categories(column: dict[str, Any]) -> Figure:
    """Rows of the most frequent values, the most frequent on top, and of all others."""
    names = [entry["value"] for entry in column["top"]]
    counts = [entry["rows"] for entry in column["top"]]
    rest = column["rest"]
    if rest["values"]:
        names.append(f"{rest['values']} other values")
        counts.append(rest["rows"])
    filled = max(column["count"], 1)
    shares = [count / filled for count in counts]
    bars = _lying_bars(counts, colours=[ACCENT] * len(column["top"]) + [MUTED], shares=shares)
    return build(
        [bars],
        columns=["value", "rows", "share"],
        rows=[
            [name, count, rounded(share)]
            for name, count, share in zip(names, counts, shares, strict=True)
        ],
        layout=_lying_layout(names, title="Rows"),
    )


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
    return build(
        [bars],
        columns=[f"{over_time['step']} from", "rows"],
        rows=[
            [start, rows]
            for start, rows in zip(over_time["starts"], over_time["counts"], strict=True)
        ],
        layout={
            "xaxis": {"type": "date", "title": {"text": f"By {over_time['step']}"}},
            "yaxis": _rows_axis(),
        },
    )


def missing_bars(columns: list[dict[str, Any]]) -> Figure:
    """Share of rows without a value, the emptiest column on top; full columns are left out."""
    gaps = sorted(
        (column for column in columns if column["missing"]),
        key=lambda column: -column["missing_share"],
    )[:MOST_MISSING_BARS]
    shares = [column["missing_share"] for column in gaps]
    bars = go.Bar(
        x=shares,
        y=list(range(len(gaps))),
        orientation="h",
        marker={"color": WAITING},
        hovertemplate="%{x:.1%} missing<extra></extra>",
    )
    layout = _lying_layout([column["name"] for column in gaps], title="Share of rows missing")
    layout["xaxis"] |= {"tickformat": ".0%", "range": [0, 1]}
    return build(
        [bars],
        columns=["column", "missing", "share"],
        rows=[
            [column["name"], column["missing"], rounded(column["missing_share"])] for column in gaps
        ],
        layout=layout,
    )


def _rows_axis() -> dict[str, Any]:
    return {"title": {"text": "Rows"}, "rangemode": "tozero"}


def _lying_bars(counts: list[int], *, colours: list[str], shares: list[float]) -> go.Bar:
    return go.Bar(
        x=counts,
        y=list(range(len(counts))),
        ids=marks(len(counts)),
        orientation="h",
        marker={"color": colours[: len(counts)]},
        text=[f"{share:.1%}" for share in shares],
        textposition="auto",
        hovertemplate="%{x} rows (%{text})<extra></extra>",
    )


def _lying_layout(names: list[str], *, title: str) -> dict[str, Any]:
    axis = positions(names)
    return {
        "xaxis": {"title": {"text": title}, "rangemode": "tozero"},
        "yaxis": {**axis, "range": axis["range"][::-1], "showgrid": False},
        "height": 80 + 24 * max(len(names), 1),
    }
