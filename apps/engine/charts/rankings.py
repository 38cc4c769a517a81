"""Charts of a ranking and of its errors: gain, lift, scores of two classes, sizes, learning."""

from itertools import chain, pairwise
from typing import Any

import plotly.graph_objects as go

from apps.engine.charts.labels import label, positions, rounded, shares, short
from apps.engine.charts.theme import ACCENT, DASHES, MUTED, SERIES, Figure, build
from apps.engine.percent import percent

HEIGHT = 300


def cumulative_gain(told: dict[str, Any], *, positive: str) -> Figure:
    """Share of the positives found among the rows with the highest scores; the diagonal is a lot.

    ``told`` is what ``gains.gain_curve`` returns.
    """
    return build(
        [
            _reference([0, 1], [0, 1]),
            go.Scatter(
                x=told["rows"],
                y=told["found"],
                mode="lines",
                line={"color": SERIES[0], "width": 2},
                text=[
                    f"best {percent(rows, 0)} of the rows: {percent(found, 0)} found"
                    for rows, found in zip(told["rows"], told["found"], strict=True)
                ],
                hovertemplate="%{text}<extra></extra>",
            ),
        ],
        columns=["share of rows", f"share of {positive} found", "lift"],
        rows=_tenths(told),
        layout={
            "xaxis": {
                "title": {"text": "Rows, highest score first"},
                "range": [-0.01, 1.01],
                **shares((1,)),
            },
            "yaxis": {
                "title": {"text": label(f"Share of {positive} found")},
                "range": [-0.01, 1.02],
                **shares((1,)),
            },
            "height": HEIGHT,
        },
    )


def lift(told: dict[str, Any], *, positive: str) -> Figure:
    """How many times more positives than by lot among the best tenth, two tenths ... of rows."""
    tenths = told["tenths"]
    return build(
        [
            _reference([0.05, 1.05], [1, 1]),
            go.Bar(
                x=[item["rows"] for item in tenths],
                y=[item["lift"] for item in tenths],
                width=0.07,
                marker={"color": ACCENT},
                text=[f"best {percent(item['rows'], 0)}" for item in tenths],
                textposition="none",
                hovertemplate="%{text}: %{y:.2f} times a lot<extra></extra>",
            ),
        ],
        columns=["share of rows", f"share of {positive} found", "lift"],
        rows=_tenths(told),
        layout={
            "xaxis": {"title": {"text": "Best share of the rows"}, **shares((1,))},
            "yaxis": {"title": {"text": "Times as many as by lot"}, "rangemode": "tozero"},
            "height": HEIGHT,
        },
    )


def _tenths(told: dict[str, Any]) -> list[list[float | None]]:
    return [[rounded(item[key]) for key in ("rows", "found", "lift")] for item in told["tenths"]]


def _reference(x: list[float], y: list[float]) -> go.Scatter:
    line = {"color": MUTED, "width": 1, "dash": DASHES[2]}
    return go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip")


def score_distribution(told: dict[str, Any], *, positive: str, chosen: float) -> Figure:
    """Share of each class by its score; the dashed line is the threshold.

    ``told`` is what ``gains.score_bins`` returns: shares, since a rare class would not be seen.
    """
    edges = told["edges"]
    middles = [(low + high) / 2 for low, high in pairwise(edges)]
    parts = {
        name: [count / max(1, sum(told[key])) for count in told[key]]
        for name, key in ((positive, "positives"), ("all others", "negatives"))
    }
    traces = [
        go.Scatter(
            x=middles,
            y=share,
            mode="lines",
            fill="tozeroy",
            opacity=0.7,
            line={"color": SERIES[number], "width": 2, "dash": DASHES[number], "shape": "hvh"},
            name=label(name),
            text=[percent(one) for one in share],
            hovertemplate="around %{x:.3f}: %{text}<extra></extra>",
        )
        for number, (name, share) in enumerate(parts.items())
    ]
    return build(
        traces,
        columns=["from", "to", f"{positive}, rows", "others, rows"],
        rows=[
            [rounded(low), rounded(high), yes, no]
            for (low, high), yes, no in zip(
                pairwise(edges), told["positives"], told["negatives"], strict=True
            )
        ],
        layout={
            "xaxis": {"title": {"text": "Score"}, "range": [edges[0], edges[-1]]},
            "yaxis": {"title": {"text": "Share of the class"}, **shares(chain(*parts.values()))},
            "shapes": [_upright(chosen)],
            "showlegend": True,
            "height": HEIGHT,
        },
    )


def _upright(at: float) -> dict[str, Any]:
    line = {"color": MUTED, "width": 1.5, "dash": "dash"}
    return {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper", "line": line}


def error_sizes(told: list[dict[str, float]]) -> Figure:
    """Absolute error by the size of the prediction: the middle, and what nine of ten stay below.

    ``told`` is what ``gains.errors_by_size`` returns.
    """
    names = [f"{short(item['low'])} to {short(item['high'])}" for item in told]
    traces = [
        go.Scatter(
            x=list(range(len(told))),
            y=[item[key] for item in told],
            mode="lines+markers",
            name=name,
            line={"color": SERIES[number], "width": 2, "dash": DASHES[number]},
            marker={"size": 7, "symbol": ("circle", "diamond")[number]},
            text=names,
            hovertemplate="%{text}: %{y:.4g}<extra></extra>",
        )
        for number, (key, name) in enumerate((("middle", "half are below"), ("nine", "9 of 10")))
    ]
    return build(
        traces,
        columns=["predicted from", "to", "rows", "half are below", "nine of ten are below"],
        rows=[
            [
                rounded(item["low"]),
                rounded(item["high"]),
                item["rows"],
                rounded(item["middle"]),
                rounded(item["nine"]),
            ]
            for item in told
        ],
        layout={
            "xaxis": {**positions(names, longest=14), "title": {"text": "Predicted, in tenths"}},
            "yaxis": {"title": {"text": "Absolute error"}, "rangemode": "tozero"},
            "showlegend": True,
            "height": HEIGHT,
        },
    )


def learning(points: list[dict[str, float]], *, scale: str, guess: float) -> Figure:
    """Score by the number of training rows; the whiskers reach over the folds.

    ``points`` are those of ``adversary.learning.learning_curve``.
    """
    at = [point["rows"] for point in points]
    score = [point["score"] for point in points]
    line = go.Scatter(
        x=at,
        y=score,
        mode="lines+markers",
        line={"color": SERIES[0], "width": 2},
        marker={"size": 7},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [point["high"] - point["score"] for point in points],
            "arrayminus": [point["score"] - point["low"] for point in points],
            "color": ACCENT,
            "thickness": 1.2,
            "width": 3,
        },
        hovertemplate="%{x:,.0f} rows: %{y:.3f}<extra></extra>",
    )
    return build(
        [_reference([0, max(at)], [guess, guess]), line],
        columns=["training rows", scale, "least of the folds", "greatest"],
        rows=[
            [round(point["rows"]), *(rounded(point[key]) for key in ("score", "low", "high"))]
            for point in points
        ],
        layout={
            "xaxis": {"title": {"text": "Training rows"}, "rangemode": "tozero"},
            "yaxis": {"title": {"text": scale}},
            "height": HEIGHT,
        },
    )
