"""How many test rows it takes to tell the promised value from today's."""

from apps.engine.evaluation.metrics import Measure
from apps.engine.feasibility.noise import PlannedTest, half_width

MOST_ROWS = 2**40


def rows_needed(
    measure: Measure, *, promised: float, today: float, base_rate: float | None = None
) -> int | None:
    """Fewest test rows whose half-width is below the distance of promise and today.

    Doubles until it is enough, then halves the step: O(log rows). Rounding to whole rows makes
    the half-width rise here and there by a hair, so the number is good to about a percent.

    Returns None where the half-width is not known before there is data, or where the promise
    equals today's value and no number of rows would do.
    """
    gap = abs(promised - today)
    if gap == 0.0 or half_width(measure, promised, PlannedTest(1000, base_rate)) is None:
        return None

    def enough(rows: int) -> bool:
        width = half_width(measure, promised, PlannedTest(rows, base_rate))
        return width is not None and width < gap

    high = 2
    while not enough(high):
        high *= 2
        if high > MOST_ROWS:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
