"""The charts of an evaluation are made from what the engine stores in its result."""

import numpy as np
import pytest

from apps.engine.charts.table import answer
from apps.engine.evaluation.curves import binary_curves, regression_points
from apps.modeling.figures import CURVES, curve

pytestmark = pytest.mark.once  # no database at all
TRUTH = np.array([False] * 30 + [True] * 10)
SCORES = np.linspace(0.05, 0.95, 40)


@pytest.mark.parametrize("name", CURVES)
def test_every_curve_of_two_classes_is_a_chart_with_its_numbers(name):
    drawn = answer(curve(binary_curves(TRUTH, SCORES), name, of="Linear model"), dark=False)
    assert len(drawn["figure"]["data"]) == 2
    assert drawn["table"]["rows"]


def test_guessing_is_drawn_at_the_share_of_positives():
    figure = curve(binary_curves(TRUTH, SCORES), "recall", of="Linear model")
    assert any(np.allclose(trace["y"], [0.25, 0.25]) for trace in figure["data"])


def test_a_curve_that_an_evaluation_does_not_have_is_none():
    points = regression_points(np.arange(40.0), np.arange(40.0))
    assert [curve(points, name, of="Linear model") for name in [*CURVES, "other"]] == [None] * 4
