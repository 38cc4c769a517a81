"""Profile of one column of dates: range and rows over time."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.dates import span_text

MOST_STEPS = 60
UNITS = (
    ("minute", "m", 60),
    ("hour", "h", 3_600),
    ("day", "D", 86_400),
    ("week", "W", 604_800),
    ("month", "M", 2_629_746),
    ("quarter", "3M", 7_889_238),
    ("year", "Y", 31_556_952),
    ("decade", "10Y", 315_569_520),
    ("century", "100Y", 3_155_695_200),
)
"""Name, numpy unit and mean length in seconds of the steps a time axis may have."""
MONDAY = 3
"""Days from the Monday before 1 January 1970, which was a Thursday, to that day."""
DAY_US = 86_400_000_000
FEW_DAYS = 10
"""Dates that span fewer days are told to the minute: a day would hold several groups."""


def moment(microseconds: int) -> str:
    """ISO 8601 text of microseconds since 1970, to the second."""
    return str(np.datetime64(int(microseconds), "us").astype("datetime64[s]"))


def spans(ascending: NDArray[np.int64]) -> Callable[[float, float], str]:
    """How dates are said from one to another: by days, or to the minute where all are near."""
    near = len(ascending) > 0 and ascending[-1] - ascending[0] < FEW_DAYS * DAY_US
    step = "minute" if near and (ascending % DAY_US).any() else "day"
    return lambda low, high: span_text(moment(int(low)), moment(int(high)), step)


def profile_dates(ascending: NDArray[np.int64]) -> dict[str, Any]:
    """First, last and rows per step of time; ``ascending`` holds microseconds since 1970.

    The step is the shortest calendar unit that needs at most MOST_STEPS steps. Steps
    without rows are listed with 0, weeks begin on Monday (ISO 8601). O(n), for the different
    values only.
    """
    if not len(ascending):
        return {"distinct": 0, "first": None, "last": None, "over_time": None}
    span_s = float(ascending[-1] - ascending[0]) / 1e6
    name, unit = next(
        ((name, unit) for name, unit, length in UNITS if span_s / length < MOST_STEPS - 1),
        (UNITS[-1][0], UNITS[-1][1]),
    )
    # A week of numpy begins as 1 January 1970 did, on a Thursday.
    ahead = np.timedelta64(MONDAY if name == "week" else 0, "D")
    ends = ascending[[0, -1]].view("datetime64[us]") + ahead
    first, last = ends.astype(f"datetime64[{unit}]")
    begins = (first + np.arange((last - first).astype(np.int64) + 1)).astype(
        "datetime64[us]"
    ) - ahead
    inside = np.searchsorted(ascending, begins.astype(np.int64))
    return {
        "distinct": int(np.count_nonzero(ascending[1:] != ascending[:-1])) + 1,
        "first": moment(ascending[0]),
        "last": moment(ascending[-1]),
        "over_time": {
            "step": name,
            "starts": [str(begin) for begin in begins.astype("datetime64[s]")],
            "counts": np.diff(inside, append=len(ascending)).tolist(),
        },
    }
