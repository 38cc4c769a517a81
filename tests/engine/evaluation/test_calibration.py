"""Probabilities that can be taken at their word, and those that cannot."""

import numpy as np
import pytest

from apps.engine.evaluation.calibration import calibration, spiegelhalter


def drawn(rows, *, sharpen=1.0, seed=0):
    """Truths drawn from known chances, and scores that are those chances made more extreme."""
    generator = np.random.default_rng(seed)
    odds = generator.normal(0, 1.5, rows)
    truth = generator.random(rows) < 1 / (1 + np.exp(-odds))
    return truth, 1 / (1 + np.exp(-sharpen * odds))


def test_spiegelhalters_value_worked_by_hand():
    # (1-.8)(1-1.6) + (0-.3)(1-.6) = -.24; .36*.16 + .16*.21 = .0912; z = -.7947
    assert spiegelhalter([True, False], [0.8, 0.3]) == pytest.approx(0.42676, abs=1e-4)
    assert spiegelhalter([True, False], [1.0, 0.0]) is None


def test_spiegelhalters_test_rejects_true_chances_in_about_one_sample_of_twenty():
    rejected = sum(spiegelhalter(*drawn(400, seed=seed)) < 0.05 for seed in range(400))
    assert 0.03 <= rejected / 400 <= 0.075


@pytest.mark.parametrize("sharpen", [0.5, 1.0, 2.0])
def test_the_slope_is_what_the_scores_were_sharpened_by(sharpen):
    told = calibration(*drawn(40_000, sharpen=sharpen))
    assert told["slope"] == pytest.approx(1 / sharpen, rel=0.05)
    assert (told["gap"] < 0.01) == (sharpen == 1.0)
    assert (told["p_value"] > 0.01) == (sharpen == 1.0)


def test_bins_hold_all_rows_and_their_intervals_hold_their_shares():
    told = calibration(*drawn(1234))
    assert sum(item["n"] for item in told["bins"]) == 1234
    assert all(item["low"] <= item["share"] <= item["high"] for item in told["bins"])


def test_one_score_for_everybody_has_no_slope():
    assert calibration([True, False, False], [0.3, 0.3, 0.3])["slope"] is None
