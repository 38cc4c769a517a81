"""Suggested keys: the same name first, several columns together, never a fraction."""

import pandas as pd

from apps.engine.joining.suggest import suggest_keys


def test_a_shared_unique_name_comes_first_with_its_match_rate():
    base = pd.DataFrame({"tail": ["a", "b", None, "z"], "seats": [1, 2, 3, 4]})
    other = pd.DataFrame({"tail": ["a", "b", "c"], "number": [1, 2, 3]})
    first, second = suggest_keys(base, other)
    assert (first.left_on, first.right_on, first.match_rate) == (("tail",), ("tail",), 0.5)
    assert (second.left_on, second.right_on, second.match_rate) == (("seats",), ("number",), 0.75)


def test_columns_that_are_unique_only_together_are_suggested_together():
    base = pd.DataFrame({"origin": ["JFK", "JFK", "LGA"], "hour": [1, 2, 2]})
    other = pd.DataFrame(
        {"origin": ["JFK", "JFK", "LGA"], "hour": [1, 2, 1], "wind": [0.1, 0.2, 0.3]}
    )
    (found,) = suggest_keys(base, other)
    assert found.left_on == found.right_on == ("origin", "hour")
    assert found.match_rate == 2 / 3


def test_repeated_keys_other_kinds_and_fractions_are_not_suggested():
    base = pd.DataFrame({"a": ["x", "y"], "b": [1, 2], "c": [0.5, 1.5]})
    other = pd.DataFrame({"a": ["x", "x"], "d": ["1", "2"], "c": [0.5, 1.5]})
    assert suggest_keys(base, other) == []


def test_an_empty_base_suggests_only_by_name():
    base = pd.DataFrame({"k": pd.Series(dtype="string")})
    other = pd.DataFrame({"k": ["a"], "m": ["b"]})
    (found,) = suggest_keys(base, other)
    assert (found.left_on, found.match_rate) == (("k",), 0.0)
