"""From what the watch saw to alarms: broken promises, tripped wires, each with its action."""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.engine.monitoring.performance import BROKEN

FEW_CALLS = 20
NAMED_COLUMNS = 3


def alarms_of(
    *,
    service: Mapping[str, Any],
    drift: Sequence[Mapping[str, Any]],
    performance: Mapping[str, Any],
    tripwires: Sequence[Mapping[str, Any]],
) -> list[dict[str, str]]:
    """Alarms ``{"key", "severity", "says", "action"}``: broken promises first.

    A tripwire is ``{"metric", "threshold", "says", "action"}`` with metric psi, missing_rate,
    error_rate, latency_p95_ms or promise; it trips above its threshold. Chance trips no wire:
    drift needs enough rows and a PSI beyond chance, service FEW_CALLS calls. However many columns
    trip a wire, it is one alarm.
    """
    found = []
    action = next((wire["action"] for wire in tripwires if wire["metric"] == "promise"), "")
    for verdict in performance.get("verdicts", []):
        if verdict["kept"] == BROKEN:
            sign = "at least" if verdict["direction"] == "up" else "at most"
            found.append(
                {
                    "key": f"promise:{verdict['metric']}",
                    "severity": "high" if verdict["role"] == "primary" else "medium",
                    "says": f"{verdict['title']} is {verdict['result']:.3f} on {verdict['rows']:,} "
                    f"rows; promised was {sign} {verdict['threshold']:g}.",
                    "action": action,
                }
            )
    for wire in tripwires:
        found += _tripped(wire, service=service, drift=drift)
    return found


def _tripped(
    wire: Mapping[str, Any], *, service: Mapping[str, Any], drift: Sequence[Mapping[str, Any]]
) -> list[dict[str, str]]:
    metric, threshold = wire["metric"], wire.get("threshold")
    if metric == "promise" or threshold is None:
        return []
    if metric in {"psi", "missing_rate"}:
        beyond = [
            row
            for row in drift
            if row["state"] != "too few rows" and row[metric] > _least(row, metric, threshold)
        ]
        return [_alarm(wire, _columns(beyond, metric, threshold))] if beyond else []
    if service.get("calls", 0) < FEW_CALLS:
        return []
    latency = (service.get("latency_ms") or {}).get("p95", 0.0)
    value = service["error_rate"] if metric == "error_rate" else latency
    if value <= threshold:
        return []
    word = "Share of failed calls" if metric == "error_rate" else "Latency p95 in ms"
    return [_alarm(wire, f"{word} is {value:.3g}, above {threshold:g}.")]


def _least(row: Mapping[str, Any], metric: str, threshold: float) -> float:
    return max(threshold, float(row["psi_by_chance"])) if metric == "psi" else threshold


def _columns(rows: Sequence[Mapping[str, Any]], metric: str, threshold: float) -> str:
    """The columns beyond a wire, the farthest first; all but NAMED_COLUMNS are counted."""
    if len(rows) == 1:
        return f"{rows[0]['feature']}: {rows[0]['says']}"
    ordered = sorted(rows, key=lambda row: -float(row[metric]))
    word, form = ("PSI", ".2f") if metric == "psi" else ("missing", ".1%")
    named = [f"{row['feature']} ({row[metric]:{form}})" for row in ordered[:NAMED_COLUMNS]]
    more = len(rows) - len(named)
    rest = f" and {more} more" if more else ""
    return f"{len(rows)} columns have {word} above {threshold:g}: {', '.join(named)}{rest}."


def _alarm(wire: Mapping[str, Any], says: str) -> dict[str, str]:
    return {
        "key": f"tripwire:{wire['metric']}:{wire['threshold']:g}",
        "severity": "medium",
        "says": f"{wire['says']}: {says}" if wire.get("says") else says,
        "action": wire["action"],
    }
