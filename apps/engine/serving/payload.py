"""The body of a request: strict JSON, one canonical form, every refusal a sentence."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.engine.errors import EngineError
from apps.engine.serving.quick_json import quickly

MOST_DEPTH = 20
MOST_DIGITS = 40
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
# Possessive, and the closing quote optional: every byte is looked at once, whatever the body.
_TEXT = re.compile(rb'"(?:[^"\\]++|\\[\s\S])*+"?')
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class BadPayload(EngineError):
    """The body is not the JSON that is asked for. ``code`` names the kind for a machine."""

    def __init__(self, says: str, *, code: str = "bad_json") -> None:
        super().__init__(says)
        self.code = code


def parse_body(raw: bytes) -> list[Any]:
    """Rows of a request body. O(bytes).

    The canonical form is ``{"rows": [{...}, ...]}``; ``{"row": {...}}``, a bare object (one row)
    and a bare list are taken too.

    Raises
    ------
    BadPayload
        Empty, not UTF-8, a byte order mark, not JSON, NaN or Infinity, a name twice in an object,
        nested deeper than MOST_DEPTH, or a whole number of more than MOST_DIGITS digits.
    """
    return _rows(_body(raw))


@dataclass(frozen=True)
class Asked:
    """A prediction request: rows, ids that its caller gives them, whether reasons are wanted."""

    rows: list[Any]
    ids: list[Any] | None = None
    reasons: bool = False

    def at(self, places: Sequence[int]) -> "Asked":
        """The same of some of the rows, counted from 0."""
        ids = None if self.ids is None else [self.ids[place] for place in places]
        return Asked([self.rows[place] for place in places], ids, self.reasons)


def parse_call(raw: bytes) -> Asked:
    """What a prediction request asks. O(bytes).

    Ids stand beside the rows: ``{"rows": [...], "ids": [...]}`` or ``{"row": {...}, "id": ...}``;
    so does ``"reasons": true``.

    Raises
    ------
    BadPayload
        As ``parse_body``.
    """
    body = _body(raw)
    reasons = False
    if isinstance(body, dict) and "reasons" in body and not body.keys().isdisjoint(("rows", "row")):
        reasons = body.pop("reasons")
        if not isinstance(reasons, bool):
            raise BadPayload('"reasons" is true or false.', code="bad_shape")
    if isinstance(body, dict) and len(body) == 2:
        if set(body) == {"rows", "ids"}:
            ids = body.pop("ids")
            if not isinstance(ids, list):
                raise BadPayload('"ids" is a list with an id for each row.', code="bad_shape")
            return Asked(_rows(body), ids, reasons)
        if set(body) == {"row", "id"} and isinstance(body["row"], dict):
            return Asked([body["row"]], [body["id"]], reasons)
    return Asked(_rows(body), None, reasons)


def _body(raw: bytes) -> Any:
    if not raw.strip():
        raise BadPayload('The body is empty: send {"rows": [{...}]}.', code="empty")
    if raw.startswith(_BYTE_ORDER_MARKS):
        raise BadPayload(
            "The body starts with a byte order mark: send plain UTF-8 without one.",
            code="bad_encoding",
        )
    if (quick := quickly(raw)) is not None:
        return quick
    # Python's own limit is measured in stack, and threads of web servers have little of it.
    if _too_deep(raw):
        raise BadPayload(f"The JSON is nested deeper than {MOST_DEPTH} levels.")
    try:
        return _DECODER.decode(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadPayload("The body is not UTF-8.", code="bad_encoding") from error
    except json.JSONDecodeError as error:
        raise BadPayload(f"The body is no JSON at character {error.pos + 1:,}.") from error


def _too_deep(raw: bytes) -> bool:
    if raw.count(b"[") + raw.count(b"{") <= MOST_DEPTH:
        return False
    # Without a backslash every quote opens or closes a text, and splitting is quick.
    bare = _TEXT.sub(b"", raw) if b"\\" in raw else b"".join(raw.split(b'"')[::2])
    depth = 0
    for byte in bare.translate(None, _ALL_BUT_BRACKETS):
        depth += 1 if byte in b"[{" else -1
        if depth > MOST_DEPTH:
            return True
    return False


def _integer(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise BadPayload(f"A number has more than {MOST_DIGITS} digits.")
    return int(text)


def _refuse_constant(name: str) -> Any:
    raise BadPayload(f"{name} is no JSON number: leave the value out or send null.")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise BadPayload(
                    f"The name {name[:80]!r} stands twice in one object.", code="duplicate"
                )
            seen.add(name)
    return found


_DECODER = json.JSONDecoder(
    object_pairs_hook=_no_twins, parse_constant=_refuse_constant, parse_int=_integer
)


def _rows(body: Any) -> list[Any]:
    if isinstance(body, list):
        return body
    if not isinstance(body, dict):
        raise BadPayload('Send an object {"rows": [{...}]}, not a single value.', code="bad_shape")
    if set(body) == {"rows"}:
        if not isinstance(body["rows"], list):
            raise BadPayload('"rows" is a list of objects.', code="bad_shape")
        return body["rows"]
    if set(body) == {"row"}:
        return [body["row"]]
    return [body]
