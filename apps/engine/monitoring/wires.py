"""The plan's tripwires, read: what each sees within its own days, and whether it has tripped."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.engine.percent import percent

FEW_CALLS = 20
FEW_TOLD = 50
NAMED_COLUMNS = 3
ABOVE, BELOW = ">", "<"
TRIPPED, QUIET, UNKNOWN = "tripped", "quiet", "cannot tell yet"

Look = Mapping[str, Any]
"""What the watch saw in a wire's days: ``service``, ``drift``, ``performance``, and ``full``:
False as long as the release serves for less than these days."""


@dataclass(frozen=True)
class Seen:
    """A value with its 95 % interval; ``low`` and ``high`` equal it where chance has no part."""

    value: float
    low: float
    high: float

    @classmethod
    def exactly(cls, value: float) -> "Seen":
        """A value that is counted and not estimated."""
        return cls(value, value, value)


def _rate(key: str) -> Callable[[Look], Seen | None]:
    def read(look: Look) -> Seen | None:
        service = look["service"]
        return Seen.exactly(service[key]) if service.get("calls", 0) >= FEW_CALLS else None

    return read


def _latency(look: Look) -> Seen | None:
    latency = look["service"].get("latency_ms")
    enough = look["service"].get("calls", 0) >= FEW_CALLS and latency
    return Seen.exactly(latency["p95"]) if enough else None


def _calls(look: Look) -> Seen | None:
    """Calls a day; a release younger than the wire's days is not said to be called too rarely."""
    days = look.get("days")
    if not days or not look.get("full"):
        return None
    service = look["service"]
    return Seen.exactly(service.get("calls", 0) / (service.get("span_days") or days))


def _coverage(look: Look) -> Seen | None:
    seen = look["performance"]
    enough = seen.get("due", 0) >= FEW_TOLD
    return Seen.exactly(seen["due_known"] / seen["due"]) if enough else None


def _positives(look: Look) -> Seen | None:
    share = look["performance"].get("positive_share")
    return Seen(share["value"], share["low"], share["high"]) if share else None


def _primary(look: Look) -> Seen | None:
    found = next(iter(look["performance"].get("verdicts", [])), None)
    return Seen(found["result"], found["low"], found["high"]) if found else None


def _estimated(look: Look) -> Seen | None:
    found = next(iter((look["performance"].get("estimate") or {}).get("metrics", [])), None)
    if found is None:
        return None
    off = found["error"] or 0.0
    return Seen(found["value"], found["low"] - off, found["high"] + off)


def _money(look: Look) -> Seen | None:
    money = look["performance"].get("money")
    if not money or money["known"] < FEW_TOLD:
        return None
    return Seen(money["delivered"], money["low"], money["high"])


SHARE = "share"
"""The form of a share, which is written as a percentage."""


@dataclass(frozen=True)
class WireKind:
    """What a wire can hang on: words, how it is written, how it is read."""

    title: str
    form: str
    read: Callable[[Look], Seen | None] | None = None


KINDS: dict[str, WireKind] = {
    "psi": WireKind("PSI", ".2f"),
    "missing_rate": WireKind("missing", SHARE),
    "new_share": WireKind("never seen before", SHARE),
    "error_rate": WireKind("Share of failed calls", ".3g", _rate("error_rate")),
    "refused_rate": WireKind("Share of refused calls", ".3g", _rate("refused_rate")),
    "latency_p95_ms": WireKind("Latency p95 in ms", ".3g", _latency),
    "calls_a_day": WireKind("Calls a day", ",.3g", _calls),
    "positive_share": WireKind("Share of positive answers", ".3g", _positives),
    "coverage": WireKind("Share of answers whose truth came back", ".3g", _coverage),
    "primary": WireKind("The primary metric", ".3f", _primary),
    "estimated": WireKind("The primary metric, estimated", ".3f", _estimated),
    "money": WireKind("Money delivered", ",.0f", _money),
}
"""All but ``promise``, which is judged with the locked metrics. The first three, which have
no ``read``, are asked of every column."""


def read_wire(wire: Mapping[str, Any], look: Look) -> dict[str, Any]:
    """``value``, ``state`` and ``told`` (a sentence, with what it is held against) of one wire.

    Chance trips no wire: a PSI has to be beyond what so few rows show, an estimated value has to
    be beyond the threshold with its whole interval, and there is a least number of calls and rows.
    """
    kind = KINDS[wire["metric"]]
    if kind.read is None:
        return _columns(wire, kind, look["drift"])
    seen = kind.read(look)
    if seen is None:
        return {"value": None, "state": UNKNOWN, "told": "Too little was seen so far."}
    below = operator_of(wire) == BELOW
    threshold = float(wire["threshold"])
    trips = seen.high < threshold if below else seen.low > threshold
    word = "below" if below else "above"
    state = TRIPPED if trips else QUIET
    verb = "is" if trips else "is not"
    value = _written(seen.value, kind.form)
    told = f"{kind.title} is {value}, {word} {threshold:g}."
    if not trips:
        told = f"{kind.title} is {value}: it {verb} {word} {threshold:g}."
    return {"value": seen.value, "state": state, "told": told}


def _written(value: float, form: str) -> str:
    """The value in the form of its kind; thousands in full and not as a power of ten."""
    if form == SHARE:
        return percent(value)
    return f"{value:,.0f}" if form.endswith("g") and abs(value) >= 1_000 else f"{value:{form}}"


def operator_of(wire: Mapping[str, Any]) -> str:
    """The direction in which it trips; above, where an older plan says nothing."""
    return wire.get("operator") or ABOVE


def _columns(
    wire: Mapping[str, Any], kind: WireKind, drift: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    metric, threshold = wire["metric"], float(wire["threshold"])
    below = operator_of(wire) == BELOW
    rows = [row for row in drift if row["state"] != "too few rows" and not row.get("is_date")]
    if not rows:
        return {"value": None, "state": UNKNOWN, "told": "Too few rows were answered so far."}
    rows = sorted(rows, key=lambda row: float(row[metric]), reverse=not below)
    beyond = [row for row in rows if _is_beyond(row, metric, threshold, below=below)]
    far = float(rows[0][metric])
    if not beyond:
        told = f"The farthest is {rows[0]['feature']} ({kind.title} {_written(far, kind.form)})."
        return {"value": far, "state": QUIET, "told": told}
    told = _named(beyond, kind, metric, threshold, below=below)
    return {"value": far, "state": TRIPPED, "told": told}


def _is_beyond(row: Mapping[str, Any], metric: str, threshold: float, *, below: bool) -> bool:
    value = float(row[metric])
    if below:
        return value < threshold
    return value > (max(threshold, float(row["psi_by_chance"])) if metric == "psi" else threshold)


def _named(
    rows: Sequence[Mapping[str, Any]],
    kind: WireKind,
    metric: str,
    threshold: float,
    *,
    below: bool,
) -> str:
    """The columns beyond a wire, the farthest first; all but NAMED_COLUMNS are counted."""
    if len(rows) == 1:
        return f"{rows[0]['feature']}: {rows[0]['says']}"
    named = [
        f"{row['feature']} ({_written(row[metric], kind.form)})" for row in rows[:NAMED_COLUMNS]
    ]
    more = len(rows) - len(named)
    rest = f" and {more} more" if more else ""
    word = "below" if below else "above"
    return f"{len(rows)} columns have {kind.title} {word} {threshold:g}: {', '.join(named)}{rest}."
