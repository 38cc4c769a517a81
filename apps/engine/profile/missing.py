"""Missing values, also those that hide behind -1, 999, "N/A" or "?"."""

from typing import Any

import numpy as np

from apps.engine.profile.categorical import Coded
from apps.engine.profile.ordering import Sorted

SENTINELS = (-1, -9, -99, -999, -9999, -99999, 99, 999, 9999, 99999, 999999)
LEAST_SHARE = 0.005
LEAST_ROWS = 3
LEAST_DISTINCT = 10
"""Below this a -1 is likelier one of a few codes than a gap."""


def disguised_texts(column: Coded) -> list[dict[str, Any]]:
    """Values that usually mean "no value", with their rows."""
    places = np.flatnonzero(column.hides)
    words = column.words.take(places).to_pylist()
    return [
        {"value": value, "rows": int(rows)}
        for value, rows in zip(words, column.counts[places], strict=True)
    ]


def disguised_numbers(column: Sorted) -> list[dict[str, Any]]:
    """Sentinels at an end of the column and away from everything else, with their rows.

    -1 counts when nothing else is negative; the others when the gap to the next value is
    wider than the range of all other values.
    """
    distinct, counts = column.unique, column.counts
    if len(distinct) < LEAST_DISTINCT:
        return []
    least = max(LEAST_ROWS, LEAST_SHARE * column.size)
    found = []
    for value, rows, others in (
        (distinct[0], counts[0], distinct[1:]),
        (distinct[-1], counts[-1], distinct[:-1]),
    ):
        if value not in SENTINELS or rows < least:
            continue
        gap = min(abs(float(value) - float(others[0])), abs(float(value) - float(others[-1])))
        alone = gap > float(others[-1]) - float(others[0])
        if alone or (value == -1 and others[0] >= 0):
            found.append({"value": number_text(float(value)), "rows": int(rows)})
    return found


def number_text(value: float, *, parted: bool = False) -> str:
    """A number as a person writes it: whole numbers without a point, thousands ``parted``."""
    if value.is_integer():
        return f"{int(value):,}" if parted else str(int(value))
    return f"{value:,g}" if parted else f"{value:g}"
