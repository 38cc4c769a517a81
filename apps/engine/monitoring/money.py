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
        without one); ``open`` alarms and ``open_quiet`` rows without one whose truth is not known;
        ``answered`` and ``known`` rows; ``delivered`` by the rows whose truth is known; ``low`` and
        ``high``: the same should each open row turn out worst, or best; ``at_stake``: the value of
        an alarm for each known positive row and no other.
    """
    hits = false_alarms = missed = quiet = waiting = unseen = 0
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
        else:
            unseen += rows
    known = hits + false_alarms + missed + quiet
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
        "open_quiet": unseen,
        "answered": known + waiting + unseen,
        "known": known,
        "delivered": delivered,
        "low": delivered
        + waiting * min(-value_wrong, value_right)
        + unseen * min(-value_missed, value_quiet),
        "high": delivered
        + waiting * max(-value_wrong, value_right)
        + unseen * max(-value_missed, value_quiet),
        "at_stake": (hits + missed) * value_right + (false_alarms + quiet) * value_quiet,
    }


def against_promise(
    booked: Mapping[str, Any], *, promised_a_month: Mapping[str, float], decisions_a_month: float
) -> dict[str, float | None]:
    """What the sealed test promised for as many answers, beside what was delivered.

    ``promised_a_month``: ``value``, ``low`` and ``high`` of a month with ``decisions_a_month``.

    Returns ``promised``, ``promised_low`` and ``promised_high`` for the rows whose truth is known,
    in the same money; ``loss_a_month``: how much less a month brings than was promised, None while
    nothing is known.
    """
    each = booked["known"] / decisions_a_month
    short = None
    if booked["known"]:
        short = promised_a_month["value"] - booked["delivered"] / each
    return {
        "promised": promised_a_month["value"] * each,
        "promised_low": promised_a_month["low"] * each,
        "promised_high": promised_a_month["high"] * each,
        "loss_a_month": short,
    }
