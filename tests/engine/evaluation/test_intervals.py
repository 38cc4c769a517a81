"""Intervals against published values and against what they promise: coverage."""

import time

import numpy as np
import pytest
from scipy import stats

from apps.engine.errors import BadParameter, NotEnoughData
from apps.engine.evaluation.intervals import (
    bootstrap_interval,
    interval_and_method,
    mean_interval,
    mean_of_rates_interval,
    metric_interval,
    rate_interval,
    resamples,
)
from apps.engine.evaluation.metrics import Predictions, measure_of, score
from benchmarks.coverage import quantity


@pytest.mark.parametrize(
    ("hits", "trials", "expected"),
    [  # Newcombe (1998), Statistics in Medicine 17, table I, method 3
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_matches_the_published_wilson_values(hits, trials, expected):
    low, high = rate_interval(hits, trials)
    assert (round(low, 4), round(high, 4)) == expected


@pytest.mark.parametrize(("hits", "trials"), [(1, 0), (-1, 5), (6, 5)])
def test_impossible_rates_are_refused(hits, trials):
    with pytest.raises(BadParameter):
        rate_interval(hits, trials)


def test_fold_scores_give_the_corrected_interval_of_nadeau_and_bengio():
    values = [0.80, 0.82, 0.78, 0.81, 0.79]
    low, high = mean_interval(values, train_rows=80, test_rows=20)
    spread = np.sqrt(np.var(values, ddof=1) * (1 / 5 + 20 / 80))
    half = stats.t.ppf(0.975, 4) * spread
    assert (low, high) == pytest.approx((0.80 - half, 0.80 + half))


def predictions(seed, rows=300):
    generator = np.random.default_rng(seed)
    truth = np.where(generator.random(rows) < 0.3, "yes", "no")
    chance = 1 / (1 + np.exp(-(generator.normal(0, 1, rows) + 1.2 * (truth == "yes") - 1)))
    told = np.where(chance >= 0.5, "yes", "no")
    return truth, Predictions(told, np.column_stack([1 - chance, chance]), ("no", "yes"))


def test_the_quick_auc_rounds_agree_with_plain_resampling():
    truth, told = predictions(1)
    quick = bootstrap_interval("roc_auc", truth, told, positive="yes", seed=0)
    generator = np.random.default_rng(0)
    strata = [np.flatnonzero(truth == name) for name in ("no", "yes")]
    plain = []
    for _ in range(300):
        rows = np.concatenate([generator.choice(part, len(part)) for part in strata])
        plain.append(score("roc_auc", truth[rows], told.take(rows), positive="yes"))
    assert quick == pytest.approx(tuple(np.percentile(plain, [2.5, 97.5])), abs=0.01)


def test_the_interval_covers_the_true_brier_score_about_95_times_in_100():
    truth, told = predictions(99, rows=200_000)
    true_score = score("brier", truth, told, positive="yes")
    hits = 0
    for seed in range(200):
        rows_truth, rows_told = predictions(seed)
        low, high = bootstrap_interval(
            "brier", rows_truth, rows_told, positive="yes", seed=seed, rounds=200
        )
        hits += low <= true_score <= high
    assert 180 <= hits <= 198


def test_rates_get_the_interval_of_wilson():
    truth, told = predictions(4)
    found = int(np.sum((truth == "yes") & (told.labels == "yes")))
    trials = {"recall": np.sum(truth == "yes"), "precision": np.sum(told.labels == "yes")}
    for metric, count in trials.items():
        expected = rate_interval(found, int(count))
        assert metric_interval(metric, truth, told, positive="yes") == expected
    right = int(np.sum(truth == told.labels))
    assert metric_interval("accuracy", truth, told) == rate_interval(right, len(truth))


@pytest.mark.parametrize("metric", ["accuracy", "roc_auc", "f1", "average_precision", "mcc"])
def test_a_perfect_result_on_few_rows_is_not_certain(metric):
    truth = np.array(["yes"] * 10 + ["no"] * 10)
    chance = np.where(truth == "yes", 0.9, 0.1)
    told = Predictions(truth, np.column_stack([1 - chance, chance]), ("no", "yes"))
    low, high = metric_interval(metric, truth, told, positive="yes")
    assert high == 1.0
    assert low < 0.9


def test_the_mean_of_two_rates_has_the_interval_of_zou_and_donner():
    # Newcombe (1998), Statistics in Medicine 17, 873-890, method 10, example (a): the difference
    # of 56/70 and 48/80 is from 0.0524 to 0.3339. A mean of 56/70 and 32/80 is half of it, and 0.5.
    low, high = mean_of_rates_interval([(56, 70), (32, 80)])
    assert (2 * low - 1, 2 * high - 1) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_the_mean_of_rates_holds_the_truth_in_93_to_97_of_100_tables():
    generator, trials = np.random.default_rng(0), (300, 150, 50)
    rates = np.array([0.9, 0.6, 0.3])
    held = 0
    for hits in generator.binomial(trials, rates, (1000, 3)):
        low, high = mean_of_rates_interval(list(zip(hits, trials, strict=True)))
        held += low <= rates.mean() <= high
    assert 0.93 <= held / 1000 <= 0.97


def test_large_errors_that_a_table_lacks_stretch_the_interval_of_rmse_upward():
    above = []
    for seed in range(20):
        truth, told = quantity(np.random.default_rng(seed), 200)
        result = score("rmse", truth, told)
        studentised, method = interval_and_method("rmse", truth, told, rounds=400)
        assert method == "bootstrap-t"
        assert studentised.low < result < studentised.high
        plain = bootstrap_interval("rmse", truth, told, rounds=400)
        above.append((studentised.high - result) / (plain.high - result))
    assert np.mean(above) > 1.15


@pytest.mark.parametrize("errors", [[0.0] * 40, [0.0] * 39 + [1.0], [1.0, 2.0, 4.0]])
def test_squares_that_tell_no_spread_are_resampled_plainly(errors):
    truth = np.array(errors)
    told, method = interval_and_method("rmse", truth, Predictions(np.zeros(len(truth))), rounds=400)
    assert method == "bootstrap"
    assert told.low <= np.sqrt(np.mean(truth**2)) <= told.high < np.inf


def test_the_number_of_cases_in_a_table_is_left_to_chance():
    share, rows = 0.2, 500
    names = np.array(["no", "yes"], dtype=object)
    truth = names[(np.arange(rows) < share * rows).astype(int)]
    said = np.tile([1 - share, share], (rows, 1))  # the same for all: only the count of cases moves
    told = Predictions(np.full(rows, "no", dtype=object), said, ("no", "yes"))
    low, high = bootstrap_interval("log_loss", truth, told, positive="yes", rounds=2000)
    of_share = 2 * 1.96 * np.sqrt(share * (1 - share) / rows)
    assert high - low == pytest.approx(of_share * np.log((1 - share) / share), rel=0.1)


def test_a_class_of_one_row_is_in_every_round():
    truth = np.array(["rare"] + ["usual"] * 60, dtype=object)
    drawn = list(resamples(measure_of("log_loss"), truth, seed=0, rounds=200))
    assert {len(rows) for rows in drawn} == {61}
    counts = {int(np.sum(truth[rows] == "rare")) for rows in drawn}
    assert min(counts) == 1 < max(counts)


def test_the_interval_holds_the_result_itself():
    for seed in range(30):
        truth, told = predictions(seed, rows=25)
        for metric in ("average_precision", "f1", "brier"):
            low, high = metric_interval(metric, truth, told, positive="yes", rounds=50)
            assert low <= score(metric, truth, told, positive="yes") <= high


def test_20_000_rows_are_resampled_in_seconds():
    truth, told = predictions(2, rows=20_000)
    for metric in ("roc_auc", "f1", "log_loss"):
        began = time.process_time()
        bootstrap_interval(metric, truth, told, positive="yes")
        assert time.process_time() - began < 3


def test_the_same_seed_gives_the_same_interval_and_one_row_is_refused():
    truth, told = predictions(3)
    first = bootstrap_interval("f1", truth, told, positive="yes", seed=5, rounds=200)
    assert first == bootstrap_interval("f1", truth, told, positive="yes", seed=5, rounds=200)
    with pytest.raises(NotEnoughData):
        bootstrap_interval("accuracy", truth[:1], told.take(np.arange(1)))
