"""Does it answer, how fast, how often wrongly: from the log of calls."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

MOST_PERIODS = 48
Call = tuple[datetime, int, float, int]
"""When, HTTP status, latency in ms, rows."""


def service(calls: Sequence[Call], *, now: datetime, window: timedelta) -> dict[str, Any]:
    """Volume, errors and latency of the calls within ``window`` before ``now``.

    Parameters
    ----------
    calls : of each call when, HTTP status, latency in ms, rows; in any order

    Returns
    -------
    dict
        ``calls``, ``rows``, ``errors`` (answers of the server's own fault, 5xx), ``refused``
        (4xx), ``error_rate``, ``latency_ms`` {p50, p95, p99} or None without calls, ``periods``:
        the same per period of the window that has calls, with its ``start``. O(calls log calls).
    """
    recent = [call for call in calls if now - window < call[0] <= now]
    step = window / MOST_PERIODS
    inside: defaultdict[int, list[Call]] = defaultdict(list)
    for call in recent:
        # Counted from now backwards: a call on a border belongs to the period that it ends.
        inside[MOST_PERIODS - 1 - (now - call[0]) // step].append(call)
    periods = [
        {"start": (now - window + place * step).isoformat(), **summary(inside[place])}
        for place in sorted(inside)
    ]
    return {**summary(recent), "periods": periods}


def summary(calls: Sequence[Call]) -> dict[str, Any]:
    """Counts, rates and latency of calls, as ``service`` tells them."""
    errors = sum(1 for _, status, _, _ in calls if status >= 500)
    refused = sum(1 for _, status, _, _ in calls if 400 <= status < 500)
    latencies = [latency for _, status, latency, _ in calls if status < 400]
    found = np.percentile(latencies, [50, 95, 99]) if latencies else None
    return {
        "calls": len(calls),
        "rows": sum(rows for *_, rows in calls),
        "errors": errors,
        "refused": refused,
        "error_rate": errors / len(calls) if calls else 0.0,
        "refused_rate": refused / len(calls) if calls else 0.0,
        "latency_ms": None
        if found is None
        else {"p50": float(found[0]), "p95": float(found[1]), "p99": float(found[2])},
    }
