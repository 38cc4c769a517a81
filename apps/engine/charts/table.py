"""The numbers beside each chart, and the one answer that a page asks for."""

from typing import Any

from apps.engine.charts.theme import Figure, theme


def as_table(figure: Figure) -> dict[str, Any]:
    """The numbers of a figure: ``columns`` (names) and ``rows`` (lists in that order).

    Texts are as the user wrote them: whoever shows them escapes them.
    """
    meta = figure["layout"]["meta"]
    return {"columns": list(meta["columns"]), "rows": [list(row) for row in meta["rows"]]}


def answer(figure: Figure, *, dark: bool = False) -> dict[str, Any]:
    """What a chart's URL answers: ``figure`` in the asked look, and its ``table``."""
    themed = theme(figure, dark=dark)
    layout = {key: value for key, value in themed["layout"].items() if key != "meta"}
    return {"figure": {**themed, "layout": layout}, "table": as_table(figure)}
