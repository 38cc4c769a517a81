"""Gain and lift against numbers by hand; scores and errors are told as they lie."""

import numpy as np
import pytest

from apps.engine.evaluation.gains import errors_by_size, gain_curve, score_bins

TRUTH = np.array([1, 1, 0, 1, 0, 0, 1, 0, 0, 0], dtype=bool)
SCORES = np.array([0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1])


def test_gain_and_lift_are_those_by_hand():
    """Ten rows, four positives at the places 1, 2, 4 and 7 of the ranking."""
    told = gain_curve(TRUTH, SCORES)["tenths"]
    assert [item["found"] for item in told] == pytest.approx(
        [0.25, 0.5, 0.5, 0.75, 0.75, 0.75, 1, 1, 1, 1]
    )
    assert [item["lift"] for item in told[:4]] == pytest.approx([2.5, 2.5, 0.5 / 0.3, 1.875])
    assert told[-1] == pytest.approx({"rows": 1.0, "found": 1.0, "lift": 1.0})


def test_the_area_under_the_gain_curve_follows_from_that_of_roc():
    """Area = rate/2 + (1 - rate) AUC: 24 pairs, of which 20 are ranked right."""
    told = gain_curve(TRUTH, SCORES)
    area = np.trapezoid(told["found"], told["rows"])
    assert area == pytest.approx(0.4 / 2 + 0.6 * 20 / 24)


def test_equal_scores_find_as_many_as_a_lot_would():
    told = gain_curve(TRUTH, np.full(10, 0.5))
    assert [item["lift"] for item in told["tenths"]] == pytest.approx([1.0] * 10)
    many = np.arange(5000) % 7 == 0
    thin = gain_curve(many, np.random.default_rng(0).random(5000))
    assert len(thin["rows"]) <= 200
    assert (thin["rows"][0], thin["found"][-1]) == (0.0, 1.0)


def test_every_row_lies_in_one_step_of_the_scores():
    told = score_bins(TRUTH, SCORES)
    assert (sum(told["positives"]), sum(told["negatives"])) == (4, 6)
    assert (told["edges"][0], told["edges"][-1]) == (0.1, 0.95)
    assert told["positives"][-1] == 1
    same = score_bins(TRUTH, np.full(10, 0.5))
    assert sum(same["positives"]) == 4


def test_errors_are_told_by_the_size_of_the_prediction():
    said = np.arange(100, dtype="float64")
    truth = said + np.where(said >= 50, 10.0, 1.0)
    told = errors_by_size(truth, said)
    assert [item["rows"] for item in told] == [10] * 10
    assert [item["middle"] for item in told] == [1.0] * 5 + [10.0] * 5
    assert (told[3]["low"], told[3]["high"], told[3]["nine"]) == (30.0, 39.0, 1.0)
