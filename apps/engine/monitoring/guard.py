"""Is a canary worse than the release beside it? Asked every minute, so chance must not end it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.engine.evaluation.intervals import rate_interval
from apps.engine.percent import percent

FEW_CALLS = 20
CONFIDENCE = 0.999
"""Of the intervals of rates: at 0.95 a look a minute would end a good canary within the hour."""
WORSE, HOLDS, UNKNOWN = "worse", "holds", "cannot tell yet"


@dataclass(frozen=True)
class Bounds:
    """How much worse a canary may be.

    ``failed``: points of a percentage that more calls may fail; ``latency``: its p95 may be so many
    times that of the release; ``metric``: the primary metric may be so much worse, in its unit.
    """

    failed: float
    latency: float
    metric: float


@dataclass(frozen=True)
class Side:
    """What one release did since the canary began.

    ``failed`` of ``calls``: those that it could not answer. ``latencies_ms`` of answered calls.
    ``verdict``: the primary metric on known truths: title, result, low, high, direction; or None.
    """

    calls: int
    failed: int
    latencies_ms: Sequence[float]
    verdict: Mapping[str, Any] | None = None

    @property
    def failed_share(self) -> float:
        """Share of calls that failed, unitless."""
        return self.failed / self.calls if self.calls else 0.0


def guard(canary: Side, release: Side, bounds: Bounds) -> list[dict[str, Any]]:
    """Each bound with ``what``, ``state`` and a sentence ``says``; errors, latency, metric.

    A canary is worse where the whole interval of its figure lies beyond the bound (Wilson's for
    failed and for slow calls). O(calls log calls).
    """
    return [judge(canary, release, bounds) for judge in (_errors, _latency, _metric)]


def _told(what: str, state: str, says: str) -> dict[str, Any]:
    return {"what": what, "state": state, "says": says}


def _errors(canary: Side, release: Side, bounds: Bounds) -> dict[str, Any]:
    what = "Failed calls"
    if canary.calls < FEW_CALLS:
        return _told(what, UNKNOWN, f"{canary.calls} calls are too few; {FEW_CALLS} are needed.")
    low, _ = rate_interval(canary.failed, canary.calls, confidence=CONFIDENCE)
    limit = release.failed_share + bounds.failed / 100
    says = (
        f"It failed {percent(canary.failed_share)} of {canary.calls:,} calls, the release "
        f"{percent(release.failed_share)}; {percent(limit)} is the bound."
    )
    return _told(what, WORSE if low > limit else HOLDS, says)


def _latency(canary: Side, release: Side, bounds: Bounds) -> dict[str, Any]:
    what, count = "Latency", len(canary.latencies_ms)
    if min(count, len(release.latencies_ms)) < FEW_CALLS:
        return _told(what, UNKNOWN, f"Fewer than {FEW_CALLS} answered calls of one of the two.")
    theirs, ours = (float(np.percentile(side.latencies_ms, 95)) for side in (canary, release))
    limit_ms = bounds.latency * ours
    slow = int((np.asarray(canary.latencies_ms) > limit_ms).sum())
    # Its p95 is beyond the limit where more than 5 % of its calls are.
    low, _ = rate_interval(slow, count, confidence=CONFIDENCE)
    says = f"p95 is {theirs:.3g} ms, of the release {ours:.3g} ms; {limit_ms:.3g} ms is the bound."
    return _told(what, WORSE if low > 0.05 else HOLDS, says)


def _metric(canary: Side, release: Side, bounds: Bounds) -> dict[str, Any]:
    theirs, ours = canary.verdict, release.verdict
    if theirs is None or ours is None:
        return _told("The primary metric", UNKNOWN, "Too few truths are known of one of the two.")
    up = theirs["direction"] == "up"
    limit = ours["result"] - bounds.metric if up else ours["result"] + bounds.metric
    worse = theirs["high"] < limit if up else theirs["low"] > limit
    says = (
        f"{theirs['title']} is {theirs['result']:.3f} ({theirs['low']:.3f} to "
        f"{theirs['high']:.3f}), of the release {ours['result']:.3f}; {limit:.3f} is the bound."
    )
    return _told("The primary metric", WORSE if worse else HOLDS, says)
