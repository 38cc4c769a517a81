"""Every refusal of the API of an endpoint, by door: its status, its codes and what it means."""

from collections.abc import Mapping
from typing import Any

_SAYS = {
    "400": "The body cannot be read.",
    "401": "No token, or one that is not valid.",
    "403": "Who issued the token may not do this any more.",
    "404": "There is no such thing for this token.",
    "405": "Another method.",
    "409": "As things stand it cannot be done; the message says why.",
    "413": "Too many bytes or rows.",
    "415": "Another content type or encoding.",
    "422": "What was sent does not fit; every reason is told.",
    "429": "Too much in a minute. Wait, then send it again.",
    "500": "The server failed; the message has a reference.",
    "503": "Stopped, busy, or not able to answer; the message says why.",
}
_HEADERS = {
    "401": ("WWW-Authenticate", "string", "Bearer."),
    "405": ("Allow", "string", "The method to use."),
    "429": ("Retry-After", "integer", "Seconds to wait."),
    "503": ("Retry-After", "integer", "Seconds to wait, where waiting may help."),
}

Codes = Mapping[str, tuple[str, ...]]
_ALWAYS: Codes = {
    "401": ("no_token", "bad_token"),
    "404": ("no_endpoint",),
    "405": ("method",),
    "429": ("too_many_calls",),
    "500": ("internal",),
    "503": ("busy",),
}
_BODY: Codes = {
    "400": ("empty", "bad_encoding", "bad_json", "duplicate", "bad_shape", "broken_off"),
    "413": ("too_large",),
    "415": ("content_type", "encoding"),
}
_STANDING: Codes = {"409": ("not_signed",), "503": ("stopped",)}
_MODEL: Codes = {"503": ("other_version", "model_broken")}
_ROWS: Codes = {
    "413": ("too_many_rows",),
    "422": (
        *("no_rows", "bad_row", "missing_field", "unknown_field", "null", "wrong_type"),
        *("not_finite", "out_of_range", "too_long", "bad_text", "contract_range"),
        *("contract_value", "contract_missing", "contract_relation", "step"),
    ),
}
_IDS: Codes = {"409": ("id_taken",), "413": ("too_many_reasons",), "422": ("bad_id",)}
_LOG: Codes = {"429": ("rows_a_minute",), "503": ("not_logged",)}
_ACTUALS: Codes = {
    "413": ("too_many_rows",),
    "422": (
        *("rows", "bad_row", "unknown_prediction", "twice", "wrong_type", "not_finite"),
        *("unknown_class", "conflict"),
    ),
}
_BATCH: Codes = {
    "403": ("not_allowed",),
    "409": ("not_scored",),
    "422": ("unknown_version", "bad_choice"),
    "429": ("too_many_batches",),
    "503": ("no_broker",),
}
_MINE: Codes = {"404": ("no_batch",)}
_ANSWERS: Codes = {"403": ("not_allowed",), "409": ("no_answers",)}
DOORS: dict[str, tuple[Codes, ...]] = {
    "predict": (_ALWAYS, _BODY, _STANDING, _MODEL, _ROWS, _IDS, _LOG),
    "actuals": (_ALWAYS, _BODY, _ACTUALS),
    "startBatch": (_ALWAYS, _BODY, _STANDING, _BATCH),
    "batch": (_ALWAYS, _MINE),
    "batchAsCsv": (_ALWAYS, _MINE, _ANSWERS),
    "batchAsParquet": (_ALWAYS, _MINE, _ANSWERS),
    "contract": (_ALWAYS, _STANDING),
    "description": (_ALWAYS, _STANDING, _MODEL),
}


def codes_of(door: str) -> dict[str, tuple[str, ...]]:
    """The codes of a door's refusals by status, the lowest status first."""
    told: dict[str, tuple[str, ...]] = {}
    for part in DOORS[door]:
        for status, codes in part.items():
            told[status] = (*told.get(status, ()), *codes)
    return dict(sorted(told.items()))


def refusals(door: str) -> dict[str, Any]:
    """The ``responses`` of a door that refuse, with the codes in words."""
    return {status: _response(status, codes) for status, codes in codes_of(door).items()}


def _response(status: str, codes: tuple[str, ...]) -> dict[str, Any]:
    named = ", ".join(f"`{code}`" for code in codes)
    told: dict[str, Any] = {
        "description": f"{_SAYS[status]} {named}.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}},
    }
    if status in _HEADERS:
        name, kind, says = _HEADERS[status]
        told["headers"] = {name: {"schema": {"type": kind}, "description": says}}
    return told
