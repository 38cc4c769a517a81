"""Charts of what goes together: a feature and the target, and all columns with each other."""

from typing import Any

import plotly.graph_objects as go

from apps.engine.charts.labels import LONGEST, label, positions, rounded, shares, short, slant
from apps.engine.charts.theme import BAR, DIVERGING, SERIES, Figure, build
from apps.engine.percent import percent

MOST_SLANTED = 16
SHORTER = 20
"""Characters of a name where many columns share a small screen."""
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "cross")


def target_relation(relation: dict[str, Any]) -> Figure:
    """Rate or mean of the target by group of a feature, with 95 % intervals as whiskers.

    ``relation`` is what a column's profile holds under that key.
    """
    names = relation["labels"]
    traces = [
        _whiskers(series, place=place, count=len(relation["series"]), rate=_is_rate(relation))
        for place, series in enumerate(relation["series"])
    ]
    rows = [
        [names[place], relation["rows"][place], series["name"], *_numbers(series["points"][place])]
        for place in range(len(names))
        for series in relation["series"]
    ]
    first = relation["series"][0]["name"]
    of = (
        f"Rate of “{label(first)}”"
        if len(traces) == 1
        else f"Rate of each {'label' if 'of' in relation else 'class'}"
    )
    title = of if _is_rate(relation) else f"Mean of “{label(relation['target'])}”"
    yaxis: dict[str, Any] = {"title": {"text": title}}
    if _is_rate(relation):
        ends = (
            point["high"] or point["value"]
            for series in relation["series"]
            for point in series["points"]
        )
        yaxis |= {**shares(ends), "rangemode": "tozero"}
    return build(
        traces,
        columns=["group", "rows", "of", "value", "low", "high"],
        rows=rows,
        layout={
            "xaxis": {**positions(names), **slant(names)},
            "yaxis": yaxis,
            "showlegend": len(traces) > 1,
            "height": 320,
        },
    )


MEASURES = {
    "rank": "Rank or association",
    "linear": "Pearson",
    "mutual": "Mutual information",
}


def relation_matrix(relations: dict[str, Any], *, measure: str = "rank") -> Figure:
    """Square of one of MEASURES, -1 (orange) over 0 (pale) to 1 (blue), neighbours alike.

    Columns for which the measure does not exist with any other are left out.
    """
    square = relations[measure]
    order = [one for one in relations["order"] if any(value is not None for value in square[one])]
    names = [relations["columns"][place] for place in order]
    values = [[square[row][column] for column in order] for row in order]
    axis = positions(names, longest=LONGEST if len(names) <= MOST_SLANTED else SHORTER)
    heat = go.Heatmap(
        x=axis["tickvals"],
        y=axis["tickvals"],
        z=values,
        zmin=-1,
        zmax=1,
        colorscale=DIVERGING,
        xgap=1,
        ygap=1,
        hoverongaps=False,
        colorbar={**BAR, "tickvals": [-1, -0.5, 0, 0.5, 1]},
        hovertemplate="%{z:.2f}<extra></extra>",
    )
    if len(names) <= 30:
        heat.text = [[f"{label(a)} and {label(b)}" for a in names] for b in names]
        heat.hovertemplate = "%{text}: %{z:.2f}<extra></extra>"
    return build(
        [heat],
        columns=["a", "b", MEASURES[measure]],
        rows=_pair_rows(names, values),
        layout={
            "xaxis": {
                **axis,
                "showline": False,
                "tickangle": -45,
                # The same names in the same order stand at the left; here many would overlap.
                "showticklabels": len(names) <= MOST_SLANTED,
            },
            "yaxis": {**axis, "range": axis["range"][::-1], "showgrid": False},
            "height": 140 + 18 * len(names),
        },
    )


def _pair_rows(names: list[str], values: list[list[float | None]]) -> list[list[Any]]:
    pairs = [
        [names[column], names[row], value]
        for row, line in enumerate(values)
        for column, value in enumerate(line[:row])
        if value is not None
    ]
    return sorted(pairs, key=lambda pair: -abs(float(pair[2] or 0)))


def _is_rate(relation: dict[str, Any]) -> bool:
    return bool(relation["kind"] == "rate")


def _whiskers(series: dict[str, Any], *, place: int, count: int, rate: bool) -> go.Scatter:
    colour = SERIES[place % len(SERIES)]
    shift = (place - (count - 1) / 2) * 0.12
    points = [(x, point) for x, point in enumerate(series["points"]) if point["value"] is not None]
    texts = [_told(point, rate=rate) for _, point in points]
    return go.Scatter(
        x=[x + shift for x, _ in points],
        y=[point["value"] for _, point in points],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [_reach(point, "high") for _, point in points],
            "arrayminus": [_reach(point, "low") for _, point in points],
            "color": colour,
            "thickness": 1.5,
            "width": 4,
        },
        mode="markers",
        marker={"color": colour, "size": 9, "symbol": SYMBOLS[place % len(SYMBOLS)]},
        name=label(series["name"]),
        text=texts,
        hovertemplate="%{text}<extra></extra>",
    )


def _reach(point: dict[str, Any], bound: str) -> float:
    """Length of a whisker; 0 where the interval is unknown."""
    return 0.0 if point[bound] is None else abs(float(point[bound] - point["value"]))


def _told(point: dict[str, Any], *, rate: bool) -> str:
    values = [point["value"], point["low"], point["high"]]
    value, low, high = (
        "–" if number is None else percent(number) if rate else short(number) for number in values
    )
    return f"{value} ({low} to {high})"


def _numbers(point: dict[str, Any]) -> list[float | None]:
    return [rounded(point["value"]), rounded(point["low"]), rounded(point["high"])]
