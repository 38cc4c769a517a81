"""Suggested keys: the same name first, several columns together, never a fraction."""

import pandas as pd

from apps.engine.joining.suggest import suggest_keys


def test_a_shared_unique_name_comes_first_with_its_match_rate():
    base = pd.DataFrame({"tail": ["a", "b", None, "z"], "seats": [1, 2, 3, 4]})
    other = pd.DataFrame({"tail": ["a", "b", "c"], "number": [1, 2, 3]})
    first, second = suggest_keys(base, other)
    assert (first.left_on, first.right_on, first.match_rate) == (("tail",), ("tail",), 0.5)
    assert (second.left_on, second.right_on, second.match_rate) == (("seats",), ("number",), 0.75)
    assert (first.overlap, second.overlap) == (2 / 3, 0.75)


def test_as_few_columns_as_are_unique_together_are_suggested_together():
    base = pd.DataFrame({"origin": ["JFK", "JFK", "LGA"], "hour": [1, 2, 2], "year": [1, 1, 1]})
    other = pd.DataFrame(
        {
            "origin": ["JFK", "JFK", "LGA"],
            "hour": [1, 2, 1],
            "year": [1, 1, 1],
            "wind": [0.1, 0.2, 0.3],
        }
    )
    (found,) = suggest_keys(base, other)
    assert found.left_on == found.right_on == ("origin", "hour")
    assert (found.match_rate, found.overlap) == (2 / 3, 2 / 3)


def test_a_shared_name_that_repeats_is_suggested_only_where_nothing_is_unique():
    base = pd.DataFrame({"a": ["x", "y"], "b": [1, 2], "c": [0.5, 1.5]})
    other = pd.DataFrame({"a": ["x", "x"], "c": [0.5, 1.5]})
    (found,) = suggest_keys(base, other)
    assert (found.left_on, found.is_unique, found.match_rate) == (("a",), False, 0.5)
    unique = other.assign(b=[1, 7])
    assert [each.left_on for each in suggest_keys(base, unique)] == [("b",)]


def test_texts_that_overlap_count_more_than_names_that_repeat_and_numbers_less():
    base = pd.DataFrame({"a": ["x", "y"], "code": ["p", "q"], "n": [1, 2]})
    other = pd.DataFrame({"a": ["x", "x"], "key": ["p", "q"], "m": [1, 2]})
    found = [each.left_on for each in suggest_keys(base, other)]
    assert found == [("code",), ("a",), ("n",)]


def test_text_beside_numbers_is_suggested_in_the_way_that_matches():
    base = pd.DataFrame({"id": ["007", "008", "x"], "Place No": ["1", "b", "c"]})
    other = pd.DataFrame({"id": [7, 8]})
    (found,) = suggest_keys(base, other)
    assert (found.compare, found.match_rate) == ("number", 2 / 3)
    (found,) = suggest_keys(pd.DataFrame({"n": [1, 2]}), pd.DataFrame({"n": ["a", "b", "c", "2"]}))
    assert (found.compare, found.match_rate) == ("text", 0.5)


def test_names_that_differ_in_case_and_spaces_only_are_the_same():
    base = pd.DataFrame({"Customer Id": [1, 9]})
    (found,) = suggest_keys(base, pd.DataFrame({"customer_id": [1, 2]}))
    assert (found.left_on, found.right_on) == (("Customer Id",), ("customer_id",))


def test_an_empty_base_suggests_only_by_name():
    base = pd.DataFrame({"k": pd.Series(dtype="string")})
    other = pd.DataFrame({"k": ["a"], "m": ["b"]})
    (found,) = suggest_keys(base, other)
    assert (found.left_on, found.match_rate) == (("k",), 0.0)
