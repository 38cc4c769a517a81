"""Tests of what is noticed once it serves: half for a whole tripwire, a point for a running one."""

from typing import Any

from apps.governance.readiness.record import Record
from apps.governance.readiness.score import AUTOMATED, BY_HAND, NONE, Item


def _watched(
    of: Record, asks: str, *, wires: list[dict[str, Any]], running: str, wanted: str
) -> Item:
    how = f"Give a risk of the plan a tripwire on {wanted}, an owner and a contingency."
    if running and wires:
        return Item(asks, AUTOMATED, running, how, of.link("production:monitor"))
    if not wires:
        says = f"{running} No risk of the plan has such a tripwire with owner and contingency."
        return Item(asks, NONE, says.strip(), how, of.link("planning:risks"))
    owners = ", ".join(sorted({str(risk["owner"]) for risk in wires}))
    says = f"{len(wires)} set in the signed plan, owned by {owners}; nothing is measured yet."
    how = "Put it live: the watch measures once requests come."
    return Item(asks, BY_HAND, says, how, of.link("production:deploy"))


def inputs(of: Record) -> Item:
    """Served rows are compared with the development rows."""
    columns = len(of.watch.drift) if of.watch else 0
    return _watched(
        of,
        "Would we notice that inputs move away from the training rows?",
        wires=of.wires("psi", "missing_rate"),
        running=f"{columns} columns of served rows are compared." if columns else "",
        wanted="drift or missing values",
    )


def speed(of: Record) -> Item:
    """Time and errors of requests are measured."""
    calls = of.watch.service.get("calls", 0) if of.watch else 0
    return _watched(
        of,
        "Would we notice that it answers slower, or not at all?",
        wires=of.wires("latency_p95_ms", "error_rate"),
        running=f"Time and errors of {calls:,} requests were measured at the last look."
        if calls
        else "",
        wanted="latency or errors",
    )


def quality(of: Record) -> Item:
    """The promise is measured on rows whose truth came back."""
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
