"""Places of the interval drawing: the band, the result, the promise, in percent of its width."""

import math
from dataclasses import dataclass

MARGIN = 0.35
"""Free room at both ends, as a share of what is drawn."""


@dataclass(frozen=True)
class Drawing:
    """Positions in percent of the width, and the values that the text alternative tells."""

    low: float
    high: float
    result: float
    promise: float | None
    band_at: float
    band_wide: float
    result_at: float
    promise_at: float | None


def _axis(values: list[float], asked: tuple[float | None, float | None]) -> tuple[float, float]:
    first, last = min(values), max(values)
    room = MARGIN * (last - first) or MARGIN * abs(last) or 1.0
    is_share = first >= 0 and last <= 1
    start = max(first - room, 0.0) if first >= 0 else first - room
    end = min(last + room, 1.0) if is_share else last + room
    return (
        start if asked[0] is None else asked[0],
        end if asked[1] is None else asked[1],
    )


def draw_interval(
    low: float | None,
    high: float | None,
    result: float | None,
    promise: float | None,
    *,
    axis: tuple[float | None, float | None] = (None, None),
) -> Drawing | None:
    """Scale to the axis; what lies outside of it is drawn at its end. None without a result."""
    if result is None or not math.isfinite(result):
        return None
    low = result if low is None else low
    high = result if high is None else high
    values = [low, high, result, *([] if promise is None else [promise])]
    start, end = _axis(values, axis)

    def at(value: float) -> float:
        return round(100 * min(1.0, max(0.0, (value - start) / (end - start or 1.0))), 2)

    return Drawing(
        low=low,
        high=high,
        result=result,
        promise=promise,
        band_at=at(low),
        band_wide=round(max(1.0, at(high) - at(low)), 2),
        result_at=at(result),
        promise_at=None if promise is None else at(promise),
    )
