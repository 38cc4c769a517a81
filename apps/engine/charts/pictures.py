"""Charts that people build: bars, lines, points, boxes, heat maps; panels below each other."""

import math
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go

from apps.engine.charts.axes import may_be_years
from apps.engine.charts.labels import MOST_NAMES, label, positions, rounded, short, slant
from apps.engine.charts.pairs import moment_text, rows_of_cells, tens, tens_bar
from apps.engine.charts.relations import SYMBOLS
from apps.engine.charts.theme import (
    ACCENT,
    BAR,
    DASHES,
    RISING,
    SERIES,
    Figure,
    build,
)
from apps.engine.dates import period_text
from apps.engine.profile.picture import MEASURES, named

PARTS = {"x": "xs", "y": "ys", "colour": "colours", "facet": "panels"}
MISSING = "missing"
MOST_UPRIGHT = 20
PANEL = 300
"""Pixels of one panel with its title."""


def picture_chart(told: dict[str, Any]) -> Figure:
    """The chart of what ``picture_of`` told."""
    kind = told["picture"]["kind"]
    if "points" in told:
        return _points(told)
    if "cells" in told:
        return _cells(told)
    return {"box": _boxes, "heatmap": _heat}.get(kind, _series)(told)


def _measure(told: dict[str, Any]) -> str:
    picture = told["picture"]
    counted = picture["measure"] == "rows" or picture["kind"] == "histogram"
    return "Rows" if counted else f"{MEASURES[picture['measure']]} of {picture['of']}"


def _series(told: dict[str, Any]) -> Figure:
    """Bars or lines by group, one for each colour."""
    traces: list[Any] = []
    rows: list[list[Any]] = []
    lines = told["picture"]["kind"] == "line"
    for panel in range(len(told["panels"])):
        for code, name in enumerate(_called(told, "colour")):
            mine = [one for one in told["groups"] if (one["panel"], one["colour"]) == (panel, code)]
            if not mine:
                continue
            ids = [str(len(rows) + place) for place in range(len(mine))]
            rows += [[*_names(told, one), *_told(told, one)] for one in mine]
            trace = (_line if lines else _bar)(mine, code=code, name=name, ids=ids)
            traces.append(_placed(trace, panel))
    heads = [*_heads(told), named(told, "x"), "rows", _measure(told)]
    xs = _called(told, "x")
    across = {**positions(xs), **slant(xs, longest=20), **(_upright(told) or _fewer(xs))}
    layout = _layout(told, x=across, y={"title": {"text": label(_measure(told))}})
    drawn = layout | {"barmode": "group"}
    return build(_legend(traces), columns=heads, rows=rows, layout=drawn)


def _hovers(groups: list[dict[str, Any]]) -> list[str]:
    years = may_be_years(one["value"] for one in groups if one["value"] is not None)
    return [f"{short(one['value'], years=years)} ({one['rows']:,} rows)" for one in groups]


def _told(told: dict[str, Any], one: dict[str, Any]) -> list[Any]:
    return [told["xs"][one["x"]], one["rows"], rounded(one["value"])]


def _called(told: dict[str, Any], part: str) -> list[str]:
    """Groups as axes and legends call them: steps of time in words; the table keeps moments."""
    step = told["steps"].get(part)
    return [
        period_text(name, step) if step and name != MISSING else name for name in told[PARTS[part]]
    ]


def _across(told: dict[str, Any]) -> dict[str, Any]:
    xs = _called(told, "x")
    return {**positions(xs, longest=20), **slant(xs, longest=20)}


def _upright(told: dict[str, Any]) -> dict[str, Any]:
    """Of categories none is left without its name: many of them stand upright, in small letters."""
    names, known = told["xs"], [one for one in told["conditions"]["xs"] if one]
    is_category = all(one[0] == "is" for one in known)
    if not is_category or not MOST_NAMES < len(names) <= MOST_UPRIGHT:
        return {}
    shown = {"tickangle": -90, "tickfont": {"size": 10}}
    return {**shown, "ticktext": [label(name, longest=20) for name in names]}


