"""How well a test will know a metric, against published values and against simulation."""

import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score

from apps.engine.evaluation.intervals import rate_interval
from apps.engine.evaluation.metrics import METRICS, measure_of
from apps.engine.feasibility.noise import (
    PlannedTest,
    half_width,
    half_width_of_average_precision,
    half_width_of_f1,
    half_width_of_rate,
    standard_error_of_auc,
)
from apps.engine.feasibility.size import rows_needed


def test_the_standard_error_of_an_auc_is_that_of_hanley_and_mcneils_example():
    # Hanley and McNeil 1982, table 2: 51 abnormal and 58 normal CT images, area 0.893, SE 0.032
    found = standard_error_of_auc(0.893, positives=51, negatives=58)
    assert found == pytest.approx(0.0325, abs=0.0005)


def test_the_half_width_of_a_rate_is_half_of_wilsons_interval():
    low, high = rate_interval(80, 100)
    assert half_width_of_rate(0.8, 100) == pytest.approx((high - low) / 2)
    assert half_width_of_rate(0.8, 100) == pytest.approx((0.8666 - 0.7112) / 2, abs=1e-4)


def test_the_half_width_of_an_average_precision_is_boyds_logit_interval():
    # by hand: logit 0.5 = 0, standard error (100 * 0.25)^-½ = 0.2, ends 1 / (1 + e^±0.39199)
    assert half_width_of_average_precision(0.5, 100) == pytest.approx(0.09676, abs=1e-5)


def draws(compute, rows=800, rate=0.25, rounds=300):
    """Half of the range that 95 of 100 samples of a metric lie in, and their mean."""
    generator, found = np.random.default_rng(4), []
    for _ in range(rounds):
        truth = np.arange(rows) < rate * rows
        scores = generator.normal(0, 1, rows) + 1.6 * truth
        found.append(compute(truth, scores))
    low, high = np.percentile(found, [2.5, 97.5])
    return (high - low) / 2, float(np.mean(found))


def test_the_width_of_an_f1_is_what_samples_show():
    seen, mean = draws(lambda truth, scores: f1_score(truth, scores > 1.1))
    assert half_width_of_f1(mean, 200) == pytest.approx(seen, rel=0.25)


def test_the_width_of_an_average_precision_is_no_narrower_than_what_samples_show():
    seen, mean = draws(average_precision_score)
    assert half_width_of_average_precision(mean, 200) == pytest.approx(seen, rel=0.4)


def test_more_rows_never_make_it_wider_by_more_than_rounding():
    for metric in METRICS:
        widths = [
            half_width(measure_of(metric), 0.6, PlannedTest(rows, 0.1))
            for rows in (50, 500, 5_000, 50_000)
        ]
        if None not in widths:
            assert widths == sorted(widths, reverse=True), metric


def test_what_is_not_known_before_there_is_data_is_said_so():
    for metric in ("mae", "r2", "log_loss", "brier", "mcc", "f_beta:2", "calibration_error"):
        assert half_width(measure_of(metric), 0.5, PlannedTest(1000, 0.1)) is None
    assert half_width(measure_of("recall"), 0.5, PlannedTest(1000)) is None


def test_recall_rests_on_the_positives_and_precision_at_k_on_k():
    test = PlannedTest(10_000, 0.02)
    assert half_width(measure_of("recall"), 0.6, test) == half_width_of_rate(0.6, 200)
    assert half_width(measure_of("precision_at_k:0.01"), 0.6, test) == half_width_of_rate(0.6, 100)
    assert half_width(measure_of("accuracy"), 0.6, test) == half_width_of_rate(0.6, 10_000)


@pytest.mark.parametrize("metric", ["recall", "roc_auc", "average_precision", "f1", "accuracy"])
def test_the_rows_that_are_needed_are_enough_and_hardly_fewer_would_do(metric):
    measure = measure_of(metric)
    needed = rows_needed(measure, promised=0.7, today=0.6, base_rate=0.2)
    assert half_width(measure, 0.7, PlannedTest(needed, 0.2)) < 0.1
    fewer = half_width(measure, 0.7, PlannedTest(math.floor(0.9 * needed), 0.2))
    assert fewer >= 0.1


def test_no_number_of_rows_tells_a_promise_from_itself():
    assert rows_needed(measure_of("recall"), promised=0.7, today=0.7, base_rate=0.2) is None
    assert rows_needed(measure_of("mae"), promised=0.7, today=0.6) is None
