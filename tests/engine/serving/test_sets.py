"""Logged answers that are sets of labels, beside those of another release."""

import pytest

from apps.engine.serving.flips import _compared

pytestmark = pytest.mark.once


def test_another_release_moves_a_set_when_any_label_comes_or_goes():
    case = {"prediction": ["a"], "probabilities": {"a": 0.7, "b": 0.4}, "actual": ["a", "b"]}
    new = {"prediction": ["a", "b"], "probabilities": {"a": 0.6, "b": 0.7}}
    told = _compared(case, new, None)
    assert (told["before"], told["after"], told["actual"]) == ("a", "a; b", "a; b")
    assert (told["flipped"], round(told["change"], 9)) == (True, 0.3)
