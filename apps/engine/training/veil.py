"""What may be shown of a candidate's single rows and groups where a column is sensitive."""

from collections.abc import Collection
from typing import Any

HIDDEN = "not shown"

Told = dict[str, Any]


def veil_diagnosis(told: Told, *, sensitive: Collection[str], target: str) -> Told:
    """A diagnosis without values of sensitive columns; the given one is not changed.

    Groups lose their names, rows their values; where the target itself is sensitive no single
    row is shown at all. Numbers of errors stay: whether a model treats groups alike has to be
    asked.
    """
    if not sensitive or not told:
        return told
    hides_target = target in sensitive
    weak = told.get("weak") or {}
    return {
        **told,
        "weak": {**weak, "found": [_weak(item, sensitive) for item in weak.get("found", [])]},
        "worst": [] if hides_target else [_worst(item, sensitive) for item in told["worst"]],
        "wrong": [] if hides_target else _cases(told.get("wrong"), sensitive),
        "clusters": [
            {
                **item,
                "conditions": [_condition(one, sensitive) for one in item["conditions"]],
                "examples": [] if hides_target else _cases(item["examples"], sensitive),
            }
            for item in told.get("clusters", [])
        ],
    }


def veil_row(told: Told, *, sensitive: Collection[str], target: str) -> Told:
    """An explained row without values of sensitive columns; what each adds stays."""
    if not told or not sensitive:
        return told
    parts = [
        {**part, "value": HIDDEN} if part["feature"] in sensitive else part
        for part in told["parts"]
    ]
    truth = HIDDEN if target in sensitive else told["truth"]
    return {**told, "parts": parts, "truth": truth}


def _weak(item: Told, sensitive: Collection[str]) -> Told:
    parts = item.get("parts")
    if parts is None:  # found before conditions were kept one by one
        names = [name for name in sensitive if name in item["where"]]
        return {**item, "where": f"a group of {', '.join(sorted(names))}"} if names else item
    if not any(part["column"] in sensitive for part in parts):
        return item
    words = [
        f"{part['column']} is one of its groups"
        if part["column"] in sensitive
        else f"{part['column']} is {part['label']}"
        for part in parts
    ]
    return {**item, "where": " and ".join(words), "parts": []}


def _worst(item: Told, sensitive: Collection[str]) -> Told:
    values = {
        name: HIDDEN if name in sensitive else value for name, value in item["values"].items()
    }
    return {**item, "values": values}


def _cases(cases: list[Told] | None, sensitive: Collection[str]) -> list[Told]:
    return [
        {**item, "unusual": [one for one in item["unusual"] if one["column"] not in sensitive]}
        for item in cases or []
    ]


def _condition(one: Told, sensitive: Collection[str]) -> Told:
    return {**one, "says": "is one of its groups"} if one["column"] in sensitive else one
