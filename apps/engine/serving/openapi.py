"""The OpenAPI 3.1 description of one endpoint, made from its contract."""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.engine.contract.rule import Rule
from apps.engine.serving.contract import MOST_TEXT, Contract
from apps.engine.serving.fields import Field
from apps.engine.serving.reasons import MOST_REASONS, MOST_ROWS
from apps.engine.types import Kind

_TYPES: dict[Kind, dict[str, Any]] = {
    Kind.INTEGER: {"type": "integer"},
    Kind.NUMBER: {"type": "number"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.TEXT: {"type": "string", "maxLength": MOST_TEXT},
    Kind.DATETIME: {"type": "string", "description": "ISO 8601, such as 2024-05-31T12:00:00."},
}
_UUID = {"type": "string", "format": "uuid"}
_CELL = {"type": ["string", "number", "boolean", "null"]}
_REFUSALS = {
    "400": "The body cannot be read.",
    "401": "No token, or one that is not valid.",
    "404": "No such endpoint for this token.",
    "405": "Another method.",
    "409": "Nothing signed answers here, or an id belongs to another row.",
    "413": "Too many bytes or rows.",
    "415": "Another content type or encoding.",
    "422": "A row does not fit; every reason is told.",
    "429": "Too many calls; Retry-After says how long to wait.",
    "500": "The server failed; the message has a reference.",
    "503": "Stopped, busy, or not able to answer; the message says why.",
}


def openapi(
    contract: Contract,
    *,
    slug: str,
    release: int,
    base: str,
    classes: Sequence[str],
    most_rows: int,
    sets: bool = False,
    level: float | None = None,
) -> dict[str, Any]:
    """Describe predict, actuals and contract of an endpoint.

    Parameters
    ----------
    contract : of the release that answers
    base : address of the API without the endpoint, such as https://host/api/v1
    classes : what is answered; empty where the answer is a number
    sets : an answer is a list of some of ``classes``, which are labels
    most_rows : of one call
    level : the quantile that an answered number is, 0 to 1; None for the mean and for classes

    Returns
    -------
    dict
        JSON-ready. Limits of training stand in descriptions, since rows beyond them are answered,
        with a warning.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Predictions of {slug}",
            "version": str(release),
            "description": f"Release {release}, signed. Send an endpoint's token with each call.",
        },
        "servers": [{"url": base}],
        "security": [{"token": []}],
        "paths": _paths(f"/deployments/{slug}", contract),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {
                status: {
                    "description": says,
                    "content": {"application/json": {"schema": _ref("Refusal")}},
                }
                for status, says in _REFUSALS.items()
            },
            "schemas": _schemas(contract, classes, most_rows, sets=sets, level=level),
        },
    }


def _paths(one: str, contract: Contract) -> dict[str, Any]:
    predict = _operation(
        "predict",
        "Rows in, predictions out. All rows are answered, or none.",
        answer="Answer",
        body="Call",
        example={"rows": [contract.example()]},
    )
    actuals = _operation("actuals", "Tell what really happened.", answer="Accepted", body="Actuals")
    return {
        f"{one}/predict": {"post": predict},
        f"{one}/actuals": {"post": actuals},
        f"{one}/contract": {
            "get": _operation("contract", "What a row looks like.", answer="Contract")
        },
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _operation(
    name: str,
    says: str,
    *,
    answer: str,
    body: str = "",
    example: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": name,
        "summary": says,
        "responses": {
            "200": {
                "description": "Answered.",
                "content": {"application/json": {"schema": _ref(answer)}},
            },
            **{status: {"$ref": f"#/components/responses/{status}"} for status in _REFUSALS},
        },
    }
    if body:
        content: dict[str, Any] = {"schema": _ref(body)}
        if example is not None:
            content["example"] = example
        told["requestBody"] = {"required": True, "content": {"application/json": content}}
    return told


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


def _schemas(
    contract: Contract,
    classes: Sequence[str],
    most_rows: int,
    *,
    sets: bool,
    level: float | None,
) -> dict[str, Any]:
    answered = _answered(classes, sets=sets)
    note = _object(
        {
            "row": {"type": ["integer", "null"]},
            "field": {"type": ["string", "null"]},
            "code": {"type": "string"},
            "message": {"type": "string"},
        }
    )
    rows = {"type": "array", "minItems": 1, "maxItems": most_rows}
    actual = _object({"prediction_id": _UUID, "value": answered})
    call = _object({"rows": {**rows, "items": _ref("Row")}})
    call["properties"]["ids"] = {
        **rows,
        "items": _UUID,
        "description": "The caller's own, one a row.",
    }
    call["properties"]["reasons"] = {
        "type": "boolean",
        "description": f"Whether each answer tells its reasons: at most {MOST_ROWS} rows then.",
    }
    return {
        "Row": _row(contract),
        "Call": call,
        "Answer": _answer(answered, classes, level),
        "Actuals": _object({"rows": {**rows, "items": actual}}),
        "Accepted": _object({"accepted": {"type": "integer"}, "known_before": {"type": "integer"}}),
        "Contract": {"type": "object"},
        "Note": note,
        "Reason": _reason(),
        "Refusal": _object({"error": _ref("Note"), "errors": {"type": "array", "items": note}}),
    }


def _reason() -> dict[str, Any]:
    return _object(
        {
            "field": {"type": "string"},
            "value": _CELL,
            "usual": {
                **_CELL,
                "description": "The median, or the commonest category, of development.",
            },
            "effect": {
                "type": "number",
                "description": "The answer less that of the row with the usual value.",
            },
        }
    )


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
        f"The {level:g} quantile: {100 * level:g} % of the truths are expected at or below this "
        "number."
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