def _fewer(names: list[str], most: int = 12) -> dict[str, Any]:
    """Tick texts that still can be read: every second, third … of many."""
    step = -(-len(names) // most)
    shown = list(range(0, len(names), step))
    return {"tickvals": shown, "ticktext": [label(names[place], longest=20) for place in shown]}


def _bar(groups: list[dict[str, Any]], *, code: int, name: str, ids: list[str]) -> go.Bar:
    return go.Bar(
        x=[one["x"] for one in groups],
        y=[one["value"] for one in groups],
        ids=ids,
        name=label(name),
        marker={"color": SERIES[code % len(SERIES)]},
        hovertext=_hovers(groups),
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _line(groups: list[dict[str, Any]], *, code: int, name: str, ids: list[str]) -> go.Scatter:
    place = code % len(SERIES)
    return go.Scatter(
        x=[one["x"] for one in groups],
        y=[one["value"] for one in groups],
        ids=ids,
        mode="lines+markers",
        name=label(name),
        line={"color": SERIES[place], "width": 2, "dash": DASHES[place]},
        marker={"color": SERIES[place], "size": 6, "symbol": SYMBOLS[place]},
        hovertext=_hovers(groups),
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _boxes(told: dict[str, Any]) -> Figure:
    keys = ("low", "lower", "middle", "upper", "high")
    kind, traces = told["kinds"][1], []
    rows: list[list[Any]] = []
    for panel in range(len(told["panels"])):
        mine = [one for one in told["groups"] if one["panel"] == panel]
        first = len(rows)
        rows += [
            [*_panel(told, panel), told["xs"][one["x"]], one["rows"]]
            + [_cell(one[key], kind) for key in keys]
            for one in mine
        ]
        trace = go.Box(
            x=[one["x"] for one in mine],
            q1=[one["lower"] for one in mine],
            median=[one["middle"] for one in mine],
            q3=[one["upper"] for one in mine],
            lowerfence=[one["low"] for one in mine],
            upperfence=[one["high"] for one in mine],
            marker={"color": ACCENT},
            line={"color": ACCENT, "width": 1.5},
            meta={"rows": list(range(first, len(rows)))},
        )
        traces.append(_placed(trace, panel))
    heads = [*_heads(told), named(told, "x"), "rows", "lower whisker", "lower quartile"]
    layout = _layout(told, x=_across(told), y=_axis(told["picture"]["y"], kind))
    return build(
        traces,
        columns=[*heads, "median", "upper quartile", "upper whisker"],
        rows=rows,
        layout=layout,
    )


def _heat(told: dict[str, Any]) -> Figure:
    values = [one["value"] for one in told["groups"] if one["value"] is not None]
    ends = {"zmin": min(values, default=0), "zmax": max(values, default=1)}
    traces: list[Any] = []
    rows: list[list[Any]] = []
    for panel in range(len(told["panels"])):
        square: list[list[float | None]] = [[None] * len(told["xs"]) for _ in told["ys"]]
        behind = [[-1] * len(told["xs"]) for _ in told["ys"]]
        for one in (one for one in told["groups"] if one["panel"] == panel):
            square[one["y"]][one["x"]] = one["value"]
            behind[one["y"]][one["x"]] = len(rows)
            x, *values = _told(told, one)
            rows.append([*_panel(told, panel), x, told["ys"][one["y"]], *values])
        trace = go.Heatmap(
            x=list(range(len(told["xs"]))),
            y=list(range(len(told["ys"]))),
            z=square,
            **ends,
            colorscale=RISING,
            hoverongaps=False,
            showscale=panel == 0,
            colorbar=dict(BAR),
            text=[[short(value) for value in line] for line in square],
            hovertemplate="%{text}<extra></extra>",
            meta={"rows": behind},
        )
        traces.append(_placed(trace, panel))
    heads = [*_heads(told), named(told, "x"), named(told, "y"), "rows", _measure(told)]
    up = {**positions(_called(told, "y"), longest=20), "showgrid": False}
    layout = _layout(told, x=_across(told), y={**up, "title": {"text": label(named(told, "y"))}})
    return build(traces, columns=heads, rows=rows, layout=layout)


def _points(told: dict[str, Any]) -> Figure:
    points, traces = told["points"], []
    places = list(zip(points["panel"], points["colour"], points["x"], points["y"], strict=True))
    numbered = list(enumerate(places))
    for panel in range(len(told["panels"])):
        for code, name in enumerate(_called(told, "colour")):
            mine = [(row, *at[2:]) for row, at in numbered if at[:2] == (panel, code)]
            if not mine:
                continue
            place = code % len(SERIES)
            trace = go.Scatter(
                x=[x for _, x, _ in mine],
                y=[y for _, _, y in mine],
                ids=[str(row) for row, _, _ in mine],
                mode="markers",
                name=label(name),
                marker={
                    "color": SERIES[place],
                    "size": 6,
                    "opacity": 0.6,
                    "symbol": SYMBOLS[place],
                },
                hovertemplate="%{x}, %{y}<extra></extra>",
            )
            traces.append(_placed(trace, panel))
    kinds, picture = told["kinds"], told["picture"]
    rows = [
        [*_names(told, {"panel": panel, "colour": code}), _cell(x, kinds[0]), _cell(y, kinds[1])]
        for panel, code, x, y in places
    ]
    layout = _layout(told, x=_axis(picture["x"], kinds[0]), y=_axis(picture["y"], kinds[1]))
    heads = [*_heads(told), picture["x"], picture["y"]]
    return build(_legend(traces), columns=heads, rows=rows, layout=layout)


def _cells(told: dict[str, Any]) -> Figure:
    """Rows in each cell of a grid, where points would cover each other."""
    kinds, picture = told["kinds"], told["picture"]
    edges = (told["x_edges"], told["y_edges"])
    x, y = ([(low + high) / 2 for low, high in pairwise(part)] for part in edges)
    most = max(max(max(row) for row in part) for part in told["cells"])
    traces: list[Any] = []
    rows: list[list[Any]] = []
    for panel, part in enumerate(told["cells"]):
        trace = go.Heatmap(
            x=x,
            y=y,
            z=tens(part),
            zmin=0,
            zmax=math.log10(max(most, 10)),
            colorscale=RISING,
            hoverongaps=False,
            showscale=panel == 0,
            colorbar=tens_bar([[most]]),
            customdata=part,
            hovertemplate="%{customdata:,} rows<extra></extra>",
            meta={"rows": rows_of_cells(part, first=len(rows))},
        )
        traces.append(_placed(trace, panel))
        rows += [
            [
                *_panel(told, panel),
                _span(edges[0], across, kinds[0]),
                _span(edges[1], up, kinds[1]),
                count,
            ]
            for up, row in enumerate(part)
            for across, count in enumerate(row)
            if count
        ]
    layout = _layout(told, x=_axis(picture["x"], kinds[0]), y=_axis(picture["y"], kinds[1]))
    heads = [named(told, "facet")] if picture["facet"] else []
    return build(
        traces, columns=[*heads, picture["x"], picture["y"], "rows"], rows=rows, layout=layout
    )


def _heads(told: dict[str, Any]) -> list[str]:
    """Names of the columns that tell panel and colour in the table."""
    coloured = [named(told, "colour")] if _is_coloured(told) else []
    return [*([named(told, "facet")] if told["picture"]["facet"] else []), *coloured]


def _is_coloured(told: dict[str, Any]) -> bool:
    return told["colours"] != [""]


def _names(told: dict[str, Any], one: dict[str, Any]) -> list[str]:
    coloured = [told["colours"][one["colour"]]] if _is_coloured(told) else []
    return [*_panel(told, one["panel"]), *coloured]


def _panel(told: dict[str, Any], panel: int) -> list[str]:
    return [told["panels"][panel]] if told["picture"]["facet"] else []


def _axis(name: str, kind: str) -> dict[str, Any]:
    axis: dict[str, Any] = {"title": {"text": label(name)}}
    return {**axis, "type": "date"} if kind == "date" else axis


def _cell(value: float, kind: str) -> float | str | None:
    return moment_text(value) if kind == "date" else rounded(value)


def _span(edges: list[float], place: int, kind: str) -> str:
    if kind == "date":
        return f"{moment_text(edges[place])} to {moment_text(edges[place + 1])}"
    years = may_be_years(edges)
    return f"{short(edges[place], years=years)} to {short(edges[place + 1], years=years)}"


def _placed(trace: Any, panel: int) -> Any:
    """The trace on the axes of its panel."""
    if panel:
        trace.xaxis, trace.yaxis = f"x{panel + 1}", f"y{panel + 1}"
    return trace


def _legend(traces: list[Any]) -> list[Any]:
    """Every colour once in the legend, in whatever panels it is."""
    seen: set[str] = set()
    for trace in traces:
        colour = trace.marker.color
        trace.legendgroup, trace.showlegend = colour, colour not in seen
        seen.add(colour)
    return traces


def _layout(told: dict[str, Any], *, x: dict[str, Any], y: dict[str, Any]) -> dict[str, Any]:
    """Axes of every panel, the first on top; all panels have the same scale."""
    count = len(told["panels"])
    titled = {"title": {"text": label(named(told, "x"))}}
    layout: dict[str, Any] = {"height": PANEL * count + 80, "showlegend": _is_coloured(told)}
    if _is_coloured(told):
        layout["legend"] = {"title": {"text": f"{label(named(told, 'colour'))}  "}}
    if count == 1:
        return layout | {"xaxis": {**titled, **x}, "yaxis": y}
    notes = []
    deep = 0.72 if x.get("tickangle") else 0.84  # slanted names need more room below
    for panel, name in enumerate(_called(told, "facet")):
        top = 1 - panel / count
        domain = [top - deep / count, top - 0.1 / count]
        number = str(panel + 1) if panel else ""
        last = panel == count - 1
        layout[f"xaxis{number}"] = {
            **x,
            "title": titled["title"] if last else {},
            "anchor": f"y{number}",
            **({"matches": "x"} if panel else {}),
        }
        layout[f"yaxis{number}"] = {
            # Axes that match each other keep a range of their own unless they are asked not to.
            **({} if "range" in y else {"autorange": True}),
            **y,
            "domain": domain,
            "anchor": f"x{number}",
            **({"matches": "y"} if panel else {}),
        }
        notes.append(_note(f"{label(named(told, 'facet'))}: {label(name)}", top - 0.09 / count))
    return layout | {"annotations": notes}


def _note(text: str, y: float) -> dict[str, Any]:
    """The title of a panel."""
    place = {"xref": "paper", "yref": "paper", "x": 0, "xanchor": "left", "yanchor": "bottom"}
    return {**place, "y": y, "text": text, "showarrow": False}
