"""Charts to decide by: value against threshold, calibration with intervals, errors, shapes."""

from typing import Any

import plotly.graph_objects as go

from apps.engine.charts.axes import may_be_years
from apps.engine.charts.labels import label, positions, rounded, shares, short
from apps.engine.charts.theme import ACCENT, INK, MUTED, SERIES, Figure, build
from apps.engine.percent import percent


def value_by_threshold(curve: dict[str, Any], *, chosen: float, per: str = "month") -> Figure:
    """Money a month against the threshold of an alarm; the dashed line is the chosen threshold.

    ``curve`` is what ``payoff.value_curve`` returns. Thresholds are probabilities, 0 to 1.
    """
    at, value = curve["threshold"], curve["value"]
    counts = [curve[key] for key in ("right", "wrong") if key in curve]
    line = go.Scatter(
        x=at,
        y=value,
        mode="lines",
        line={"color": SERIES[0], "width": 2},
        text=[
            f"{right:,.0f} right, {wrong:,.0f} wrong" for right, wrong in zip(*counts, strict=True)
        ]
        if counts
        else None,
        hovertemplate="from %{x:.3f}: %{y:,.0f}, %{text}<extra></extra>"
        if counts
        else "from %{x:.3f}: %{y:,.0f}<extra></extra>",
    )
    mark = {
        "type": "line",
        "x0": chosen,
        "x1": chosen,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": {"color": INK, "width": 1.5, "dash": "dash"},
    }
    return build(
        [line],
        columns=[
            "threshold",
            f"value a {per}",
            *([f"right alarms a {per}", f"wrong alarms a {per}"] if counts else []),
        ],
        rows=[[rounded(cell) for cell in row] for row in zip(at, value, *counts, strict=True)],
        layout={
            "xaxis": {"title": {"text": "An alarm from this probability on"}, "range": [-0.01, 1]},
            "yaxis": {"title": {"text": f"Value a {per}"}, "zeroline": True},
            "shapes": [mark],
            "height": 300,
        },
    )


