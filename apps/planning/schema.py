"""The published form of a plan: a JSON Schema (draft 2020-12) made from the catalogue, a plan as a
file of that form, and a checker over the few words of JSON Schema that it uses."""

import json
import math
from datetime import date
from typing import Any

from apps.planning.catalogue import MOST_ROWS, TASKS
from apps.planning.fields import Field, Rows

FORMAT, VERSION = "ml-cycle/plan", 1
DIALECT = "https://json-schema.org/draft/2020-12/schema"
MOST_BYTES = 2_000_000
MOST_DIGITS = 18

Json = dict[str, Any]

_TYPES = {"number": "number", "whole": "integer", "yes": "boolean"}
_WORDS = {
    "object": "an object",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}


def _field_schema(field: Field) -> Json:
    told: Json = {"title": field.label}
    if field.help:
        told["description"] = field.help
    if field.kind == "choice":
        return {**told, "enum": [*dict.fromkeys([*(v for v, _ in field.choices), "", None])]}
    if field.kind == "names":
        items = {"type": "string", "minLength": 1, "maxLength": field.most}
        return {**told, "type": ["array", "null"], "items": items}
    told["type"] = [_TYPES.get(field.kind, "string"), "null"]
    if field.kind == "date":
        return {**told, "format": "date"}
    if field.kind in {"line", "text"}:
        return {**told, "maxLength": field.most}
    bounds = {"minimum": field.low, "maximum": field.high}
    return {**told, **{word: bound for word, bound in bounds.items() if bound is not None}}


def _object(fields: tuple[Field, ...], *, title: str, required: list[str]) -> Json:
    """Fields as properties; those within an object of their row are gathered in it."""
    properties: Json = {}
    for field in fields:
        place = properties
        if field.within:
            inner = {"type": ["object", "null"], "properties": {}, "additionalProperties": False}
            place = properties.setdefault(field.within, inner)["properties"]
        place[field.inner] = _field_schema(field)
    told = {"title": title, "type": "object", "properties": properties}
    return {**told, "required": required, "additionalProperties": False}


def _rows_schema(rows: Rows) -> Json:
    derived = [field.inner for field in rows.fields if field.derived and not field.within]
    items = _object(rows.fields, title=rows.one.capitalize(), required=[rows.names, *derived])
    items["properties"][rows.names] |= {"minLength": 1} if rows.names != "metric" else {}
    return {"title": rows.title, "type": "array", "items": items, "maxItems": MOST_ROWS}


def content_schema() -> Json:
    """What a plan may say, task by task."""
    tasks = {}
    for task, told in TASKS.items():
        tasks[task] = _object(told.fields, title=told.title, required=[])
        if told.rows:
            tasks[task]["properties"][told.rows.key] = _rows_schema(told.rows)
    shape = {"title": "Plan", "type": "object", "properties": tasks}
    return {**shape, "required": [], "additionalProperties": False}


def plan_schema() -> Json:
    """JSON Schema of a plan as a file. Beside ``plan`` a file may tell where it comes from."""
    return {
        "$schema": DIALECT,
        "$id": "urn:ml-cycle:plan:1",
        "title": "A plan of ML Cycle",
        "description": "Absent and null mean: not said.",
        "type": "object",
        "properties": {
            "format": {"const": FORMAT},
            "version": {"const": VERSION},
            "plan": content_schema(),
            "from": {"type": "object", "description": "Where it was exported; not read."},
        },
        "required": ["format", "version", "plan"],
        "additionalProperties": False,
    }


def as_file(content: Json, *, told: Json | None = None) -> str:
    """A plan's content as the text of a file."""
    whole = {"format": FORMAT, "version": VERSION, **({"from": told} if told else {})}
    return json.dumps({**whole, "plan": content}, ensure_ascii=False, indent=2) + "\n"


class BadFile(Exception):
    """The file is no plan; one sentence that names the place."""


def _refuse_constant(name: str) -> None:
    raise BadFile(f"The file holds {name}, which is no number of JSON.")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise BadFile(f"The number {text} of the file is too large.")
    return value


