"""The threshold follows from money, not from a half."""

import numpy as np
import pytest

from apps.engine.errors import BadParameter
from apps.engine.evaluation.payoff import Payoff, best_threshold, value_at, value_curve

PAYOFF = Payoff(right=80.0, wrong=4.0, per_month=1000.0)
TRUTH = np.array([True, False, True, False, False, True, False, False, False, False])
SCORES = np.array([0.9, 0.8, 0.6, 0.3, 0.2, 0.15, 0.1, 0.1, 0.05, 0.01])


def test_the_break_even_share_is_elkans_threshold():
    assert Payoff(1.0, 1.0, 1.0).break_even == 0.5
    assert PAYOFF.break_even == pytest.approx(4 / 84)


def test_the_best_threshold_is_the_best_of_all_thresholds_tried_one_by_one():
    generator = np.random.default_rng(5)
    for _ in range(30):
        truth = generator.random(200) < 0.15
        scores = np.round(np.clip(0.15 + 0.2 * truth + generator.normal(0, 0.15, 200), 0, 1), 2)
        payoff = Payoff(float(generator.integers(1, 20)), 2.0, 500.0)
        chosen = best_threshold(truth, scores, payoff=payoff)
        brute = max(
            value_at(truth, scores, payoff=payoff, threshold=t)["value"]
            for t in [*np.unique(scores), 1.01]
        )
        found = value_at(truth, scores, payoff=payoff, threshold=chosen)["value"]
        assert found == pytest.approx(brute)


def test_perfectly_calibrated_scores_are_cut_at_elkans_threshold():
    generator = np.random.default_rng(1)
    scores = generator.random(200_000)
    truth = generator.random(200_000) < scores
    payoff = Payoff(right=3.0, wrong=1.0, per_month=1.0)
    assert best_threshold(truth, scores, payoff=payoff) == pytest.approx(0.25, abs=0.02)


def test_cases_a_month_and_money_are_counted():
    told = value_at(TRUTH, SCORES, payoff=PAYOFF, threshold=0.5)
    assert (told["found"], told["missed"], told["false_alarms"]) == (200.0, 100.0, 100.0)
    assert told["value"] == pytest.approx(1000 * (2 * 80 - 4) / 10)
    assert told["low"] < told["value"] < told["high"]
    assert told["best_possible"] == pytest.approx(24_000)
    assert told["all"] == pytest.approx(1000 * (3 * 80 - 7 * 4) / 10)
    assert (told["precision"], told["recall"]) == (2 / 3, 2 / 3)


def test_the_interval_of_the_value_holds_the_truth_in_about_95_of_100_samples():
    generator = np.random.default_rng(8)
    expected = 1000 * (0.2 * 80 * 0.7 - 0.8 * 4 * 0.1)
    held = 0
    for _ in range(400):
        truth = generator.random(800) < 0.2
        scores = np.where(truth, generator.random(800) < 0.7, generator.random(800) < 0.1) * 1.0
        told = value_at(truth, scores, payoff=PAYOFF, threshold=0.5)
        held += told["low"] <= expected <= told["high"]
    assert 0.92 <= held / 400 <= 0.98


def test_where_alarms_never_pay_none_is_raised_and_where_they_always_do_all_are():
    nothing = np.zeros(10, dtype=bool)
    assert best_threshold(nothing, SCORES, payoff=PAYOFF) == 1.0
    assert best_threshold(~nothing, SCORES, payoff=PAYOFF) == 0.0


def test_the_curve_has_the_best_threshold_among_its_points():
    curve = value_curve(TRUTH, SCORES, payoff=PAYOFF)
    assert curve["threshold"] == sorted(curve["threshold"])
    best = best_threshold(TRUTH, SCORES, payoff=PAYOFF)
    top = value_at(TRUTH, SCORES, payoff=PAYOFF, threshold=best)["value"]
    assert max(curve["value"]) == pytest.approx(top)


def test_a_payoff_without_a_trade_off_is_refused():
    with pytest.raises(BadParameter, match="must cost something"):
        Payoff(80.0, 0.0, 100.0)
    with pytest.raises(BadParameter, match="worth more than no alarm"):
        Payoff(-10.0, 4.0, 100.0, missed=10.0)
    with pytest.raises(BadParameter, match="decisions a month"):
        Payoff(80.0, 4.0, 0.0)


def test_the_whole_matrix_moves_the_break_even_as_elkans_equation_2():
    # costs c10 = 4, c00 = -1, c01 = 50, c11 = 10 (a true alarm costs 10 to look into)
    payoff = Payoff(right=-10.0, wrong=4.0, per_month=1.0, missed=50.0, quiet=1.0)
    assert payoff.break_even == pytest.approx((4 + 1) / (4 + 1 + 50 - 10))


def test_what_is_missed_and_what_is_quiet_are_booked():
    payoff = Payoff(right=80.0, wrong=4.0, per_month=1000.0, missed=20.0, quiet=1.0)
    told = value_at(TRUTH, SCORES, payoff=payoff, threshold=0.5)
    assert told["value"] == pytest.approx(1000 * (2 * 80 - 4 - 20 + 6) / 10)
    assert told["none"] == pytest.approx(1000 * (7 - 60) / 10)
    assert told["best_possible"] == pytest.approx(1000 * (240 + 7) / 10)
    chosen = best_threshold(TRUTH, SCORES, payoff=payoff)
    best = value_at(TRUTH, SCORES, payoff=payoff, threshold=chosen)["value"]
    assert max(value_curve(TRUTH, SCORES, payoff=payoff)["value"]) == pytest.approx(best)
