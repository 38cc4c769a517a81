"""Does it answer, how fast, how often wrongly: from sums of the log of calls, by half hours.

The sums are made when the log is taken up, so that what a page costs does not grow with the calls.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

PERIOD = timedelta(minutes=30)
GROWTH = 1.02
"""Each bin of latency reaches to GROWTH times the one below it."""
QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
MOST_KINDS = 40
_LEAST_MS = 1e-3
Call = tuple[datetime, int, float, int]
"""When, HTTP status, latency in ms, rows."""


def period_of(at: datetime) -> datetime:
    """Start of the half hour that a moment lies in, in UTC."""
    utc = at.astimezone(UTC)
    return utc.replace(minute=30 * (utc.minute // 30), second=0, microsecond=0)


def bin_of(latency_ms: float) -> int:
    """The bin of a latency: the least i with GROWTH to the power of i not below it."""
    return math.ceil(math.log(max(latency_ms, _LEAST_MS)) / math.log(GROWTH))


def percentile_ms(bins: Mapping[int, int], share: float) -> float:
    """The latency of this rank, off by 1 % at most; ``bins``: count by bin, not empty.

    Source: Masson, Rim, Lee (2019), DDSketch, Proceedings of the VLDB Endowment 12(12), section 2.
    """
    rank, seen = max(1, math.ceil(share * sum(bins.values()))), 0
    for place in sorted(bins):
        seen += bins[place]
        if seen >= rank:
            return float(2 * GROWTH**place / (GROWTH + 1))
    raise ValueError("There is no latency to take a percentile of.")


@dataclass
class Tally:
    """Sums over calls. ``kinds``: calls by the code of their refusal; ``latency``: by bin."""

    calls: int = 0
    rows: int = 0
    errors: int = 0
    refused: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    latency: Counter[int] = field(default_factory=Counter)

    def add(self, *, status: int, error: str, latency_ms: float, rows: int) -> None:
        """One more call. Refused and failed calls are no latency."""
        self.calls += 1
        self.rows += rows
        self.errors += status >= 500
        self.refused += 400 <= status < 500
        if status < 400:
            self.latency[bin_of(latency_ms)] += 1
        elif len(self.kinds) < MOST_KINDS or error in self.kinds:
            self.kinds[error] += 1

    def take(self, other: "Tally") -> None:
        """All calls of another sum."""
        self.calls += other.calls
        self.rows += other.rows
        self.errors += other.errors
        self.refused += other.refused
        self.kinds.update(other.kinds)
        self.latency.update(other.latency)

    def told(self) -> dict[str, Any]:
        """Counts, rates and latency, as ``service`` tells them."""
        bins = self.latency
        latency = bins and {name: percentile_ms(bins, share) for name, share in QUANTILES.items()}
        return {
            "calls": self.calls,
            "rows": self.rows,
            "errors": self.errors,
            "refused": self.refused,
            "error_rate": self.errors / self.calls if self.calls else 0.0,
            "refused_rate": self.refused / self.calls if self.calls else 0.0,
            "latency_ms": latency or None,
        }


def window_start(*, now: datetime, window: timedelta) -> datetime:
    """Start of the half hour in which a window that ends ``now`` began: half hours are whole."""
    return period_of(now - window)


def service(
    tallies: Iterable[tuple[datetime, Tally]], *, now: datetime, window: timedelta
) -> dict[str, Any]:
    """Volume, errors and latency within ``window`` before ``now``.

    Parameters
    ----------
    tallies : of each half hour its start and its sum; several of one start are added up

    Returns
    -------
    dict
        ``calls``, ``rows``, ``errors`` (answers of the server's own fault, 5xx), ``refused``
        (4xx), ``error_rate``, ``refused_rate``, ``latency_ms`` {p50, p95, p99} or None without
        calls, ``kinds`` (calls that were not answered by code, the most frequent first), ``since``
        (ISO 8601) and ``span_days`` since then; ``periods``: the same per half hour that has calls,
        with its ``start``. O(half hours x bins).
    """
    first = window_start(now=now, window=window)
    inside: defaultdict[datetime, Tally] = defaultdict(Tally)
    whole = Tally()
    for start, tally in tallies:
        if first <= start <= now:
            inside[start].take(tally)
            whole.take(tally)
    return {
        **whole.told(),
        "kinds": dict(whole.kinds.most_common()),
        "since": first.isoformat(),
        "span_days": (now - first) / timedelta(days=1),
        "periods": [
            {"start": start.isoformat(), **inside[start].told()} for start in sorted(inside)
        ],
    }


def summary(calls: Sequence[Call]) -> dict[str, Any]:
    """Counts, rates and exact latency of single calls: of a few minutes, or of a canary."""
    errors = sum(1 for _, status, _, _ in calls if status >= 500)
    refused = sum(1 for _, status, _, _ in calls if 400 <= status < 500)
    return {
        "calls": len(calls),
        "rows": sum(rows for *_, rows in calls),
        "errors": errors,
        "refused": refused,
        "error_rate": errors / len(calls) if calls else 0.0,
        "refused_rate": refused / len(calls) if calls else 0.0,
        "latency_ms": latency_of([latency for _, status, latency, _ in calls if status < 400]),
    }


def latency_of(latencies_ms: Sequence[float]) -> dict[str, float] | None:
    """``{p50, p95, p99}`` in ms of answered calls; None without one."""
    if not latencies_ms:
        return None
    found = np.percentile(latencies_ms, [100 * share for share in QUANTILES.values()])
    return dict(zip(QUANTILES, map(float, found), strict=True))