def _whole(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise BadFile(f"The number {text[:12]}… of the file is too large.")
    return int(text)


def _once(pairs: list[tuple[str, Any]]) -> Json:
    told = dict(pairs)
    if len(told) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadFile(f"“{twice}” stands twice in the same object of the file.")
    return told


def read_file(raw: bytes) -> Json:
    """The content of a plan file. Raises BadFile with the first thing that is wrong."""
    if len(raw) > MOST_BYTES:
        raise BadFile(f"The file has {len(raw):,} bytes; a plan has {MOST_BYTES:,} at most.")
    try:
        told = json.loads(
            raw.decode("utf-8-sig"),
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_whole,
            object_pairs_hook=_once,
        )
    except UnicodeDecodeError:
        raise BadFile("The file is no text in UTF-8. Choose a plan that was exported.") from None
    except json.JSONDecodeError as bad:
        raise BadFile(
            f"The file is no whole JSON: line {bad.lineno}, column {bad.colno}. Export it again."
        ) from None
    except RecursionError:
        raise BadFile("The file is nested too deeply to be a plan.") from None
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise BadFile(f"The file is no plan of ML Cycle: it does not say “format”: “{FORMAT}”.")
    if told.get("version") != VERSION or isinstance(told["version"], bool):
        raise BadFile(
            f"The file says version {_shown(told.get('version'))} of the format; {VERSION} is read."
        )
    wrong = complaint(told, plan_schema())
    if wrong:
        raise BadFile(wrong)
    return told["plan"]


def complaint(value: Any, schema: Json, *, at: str = "") -> str:
    """The first thing in ``value`` that the schema does not allow, as a sentence; empty when all
    is well. Knows type, enum, const, required, properties, additionalProperties, items, maxItems,
    minLength, maxLength, minimum, maximum and the format date."""
    place = f"At “{at}”: " if at else ""
    for check in (_type, _values, _size, _range):
        wrong = check(value, schema)
        if wrong:
            return f"{place}{wrong}"
    if isinstance(value, dict):
        return _of_object(value, schema, at=at)
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value, start=1):
            wrong = complaint(item, schema["items"], at=f"{at} {number}".strip())
            if wrong:
                return wrong
    return ""


def _of_object(value: Json, schema: Json, *, at: str) -> str:
    place, known = f"At “{at}”: " if at else "", schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            return f"{place}“{name}” is missing."
    for name, item in value.items():
        if name not in known:
            if schema.get("additionalProperties", True):
                continue
            return f"{place}“{name}” is not known here. Known are: {', '.join(known)}."
        wrong = complaint(item, known[name], at=f"{at} › {name}" if at else name)
        if wrong:
            return wrong
    return ""


def kind_of(value: Any) -> str:
    """The JSON type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "integer" if float(value).is_integer() else "number"
    return {str: "string", list: "array", dict: "object"}[type(value)]


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _type(value: Any, schema: Json) -> str:
    wanted = schema.get("type")
    if wanted is None:
        return ""
    allowed, kind = [wanted] if isinstance(wanted, str) else wanted, kind_of(value)
    if kind in allowed or (kind == "integer" and "number" in allowed):
        return ""
    words = " or ".join(_WORDS[name] for name in allowed if name != "null")
    return f"{words} is expected; there is {_shown(value)}."


def _values(value: Any, schema: Json) -> str:
    """``enum`` and ``const``: 1 and true are two things in JSON."""
    allowed = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if allowed is None or any(
        value == item and isinstance(value, bool) == isinstance(item, bool) for item in allowed
    ):
        return ""
    words = ", ".join(_shown(item) for item in allowed if item not in (None, ""))
    return f"{_shown(value)} is none of: {words}."


def _size(value: Any, schema: Json) -> str:
    if isinstance(value, list) and len(value) > schema.get("maxItems", len(value)):
        return f"there are {len(value)} rows; {schema['maxItems']} fit."
    if not isinstance(value, str):
        return ""
    if any("\ud800" <= sign <= "\udfff" for sign in value):
        return "the text holds half of a character."
    if len(value) < schema.get("minLength", 0):
        return "it is empty."
    if len(value) > schema.get("maxLength", len(value)):
        return f"the text has {len(value)} characters; {schema['maxLength']} fit."
    if schema.get("format") == "date" and value:
        try:
            date.fromisoformat(value)
        except ValueError:
            return f"{_shown(value)} is no date. Write it as 2027-06-30."
    return ""


def _range(value: Any, schema: Json) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    if value < schema.get("minimum", value):
        return f"{_shown(value)} is below {schema['minimum']:g}."
    if value > schema.get("maximum", value):
        return f"{_shown(value)} is above {schema['maximum']:g}."
    return ""
