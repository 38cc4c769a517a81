"""Tests of what is noticed once it serves: half for a whole tripwire, a point for a running one."""

from typing import Any

from apps.governance.readiness.record import Record
from apps.governance.readiness.score import AUTOMATED, BY_HAND, NONE, Item


def _watched(
    of: Record, asks: str, *, wires: list[dict[str, Any]], running: str, wanted: str
) -> Item:
    """``running``: what the last look of the watch measured, as a sentence; empty for nothing."""
    if running:
        return Item(asks, AUTOMATED, running, "", of.link("production:monitor"))
    if not wires:
        says = "No risk of the signed plan has such a tripwire with owner and contingency."
        how = f"Give a risk of the plan a tripwire on {wanted}, an owner and a contingency."
        return Item(asks, NONE, says, how, of.link("planning:risks"))
    owners = ", ".join(sorted({str(risk["owner"]) for risk in wires}))
    says = (
        f"Tripwires in the signed plan: {len(wires)}, owned by {owners}. Nothing is measured yet."
    )
    how = "Put it live: the watch measures once requests come."
    return Item(asks, BY_HAND, says, how, of.link("production:deploy"))


def inputs(of: Record) -> Item:
    """Served rows are compared with the development rows, and a tripwire makes it an alarm."""
    wires = of.wires("psi", "missing_rate")
    columns = len(of.watch.drift) if of.watch and wires else 0
    return _watched(
        of,
        "Would we notice that inputs move away from the training rows?",
        wires=wires,
        running=f"{columns} columns of served rows are compared." if columns else "",
        wanted="drift or missing values",
    )


def speed(of: Record) -> Item:
    """Time and errors of requests are measured, and a tripwire makes it an alarm."""
    wires = of.wires("latency_p95_ms", "error_rate")
    calls = of.watch.service.get("calls", 0) if of.watch and wires else 0
    return _watched(
        of,
        "Would we notice that it answers slower, or not at all?",
        wires=wires,
        running=f"Time and errors of {calls:,} requests were measured at the last look."
        if calls
        else "",
        wanted="latency or errors",
    )


def quality(of: Record) -> Item:
    """The promise is measured on rows whose truth came back: that alarms without a tripwire."""
    verdicts = (of.watch.performance.get("verdicts") or []) if of.watch else []
    measured = sum(row.get("result") is not None for row in verdicts)
    return _watched(
        of,
        "Would we notice that the promise breaks on served rows?",
        wires=of.wires("promise"),
        running=f"{measured} promised metrics are measured on rows whose truth came back."
        if measured
        else "",
        wanted="a broken promise",
    )


TESTS = (inputs, speed, quality)
SILENT = (
    "notice of changed dependencies",
    "that training and serving compute alike",
    "the age of the model",
    "numerical stability",
)
