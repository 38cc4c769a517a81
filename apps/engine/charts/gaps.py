"""Charts of missing values: which columns miss together, and what that tells."""

from typing import Any

import plotly.graph_objects as go

from apps.engine.charts.labels import label, positions, rounded, shares, short, spaced
from apps.engine.charts.theme import ACCENT, MUTED, WAITING, Figure, build
from apps.engine.percent import percent

MOST_SHOWN = 30


def gap_patterns(gaps: dict[str, Any]) -> Figure:
    """Columns down, patterns across from the most frequent on; a mark where a value is missing."""
    names = [column["name"] for column in gaps["columns"]][:MOST_SHOWN]
    patterns = gaps["patterns"]
    held = [set(pattern["columns"]) for pattern in patterns]
    down = positions(names)
    across = spaced([f"{pattern['rows']:,}" for pattern in patterns])
    heat = go.Heatmap(
        x=list(range(len(patterns))),
        y=down["tickvals"],
        z=[[int(name in columns) for columns in held] for name in names],
        zmin=0,
        zmax=1,
        colorscale=[[0.0, "#eef3ff"], [1.0, WAITING]],
        showscale=False,
        xgap=2,
        ygap=2,
        text=[[_told(name in one, label(name)) for one in held] for name in names],
        hovertemplate="%{text}<extra></extra>",
    )
    return build(
        [heat],
        columns=["rows", "share", "missing together"],
        rows=[
            [
                pattern["rows"],
                rounded(pattern["rows"] / gaps["rows"]),
                ", ".join(pattern["columns"]),
            ]
            for pattern in patterns
        ],
        layout={
            "xaxis": {
                **across,
                "title": {"text": "Rows with this pattern"},
                "tickangle": -90 if len(patterns) > 6 else 0,
                "showline": False,
            },
            "yaxis": {**down, "range": down["range"][::-1], "showgrid": False},
            "height": 120 + 24 * len(names),
        },
    )


def _told(missing: bool, name: str) -> str:
    return f"{name}: missing" if missing else f"{name}: filled"


def gap_effects(columns: list[dict[str, Any]]) -> Figure:
    """How much the target differs where a column is missing, with 95 % intervals."""
    told = [(column["name"], column["effect"]) for column in columns if column["effect"]]
    told = sorted(told, key=lambda one: -abs(one[1]["difference"]))[:MOST_SHOWN]
    effects = [effect for _, effect in told]
    rate = bool(effects) and effects[0]["kind"] == "rate"
    axis = positions([name for name, _ in told])
    marks = go.Scatter(
        x=[effect["difference"] for effect in effects],
        y=axis["tickvals"],
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [effect["high"] - effect["difference"] for effect in effects],
            "arrayminus": [effect["difference"] - effect["low"] for effect in effects],
            "color": ACCENT,
            "thickness": 1.5,
            "width": 4,
        },
        mode="markers",
        marker={
            "color": [ACCENT if effect["sure"] else MUTED for effect in effects],
            "size": 9,
            "symbol": ["circle" if effect["sure"] else "circle-open" for effect in effects],
        },
        text=[_written(effect, rate=rate) for effect in effects],
        hovertemplate="%{text}<extra></extra>",
    )
    return build(
        [marks],
        columns=["column", "of", "missing", "filled", "difference", "low", "high"],
        rows=[_effect_row(name, effect) for name, effect in told],
        layout={
            "xaxis": _difference_axis(effects, rate=rate),
            "yaxis": {**axis, "range": axis["range"][::-1]},
            "height": 100 + 28 * max(len(told), 1),
        },
    )


def _written(effect: dict[str, Any], *, rate: bool) -> str:
    return percent(effect["difference"]) if rate else short(effect["difference"])


def _effect_row(name: str, effect: dict[str, Any]) -> list[Any]:
    keys = ("missing", "filled", "difference", "low", "high")
    return [name, effect["of"], *(rounded(effect[key]) for key in keys)]


def _difference_axis(effects: list[dict[str, Any]], *, rate: bool) -> dict[str, Any]:
    xaxis: dict[str, Any] = {
        "title": {"text": "Target, missing less filled"},
        "zeroline": True,
        "zerolinecolor": MUTED,
    }
    if rate:
        xaxis |= shares(effect[end] for effect in effects for end in ("low", "high"))
    return xaxis