def _whiskers(bins: list[dict[str, Any]]) -> dict[str, Any]:
    """Error bars from ``low`` to ``high`` around each ``share``."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [item["high"] - item["share"] for item in bins],
        "arrayminus": [item["share"] - item["low"] for item in bins],
        "color": ACCENT,
        "thickness": 1.5,
        "width": 3,
    }


def calibration_bins(bins: list[dict[str, Any]]) -> Figure:
    """Share that happened over the probability that was said, tenths of the rows with intervals.

    ``bins`` are those of ``calibration.calibration``; the diagonal is a probability to rely on.
    """
    top = min(1.0, 1.05 * max([0.05, *(max(item["high"], item["score"]) for item in bins)]))
    diagonal = go.Scatter(
        x=[0, top],
        y=[0, top],
        mode="lines",
        line={"color": MUTED, "width": 1, "dash": "dot"},
        hoverinfo="skip",
    )
    points = go.Scatter(
        x=[item["score"] for item in bins],
        y=[item["share"] for item in bins],
        error_y=_whiskers(bins),
        mode="lines+markers",
        line={"color": SERIES[0], "width": 1},
        marker={"size": 7},
        hovertemplate="said %{x:.3f}, happened %{y:.3f}<extra></extra>",
    )
    return build(
        [diagonal, points],
        columns=["said", "happened", "low", "high", "rows"],
        rows=[
            [*(rounded(item[key]) for key in ("score", "share", "low", "high")), item["n"]]
            for item in bins
        ],
        layout={
            "xaxis": {"title": {"text": "Probability that was said"}, "range": [0, top]},
            "yaxis": {"title": {"text": "Share that happened"}, "range": [0, top]},
            "height": 300,
        },
    )


def coverage_bins(told: dict[str, Any]) -> Figure:
    """Share of truths at or below a predicted quantile, by the size of the answer.

    ``told`` is what ``coverage.coverage`` returns; the dashed line is the level.
    """
    bins, level = told["bins"], told["level"]
    names = [f"{short(item['said_low'])} to {short(item['said_high'])}" for item in bins]
    points = go.Scatter(
        x=list(range(len(bins))),
        y=[item["share"] for item in bins],
        error_y=_whiskers(bins),
        mode="lines+markers",
        line={"color": SERIES[0], "width": 1},
        marker={"size": 7},
        text=[f"{name}: {percent(item['share'])}" for name, item in zip(names, bins, strict=True)],
        hovertemplate="%{text}<extra></extra>",
    )
    mark = {
        "type": "line",
        "x0": 0,
        "x1": 1,
        "xref": "paper",
        "y0": level,
        "y1": level,
        "line": {"color": INK, "width": 1.5, "dash": "dash"},
    }
    return build(
        [points],
        columns=["answer from", "to", "rows", "at or below", "low", "high"],
        rows=[
            [
                rounded(item["said_low"]),
                rounded(item["said_high"]),
                item["n"],
                *(rounded(item[key]) for key in ("share", "low", "high")),
            ]
            for item in bins
        ],
        layout={**_coverage_axes(bins, level), "shapes": [mark], "height": 300},
    )


def _coverage_axes(bins: list[dict[str, Any]], level: float) -> dict[str, Any]:
    low = min(level, *(item["low"] for item in bins))
    high = max(level, *(item["high"] for item in bins))
    room = 0.1 * (high - low) + 0.005
    return {
        "xaxis": {
            "title": {"text": "Tenths by the answer, smallest first"},
            "tickvals": list(range(len(bins))),
            "ticktext": [str(number) for number in range(1, len(bins) + 1)],
        },
        "yaxis": {
            "title": {"text": "Truth at or below it"},
            **shares((high + room,), low=max(0.0, low - room)),
            "range": [max(0.0, low - room), min(1.0 + room, high + room)],
        },
    }


def predicted_and_true(points: dict[str, Any], *, unit: str = "") -> Figure:
    """Mean truth per twentieth of the predictions; the diagonal is a prediction to rely on.

    Where a quantile is predicted, the same quantile of the truth.
    """
    said, true, level = points["predicted"], points["truth"], points.get("level")
    of = "mean" if level is None else f"its {level:g} quantile"
    ends = [min(*said, *true), max(*said, *true)]
    return build(
        [
            go.Scatter(
                x=ends,
                y=ends,
                mode="lines",
                line={"color": MUTED, "width": 1, "dash": "dot"},
                hoverinfo="skip",
            ),
            go.Scatter(
                x=said,
                y=true,
                mode="lines+markers",
                line={"color": SERIES[0], "width": 1},
                marker={"size": 7},
                hovertemplate="said %{x:.4g}, was %{y:.4g}<extra></extra>",
            ),
        ],
        columns=["predicted", "true", "rows"],
        rows=[[rounded(x), rounded(y), n] for x, y, n in zip(said, true, points["n"], strict=True)],
        layout={
            "xaxis": {"title": {"text": f"Predicted {unit}".strip()}},
            "yaxis": {"title": {"text": f"True, {of} {unit}".strip()}},
            "height": 300,
        },
    )


def shape(told: dict[str, Any], *, answer: str) -> Figure:
    """How the mean answer moves with one feature; the whiskers reach over the folds.

    The thin lines are single rows: where they cross, the mean hides something.
    ``told`` is one of the ``shapes`` of ``explain.explain``: numbers give a line, texts points.
    """
    grid, texts = told["grid"], any(isinstance(value, str) for value in told["grid"])
    across = list(range(len(grid))) if texts else grid
    years = not texts and may_be_years(grid)
    line = go.Scatter(
        x=across,
        y=told["mean"],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": _apart(told["high"], told["mean"]),
            "arrayminus": _apart(told["mean"], told["low"]),
            "color": ACCENT,
            "thickness": 1.2,
            "width": 2,
        },
        mode="markers" if texts else "lines+markers",
        line={"color": SERIES[0], "width": 2},
        marker={"size": 6},
        text=[
            f"{label(value) if texts else short(value, years=years)}: {short(mean)}"
            for value, mean in zip(grid, told["mean"], strict=True)
        ],
        hovertemplate="%{text}<extra></extra>",
    )
    axis = positions(grid) if texts else {}
    return build(
        [*_single(told.get("single", []), across), line],
        columns=[told["feature"], answer, "least", "greatest"],
        rows=[
            [value if texts else rounded(value), rounded(mean), rounded(low), rounded(high)]
            for value, mean, low, high in zip(
                grid, told["mean"], told["low"], told["high"], strict=True
            )
        ],
        layout={
            "xaxis": {**axis, "title": {"text": label(told["feature"])}},
            "yaxis": {"title": {"text": label(answer)}},
            "height": 240,
        },
    )


def _single(rows: list[list[float]], across: list[Any]) -> list[go.Scatter]:
    return [
        go.Scatter(
            x=across,
            y=row,
            mode="lines",
            line={"color": MUTED, "width": 1},
            opacity=0.35,
            hoverinfo="skip",
        )
        for row in rows
    ]


def _apart(above: list[float], below: list[float]) -> list[float]:
    return [max(0.0, high - low) for high, low in zip(above, below, strict=True)]
