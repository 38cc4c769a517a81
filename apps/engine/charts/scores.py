"""Charts of results: scores against the promise, confusion, and the curves of a classifier."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from apps.engine.charts.labels import label, positions, rounded, thinned
from apps.engine.charts.theme import (
    DASHES,
    INK,
    MUTED,
    RISING,
    SERIES,
    Figure,
    build,
)
from apps.engine.errors import BadParameter
from apps.engine.percent import percent

MOST_CLASSES = 20
MOST_POINTS = 200

Point = tuple[float, float]


def promise_line(at: float, *, across: str) -> dict[str, Any]:
    """The dashed line of a promised threshold, across the axis "x" or "y"."""
    ends = {"x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper"}
    if across == "y":
        ends = {"y0": at, "y1": at, "x0": 0, "x1": 1, "xref": "paper"}
    return {"type": "line", **ends, "line": {"color": INK, "width": 1.5, "dash": "dash"}}


def confusion_matrix(counts: Sequence[Sequence[int]], *, classes: Sequence[str]) -> Figure:
    """Rows of each true class (down) by predicted class (across), coloured by share.

    ``counts`` has shape (n_classes, n_classes). Raises BadParameter above MOST_CLASSES.
    """
    if len(classes) > MOST_CLASSES:
        raise BadParameter(
            f"The confusion matrix has {len(classes)} classes; at most {MOST_CLASSES} can be "
            "drawn. Read the table instead."
        )
    axis = positions(classes)
    shares = [[cell / max(sum(row), 1) for cell in row] for row in counts]
    side = 120 + 44 * len(classes)
    return build(
        [_cells(counts, shares)],
        columns=["true class", "predicted class", "rows", "share of the true class"],
        rows=[
            [truth, said, counts[down][across], rounded(shares[down][across])]
            for down, truth in enumerate(classes)
            for across, said in enumerate(classes)
        ],
        layout={
            "xaxis": {**axis, "title": {"text": "Predicted"}, "showline": False},
            "yaxis": {
                **axis,
                "range": axis["range"][::-1],
                "title": {"text": "True"},
                "showgrid": False,
            },
            "height": side,
        },
    )


def _cells(counts: Sequence[Sequence[int]], shares: list[list[float]]) -> go.Heatmap:
    places = list(range(len(shares)))
    return go.Heatmap(
        x=places,
        y=places,
        z=shares,
        zmin=0,
        zmax=1,
        colorscale=RISING,
        showscale=False,
        xgap=2,
        ygap=2,
        text=[[str(cell) for cell in row] for row in counts],
        texttemplate="%{text}",
        customdata=[[percent(share) for share in row] for row in shares],
        hovertemplate="%{text} rows, %{customdata} of the true class<extra></extra>",
    )


def roc_curve(points: Sequence[Point], *, name: str) -> Figure:
    """True positive rate over false positive rate; the diagonal is guessing."""
    return _curve(
        points,
        name=name,
        axes=("False positive rate", "True positive rate"),
        guess=((0, 0), (1, 1)),
    )


def precision_recall_curve(points: Sequence[Point], *, name: str, positive_share: float) -> Figure:
    """Precision over recall; the flat line is guessing, at the share of positives."""
    guess = ((0, positive_share), (1, positive_share))
    return _curve(points, name=name, axes=("Recall", "Precision"), guess=guess)


def calibration_curve(points: Sequence[Point], *, name: str) -> Figure:
    """Observed rate over predicted probability; the diagonal is perfect calibration."""
    return _curve(
        points,
        name=name,
        axes=("Predicted probability", "Observed rate"),
        guess=((0, 0), (1, 1)),
        mode="lines+markers",
    )


def _curve(
    points: Sequence[Point],
    *,
    name: str,
    axes: tuple[str, str],
    guess: tuple[Point, Point],
    mode: str = "lines",
) -> Figure:
    shown = thinned(points, most=MOST_POINTS)
    reference = go.Scatter(
        x=[guess[0][0], guess[1][0]],
        y=[guess[0][1], guess[1][1]],
        mode="lines",
        line={"color": MUTED, "width": 1, "dash": DASHES[2]},
        hoverinfo="skip",
    )
    line = go.Scatter(
        x=[x for x, _ in shown],
        y=[y for _, y in shown],
        mode=mode,
        line={"color": SERIES[0], "width": 2},
        marker={"size": 7},
        name=label(name),
        hovertemplate="%{x:.3f}, %{y:.3f}<extra></extra>",
    )
    return build(
        [reference, line],
        columns=[axes[0].lower(), axes[1].lower()],
        rows=[[rounded(x), rounded(y)] for x, y in shown],
        layout={
            "xaxis": {"title": {"text": axes[0]}, "range": [-0.01, 1.01]},
            "yaxis": {"title": {"text": axes[1]}, "range": [-0.01, 1.02]},
            "height": 340,
        },
    )
