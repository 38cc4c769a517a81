"""Bodies of requests: what is read, and what is refused in one sentence, quickly."""

import json
import time

import pytest

from apps.engine.serving.payload import MOST_DEPTH, MOST_DIGITS, BadPayload, parse_body


@pytest.mark.parametrize(
    ("raw", "rows"),
    [
        (b'{"rows": [{"a": 1}, {"a": 2}]}', [{"a": 1}, {"a": 2}]),
        (b'{"row": {"a": 1}}', [{"a": 1}]),
        (b'{"a": 1}', [{"a": 1}]),
        (b'[{"a": 1}]', [{"a": 1}]),
        (b' \n{"rows": []}\n', []),
        # A column may be called "row" or "rows" beside others.
        (b'{"row": 1, "rows": 2}', [{"row": 1, "rows": 2}]),
        (b'{"a": -0.0, "b": 5e-324}', [{"a": -0.0, "b": 5e-324}]),
        ('{"a": "Zoë [{"}'.encode(), [{"a": "Zoë [{"}]),
    ],
)
def test_every_documented_form_gives_rows(raw, rows):
    assert parse_body(raw) == rows


BAD = {
    "nothing": (b"", "empty", "empty"),
    "blanks": (b" \n\t", "empty", "empty"),
    "null": (b"null", "bad_shape", "single value"),
    "a text": (b'"x"', "bad_shape", "single value"),
    "a number": (b"3", "bad_shape", "single value"),
    "rows that are no list": (b'{"rows": {"a": 1}}', "bad_shape", "list"),
    "truncated": (b'{"rows": [{"a": 1}', "bad_json", "at character"),
    "two bodies": (b'{"a": 1}{"a": 2}', "bad_json", "at character 9"),
    "a comment": (b'{"a": 1} // one', "bad_json", "no JSON"),
    "a lone quote": (b'{"a": "', "bad_json", "no JSON"),
    "a raw control character": (b'{"a": "\x00"}', "bad_json", "no JSON"),
    "bad UTF-8": (b'{"a": "\xff\xfe"}', "bad_encoding", "UTF-8"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "bad_encoding", "byte order mark"),
    "UTF-8 with a mark": (b'\xef\xbb\xbf{"a": 1}', "bad_encoding", "byte order mark"),
    "a name twice": (b'{"a": 1, "b": 2, "a": 3}', "duplicate", "'a' stands twice"),
    "a name twice, deep": (b'{"rows": [{"a": 1, "a": 1}]}', "duplicate", "'a' stands twice"),
    "NaN": (b'{"a": NaN}', "bad_json", "NaN is no JSON number"),
    "Infinity": (b'{"a": -Infinity}', "bad_json", "-Infinity is no JSON number"),
    "5,000 digits": (b'{"a": ' + b"9" * 5_000 + b"}", "bad_json", "more than 40 digits"),
    "100,000 levels": (b"[" * 100_000, "bad_json", "nested deeper"),
    "100,000 objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "bad_json", "nested deeper"),
    "deep behind a long text": (
        b'["' + b"x" * 300_000 + b'",' + b"[" * 100_000,
        "bad_json",
        "nested deeper",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_body_is_refused_in_one_sentence_with_its_code(name):
    raw, code, says = BAD[name]
    with pytest.raises(BadPayload, match=says) as refused:
        parse_body(raw)
    assert refused.value.code == code
    assert len(str(refused.value)) < 200


def test_depth_and_digits_are_taken_up_to_their_limits():
    inside = MOST_DEPTH - 1  # the outer list is a level
    assert parse_body(b"[" + b"[" * inside + b"]" * inside + b"]")
    with pytest.raises(BadPayload, match="nested deeper"):
        parse_body(b"[" + b"[" * (inside + 1) + b"]" * (inside + 1) + b"]")
    digits = b"9" * MOST_DIGITS
    assert parse_body(b"[" + digits + b"]") == [int(digits)]
    with pytest.raises(BadPayload, match="digits"):
        parse_body(b"[" + digits + b"9]")


def test_brackets_and_digits_in_a_text_are_no_nesting_and_no_number():
    row = {"a": "[" * 1_000 + '\\" {', "b": "9" * 500}
    assert parse_body(json.dumps({"rows": [row] * 30}).encode()) == [row] * 30


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 30 + b'\\"' * 500_000,  # quotes that open and never close
        b"{" + b",".join(b'"%d": 1' % number for number in range(150_000)) + b', "7": 1}',
        b"[" + b"[]," * 300_000 + b"[]",
    ],
    ids=["escaped quotes", "many names and one twin", "many brackets"],
)
def test_a_hostile_body_costs_time_in_proportion_to_its_length(raw):
    # One look at each byte takes well under a second; a quadratic scan takes minutes.
    began = time.perf_counter()
    with pytest.raises(BadPayload):
        parse_body(raw)
    assert time.perf_counter() - began < 5
