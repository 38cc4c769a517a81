import pytest

from apps.engine.errors import BadParameter


@pytest.mark.parametrize(
    ("cells", "tokens", "after"),
    [
        (["N/A", "x", None, "n/a"], ["N/A"], [None, "x", None, "n/a"]),
        ([-1, 5, 999], ["-1", "999", "N/A"], [None, 5, None]),
        ([-1, 5], ["-1.0"], [None, 5]),
        ([-1.0, 0.5], ["-1"], [None, 0.5]),
    ],
)
def test_the_values_become_missing_exactly(table, done, values, cells, tokens, after):
    assert values(done(table(a=cells), "set_missing", columns=["a"], tokens=tokens)["a"]) == after


def test_a_column_that_cannot_hold_any_of_the_values_is_refused(table, done):
    with pytest.raises(BadParameter, match="None of the values can stand in 'a'"):
        done(table(a=[1]), "set_missing", columns=["a"], tokens=["N/A", "1.5"])
