"""The area under the ROC curve after DeLong: published values, edges, coverage."""

import numpy as np
import pytest
from scipy import stats

from apps.engine.evaluation.delong import area_of, auc_interval
from apps.engine.evaluation.intervals import interval_and_method
from apps.engine.evaluation.metrics import Predictions, score
from apps.engine.evaluation.verdict import Promise, Sure, judge

NORMAL, ABNORMAL = [33, 6, 6, 11, 2], [3, 2, 2, 11, 33]
"""109 CT images by rating 1 to 5: Hanley and McNeil (1982), Radiology 143, 29-36, table I."""


def rated():
    ratings = np.repeat([1, 2, 3, 4, 5] * 2, NORMAL + ABNORMAL)
    return np.arange(109) >= sum(NORMAL), ratings


def test_the_ct_images_give_the_published_area_and_error():
    area = area_of(*rated())
    # Stata 18 Base Reference Manual, roctab, example 1: 0.8932, 0.0307, 0.83295 to 0.95339
    assert (round(area.value, 4), round(area.variance**0.5, 4)) == (0.8932, 0.0307)
    half = stats.norm.ppf(0.975) * area.variance**0.5
    ends = (area.value - half, area.value + half)
    assert ends == pytest.approx((0.83295, 0.95339), abs=5e-6)


def test_the_area_is_that_of_scikit_learn_with_ties():
    generator = np.random.default_rng(0)
    scores = generator.integers(0, 9, 80) / 10
    truth = np.where(generator.random(80) < scores, "yes", "no")
    told = Predictions(truth, np.column_stack([1 - scores, scores]), ("no", "yes"))
    expected = score("roc_auc", truth, told, positive="yes")
    assert area_of(truth == "yes", scores).value == pytest.approx(expected)


def test_one_positive_row_says_next_to_nothing():
    low, high = auc_interval([True, *[False] * 40], [0.9, *np.linspace(0, 1, 40)])
    assert low < 0.4
    assert high > 0.99


def test_rows_in_perfect_order_are_not_certain_to_stay_so():
    low, high = auc_interval([False] * 20 + [True] * 10, np.arange(30))
    assert 0.8 < low < 0.9
    assert high == 1.0
    wrong = auc_interval([True] * 10 + [False] * 20, np.arange(30))
    assert wrong == pytest.approx((0.0, 1 - low))


@pytest.mark.parametrize(
    ("rows", "area", "share"),
    [(500, 0.8, 0.2), (100, 0.95, 0.3), (1000, 0.9, 0.03), (500, 0.95, 0.05), (500, 0.8, 0.02)],
)
def test_the_interval_holds_the_true_area_in_93_to_97_of_100_tables(rows, area, share):
    apart = stats.norm.ppf(area) * 2**0.5  # of two normal distributions with this area
    held, tables = 0, 1000
    for seed in range(tables):
        generator = np.random.default_rng(seed)
        positive = generator.random(rows) < share
        low, high = auc_interval(positive, generator.normal(0, 1, rows) + apart * positive)
        held += low <= area <= high
    assert 0.93 <= held / tables <= 0.97


def hanging_together(groups=60, each=10):
    """Rows of one group all have its label and nearly its score."""
    generator = np.random.default_rng(3)
    group = np.repeat([f"g{number}" for number in range(groups)], each)
    case = np.repeat(generator.random(groups) < 0.4, each)
    shown = np.repeat(generator.normal(0, 1, groups), each) + 1.2 * case
    chance = 1 / (1 + np.exp(-(shown + generator.normal(0, 0.05, len(shown)))))
    truth = np.where(case, "yes", "no").astype(object)
    labels = np.where(chance >= 0.5, "yes", "no").astype(object)
    return group, truth, Predictions(labels, np.column_stack([1 - chance, chance]), ("no", "yes"))


@pytest.mark.parametrize(("metric", "alone"), [("roc_auc", "DeLong"), ("recall", "Wilson")])
def test_rows_of_one_group_tell_less_than_as_many_rows_alone(metric, alone):
    group, truth, told = hanging_together()
    plain, by = interval_and_method(metric, truth, told, positive="yes", rounds=300)
    whole, how = interval_and_method(metric, truth, told, positive="yes", rounds=300, groups=group)
    assert (by, how) == (alone, "bootstrap by group")
    assert whole.high - whole.low > 2 * (plain.high - plain.low)
    assert interval_and_method(metric, truth, told, positive="yes", groups=np.zeros(600))[1] == by


def test_each_further_look_at_the_same_rows_makes_the_verdict_wider():
    _, truth, told = hanging_together()
    promise = Promise("roc_auc", 0.7, "up", "primary")
    widths = []
    for looks in (1, 2, 3):
        line = judge([promise], truth, told, positive="yes", sure=Sure.after(looks))[0]
        widths.append(line.high - line.low)
        assert line.confidence == pytest.approx(1 - 0.05 / looks)
    assert widths == sorted(widths)
    assert widths[1] / widths[0] == pytest.approx(2.2414 / 1.96, rel=0.02)
