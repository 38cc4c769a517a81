"""Words and numbers in charts: a user's text is always text, never markup, never a key.

Categories are drawn at positions 0, 1, 2 … with their names as tick texts. Plotly thus
never uses a name as an object key, and two long names that are cut alike stay two.
"""

import html
import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from apps.engine.percent import percent

LONGEST = 32
MOST_LEVEL = 40
"""Characters of 12 px beside each other on the 300 px that a phone leaves to an axis."""
MOST_UPRIGHT = 5
TICKS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
MOST_NAMES = 12
"""Names that an axis has room for on a phone."""
MOST_TICKS = 6
"""Steps between the ticks of an axis of shares, and how many of them it has at most."""
SLACK = 1e-9
PLAIN = 1e4
"""From here on four significant digits would need a power of ten."""


def label(text: object, *, longest: int = LONGEST) -> str:
    """A text that Plotly shows literally: its pseudo-HTML and line breaks are escaped.

    A long one loses its middle: names of columns often differ at their ends only.
    """
    plain = " ".join(str(text).split())
    if len(plain) > longest:
        tail = longest // 3
        plain = f"{plain[: longest - 1 - tail]}…{plain[-tail:]}"
    return html.escape(plain or "(blank)", quote=False)


def short(value: float | None, *, years: bool = False) -> str:
    """A number with four significant digits, or a dash; nothing parts the thousands of ``years``.

    Whole ones up to a million and the whole part of others are told in full: 12,346.
    """
    if value is None or not math.isfinite(value):
        return "–"
    if value == int(value) and abs(value) < 1e6:
        return f"{int(value)}" if years else f"{int(value):,}"
    if PLAIN <= abs(value) < 1e6:
        return f"{value:,.0f}"
    return f"{value:.4g}" if years else f"{value:,.4g}"


def rounded(value: float | None) -> float | None:
    """A number for the table beside a chart: six significant digits."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.6g}")


def positions(names: Sequence[object], *, longest: int = LONGEST) -> dict[str, Any]:
    """Axis settings that show names at the positions 0, 1, 2 …"""
    return {
        "type": "linear",
        "tickmode": "array",
        "tickvals": list(range(len(names))),
        "ticktext": [label(name, longest=longest) for name in names],
        "range": [-0.6, len(names) - 0.4],
    }


def spaced(names: Sequence[object], *, most: int = MOST_NAMES) -> dict[str, Any]:
    """As ``positions``, but of many names only every second, third … is written."""
    axis = positions(names)
    step = max(1, -(-len(names) // most))
    return {**axis, "tickvals": axis["tickvals"][::step], "ticktext": axis["ticktext"][::step]}


def shares(values: Iterable[float | None], *, low: float = 0.0) -> dict[str, Any]:
    """Axis settings of shares from ``low`` to these values: ticks as texts write a share."""
    known = [low, *(float(value) for value in values if value is not None)]
    low, high = min(known), max(known)
    step = next((one for one in TICKS if (high - low) / one <= MOST_TICKS), TICKS[-1])
    places = range(math.ceil(low / step - SLACK), math.floor(high / step + SLACK) + 1)
    digits = 0 if step >= 0.01 else 1 if step >= 0.001 else 2
    return {
        "tickmode": "array",
        "tickvals": [round(place * step, 6) for place in places],
        "ticktext": [percent(place * step, digits) for place in places],
    }


def slant(names: Sequence[object], *, longest: int = LONGEST) -> dict[str, int]:
    """The angle of tick texts: level while all of them fit side by side on a phone."""
    plain = [" ".join(str(name).split())[:longest] for name in names]
    fits = len(plain) * max((len(name) for name in plain), default=0) <= MOST_LEVEL
    return {"tickangle": 0 if fits and len(plain) <= MOST_UPRIGHT else -45}


def marks(count: int, *, first: int = 0) -> list[str]:
    """Ids of a trace's marks: the numbers of their rows in the table beside the chart.

    The page uses them to open the rows behind a mark.
    """
    return [str(row) for row in range(first, first + count)]


def thinned(rows: Sequence[Any], *, most: int, keep: str | None = None) -> list[Any]:
    """At most ``most`` of the rows, evenly spaced, the first and the last among them.

    With ``keep`` each stretch is told by its row with the largest value of that key, so
    that peaks stay visible.
    """
    if len(rows) <= most:
        return list(rows)
    bounds = [round(place * len(rows) / most) for place in range(most + 1)]
    stretches = [rows[a:b] for a, b in pairwise(bounds)]
    if keep is not None:
        return [max(stretch, key=lambda row: row[keep] or 0) for stretch in stretches]
    return [stretch[0] for stretch in stretches[:-1]] + [rows[-1]]
