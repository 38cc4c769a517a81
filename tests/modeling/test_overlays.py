"""Curves of several candidates, or of several classes, in one chart with one table."""

import numpy as np
import pytest
from sklearn import metrics as sk

from apps.engine.evaluation.curves import class_curves, regression_points
from apps.modeling.figures import class_figure, overlaid_curves
from apps.modeling.models import Trial
from apps.modeling.overlays import overlays_of

pytestmark = pytest.mark.once


def test_the_curves_of_the_classes_have_the_areas_of_scikit_learn():
    generator = np.random.default_rng(0)
    truth = np.array(["a", "b", "c"], dtype=object)[generator.integers(0, 3, 300)]
    chances = generator.dirichlet([1, 1, 1], 300)
    for place, name in enumerate("abc"):
        chances[truth == name, place] += 0.3 * place
    chances /= chances.sum(axis=1, keepdims=True)
    found = class_curves(truth, chances, classes=("a", "b", "c"))
    assert [one["rows"] for one in found] == sorted((one["rows"] for one in found), reverse=True)
    mean = np.mean([one["roc_auc"] for one in found])
    assert mean == pytest.approx(sk.roc_auc_score(truth, chances, multi_class="ovr"))
    for one in found:
        area = sk.auc(one["roc"]["false_positive_rate"], one["roc"]["true_positive_rate"])
        assert area == pytest.approx(one["roc_auc"], abs=0.02)  # thinned
    drawn = class_figure(found, "class-recall")
    assert {row[0] for row in drawn["layout"]["meta"]["rows"]} == {"a", "b", "c"}


def test_a_class_that_no_row_is_of_has_no_curve():
    truth = np.array(["a", "b", "a"], dtype=object)
    told = class_curves(truth, np.full((3, 3), 1 / 3), classes=("a", "b", "c"))
    assert [one["name"] for one in told] == ["a", "b"]


def test_quantities_are_compared_by_truth_and_by_errors():
    truth = np.linspace(10, 20, 101)
    trials = [
        Trial(title=title, diagnosis={"points": regression_points(truth, truth + by)})
        for title, by in (("level", 0.0), ("high", 2.0))
    ]
    assert list(overlays_of(trials)) == ["predicted", "residuals"]
    rows = overlaid_curves(trials, "residuals")["layout"]["meta"]["rows"]
    assert {row[2] for row in rows if row[0] == "high"} == {2.0}
    drawn = overlaid_curves(trials, "predicted")
    assert drawn["layout"]["shapes"][0]["x1"] > 20  # the diagonal spans both
    old = Trial(title="old", diagnosis={"points": {"predicted": [1], "truth": [2]}})
    assert list(overlays_of([*trials, old])) == ["predicted"]
