import pytest

from apps.engine.errors import BadFile
from apps.engine.reading.names import own_names
from apps.engine.reading.options import Limits


def names_of(*raw):
    return own_names(raw, limits=Limits())


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        (("a", "a", "a"), ["a", "a (2)", "a (3)"]),
        (("a", "a", "a (2)"), ["a", "a (3)", "a (2)"]),
        (("", " ", "x"), ["column 1", "column 2", "x"]),
        (("column 2", ""), ["column 2", "column 2 (2)"]),
        (("__proto__", "{{7*7}}", "id) OR 1=1 --"), ["__proto__", "{{7*7}}", "id) OR 1=1 --"]),
    ],
)
def test_names_are_unique_and_good_ones_stay(raw, names):
    assert names_of(*raw)[0] == names


def test_each_new_name_is_reported_with_the_place_of_the_old():
    assert names_of("a", "a", "")[1] == {"a [2]": "a (2)", "(blank) [3]": "column 3"}


@pytest.mark.parametrize("pair", [("A", "a"), ("a", " a"), ("é", "e\u0301")])
def test_names_that_look_alike_are_kept_and_warned_of(pair):
    names, _, warnings = names_of(*pair)
    assert names == list(pair)
    assert "differ only by" in warnings[0]


def test_invisible_characters_are_shown_escaped():
    assert r"a\u202eb" in names_of("a\u202eb")[2][0]


def test_too_many_or_too_long_names_are_refused():
    with pytest.raises(BadFile, match="2,001 columns"):
        names_of(*[f"c{n}" for n in range(2_001)])
    with pytest.raises(BadFile, match="column 2 has 10,000 characters"):
        names_of("a", "x" * 10_000)
