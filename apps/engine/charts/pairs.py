"""Charts of two columns: points, cells, boxes or a mosaic, from ``pair_of``."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate, count, pairwise
from typing import Any

import plotly.graph_objects as go

from apps.engine.charts.axes import may_be_years
from apps.engine.charts.labels import label, positions, rounded, shares, short, slant
from apps.engine.charts.relations import SYMBOLS
from apps.engine.charts.theme import ACCENT, MUTED, RISING, SERIES, Figure, build, titled_bar
from apps.engine.errors import NotEnoughData
from apps.engine.percent import percent

HEIGHT, LINE_OF_LEGEND = 420, 18


def pair_chart(told: dict[str, Any]) -> Figure:
    """The picture of two columns. Raises NotEnoughData when no row has both."""
    draw = {"points": points, "cells": cells, "boxes": boxes, "mosaic": mosaic}
    if told["picture"] not in draw:
        raise NotEnoughData(f"No row has both “{told['a']}” and “{told['b']}”.")
    return draw[told["picture"]](told)


def points(told: dict[str, Any]) -> Figure:
    """One mark for each row, coloured by a third column when there is one."""
    third, x, y = told["third"], told["x"], told["y"]
    columns = [told["a"], told["b"]]
    rows: list[list[Any]] = [
        [_cell(a, told["kinds"][0]), _cell(b, told["kinds"][1])] for a, b in zip(x, y, strict=True)
    ]
    if third is None:
        traces = [_marks(x, y, range(len(x)), colour=ACCENT)]
    elif third["labels"] is None:
        traces = _shaded(x, y, third)
        columns = [*columns, third["name"]]
        rows = [[*row, rounded(value)] for row, value in zip(rows, third["values"], strict=True)]
    else:
        traces = _by_group(x, y, third)
        columns = [*columns, third["name"]]
        rows = [
            [*row, third["labels"][code]] for row, code in zip(rows, third["codes"], strict=True)
        ]
    return build(
        traces,
        columns=columns,
        rows=rows,
        layout={
            "xaxis": _axis(told["a"], told["kinds"][0]),
            "yaxis": _axis(told["b"], told["kinds"][1]),
            "showlegend": third is not None and third["labels"] is not None,
            "height": HEIGHT,
        },
    )


def _marks(
    x: list[float], y: list[float], rows: Sequence[int], *, colour: str, place: int = 0
) -> go.Scatter:
    """Points number ``rows``; the ids lead to their rows of the table."""
    return go.Scatter(
        x=[x[row] for row in rows],
        y=[y[row] for row in rows],
        ids=[str(row) for row in rows],
        mode="markers",
        marker={"color": colour, "size": 6, "opacity": 0.55, "symbol": SYMBOLS[place]},
        hovertemplate="%{x}, %{y}<extra></extra>",
    )


def _by_group(x: list[float], y: list[float], third: dict[str, Any]) -> list[go.Scatter]:
    traces = []
    last = len(SERIES) - 1
    for code, name in enumerate(third["labels"]):
        mine = [place for place, held in enumerate(third["codes"]) if held == code]
        if not mine:
            continue
        place = min(code, last)
        trace = _marks(x, y, mine, colour=SERIES[place], place=place)
        trace.name = label(name)
        traces.append(trace)
    return traces


def _shaded(x: list[float], y: list[float], third: dict[str, Any]) -> list[go.Scatter]:
    """Marks as dark as a third number is large; those without one are grey."""
    known = [place for place, value in enumerate(third["values"]) if value is not None]
    other = [place for place, value in enumerate(third["values"]) if value is None]
    trace = _marks(x, y, known, colour=ACCENT)
    trace.marker = {
        "color": [third["values"][row] for row in known],
        "colorscale": RISING,
        "showscale": True,
        "colorbar": titled_bar(label(third["name"])),
        "size": 7,
        "line": {"color": MUTED, "width": 0.5},
    }
    grey = _marks(x, y, other, colour=MUTED, place=4)
    return [one for one, rows in ((trace, known), (grey, other)) if rows]


def cells(told: dict[str, Any]) -> Figure:
    """Rows, or the mean of a third column, in each cell of a grid."""
    x, y = _centres(told["x_edges"]), _centres(told["y_edges"])
    third = told["third"]
    named = f"mean of {third['name']}" if third else ""
    if third and third["of"]:
        named = f"share of {third['name']} = {third['of']}"
    heat = go.Heatmap(
        x=x,
        y=y,
        z=third["means"] if third else tens(told["counts"]),
        colorscale=RISING,
        hoverongaps=False,
        colorbar=titled_bar(label(named)) if third else tens_bar(told["counts"]),
        customdata=told["counts"],
        hovertemplate="%{customdata:,} rows<extra></extra>",
        meta={"rows": rows_of_cells(told["counts"])},
    )
    kinds = told["kinds"]
    rows: list[list[Any]] = []
    for up, counts in enumerate(told["counts"]):
        for across, held in enumerate(counts):
            if held:
                row = [
                    _span(told["x_edges"], across, kinds[0]),
                    _span(told["y_edges"], up, kinds[1]),
                ]
                extra = [rounded(third["means"][up][across])] if third else []
                rows.append([*row, held, *extra])
    return build(
        [heat],
        columns=[told["a"], told["b"], "rows", *([named] if third else [])],
        rows=rows,
        layout={
            "xaxis": _axis(told["a"], kinds[0]),
            "yaxis": {**_axis(told["b"], kinds[1]), "showgrid": False},
            "height": HEIGHT,
        },
    )


def rows_of_cells(counts: list[list[int]], *, first: int = 0) -> list[list[int]]:
    """For each cell its row of the table, counted from ``first``; -1 for an empty one."""
    number = count(first)
    return [[next(number) if rows else -1 for rows in line] for line in counts]


def _centres(edges: list[float]) -> list[float]:
    return [(low + high) / 2 for low, high in pairwise(edges)]


def tens(counts: list[list[int]]) -> list[list[float | None]]:
    """Counts on a scale of tens, so that thin cells stay visible beside full ones."""
    return [[math.log10(count) if count else None for count in row] for row in counts]


def tens_bar(counts: list[list[int]]) -> dict[str, Any]:
    """Colour bar for ``tens``."""
    most = max(max(row) for row in counts)
    tens = range(int(math.log10(max(most, 1))) + 1)
    return {
        **titled_bar("rows"),
        "tickvals": [float(power) for power in tens],
        "ticktext": [f"{10**power:,}" for power in tens],
    }


def boxes(told: dict[str, Any]) -> Figure:
    """A box for each group: quartiles, median, whiskers within 1.5 quartile ranges."""
    found = told["boxes"]
    groups = [box["group"] for box in found]
    axis = {**positions(groups), **slant(groups)}
    trace = go.Box(
        x=axis["tickvals"],
        q1=[box["lower"] for box in found],
        median=[box["middle"] for box in found],
        q3=[box["upper"] for box in found],
        lowerfence=[box["low"] for box in found],
        upperfence=[box["high"] for box in found],
        marker={"color": ACCENT},
        line={"color": ACCENT, "width": 1.5},
        meta={"rows": list(range(len(found)))},
    )
    keys = ("low", "lower", "middle", "upper", "high")
    kind = told["kinds"][0]
    return build(
        [trace],
        columns=[
            *(told["b"], "rows", "lower whisker", "lower quartile", "median"),
            *("upper quartile", "upper whisker", "rows outside"),
        ],
        rows=[
            [box["group"], box["rows"], *(_cell(box[key], kind) for key in keys), box["outside"]]
            for box in found
        ],
        layout={
            "xaxis": axis,
            "yaxis": _axis(told["a"], kind),
            "height": HEIGHT,
        },
    )


def mosaic(told: dict[str, Any]) -> Figure:
    """Columns as wide as each group of one, parted by the shares of the other."""
    sizes = [sum(counts) for counts in told["counts"]]
    whole = sum(sizes)
    widths = [size / whole for size in sizes]
    centres = [end - width / 2 for end, width in zip(accumulate(widths), widths, strict=True)]
    tiles = list(zip(*rows_of_cells(told["counts"]), strict=True))  # shape (n_up, n_across)
    traces = [
        go.Bar(
            x=centres,
            ids=[str(row) for row in tiles[code]],
            y=[
                counts[code] / size if size else 0
                for counts, size in zip(told["counts"], sizes, strict=True)
            ],
            width=[max(width - 0.004, 0.001) for width in widths],
            marker={
                "color": SERIES[code % len(SERIES)],
                "pattern": {"shape": "/" if code >= len(SERIES) else "", "size": 6},
            },
            name=label(name),
            customdata=[
                f"{counts[code]:,} rows ({percent(counts[code] / size if size else 0)})"
                for counts, size in zip(told["counts"], sizes, strict=True)
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
        for code, name in enumerate(told["up"])
    ]
    return build(
        traces,
        columns=[told["a"], told["b"], "rows", "share of the group"],
        rows=_shares(told, sizes),
        layout={
            "barmode": "stack",
            "xaxis": _across(told, centres=centres, widths=widths),
            "yaxis": {"title": {"text": label(told["b"])}, **shares((1,)), "range": [0, 1]},
            "showlegend": True,
            # On a phone each name of the legend has a line of its own.
            "height": HEIGHT + LINE_OF_LEGEND * max(len(told["up"]) - 3, 0),
        },
    )


def _across(told: dict[str, Any], *, centres: list[float], widths: list[float]) -> dict[str, Any]:
    """Names under the columns of a mosaic that are wide enough for one."""
    shown = [place for place, width in enumerate(widths) if width >= 0.03]
    return {
        "tickmode": "array",
        "tickvals": [centres[place] for place in shown],
        "ticktext": [label(told["across"][place], longest=18) for place in shown],
        "tickangle": -45,
        "range": [0, 1],
        "title": {"text": label(told["a"])},
    }


def _shares(told: dict[str, Any], sizes: list[int]) -> list[list[Any]]:
    return [
        [name, other, rows, rounded(rows / sizes[one])]
        for one, name in enumerate(told["across"])
        for other, rows in zip(told["up"], told["counts"][one], strict=True)
        if rows
    ]


def _axis(name: str, kind: str) -> dict[str, Any]:
    axis: dict[str, Any] = {"title": {"text": label(name)}}
    return {**axis, "type": "date"} if kind == "date" else axis


def _cell(value: float, kind: str) -> float | str | None:
    return moment_text(value) if kind == "date" else rounded(value)


def moment_text(milliseconds: float) -> str:
    """A date on an axis, as people read it."""
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC).strftime("%Y-%m-%d %H:%M")


def _span(edges: list[float], place: int, kind: str) -> str:
    if kind == "date":
        return f"{moment_text(edges[place])} to {moment_text(edges[place + 1])}"
    years = may_be_years(edges)
    return f"{short(edges[place], years=years)} to {short(edges[place + 1], years=years)}"
