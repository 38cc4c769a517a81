"""What may give the target away before the model is asked: each suspect with its reason."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from apps.engine.percent import percent
from apps.engine.profile.findings import is_id_like
from apps.engine.profile.leakage import told_target

SEVERITIES = ("high", "medium", "low")
STRONG_AUC = 0.925
"""A normalised Gini of 0.85: the lower of the two usual alarm lines for one feature."""
NOTABLE_AUC = 0.85
NOTABLE_EFFECT = 0.9
LEAST_WORD = 3
MOST_FAMILY = 3
"""Columns whose names begin alike; more of them share a topic, not a moment."""


@dataclass(frozen=True)
class Suspect:
    """One thing that may leak. ``leads`` names where to act: plan, wrangle or split."""

    key: str
    column: str
    severity: str
    says: str
    suggests: str
    leads: str


Told = dict[str, Any]


def suspects(
    profile: Told,
    study: Told,
    *,
    later: Iterable[str] = (),
    clock: str = "",
    warnings: Iterable[str] = (),
) -> list[Told]:
    """Everything that may leak, the gravest first; one line for each column and reason.

    ``later``: columns the plan says are known only after the decision. ``clock``: the column that
    says when a row happened. ``warnings``: what the drawing of the split counted.
    """
    target = (profile["target"] or {}).get("name", "")
    late = set(later)
    order = {column["name"]: place for place, column in enumerate(profile["columns"])}
    found: list[Suspect] = [_known_later(column, late) for column in _names(profile) & late]
    for column in profile["columns"]:
        if column["name"] != target:
            found += [suspect for suspect in (_power(column), _id(column)) if suspect]
    found += _written_with(found, names=order, target=target)
    found += _sums(study["sums"], target=target)
    found += _gaps(study["gaps"]["columns"], target=target)
    found += _dates(study, clock=clock, target=target)
    found += [
        Suspect("split", "", "medium", says, "Draw the split another way.", "split")
        for says in warnings
    ]
    found.sort(
        key=lambda suspect: (SEVERITIES.index(suspect.severity), order.get(suspect.column, -1))
    )
    # As asdict would, in a quarter of the time: of a wide table there are thousands.
    return [{**vars(suspect)} for suspect in found]


def _names(profile: Told) -> set[str]:
    return {column["name"] for column in profile["columns"]}


def _known_later(column: str, late: set[str]) -> Suspect:
    return Suspect(
        "known_later",
        column,
        "high",
        "The plan says that it is known only after the decision.",
        "It is never trained on; drop it from the table, or correct the plan.",
        "wrangle",
    )


def _power(column: Told) -> Suspect | None:
    if is_id_like(column) and not column.get("leak"):
        return None
    name, relation = column["name"], column.get("relation")
    if column.get("leak"):
        says = f"It {column['leak']}."
        return Suspect("power", name, "high", says, _ASK, "plan")
    if not relation:
        return None
    auc, effect = relation["auc"], relation["effect"]["value"]
    if auc is not None and auc >= NOTABLE_AUC:
        severity = "medium" if auc >= STRONG_AUC else "low"
        says = f"Alone it tells {told_target(relation)} well (AUC {auc:.3f} of at most 1)."
        return Suspect("power", name, severity, says, _ASK, "plan")
    if relation["kind"] == "mean" and effect is not None and abs(effect) >= NOTABLE_EFFECT:
        says = f"It goes with “{relation['target']}” closely ({abs(effect):.2f} of at most 1)."
        return Suspect("power", name, "low", says, _ASK, "plan")
    return None


_ASK = "Ask when it is written. If after the outcome, mark it in the plan as known later."


def _written_with(found: Iterable[Suspect], *, names: Iterable[str], target: str) -> list[Suspect]:
    """Columns named like one that tells the target alone: ``dep_time`` beside ``dep_delay``."""
    powers = {one.column for one in found if one.key == "power"}
    families: dict[str, list[str]] = {}
    for name in names:
        families.setdefault(_first_word(name), []).append(name)
    return [
        Suspect(
            "written_with",
            name,
            "low",
            f"Its name begins like “{tells}”, which alone tells “{target}”: it may be written at "
            "the same moment.",
            _ASK,
            "plan",
        )
        for word, family in families.items()
        for tells in [next((name for name in family if name in powers), "")]
        if word and tells and len(family) <= MOST_FAMILY
        for name in family
        if name != target and name not in powers
    ]


def _first_word(name: str) -> str:
    """In lower case, of a name of several words; nothing for a short one or a single word."""
    word, *others = re.split(r"[\s_.-]+", name.casefold())
    return word if others and len(word) >= LEAST_WORD else ""


def _id(column: Told) -> Suspect | None:
    if not is_id_like(column):
        return None
    why = "numbers given in the order of events carry time into the model"
    if column["kind"] == "text":
        why = "it names rows, and a model would learn them by heart"
    return Suspect(
        "id",
        column["name"],
        "low",
        f"Nearly all values differ: {why}.",
        "Leave it out of the features.",
        "plan",
    )


def _sums(rules: list[Told], *, target: str) -> list[Suspect]:
    found = []
    for rule in rules:
        parts = rule["parts"]
        if target == rule["total"]:
            says = f"“{parts[0]}” + “{parts[1]}” is “{target}” in all {rule['rows']:,} rows."
            found += [Suspect("sum", part, "high", says, _PARTS, "plan") for part in parts]
        elif target in parts:
            other = parts[1 - parts.index(target)]
            says = f"“{rule['total']}” − “{other}” is “{target}” in all {rule['rows']:,} rows."
            mine = (rule["total"], other)
            found += [Suspect("sum", part, "high", says, _PARTS, "plan") for part in mine]
    return found


_PARTS = "Parts of a total are known no earlier than the total: mark them as known later."


def _gaps(columns: list[Told], *, target: str) -> list[Suspect]:
    found = []
    for column in columns:
        effect = column["effect"]
        if not effect or not effect["sure"]:
            continue
        tells = effect["tells"]
        if tells:
            says = (
                f"Where it is {tells['where']}, “{target}” is “{tells['value']}” in "
                f"{tells['hits']:,} of {tells['rows']:,} rows."
            )
            found.append(Suspect("gap", column["name"], "high", says, _FILLED, "plan"))
    return found


_FILLED = "Ask who fills it and when: a value that exists only for one outcome is written after it."


def _dates(study: Told, *, clock: str, target: str) -> list[Suspect]:
    known = [told["column"] for told in study["time"]]
    since = clock if clock in known else (known[0] if known else "")
    return [
        Suspect(
            "after",
            pair["column"],
            "medium",
            f"It lies after “{since}” in {percent(pair['share'], 0)} of {pair['rows']:,} rows.",
            "If the decision falls at the earlier date, mark this one as known later.",
            "plan",
        )
        for pair in study["later"]
        if pair["than"] == since and pair["column"] != target
    ]
