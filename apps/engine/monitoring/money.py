"""The signed payoff on what really happened: delivered, still open, and what was at stake."""

from collections.abc import Mapping
from typing import Any


def money(
    counts: Mapping[tuple[str, str | None], int],
    *,
    positive: str,
    value_right: float,
    value_wrong: float,
    value_missed: float = 0.0,
    value_quiet: float = 0.0,
) -> dict[str, Any]:
    """Book each answered row at the plan's payoff. O(distinct pairs).

    Parameters
    ----------
    counts : rows per (answered class, actual class or None while it is not known)
    positive : the class that raises an alarm
    value_right, value_wrong : value of a right alarm and cost of a wrong one, in the plan's
        money, both written as a plus
    value_missed, value_quiet : cost of a case without an alarm, value of one rightly left alone

    Returns
    -------
    dict
        ``hits``, ``false_alarms``, ``missed`` (positive rows without an alarm), ``quiet`` (others
        without one), ``open`` alarms whose truth is not known; ``delivered`` by the rows whose
        truth is known; ``low`` and ``high``: the same should every open alarm be wrong, or right
        (open rows without an alarm are not booked); ``at_stake``: the value of an alarm for each
        known positive row and no other.
    """
    hits = false_alarms = missed = quiet = waiting = 0
    for (answered, actual), rows in counts.items():
        if answered == positive:
            if actual is None:
                waiting += rows
            elif actual == positive:
                hits += rows
            else:
                false_alarms += rows
        elif actual == positive:
            missed += rows
        elif actual is not None:
            quiet += rows
    delivered = (
        hits * value_right
        - false_alarms * value_wrong
        - missed * value_missed
        + quiet * value_quiet
    )
    return {
        "hits": hits,
        "false_alarms": false_alarms,
        "missed": missed,
        "quiet": quiet,
        "open": waiting,
        "delivered": delivered,
        "low": delivered - waiting * value_wrong,
        "high": delivered + waiting * value_right,
        "at_stake": (hits + missed) * value_right + (false_alarms + quiet) * value_quiet,
    }
