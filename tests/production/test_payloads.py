"""Bodies of a predict call that cannot be answered: one clear JSON error each."""

import json

import pytest

from apps.production.models import Prediction
from tests.production.conftest import one, told

pytestmark = pytest.mark.once  # test_log_of_calls.py keeps errors on every database


def without(row, name):
    return {"rows": [{key: value for key, value in row.items() if key != name}]}


def text(row, new):
    return json.dumps(one(row)).encode().replace(b'"distance"', new, 1)


# What is sent, status, code, field, row, words of the message.
BAD = {
    "an empty body": (lambda row: b"", 400, "empty", None, None, "empty"),
    "null": (lambda row: b"null", 400, "bad_shape", None, None, "single value"),
    "truncated": (lambda row: b'{"rows": [', 400, "bad_json", None, None, "at character 11"),
    "invalid UTF-8": (lambda row: b'{"a": "\xff"}', 400, "bad_encoding", None, None, "UTF-8"),
    "a mark": (lambda row: b"\xef\xbb\xbf[]", 400, "bad_encoding", None, None, "byte order mark"),
    "NaN": (lambda row: one(row, distance=float("nan")), 400, "bad_json", None, None, "NaN"),
    "Infinity": (lambda row: one(row, distance=float("inf")), 400, "bad_json", None, None, "Inf"),
    "1e999": (
        lambda row: text(row, b'"distance": 1e999, "x"'),
        422,
        "unknown_field",
        "x",
        1,
        '"x" is no column',
    ),
    "too large a number": (
        lambda row: json.dumps(one(row, distance=0)).replace('"distance": 0', '"distance": 1e999'),
        422,
        "not_finite",
        "distance",
        1,
        "too large",
    ),
    "5,000 digits": (
        lambda row: b'{"stops": ' + b"9" * 5_000 + b"}",
        400,
        "bad_json",
        None,
        None,
        "40 digits",
    ),
    "a key twice": (
        lambda row: text(row, b'"desk": "north", "distance"'),
        400,
        "duplicate",
        None,
        None,
        "'desk' stands twice",
    ),
    "deep nesting": (lambda row: b"[" * 100_000, 400, "bad_json", None, None, "nested deeper"),
    "deep objects": (
        lambda row: b'{"a":' * 100_000,
        400,
        "bad_json",
        None,
        None,
        "nested deeper",
    ),
    "-Infinity": (lambda row: b'{"rows": [-Infinity]}', 400, "bad_json", None, None, "Inf"),
    "no rows": (lambda row: {"rows": []}, 422, "no_rows", None, None, "no row"),
    "10,001 rows": (
        lambda row: {"rows": [row] * 10_001},
        413,
        "too_many_rows",
        None,
        None,
        "10,001 rows",
    ),
    "a missing column": (
        lambda row: without(row, "stops"),
        422,
        "missing_field",
        "stops",
        1,
        '"stops" is missing',
    ),
    "another column": (
        lambda row: one(row, stop=1),
        422,
        "unknown_field",
        "stop",
        1,
        'Did you mean "stops"',
    ),
    "text in a number": (
        lambda row: one(row, distance="12"),
        422,
        "wrong_type",
        "distance",
        1,
        'takes a number, not "12"',
    ),
    "true in a number": (
        lambda row: one(row, stops=True),
        422,
        "wrong_type",
        "stops",
        1,
        "takes a number, not true",
    ),
    "a number in a text": (lambda row: one(row, desk=3), 422, "wrong_type", "desk", 1, "text"),
    "a text in true or false": (
        lambda row: one(row, paid="yes"),
        422,
        "wrong_type",
        "paid",
        1,
        "true or false",
    ),
    "a date of another form": (
        lambda row: one(row, at="31.12.2026"),
        422,
        "wrong_type",
        "at",
        1,
        "a date such as",
    ),
    "null where it was never missing": (
        lambda row: one(row, stops=None),
        422,
        "null",
        "stops",
        1,
        "must have a value",
    ),
    "a zero character": (
        lambda row: one(row, desk="a\x00b"),
        422,
        "bad_text",
        "desk",
        1,
        "no text",
    ),
    "half of a surrogate pair": (
        lambda row: one(row, desk="\ud800"),
        422,
        "bad_text",
        "desk",
        1,
        "no text",
    ),
    "a row that is no object": (lambda row: {"rows": [row, 7]}, 422, "bad_row", None, 2, "object"),
    "one bad row among 100": (
        lambda row: {"rows": [row] * 56 + [{**row, "stops": 0.5}] + [row] * 43},
        422,
        "wrong_type",
        "stops",
        57,
        "a whole number",
    ),
    "an empty list": (lambda row: b"[]", 422, "no_rows", None, None, "no row"),
    "an empty object": (lambda row: b"{}", 422, "missing_field", "distance", 1, "is missing"),
    "a text alone": (lambda row: b'"x"', 400, "bad_shape", None, None, "single value"),
    "UTF-16": (
        lambda row: json.dumps(one(row)).encode("utf-16"),
        400,
        "bad_encoding",
        None,
        None,
        "byte order mark",
    ),
    "a list in a number": (
        lambda row: one(row, distance=[1]),
        422,
        "wrong_type",
        "distance",
        1,
        "not a list",
    ),
    "an object in a text": (
        lambda row: one(row, desk={"a": 1}),
        422,
        "wrong_type",
        "desk",
        1,
        "not an object",
    ),
    "a huge text": (
        lambda row: one(row, desk="x" * 1_000_000),
        422,
        "too_long",
        "desk",
        1,
        "more than 10,000 characters",
    ),
    "__proto__": (
        lambda row: one(row, __proto__=1),
        422,
        "unknown_field",
        "__proto__",
        1,
        "no column",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_is_one_clear_error_with_its_place_and_predicts_nothing(name, caller, row):
    make, status, code, field, number, words = BAD[name]
    sent = make(row)
    answer = caller.post("predict", sent.encode() if isinstance(sent, str) else sent)
    assert told(answer) == (status, code, field, number)
    assert words in answer.json()["error"]["message"]
    assert not Prediction.objects.exists()
