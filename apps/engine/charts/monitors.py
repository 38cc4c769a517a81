"""Charts of a model in use: is it fast, is its input the same, does it keep its promise."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from apps.engine.charts.labels import label, positions, rounded, short, thinned
from apps.engine.charts.scores import promise_line
from apps.engine.charts.theme import (
    ACCENT,
    BAD,
    DASHES,
    GOOD,
    MUTED,
    SERIES,
    WAITING,
    Figure,
    build,
)

MOST_STEPS = 500
SHORTER = 20
"""Characters of a name where words stand on both sides of the bars."""
MOST_FEATURES = 40
DRIFTING, DRIFTED = 0.1, 0.25
"""The usual reading of the population stability index, drawn as lines."""

STATE_COLOURS = {"stable": GOOD, "drifting": WAITING, "drifted": BAD}


def latency_over_time(
    steps: Sequence[dict[str, Any]], *, changes: Sequence[str] = (), deaths: Sequence[str] = ()
) -> Figure:
    """Latency percentiles over time, in milliseconds.

    ``steps`` hold ``at`` (ISO 8601), ``p50``, ``p95`` and ``p99`` (or None), in time order.
    ``changes``: when something was changed, ``deaths``: when a process died or was started again
    (ISO 8601); each is marked by a dotted or a dashed line.
    Above MOST_STEPS each stretch is told by its slowest step.
    """
    shown = thinned(steps, most=MOST_STEPS, keep="p99")
    names = ("p50", "p95", "p99")
    traces = [
        go.Scatter(
            x=[step["at"] for step in shown],
            y=[step[name] for step in shown],
            mode="lines",
            name=name,
            line={"color": SERIES[place], "width": 2, "dash": DASHES[place]},
            hovertemplate="%{y:.3~r} ms<extra>" + name + "</extra>",
        )
        for place, name in enumerate(names)
    ]
    return build(
        traces,
        columns=["at", *(f"{name} ms" for name in names)],
        rows=[[step["at"], *(rounded(step[name]) for name in names)] for step in shown],
        layout={
            # Without the year a label is narrow enough to stand upright on a phone.
            "xaxis": {"type": "date", "tickformat": "%H:%M\n%-d %b"},
            "yaxis": {"title": {"text": "Milliseconds"}, "rangemode": "tozero"},
            "showlegend": True,
            "hovermode": "x unified",
            "shapes": [
                *(_mark(at, color=MUTED, dash="dot") for at in changes),
                *(_mark(at, color=BAD, dash="dash") for at in deaths),
            ],
        },
    )


def _mark(at: str, *, color: str, dash: str) -> dict[str, Any]:
    """A line from bottom to top at a moment."""
    line = {"color": color, "width": 1, "dash": dash}
    return {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper", "line": line}


def drift_bars(features: Sequence[dict[str, Any]]) -> Figure:
    """Population stability index of each feature, the largest on top, with its state in words.

    ``features`` hold ``feature``, ``psi`` (unitless, or None when there are too few rows) and
    ``state``; at most MOST_FEATURES are drawn.
    """
    shown = sorted(features, key=lambda entry: -(entry["psi"] or 0))[:MOST_FEATURES]
    names = [entry["feature"] for entry in shown]
    bars = go.Bar(
        x=[entry["psi"] or 0 for entry in shown],
        y=list(range(len(shown))),
        orientation="h",
        marker={"color": [STATE_COLOURS.get(entry["state"], MUTED) for entry in shown]},
        hovertext=[label(entry["state"]) for entry in shown],
        hovertemplate="PSI %{x:.3f}: %{hovertext}<extra></extra>",
    )
    most = max([DRIFTED, *(entry["psi"] or 0 for entry in shown)])
    axis = positions(names, longest=SHORTER)
    told = positions([entry["state"] for entry in shown])
    down = {"range": axis["range"][::-1], "showgrid": False}
    # An axis of its own for the words, for which the margin grows; it is drawn if a trace uses it.
    states = go.Scatter(x=[None], y=[None], yaxis="y2", hoverinfo="skip", showlegend=False)
    return build(
        [bars, states],
        columns=["feature", "psi", "state"],
        rows=[[entry["feature"], rounded(entry["psi"]), entry["state"]] for entry in shown],
        layout={
            "xaxis": {"title": {"text": "PSI"}, "range": [0, most * 1.05]},
            "yaxis": {**axis, **down},
            "yaxis2": {**told, **down, "overlaying": "y", "side": "right"},
            "shapes": [promise_line(at, across="x") for at in (DRIFTING, DRIFTED)],
            "height": 80 + 26 * max(len(names), 1),
        },
    )


def _gap(period: dict[str, Any], bound: str) -> float | None:
    known = period["value"] is not None and period[bound] is not None
    return abs(period[bound] - period["value"]) if known else None


def _line(shown: list[dict[str, Any]]) -> go.Scatter:
    return go.Scatter(
        x=[period["at"] for period in shown],
        y=[period["value"] for period in shown],
        mode="lines+markers",
        name="known outcomes",
        line={"color": ACCENT, "width": 2},
        marker={"size": 7},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [_gap(period, "high") for period in shown],
            "arrayminus": [_gap(period, "low") for period in shown],
            "color": ACCENT,
            "thickness": 1.5,
            "width": 4,
        },
        text=[
            f"{short(period['value'])} ({short(period['low'])} to {short(period['high'])}), "
            f"{period['rows']:,} rows"
            for period in shown
        ],
        hovertemplate="%{text}<extra></extra>",
    )


def _promised(threshold: float) -> dict[str, Any]:
    """The line, named in the legend: a word beside it would meet the points that lie near it."""
    named = {"name": f"promised {short(threshold)}", "showlegend": True}
    return {**promise_line(threshold, across="y"), **named}


def _room(shown: list[dict[str, Any]], *, threshold: float) -> list[float]:
    """Ends of the axis such that every interval and the promise are in sight."""
    known = [period[key] for period in shown for key in ("value", "low", "high")]
    values = [threshold, *(value for value in known if value is not None)]
    room = (max(values) - min(values)) * 0.1 or abs(threshold) * 0.1 or 0.1
    return [min(values) - room, max(values) + room]


def _estimated_line(shown: list[dict[str, Any]]) -> go.Scatter:
    return go.Scatter(
        x=[period["at"] for period in shown],
        y=[period["value"] for period in shown],
        mode="lines+markers",
        name="estimated, truth not known",
        line={"color": SERIES[1], "width": 2, "dash": DASHES[2]},
        marker={"size": 7, "symbol": "diamond-open"},
        text=[f"{short(period['value'])} estimated, {period['rows']:,} rows" for period in shown],
        hovertemplate="%{text}<extra></extra>",
    )


def metric_over_time(
    periods: Sequence[dict[str, Any]],
    *,
    title: str,
    threshold: float | None = None,
    estimated: Sequence[dict[str, Any]] = (),
) -> Figure:
    """A metric on rows with known outcome, its 95 % interval, and the promised threshold.

    ``periods`` hold ``at`` (ISO 8601), ``value``, ``low``, ``high`` (or None when nothing is
    known yet) and ``rows``, in time order; ``estimated`` the same of rows without an outcome.
    """
    shown, guessed = (thinned(list(rows), most=MOST_STEPS) for rows in (periods, estimated))
    layout: dict[str, Any] = {
        "xaxis": {"type": "date"},
        "yaxis": {"title": {"text": label(title)}},
    }
    if threshold is not None:
        layout["shapes"] = [_promised(threshold)]
        layout["yaxis"]["range"] = _room([*shown, *guessed], threshold=threshold)
    layout["showlegend"] = bool(guessed) or threshold is not None
    return build(
        [_line(shown), *([_estimated_line(guessed)] if guessed else [])],
        columns=["at", title, "low", "high", "rows", *(["from"] if guessed else [])],
        rows=[
            [
                period["at"],
                *(rounded(period[key]) for key in ("value", "low", "high")),
                period["rows"],
                *([whence] if guessed else []),
            ]
            for whence, rows in (("known outcomes", shown), ("estimate", guessed))
            for period in rows
        ],
        layout=layout,
    )
