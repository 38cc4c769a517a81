"""Charts of a training: the best so far over time, and curves of several candidates in one."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import plotly.graph_objects as go

from apps.engine.charts.labels import rounded, short, thinned
from apps.engine.charts.scores import promise_line
from apps.engine.charts.theme import DASHES, MUTED, SERIES, Figure, build

MOST_CURVES = 5
MOST_POINTS = 200
LEAST_MINUTES_S = 120.0
"""What takes less is told in seconds."""


def best_so_far(
    finished: Sequence[dict[str, Any]], *, title: str, direction: str, promise: float | None
) -> Figure:
    """Each finished candidate as a point, and the best of all until then as a step line.

    ``finished``: ``title``, ``after_s`` (seconds since the start, ascending) and ``mean`` of the
    metric ``title``; ``direction`` "up" when more is better. The dashed line is the promise. Of
    more than MOST_POINTS each improvement is drawn, and some of the others.
    """
    better = max if direction == "up" else min
    best: list[float] = list(accumulate((item["mean"] for item in finished), better))
    drawn = _drawn(best)
    finished, best = [finished[at] for at in drawn], [best[at] for at in drawn]
    unit, times = _times(finished)
    step = go.Scatter(
        x=times,
        y=best,
        mode="lines",
        line={"color": SERIES[0], "width": 2, "shape": "hv"},
        name="Best so far",
        hoverinfo="skip",
    )
    points = go.Scatter(
        x=times,
        y=[item["mean"] for item in finished],
        mode="markers",
        marker={"color": MUTED, "size": 8},
        name="Candidates",
        text=[f"{item['title']}: {short(item['mean'])}" for item in finished],
        hovertemplate="%{text}<extra></extra>",
    )
    layout: dict[str, Any] = {
        "xaxis": {"title": {"text": f"{unit.capitalize()} since the start"}, "rangemode": "tozero"},
        "yaxis": {"title": {"text": title}},
        "showlegend": False,
        "height": 260,
    }
    if promise is not None:
        layout["shapes"] = [promise_line(promise, across="y")]
    return build(
        [step, points],
        columns=[unit, "candidate", title, "best so far"],
        rows=[
            [rounded(at), item["title"], rounded(item["mean"]), rounded(top)]
            for at, item, top in zip(times, finished, best, strict=True)
        ],
        layout=layout,
    )


def _times(finished: Sequence[dict[str, Any]]) -> tuple[str, list[float]]:
    """When each finished, and in which unit that is told."""
    is_long = any(item["after_s"] >= LEAST_MINUTES_S for item in finished[-1:])
    unit, unit_s = ("minutes", 60) if is_long else ("seconds", 1)
    return unit, [item["after_s"] / unit_s for item in finished]


def _drawn(best: Sequence[float]) -> list[int]:
    """Places of the points: all improvements, and every so many of the rest."""
    steps = {at for at in range(len(best)) if not at or best[at] != best[at - 1]}
    return sorted(steps | set(range(0, len(best), 1 + len(best) // MOST_POINTS)))


def overlaid(
    curves: Sequence[tuple[str, Sequence[tuple[float, float]]]],
    *,
    across: str,
    up: str,
    diagonal: bool = False,
    shares: bool = True,
    named: str = "candidate",
) -> Figure:
    """At most MOST_CURVES named curves in one chart, told apart by colour and dash.

    ``across`` and ``up`` name the axes, both from 0 to 1 where they are ``shares``; ``named``: what
    the curves are of.
    """
    traces, rows = [], []
    for place, (name, points) in enumerate(curves[:MOST_CURVES]):
        shown = thinned(list(points), most=MOST_POINTS)
        traces.append(
            go.Scatter(
                x=[x for x, _ in shown],
                y=[y for _, y in shown],
                mode="lines",
                name=name,
                line={"color": SERIES[place % len(SERIES)], "width": 2, "dash": DASHES[place]},
            )
        )
        rows += [[name, rounded(x), rounded(y)] for x, y in shown]
    low, high = (0.0, 1.0) if shares else _ends(curves[:MOST_CURVES])
    ends = {"type": "line", "x0": low, "x1": high, "y0": low, "y1": high}
    range_of = {"range": [-0.01, 1.01]} if shares else {}
    return build(
        traces,
        columns=[named, across, up],
        rows=rows,
        layout={
            "xaxis": {"title": {"text": across}, **range_of},
            "yaxis": {"title": {"text": up}, **range_of},
            "shapes": [{**ends, "line": {"color": MUTED, "width": 1, "dash": "dot"}}]
            if diagonal
            else [],
            "showlegend": True,
            "height": 340,
        },
    )


def _ends(curves: Sequence[tuple[str, Sequence[tuple[float, float]]]]) -> tuple[float, float]:
    """Of both axes together: where a diagonal begins and ends."""
    values = [value for _, points in curves for point in points for value in point]
    return min(values), max(values)
