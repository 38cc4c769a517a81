"""Chart of a split: which share trains, validates and is sealed."""

from collections.abc import Sequence

import plotly.graph_objects as go

from apps.engine.charts.labels import positions
from apps.engine.charts.theme import ACCENT, LINE, MUTED, SERIES, Figure, build


def split_strip(
    *, test_rows: int, fold_rows: Sequence[int], train_only_rows: int = 0, method: str
) -> Figure:
    """One strip a fold: rows that train, that validate, and the sealed test at the end.

    ``fold_rows`` are the validation rows of each fold; ``train_only_rows`` come before the
    first fold of a time split.
    """
    blocks = [train_only_rows, *fold_rows]
    strips = [
        _roles(fold, folds=len(fold_rows), time=method == "time") for fold in range(len(fold_rows))
    ]
    traces = []
    for place, rows in enumerate([*blocks, test_rows]):
        if not rows:
            continue
        roles = ["sealed test" if place == len(blocks) else strip[place] for strip in strips]
        traces.append(_block(rows, roles))
    names = [f"Fold {fold + 1}" for fold in range(len(fold_rows))]
    axis = positions(names)
    return build(
        [*traces, *_key(strips, has_test=bool(test_rows))],
        columns=["fold", "training rows", "validation rows", "sealed test rows"],
        rows=[
            [name, _count(blocks, strip, "trains"), _count(blocks, strip, "validates"), test_rows]
            for name, strip in zip(names, strips, strict=True)
        ],
        layout={
            "barmode": "stack",
            # Texts have one size or none: on a phone the legend tells the colours.
            "uniformtext": {"minsize": 11, "mode": "hide"},
            "showlegend": True,
            "legend": {"traceorder": "normal"},
            "xaxis": {"title": {"text": "Rows"}},
            "yaxis": {**axis, "range": axis["range"][::-1], "showgrid": False},
            "height": 110 + 28 * len(names),
        },
    )


def _roles(fold: int, *, folds: int, time: bool) -> list[str]:
    roles = ["trains"]
    for other in range(folds):
        if other == fold:
            roles.append("validates")
        else:
            roles.append("not used" if time and other > fold else "trains")
    return roles


COLOURS = {"trains": ACCENT, "validates": SERIES[1], "not used": LINE, "sealed test": MUTED}


def _key(strips: Sequence[Sequence[str]], *, has_test: bool) -> list[go.Bar]:
    """Bars of no length, one for each colour that is drawn: only the legend shows them."""
    drawn = {role for strip in strips for role in strip} | ({"sealed test"} if has_test else set())
    return [
        go.Bar(x=[0], y=[0], orientation="h", name=role, marker={"color": colour})
        for role, colour in COLOURS.items()
        if role in drawn
    ]


def _block(rows: int, roles: list[str]) -> go.Bar:
    return go.Bar(
        x=[rows] * len(roles),
        y=list(range(len(roles))),
        orientation="h",
        marker={"color": [COLOURS[role] for role in roles]},
        text=roles,
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        showlegend=False,
        hovertemplate="%{x} rows: %{text}<extra></extra>",
    )


def _count(blocks: list[int], roles: list[str], role: str) -> int:
    return sum(rows for rows, mine in zip(blocks, roles, strict=True) if mine == role)
