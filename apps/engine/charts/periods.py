"""Charts of a table along time: rows, target, drift, seasons."""

from typing import Any

import plotly.graph_objects as go

from apps.engine.charts.labels import (
    MOST_NAMES,
    label,
    positions,
    rounded,
    shares,
    short,
    spaced,
)
from apps.engine.charts.theme import ACCENT, BAD, RISING, Figure, build, titled_bar
from apps.engine.dates import period_text
from apps.engine.percent import percent

MOST_COLUMNS = 40
WORST_PSI = 1.0
"""From here on the colour stays the strongest."""
FEW_TICKS = 5
"""Names on an axis that leaves room for the names of columns on a phone."""
SHORTER = 20
LARGE_PSI = 0.25
"""As in ``apps.engine.profile.periods``."""


def period_rows(told: dict[str, Any]) -> Figure:
    """Rows of every period; a period without rows is a gap on the axis."""
    bars = go.Bar(
        x=list(range(len(told["rows"]))),
        y=told["rows"],
        marker={"color": ACCENT},
        text=_names(told),
        textposition="none",
        hovertemplate="%{text}: %{y} rows<extra></extra>",
    )
    return build(
        [bars],
        columns=[f"{told['step']} from", "rows"],
        rows=[[start, rows] for start, rows in zip(told["starts"], told["rows"], strict=True)],
        layout={
            "xaxis": _time_axis(_names(told)),
            "yaxis": {"title": {"text": "Rows"}, "rangemode": "tozero"},
        },
    )


def period_target(told: dict[str, Any]) -> Figure:
    """Target of every period with 95 % intervals, and the levels before and after a shift."""
    target, shift = told["target"], told["shift"]
    traces = [_whiskers(target, names=_names(told))]
    if shift:
        for low, high, level in (
            (-0.4, shift["at"] - 0.5, shift["before"]),
            (shift["at"] - 0.5, len(told["starts"]) - 0.6, shift["after"]),
        ):
            traces.append(
                go.Scatter(
                    x=[low, high],
                    y=[level, level],
                    mode="lines",
                    line={"color": BAD, "width": 2, "dash": "dash"},
                    hoverinfo="skip",
                )
            )
    return build(
        traces,
        columns=[f"{told['step']} from", "rows", "value", "low", "high"],
        rows=_rows(told["starts"], told["rows"], target),
        layout={"xaxis": _time_axis(_names(told)), "yaxis": _value_axis(target), "height": 320},
    )


def period_drift(told: dict[str, Any]) -> Figure:
    """Distance of every column from the first full period, the most changed on top."""
    columns = sorted(told["drift"], key=lambda column: -column["most"])[:MOST_COLUMNS]
    names, starts = [column["name"] for column in columns], _names(told)
    down = positions(names, longest=SHORTER)
    heat = go.Heatmap(
        x=list(range(len(told["starts"]))),
        y=down["tickvals"],
        z=[column["psi"] for column in columns],
        zmin=0,
        zmax=WORST_PSI,
        colorscale=RISING,
        xgap=1,
        ygap=1,
        hoverongaps=False,
        colorbar=titled_bar("PSI"),
        text=[[f"{label(name)}, {start}" for start in starts] for name in names],
        hovertemplate="%{text}: PSI %{z:.2f}<extra></extra>",
    )
    return build(
        [heat],
        columns=["column", f"{told['step']} from", "PSI"],
        rows=[
            [column["name"], start, value]
            for column in columns
            for start, value in zip(told["starts"], column["psi"], strict=True)
            if value is not None
        ],
        layout={
            "xaxis": {**_time_axis(starts, most=FEW_TICKS), "showline": False},
            "yaxis": {**down, "range": down["range"][::-1], "showgrid": False},
            "height": 100 + 22 * max(len(names), 1),
        },
    )


