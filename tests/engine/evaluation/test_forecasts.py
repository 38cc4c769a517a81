"""The score of Brier, against the example of the paper of 1950."""

import pytest

from apps.engine.errors import NotEnoughData
from apps.engine.evaluation.forecasts import ALWAYS_HALF, brier_score

SAID = [0.7, 0.9, 0.8, 0.4, 0.2, 0.0, 0.0, 0.0, 0.0, 0.1]
RAINED = [False, True, True, True, False, False, False, False, False, False]


def test_the_example_of_the_paper_has_half_of_its_p_of_0_19():
    assert 2 * brier_score(SAID, RAINED) == pytest.approx(0.19)


@pytest.mark.parametrize("happened", [[True, False], [True, True], [False, False]])
def test_who_always_says_a_half_has_a_quarter_whatever_happens(happened):
    assert brier_score([0.5, 0.5], happened) == ALWAYS_HALF


def test_certain_and_right_is_0_and_certain_and_wrong_is_1():
    assert brier_score([1.0, 0.0], [True, False]) == 0
    assert brier_score([1.0, 0.0], [False, True]) == 1


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(NotEnoughData):
        brier_score([], [])
    with pytest.raises(ValueError, match="do not fit"):
        brier_score([0.5], [True, False])
    with pytest.raises(ValueError, match="from 0 to 1"):
        brier_score([70.0], [True])
