"""The language of expressions: what it computes, and everything that it will not run."""

from datetime import datetime

import pytest

from apps.engine.errors import BadParameter
from apps.engine.recipe.expression.evaluate import on_row
from apps.engine.recipe.expression.parse import parse

ROW = {
    "a": 3,
    "b": 2.0,
    "zero": 0,
    "none": None,
    "word": "Paris",
    "unit sold": "pair",
    "yes": True,
    "at": datetime(2024, 2, 29, 18),
}


@pytest.mark.parametrize(
    ("text", "gives"),
    [
        ("a + b * 2", 7.0),
        ("-a ** 2", -9.0),
        ("a // b + a % b", 2.0),
        ("a / zero", None),
        ("sqrt(0 - a)", None),
        ("round(a / 7, 2)", 0.43),
        ("1 < a <= 3", True),
        ("a == 3 and none > 1", None),
        ("a == 4 and none > 1", False),
        ("a == 3 or none > 1", True),
        ("is_missing(none) and not is_missing(a)", True),
        ("word + '!'", "Paris!"),
        ("upper(word) if b > 1 else missing", "PARIS"),
        ("a in [1, 3]", True),
        ("word not in ['Rome']", True),
        ('`unit sold` == "pair"', True),
        ("coalesce(none, a)", 3),
        ("year(at) * 100 + month(at)", 202402.0),
        ("weekday(at)", 3),
        ("days_between(date('2024-02-28'), at)", 1.75),
        ("number('1e3')", 1000.0),
        ("text(b)", "2"),
        ("length(word)", 5),
    ],
)
def test_what_an_expression_gives_on_a_row(text, gives):
    found = on_row(text, ROW)
    assert found == gives
    assert type(found) is type(gives)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("__import__('os').system('x')", "called by its name"),
        ("open('/etc/passwd')", "There is no function 'open'"),
        ("a.real", "cannot hold Attribute"),
        ("a[0]", "cannot hold Subscript"),
        ("[x for x in a]", "cannot hold ListComp"),
        ("lambda: a", "cannot hold Lambda"),
        ("f'{a}'", "cannot hold JoinedStr"),
        ("(b := a)", "cannot hold NamedExpr"),
        ("a @ b", "MatMult is not part"),
        ("a is b", "Compare with"),
        ("~a", "only - and not"),
        ("1j + a", "no value that a table holds"),
        ("a +", "cannot be read"),
        ("(" * 300 + "a" + ")" * 300, "cannot be read"),
        ("-" * 50 + "a", "nesting"),
        ("a" * 2001, "2,000 are allowed"),
        ("99999999999999999999 + a", "beyond 64 bits"),
        ("round(a, 1, 2)", "takes 1 to 2 values"),
        ("date('tomorrow')", "is no date"),
        ("a in b", "a list of values"),
    ],
)
def test_what_is_not_in_the_language_is_refused_and_never_run(text, says):
    with pytest.raises(BadParameter, match=says):
        parse(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("n + t", "needs numbers, and got text"),
        ("n > t", "both must be of one kind"),
        ("t < t and n", "needs true or false"),
        ("yes < yes", "no order"),
        ("lower(n)", "needs texts"),
        ("year(t)", "needs dates"),
        ("n if yes else x", "mix whole numbers"),
        ("n if yes else t", "in one column"),
        ("1 + 1", "same for every row"),
        ("n + missing", "cannot stand in"),
    ],
)
def test_kinds_that_do_not_go_together_are_refused_before_a_row_is_read(table, checked, text, says):
    frame = table(n=[1], x=[0.5], t=["x"], yes=[True])
    with pytest.raises(BadParameter, match=says):
        checked(frame, "derive_column", to="z", expression=text)
