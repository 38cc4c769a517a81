"""The same key always gets the same release, a larger share keeps its keys, shares are as asked."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.serving.share import bucket, key_of

KEYS = [f"id:{number}" for number in range(20_000)]


@pytest.mark.parametrize("share", [1, 10, 50])
def test_a_share_of_keys_is_as_large_as_was_asked(share):
    hits = sum(bucket(key, salt="c" * 64) < share for key in KEYS) / len(KEYS)
    sd = np.sqrt(share / 100 * (1 - share / 100) / len(KEYS))
    assert abs(hits - share / 100) < 4 * sd


def test_the_places_of_keys_are_uniform_and_another_canary_has_other_keys_first():
    places = {salt: np.array([bucket(key, salt=salt) for key in KEYS]) for salt in ("a", "b")}
    counts, _ = np.histogram(places["a"], bins=20, range=(0, 100))
    expected = len(KEYS) / 20
    assert ((counts - expected) ** 2 / expected).sum() < 43.8  # chi2 of 19 degrees, p = 0.001
    both = ((places["a"] < 10) & (places["b"] < 10)).mean()
    assert abs(both - 0.01) < 0.003, "independent: a tenth of a tenth"


@given(st.text(), st.floats(0, 100), st.floats(0, 100))
def test_a_larger_share_keeps_the_keys_that_it_had(key, one, other):
    place = bucket(key, salt="s")
    assert 0 <= place < 100
    assert (place < min(one, other)) <= (place < max(one, other))


def test_the_column_decides_before_the_callers_id_and_that_before_the_row():
    row = {"customer": "k7", "amount": 3.5}
    assert key_of(row, column="customer", given="x") == key_of(
        {**row, "amount": 9}, column="customer"
    )
    assert key_of(row, column="", given="x") == key_of({}, column="", given="x")
    assert key_of({"b": 1, "a": 2}, column="") == key_of({"a": 2, "b": 1}, column="")
    assert key_of({**row, "customer": None}, column="customer", given="x") == "id:x"
