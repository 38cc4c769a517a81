"""One look for every chart, light or dark, and the frame that every builder uses."""

from typing import Any

import plotly.graph_objects as go

from apps.engine.charts.axes import NUMBERS, written
from apps.engine.errors import BadParameter

Figure = dict[str, Any]
"""A Plotly figure as plain JSON: ``data``, ``layout`` and ``config``."""

MOST_MARKS = 5_000
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

INK = "#1b2330"
MUTED = "#5b6676"
ON_BAR = "#ffffff"
"""Words inside of a bar."""
LINE = "#e3e7ee"
ACCENT = "#2f5bd7"
GOOD = "#1a7f4b"
WAITING = "#9a5b00"
BAD = "#b3261e"
SERIES = (ACCENT, "#c2410c", "#00795f", "#9d3c86", "#8a6d00", MUTED)
"""Colours of series, told apart by people with any common colour blindness; series differ
by dash or symbol as well."""
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
DIVERGING = [[0.0, "#b35806"], [0.5, "#f7f7f7"], [1.0, "#2f5bd7"]]
RISING = [[0.0, "#eef3ff"], [1.0, "#2f5bd7"]]

DARK = {
    INK: "#e6eaf0",
    MUTED: "#a8b3c2",
    LINE: "#343c49",
    ACCENT: "#8aa6ff",
    GOOD: "#5cc98f",
    WAITING: "#e3a951",
    BAD: "#ff8f85",
    "#c2410c": "#ff9d6b",
    "#00795f": "#4fd1b5",
    "#9d3c86": "#e08cd0",
    "#8a6d00": "#d8b84a",
    "#b35806": "#f0a35e",
    "#f7f7f7": "#262d38",
    "#eef3ff": "#1d2431",
    ON_BAR: "#0e1424",
}
"""What each colour becomes on a dark ground."""

BAR = {
    "orientation": "h",
    **{"x": 0, "xanchor": "left", "xpad": 0, "len": 0.9, "y": 1, "yanchor": "bottom", "ypad": 6},
    **{"thickness": 8, "outlinewidth": 0, "tickfont": {"color": MUTED, "size": 12}},
    **{"nticks": 4, "tickangle": 0, "ticklabelposition": "outside top"},
    "ticklabeloverflow": "allow",
    **NUMBERS,
}
"""Settings of every colour bar: above the plot, where a phone has room for it."""

CONFIG = {"displayModeBar": False, "responsive": True, "displaylogo": False, "scrollZoom": False}
COLOUR_KEYS = frozenset(
    {"color", "bgcolor", "bordercolor", "linecolor", "gridcolor", "zerolinecolor", "fillcolor"}
)


def build(
    traces: list[go.Bar | go.Scatter | go.Heatmap],
    *,
    columns: list[str],
    rows: list[list[Any]],
    layout: dict[str, Any] | None = None,
) -> Figure:
    """A figure in the light look, with its numbers as a table in ``layout.meta``.

    Raises BadParameter when a property is unknown to Plotly or more than MOST_MARKS marks
    would be drawn.
    """
    try:
        drawn = go.Figure(data=traces, layout=layout or {})
    except ValueError as error:
        raise BadParameter(f"The chart cannot be drawn: {str(error).splitlines()[0]}") from error
    plain = drawn.to_plotly_json()
    marks = sum(_marks(trace) for trace in plain["data"])
    if marks > MOST_MARKS:
        raise BadParameter(f"The chart has {marks} marks; at most {MOST_MARKS} can be drawn.")
    plain["layout"].pop("template", None)
    plain["layout"] = written(_merged(_base(plain["layout"]), plain["layout"]), plain["data"])
    plain["layout"]["meta"] = {"columns": columns, "rows": rows}
    return {**_listed(plain), "config": dict(CONFIG)}


def titled_bar(text: str) -> dict[str, Any]:
    """A colour bar that says what it measures."""
    return {**BAR, "title": {"text": text, "side": "right", "font": BAR["tickfont"]}}


def theme(figure: Figure, *, dark: bool) -> Figure:
    """The figure in the light or dark look; the given one is not changed.

    Backgrounds stay transparent, so that the page's own ground shows.
    """
    new_colour = DARK if dark else {value: key for key, value in DARK.items()}
    return {
        **figure,
        "data": _recoloured(figure["data"], new_colour, inside=False),
        "layout": _recoloured(figure["layout"], new_colour, inside=False),
    }


def _base(layout: dict[str, Any]) -> dict[str, Any]:
    """What every chart shares; ``layout`` tells which axes it has beside the first two."""
    axis = {
        "showgrid": False,
        "zeroline": False,
        "linecolor": LINE,
        "linewidth": 1,
        "showline": True,
        "ticks": "",
        "automargin": True,
        "autotypenumbers": "strict",
        "fixedrange": True,
        "tickfont": {"color": MUTED, "size": 12},
        "title": {"font": {"color": MUTED, "size": 12}, "standoff": 8},
    }
    axes = {
        # Slanted names may reach out beyond the axis: the margin grows, no name is dropped.
        "xaxis": {**axis, "ticklabeloverflow": "allow"},
        "yaxis": {**axis, "showgrid": True, "gridcolor": LINE, "showline": False},
    }
    return {
        "font": {"family": FONT, "size": 14, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8, "pad": 4},
        "showlegend": False,
        "legend": {
            # Held at the top of the whole: held at the plot it would lie on it after a resize.
            **{"orientation": "h", "x": 0, "y": 1, "yref": "container", "yanchor": "top"},
            "font": {"color": INK, "size": 12},
            "title": {"font": {"color": MUTED, "size": 12}, "side": "left"},
        },
        "hoverlabel": {"font": {"family": FONT, "size": 13}},
        "dragmode": False,
        "bargap": 0.12,
        "height": 280,
        **axes,
        **{key: axes[key[:5]] for key in layout if key[:5] in axes},
    }


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        known = merged.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            merged[key] = _merged(known, value)
        else:
            merged[key] = value
    return merged


def _recoloured(part: Any, new_colour: dict[str, str], *, inside: bool) -> Any:
    """Copy with colours replaced, only under keys that hold colours: texts stay."""
    if isinstance(part, dict):
        return {
            key: value
            if key == "meta"
            else _recoloured(value, new_colour, inside=key in COLOUR_KEYS or key == "colorscale")
            for key, value in part.items()
        }
    if isinstance(part, list | tuple):
        return [_recoloured(value, new_colour, inside=inside) for value in part]
    return new_colour.get(part, part) if inside and isinstance(part, str) else part


def _listed(part: Any) -> Any:
    """Copy in which tuples are lists, as they will be in JSON."""
    if isinstance(part, dict):
        return {key: _listed(value) for key, value in part.items()}
    return [_listed(value) for value in part] if isinstance(part, list | tuple) else part


def _marks(trace: dict[str, Any]) -> int:
    if trace["type"] == "heatmap":
        return sum(len(row) for row in trace["z"])
    return max(len(trace.get("x") or ()), len(trace.get("y") or ()))
