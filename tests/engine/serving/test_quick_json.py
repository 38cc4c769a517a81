"""Large bodies: what is read quickly is what the careful way reads; nothing is hidden from it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.serving import payload, quick_json
from apps.engine.serving.payload import BadPayload, parse_body

PLAIN = {"amount": 72.97, "night": True, "place": "Zürich 12:30, {x}", "when": None, "count": -3}


def body(first, *, rows=400):
    """A large body whose first row is the given text."""
    return f'{{"rows": [{first}, {json.dumps([PLAIN] * rows)[1:-1]}]}}'.encode()


def test_plain_rows_are_read_quickly_and_alike():
    small = {**PLAIN, "place": 'say "hi"', "amount": 0.00016216941939712541}
    raw = body(json.dumps(small))
    assert len(raw) > quick_json.LEAST_BYTES
    assert quick_json.quickly(raw.replace(b", {x}", b"")) is not None
    assert parse_body(raw) == [small, *[PLAIN] * 400]
    assert (
        quick_json.quickly(json.dumps([small] * 10).encode()) is None
    )  # small bodies gain nothing


@pytest.mark.parametrize(
    ("first", "says"),
    [
        ('{"a": 1, "a": 2}', "stands twice"),
        ('{"a": 1, "a" : 2}', "stands twice"),
        ('{"a": 1, "\\u0061": 2}', "stands twice"),
        ('{":": ":", "a": 1, "a" \t: 2}', "stands twice"),
        ('{"a": %s}' % ("9" * 41), "more than 40 digits"),
        ('{"a": -%s}' % ("9" * 41), "more than 40 digits"),
        ('{"a": NaN}', "no JSON number"),
        ('{"a": %s}' % ("[" * 30 + "]" * 30), "nested deeper"),
        ('{"a": 1,}', "no JSON at character"),
        ('{"a": "\xff}', "no JSON at character"),
    ],
)
def test_what_is_wrong_with_one_row_among_many_is_told_as_of_a_small_body(first, says):
    with pytest.raises(BadPayload, match=says):
        parse_body(body(first))


@pytest.mark.parametrize("digits", [19, 20, 21, 25, 39])
@pytest.mark.parametrize("sign", ["", "-"])
def test_a_whole_number_keeps_every_digit(sign, digits):
    number = int(sign + "9876543210" * 4) // 10 ** (40 - digits)
    assert parse_body(body(json.dumps({"a": number})))[0] == {"a": number}
    assert type(parse_body(body(json.dumps({"a": number})))[0]["a"]) is int


cells = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)


@settings(max_examples=60)
@given(
    rows=st.lists(st.dictionaries(st.text(max_size=4), cells, max_size=5), min_size=1, max_size=5),
    tight=st.booleans(),
    plain=st.booleans(),
)
def test_whatever_the_rows_are_they_are_read_alike(rows, tight, plain):
    separators = (",", ":") if tight else (", ", ": ")
    told = [*rows, *[PLAIN] * 250]
    try:
        raw = json.dumps(
            {"rows": told}, separators=separators, ensure_ascii=plain, allow_nan=False
        ).encode()
    except (UnicodeEncodeError, ValueError):  # a lone surrogate, an infinity
        return
    read = quick_json.quickly(raw)
    careful = payload._DECODER.decode(raw.decode())
    assert read is None or repr(read) == repr(careful)
