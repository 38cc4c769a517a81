"""Curves and counts that a chart shows."""

import numpy as np
import pytest
from sklearn import metrics as sk

from apps.engine.evaluation.curves import MOST_POINTS, binary_curves, confusion, regression_points


def scored(rows=5_000):
    generator = np.random.default_rng(0)
    is_positive = generator.random(rows) < 0.3
    return is_positive, np.clip(generator.normal(0.3 + 0.2 * is_positive, 0.15), 0, 1)


def test_thinned_curves_keep_their_ends_and_their_area():
    is_positive, scores = scored()
    roc = binary_curves(is_positive, scores)["roc"]
    x, y = roc["false_positive_rate"], roc["true_positive_rate"]
    assert len(x) == len(y) <= MOST_POINTS
    assert (x[0], y[0], x[-1], y[-1]) == (0.0, 0.0, 1.0, 1.0)
    assert np.trapezoid(y, x) == pytest.approx(sk.roc_auc_score(is_positive, scores), abs=0.01)


def test_calibration_tells_all_rows_once_and_a_calibrated_score_lies_on_the_diagonal():
    generator = np.random.default_rng(1)
    scores = generator.random(20_000)
    points = binary_curves(generator.random(20_000) < scores, scores)["calibration"]
    assert sum(points["n"]) == 20_000
    assert points["share"] == pytest.approx(points["score"], abs=0.03)


def test_confusion_counts_rows_by_truth_and_columns_by_prediction():
    found = confusion(["a", "a", "b"], ["a", "b", "b"], classes=("a", "b", "c"))
    assert found["counts"] == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]


def test_regression_points_show_bias_and_hold_every_row():
    truth = np.arange(1_000, dtype=float)
    points = regression_points(truth, truth + 5)
    assert sum(points["n"]) == 1_000
    assert set(points["error_quantiles"].values()) == {5.0}
    assert np.subtract(points["predicted"], points["truth"]) == pytest.approx(5.0)
