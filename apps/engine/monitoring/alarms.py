"""From what the watch saw to alarms: broken promises, tripped wires, each with its action."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from apps.engine.monitoring.performance import BROKEN
from apps.engine.monitoring.wires import (
    BELOW,
    FEW_CALLS,
    KINDS,
    TRIPPED,
    Look,
    operator_of,
    read_wire,
)

PROMISE_DAYS = 7
PROMISE = "promise"
__all__ = ["FEW_CALLS", "PROMISE", "alarms_of", "hangs_on", "wire_key", "wires_of"]


def wires_of(
    tripwires: Sequence[Mapping[str, Any]], look: Look, windows: Mapping[int, Look] | None = None
) -> list[dict[str, Any]]:
    """Each wire but the promise's, with ``title``, ``value``, ``state`` and ``told``.

    ``windows``: by a wire's ``window_days`` what was seen in them; ``look``: the same for a wire
    that names none.
    """
    return [
        {
            **wire,
            "title": KINDS[wire["metric"]].title,
            **read_wire(wire, (windows or {}).get(wire.get("window_days") or 0, look)),
        }
        for wire in tripwires
        if wire["metric"] in KINDS and wire.get("threshold") is not None
    ]


def alarms_of(
    *,
    service: Mapping[str, Any],
    drift: Sequence[Mapping[str, Any]],
    performance: Mapping[str, Any],
    tripwires: Sequence[Mapping[str, Any]],
    wires: Sequence[Mapping[str, Any]] | None = None,
) -> list[dict[str, Any]]:
    """Alarms: ``key``, ``severity``, ``says``, ``action``, ``risk``; broken promises first.

    A tripwire is ``{"metric", "operator", "threshold", "window_days", "says", "action"}`` with a
    metric of ``wires.KINDS`` or ``promise``. ``wires``: the same as ``wires_of`` read them; they
    are read here where nobody has. However many columns trip a wire, it is one alarm. ``risk``
    is the risk of the plan in its words, empty where the plan names none; ``window_days`` how long
    it takes until what was seen has left the window.
    """
    promise = next((wire for wire in tripwires if wire["metric"] == PROMISE), {})
    found = [
        {
            "key": f"promise:{verdict['metric']}",
            "severity": "high" if verdict["role"] == "primary" else "medium",
            "says": _broken(verdict),
            "action": promise.get("action", ""),
            "risk": promise.get("says", ""),
            "window_days": promise.get("window_days") or PROMISE_DAYS,
        }
        for verdict in performance.get("verdicts", [])
        if verdict["kept"] == BROKEN
    ]
    look = {"service": service, "drift": drift, "performance": performance}
    read = wires_of(tripwires, look) if wires is None else wires
    return found + [_alarm(wire) for wire in read if wire["state"] == TRIPPED]


def _broken(verdict: Mapping[str, Any]) -> str:
    sign = "at least" if verdict["direction"] == "up" else "at most"
    return (
        f"{verdict['title']} is {verdict['result']:.3f} on {verdict['rows']:,} "
        f"rows; promised was {sign} {verdict['threshold']:g}."
    )


def wire_key(wire: Mapping[str, Any]) -> str:
    """The key of a tripwire's alarm; of the promise, what the keys of its alarms begin with."""
    if wire["metric"] == PROMISE:
        return PROMISE
    below = ":below" if operator_of(wire) == BELOW else ""
    return f"tripwire:{wire['metric']}:{wire['threshold']:g}{below}"


def hangs_on(alarm: str, wires: Collection[str]) -> bool:
    """Whether the alarm of this key is one of the tripwires of these keys."""
    return (PROMISE if alarm.startswith(f"{PROMISE}:") else alarm) in wires


def _alarm(wire: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "key": wire_key(wire),
        "severity": "medium",
        "says": f"{wire['says']}: {wire['told']}" if wire.get("says") else wire["told"],
        "action": wire["action"],
        "risk": wire.get("says", ""),
        "window_days": wire.get("window_days") or 1,
    }
