"""Plain bodies: what is read quickly is what the careful way reads; nothing is hidden from it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.serving import payload, quick_json
from apps.engine.serving.payload import BadPayload, parse_body

PLAIN = {"amount": 72.97, "night": True, "place": "Zürich 12:30, {x}", "when": None, "count": -3}


def body(first, *, rows=400):
    """A body whose first row is the given text; a large one has many more."""
    return f'{{"rows": [{", ".join([first, *[json.dumps(PLAIN)] * rows])}]}}'.encode()


def test_plain_rows_are_read_quickly_and_alike():
    small = {**PLAIN, "place": 'say "hi"', "amount": 0.00016216941939712541}
    raw = body(json.dumps(small))
    assert len(raw) > quick_json.LARGE_BYTES
    assert quick_json.quickly(raw.replace(b", {x}", b"")) is not None
    assert parse_body(raw) == [small, *[PLAIN] * 400]


def test_a_plain_row_by_itself_is_read_quickly_and_one_with_a_colon_in_a_text_carefully():
    plain = {**PLAIN, "place": "Zürich"}
    for told in ({"rows": [plain]}, [plain, plain], {"rows": [plain], "ids": 3}):
        assert quick_json.quickly(json.dumps(told).encode()) == told
    assert quick_json.quickly(json.dumps({"rows": [PLAIN]}).encode()) is None
    assert parse_body(json.dumps({"rows": [PLAIN]}).encode()) == [PLAIN]


@pytest.mark.parametrize("rows", [0, 400])
@pytest.mark.parametrize(
    ("first", "says"),
    [
        ('{"a": 1, "a": 2}', "stands twice"),
        ('{"a": 1, "a" : 2}', "stands twice"),
        ('{"a": 1, "\\u0061": 2}', "stands twice"),
        ('{":": ":", "a": 1, "a" \t: 2}', "stands twice"),
        ('{"a": {"b": 1}, "a": 2}', "stands twice"),
        ('{"a": 1, "a": 2}], "rows": [{"a": 1}', "stands twice"),
        ('{"a": %s}' % ("9" * 41), "more than 40 digits"),
        ('{"a": -%s}' % ("9" * 41), "more than 40 digits"),
        ('{"a": NaN}', "no JSON number"),
        ('{"a": %s}' % ("[" * 30 + "]" * 30), "nested deeper"),
        ('{"a": 1,}', "no JSON at character"),
        ('{"a": "\xff}', "no JSON at character"),
    ],
)
def test_what_is_wrong_with_a_row_is_told_of_a_small_body_and_of_one_among_many(first, says, rows):
    with pytest.raises(BadPayload, match=says):
        parse_body(body(first, rows=rows))


@pytest.mark.parametrize("digits", [18, 19, 20, 21, 25, 39])
@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("rows", [0, 400])
def test_a_whole_number_keeps_every_digit(sign, digits, rows):
    number = int(sign + "9876543210" * 4) // 10 ** (40 - digits)
    plain = json.dumps([{"a": number}, *[{"a": 1.5}] * (10 * rows)]).encode()
    read = parse_body(plain)[0]
    assert read == {"a": number}
    assert type(read["a"]) is int


cells = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)


@settings(max_examples=120)
@given(
    rows=st.lists(st.dictionaries(st.text(max_size=4), cells, max_size=5), min_size=1, max_size=5),
    tight=st.booleans(),
    plain=st.booleans(),
    more=st.sampled_from([0, 250]),
)
def test_whatever_the_rows_are_they_are_read_alike(rows, tight, plain, more):
    separators = (",", ":") if tight else (", ", ": ")
    told = [*rows, *[PLAIN] * more]
    try:
        raw = json.dumps(
            {"rows": told}, separators=separators, ensure_ascii=plain, allow_nan=False
        ).encode()
    except (UnicodeEncodeError, ValueError):  # a lone surrogate, an infinity
        return
    read = quick_json.quickly(raw)
    careful = payload._DECODER.decode(raw.decode())
    assert read is None or repr(read) == repr(careful)