def column_drift(told: dict[str, Any], *, name: str) -> Figure:
    """Distance of one column from its first full period, and the line from which it is large."""
    values = next(column["psi"] for column in told["drift"] if column["name"] == name)
    names = _names(told)
    held = [(x, value) for x, value in enumerate(values) if value is not None]
    line = go.Scatter(
        x=[x for x, _ in held],
        y=[value for _, value in held],
        mode="lines+markers",
        line={"color": ACCENT, "width": 1.5},
        marker={"color": ACCENT, "size": 7},
        text=[names[x] for x, _ in held],
        hovertemplate="%{text}: PSI %{y:.2f}<extra></extra>",
        cliponaxis=False,
    )
    large = go.Scatter(
        x=[-0.4, len(values) - 0.6],
        y=[LARGE_PSI, LARGE_PSI],
        mode="lines",
        line={"color": BAD, "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
    )
    return build(
        [line, large],
        columns=[f"{told['step']} from", "PSI"],
        rows=[[told["starts"][x], value] for x, value in held],
        layout={
            "xaxis": _time_axis(_names(told)),
            "yaxis": {"title": {"text": "PSI"}, "rangemode": "tozero"},
        },
    )


def season(told: dict[str, Any]) -> Figure:
    """Target (or rows, without one) by hour, weekday or month."""
    target, names = told["target"], told["labels"]
    axis = {**spaced(names), "title": {"text": label(told["by"].capitalize())}}
    if target is None:
        bars = go.Bar(
            x=list(range(len(names))),
            y=told["rows"],
            marker={"color": ACCENT},
            hovertemplate="%{y} rows<extra></extra>",
        )
        rows = [[name, count] for name, count in zip(names, told["rows"], strict=True)]
        layout = {"xaxis": axis, "yaxis": {"title": {"text": "Rows"}, "rangemode": "tozero"}}
        return build([bars], columns=[told["by"], "rows"], rows=rows, layout=layout)
    return build(
        [_whiskers(target, names=names)],
        columns=[told["by"], "rows", "value", "low", "high"],
        rows=_rows(names, told["rows"], target),
        layout={"xaxis": axis, "yaxis": _value_axis(target)},
    )


def _names(told: dict[str, Any]) -> list[str]:
    """Every period as its axis and its marks call it; the table has the first moment of each."""
    return [period_text(start, told["step"]) for start in told["starts"]]


def _time_axis(names: list[str], *, most: int = MOST_NAMES) -> dict[str, Any]:
    return {**spaced(names, most=most), "tickangle": -45}


def _value_axis(target: dict[str, Any]) -> dict[str, Any]:
    if target["kind"] == "rate":
        title = f"Rate of “{label(target['of'])}”"
        ends = (point["high"] or point["value"] for point in target["points"])
        return {"title": {"text": title}, **shares(ends), "rangemode": "tozero"}
    return {"title": {"text": f"Mean of “{label(target['of'])}”"}}


def _whiskers(target: dict[str, Any], *, names: list[str]) -> go.Scatter:
    held = [(x, one) for x, one in enumerate(target["points"]) if one["value"] is not None]
    say = (lambda value: percent(value, 2)) if target["kind"] == "rate" else short
    return go.Scatter(
        x=[x for x, _ in held],
        y=[point["value"] for _, point in held],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [_reach(point, "high") for _, point in held],
            "arrayminus": [_reach(point, "low") for _, point in held],
            "color": ACCENT,
            "thickness": 1.2,
            "width": 3,
        },
        mode="lines+markers",
        line={"color": ACCENT, "width": 1.5},
        marker={"color": ACCENT, "size": 7},
        text=[f"{label(names[x])}: {say(point['value'])}" for x, point in held],
        hovertemplate="%{text}<extra></extra>",
    )


def _reach(point: dict[str, Any], bound: str) -> float:
    return 0.0 if point[bound] is None else abs(float(point[bound] - point["value"]))


def _rows(names: list[str], rows: list[int], target: dict[str, Any]) -> list[list[Any]]:
    return [
        [name, count, *(rounded(point[key]) for key in ("value", "low", "high"))]
        for name, count, point in zip(names, rows, target["points"], strict=True)
    ]
