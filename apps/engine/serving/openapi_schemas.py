"""The schemas of an endpoint's OpenAPI description, made from its contract."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.engine.contract.rule import Rule
from apps.engine.percent import percent
from apps.engine.serving.contract import MOST_ROWS as MOST_OF_A_CALL
from apps.engine.serving.contract import MOST_TEXT, Contract
from apps.engine.serving.fields import Field
from apps.engine.serving.reasons import MOST_REASONS, MOST_ROWS
from apps.engine.types import Kind, Problem

_TYPES: dict[Kind, dict[str, Any]] = {
    Kind.INTEGER: {"type": "integer"},
    Kind.NUMBER: {"type": "number"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.TEXT: {"type": "string", "maxLength": MOST_TEXT},
    Kind.DATETIME: {"type": "string", "description": "ISO 8601, such as 2024-05-31T12:00:00."},
}
_UUID = {"type": "string", "format": "uuid"}
_COUNT = {"type": "integer", "minimum": 0}
_KNOWN_LATER = {"type": ["integer", "null"], "description": "Null until it is done."}
_ADDRESS = {"type": "string", "description": "A path on this server."}
ALL_OR_NOTHING = "Whether one refused row stops all."
STATES = ("waiting", "running", "done", "failed", "stopped", "removed")
"""Of a batch: those of its job, and that its file and answers were removed."""
_CELL = {"type": ["string", "number", "boolean", "null"]}


@dataclass(frozen=True)
class Caps:
    """How much an endpoint takes: of one call or file, and of one token in a minute."""

    rows: int = MOST_OF_A_CALL
    body_mb: int = 20
    actuals: int = 10_000
    file_mb: int = 2_048
    calls_a_minute: int = 6_000
    rows_a_minute: int = 60_000_000
    batches_a_minute: int = 10


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _answered(classes: Sequence[str], *, sets: bool) -> dict[str, Any]:
    if not classes:
        return {"type": "number"}
    named = {"type": "string", "enum": list(classes)}
    if not sets:
        return named
    return {
        "type": "array",
        "items": named,
        "uniqueItems": True,
        "description": "Each label whose probability reaches the threshold; may be empty.",
    }


def schemas(
    contract: Contract,
    classes: Sequence[str],
    caps: Caps,
    *,
    sets: bool,
    level: float | None,
) -> dict[str, Any]:
    """Every schema of the description by its name; see ``openapi`` for the parameters."""
    answered = _answered(classes, sets=sets)
    note = _object(
        {
            "row": {"type": ["integer", "null"]},
            "field": {"type": ["string", "null"]},
            "code": {"type": "string"},
            "message": {"type": "string"},
        }
    )
    actual = _object({"prediction_id": _UUID, "value": answered})
    many = {"type": "array", "minItems": 1, "maxItems": caps.actuals, "items": actual}
    return {
        "Row": _row(contract),
        "Call": _call(caps.rows),
        "Answer": _answer(answered, classes, level),
        "Actuals": _object({"rows": many}),
        "Accepted": _object({"accepted": _COUNT, "known_before": _COUNT}),
        "Version": _version(),
        "Batch": _batch(),
        "Contract": {"type": "object"},
        "Note": note,
        "Reason": _reason(classes if sets else ()),
        "Refusal": _object({"error": _ref("Note"), "errors": {"type": "array", "items": note}}),
    }


def _call(most_rows: int) -> dict[str, Any]:
    rows = {"type": "array", "minItems": 1, "maxItems": most_rows}
    call = _object({"rows": {**rows, "items": _ref("Row")}})
    call["properties"]["ids"] = {
        **rows,
        "items": _UUID,
        "description": "The caller's own, one a row; a known one gets its first answer again.",
    }
    call["properties"]["reasons"] = {
        "type": "boolean",
        "description": f"Whether each answer tells its reasons: at most {MOST_ROWS} rows then.",
    }
    return call


def _version() -> dict[str, Any]:
    told = _object({"source": {"type": "string"}, "version": {"type": "integer", "minimum": 1}})
    told["properties"]["all_or_nothing"] = {
        "type": "boolean",
        "default": False,
        "description": ALL_OR_NOTHING,
    }
    return told


def _batch() -> dict[str, Any]:
    reason = _object(
        {
            "field": {"type": "string", "description": "Empty where it is about the whole row."},
            "code": {"type": "string"},
            "rows": {**_COUNT, "description": "How many have it."},
            "first": {"type": "integer", "minimum": 1, "description": "The first row that has it."},
            "says": {"type": "string", "description": "What is wrong with that first row."},
        }
    )
    answers = _object({"csv": _ADDRESS, "parquet": _ADDRESS})
    told = {
        "batch": {"type": "integer", "minimum": 1, "description": "Its number at the endpoint."},
        "release": {"type": "integer"},
        "model": {"type": "string", "description": "SHA-256 of the model file."},
        "state": {"type": "string", "enum": list(STATES)},
        "done": {**_COUNT, "description": "Of total, while it runs."},
        "total": {**_COUNT, "description": "0 while it is not known."},
        "problem": {"type": ["string", "null"], "description": "Why it failed."},
        "rows": _KNOWN_LATER,
        "answered": _KNOWN_LATER,
        "refused": _KNOWN_LATER,
        "reasons": {
            "type": "array",
            "items": reason,
            "description": "Why rows were refused, the most frequent reason first.",
        },
        "address": _ADDRESS,
        "answers": {**answers, "required": [], "description": "Empty while there are none."},
    }
    return _object(told)


def _reason(labels: Sequence[str]) -> dict[str, Any]:
    """Of an answer; ``labels``: of a set, else none."""
    effect = {
        "type": "number",
        "description": "The answer less that of the row with the usual value.",
    }
    told = {
        "field": {"type": "string"},
        "value": _CELL,
        "usual": {**_CELL, "description": "The median, or the commonest category, of development."},
        "effect": effect,
    }
    if labels:
        effect["description"] = "Probability of the label less that with the usual value."
        says = "The label whose probability the column moves most."
        told["label"] = {"type": "string", "enum": list(labels), "description": says}
    return _object(told)


def _answer(
    answered: dict[str, Any], classes: Sequence[str], level: float | None
) -> dict[str, Any]:
    if level is not None:
        answered = {**answered, "description": quantile_in_words(level)}
    chances: dict[str, Any] = {"type": "null"}
    if classes:
        chance = {"type": "number", "minimum": 0, "maximum": 1}
        chances = {
            "type": ["object", "null"],
            "properties": dict.fromkeys(classes, chance),
            "description": "Null where a simple rule answers in the model's place.",
        }
    row = _object({"id": _UUID, "prediction": answered, "probabilities": chances})
    row["properties"]["release"] = {
        "type": ["integer", "null"],
        "description": "Only where another release than that of the reply answered this row: a "
        "canary, or the one that answered its id first. Null: a rule did.",
    }
    about: dict[str, Any] = {
        "endpoint": {"type": "string"},
        "release": {"type": "integer"},
        "model": {"type": "string", "description": "SHA-256 of the model file."},
    }
    if level is not None:
        about["quantile"] = {
            "type": "number",
            "const": level,
            "description": quantile_in_words(level),
        }
    row["properties"]["reasons"] = {
        "type": "array",
        "maxItems": MOST_REASONS,
        "items": _ref("Reason"),
        "description": "Only where asked for: the columns that move the answer most.",
    }
    return _object(
        {
            **about,
            "predictions": {"type": "array", "items": row},
            "warnings": {"type": "array", "items": _ref("Note")},
        }
    )


def quantile_in_words(level: float) -> str:
    """What an answered number is, where it is a quantile."""
    return (
        f"The {level:g} quantile: {percent(level, None)} of the truths are expected at or below "
        "this number."
    )


def answers_in_words(served_with: Mapping[str, Any]) -> str:
    """What the answers of a release are, where it is neither one class nor a mean; else empty."""
    level = served_with.get("level")
    if level is not None:
        return quantile_in_words(level)
    if served_with.get("problem") != Problem.MULTILABEL:
        return ""
    return (
        f"The labels whose probability is {served_with['threshold']:g} or more, maybe none. Each "
        "probability stands by itself: together they are not 1."
    )


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _row(contract: Contract) -> dict[str, Any]:
    """A row with what the data contract refuses as limits; other rules stand in words."""
    refusing = [rule for rule in contract.rules if rule.refuses]
    told = _object(
        {
            item.name: _field(item, [rule for rule in refusing if rule.columns == (item.name,)])
            for item in contract.fields
        }
    )
    words = [
        f"{'Refused' if rule.refuses else 'Warned of'} where it does not hold: {rule.sentence()}"
        for rule in contract.rules
        if not rule.refuses or rule.kind == "holds"
    ]
    words += [
        f"{'Refused' if rule.refuses else 'Warned of'} where it does not hold after the recipe, "
        f"which makes it of {', '.join(contract.origin_of(rule))}: {rule.sentence()}"
        for rule in contract.made
    ]
    return {**told, "description": " ".join(words)} if words else told


def _limits(rules: Sequence[Rule]) -> dict[str, Any]:
    """JSON Schema of rules on one column that refuse."""
    told: dict[str, Any] = {}
    for rule in rules:
        if rule.kind == "one_of":
            told["enum"] = list(rule.values)
        bounds = {"minimum": rule.low, "maximum": rule.high}
        told |= {name: each for name, each in bounds.items() if isinstance(each, int | float)}
    return told


def _field(item: Field, rules: Sequence[Rule]) -> dict[str, Any]:
    told = {**_TYPES[item.kind], **_limits(rules)}
    nullable = item.nullable and not any(rule.kind == "filled" for rule in rules)
    if nullable and "enum" in told:
        told["enum"].append(None)
    if nullable:
        told["type"] = [told["type"], "null"]
    if item.example is not None:
        told["examples"] = [item.example]
    if item.categories is not None:
        shown = ", ".join(item.categories[:20])
        told["description"] = f"In training: {shown}{' …' if len(item.categories) > 20 else ''}."
    elif item.low is not None and item.high is not None:
        told["description"] = f"In training: {item.low:g} to {item.high:g}."
    return told
