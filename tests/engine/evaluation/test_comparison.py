"""A difference is told only where the folds, or the rows of a test, can tell it."""

import numpy as np
import pytest
from sklearn.datasets import make_moons
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from sklearn.svm import SVC

from apps.engine.evaluation.comparison import Gain, gain_over_folds, gain_over_rows
from apps.engine.evaluation.metrics import Predictions


def test_the_corrected_t_test_gives_the_value_of_scikit_learns_own_example():
    """examples/model_selection/plot_grid_search_stats: t 0.750, one-sided p 0.227."""
    features, target = make_moons(noise=0.352, random_state=1, n_samples=100)
    folds = RepeatedStratifiedKFold(n_splits=10, n_repeats=10, random_state=0)
    rbf, linear = (
        cross_val_score(SVC(kernel=kernel, random_state=0), features, target, cv=folds, **scoring)
        for kernel, scoring in (
            ("rbf", {"scoring": "roc_auc"}),
            ("linear", {"scoring": "roc_auc"}),
        )
    )
    gain = gain_over_folds(rbf, linear, direction="up", train_rows=90, test_rows=10)
    assert gain.p_value / 2 == pytest.approx(0.227, abs=0.0005)
    assert gain.outcome == "cannot tell"
    half = gain.high - gain.mean
    t = gain.mean / (half / 1.9842169515)  # Student's t, 99 degrees of freedom, 97.5 %
    assert t == pytest.approx(0.750, abs=0.0005)


def test_for_a_metric_to_be_small_less_is_better():
    gain = gain_over_folds(
        [1.0, 1.1, 0.9], [2.0, 2.1, 1.95], direction="down", train_rows=2, test_rows=1
    )
    assert gain.mean == pytest.approx(1.01667, abs=1e-5)
    assert gain.outcome == "better"


@pytest.mark.parametrize(
    ("a", "b", "outcome"),
    [([0.7], [0.5], "cannot tell"), ([0.5, 0.5], [0.5, 0.5], "cannot tell")],
)
def test_one_fold_or_equal_scores_tell_nothing(a, b, outcome):
    assert gain_over_folds(a, b, direction="up", train_rows=2, test_rows=1).outcome == outcome


def test_the_widened_variance_halts_what_the_plain_paired_test_would_call_a_difference():
    a = np.array([0.81, 0.83, 0.80, 0.84, 0.82])
    b = a - np.array([0.004, 0.006, 0.016, 0.002, 0.012])
    assert gain_over_folds(a, b, direction="up", train_rows=1e9, test_rows=1).outcome == "better"
    assert gain_over_folds(a, b, direction="up", train_rows=4, test_rows=1).outcome == "cannot tell"


def test_the_paired_bootstrap_sees_a_gain_that_two_separate_intervals_would_hide():
    generator = np.random.default_rng(3)
    truth = generator.choice(["no", "yes"], 600)
    hard = generator.normal(size=600) * 1.5
    signal = (truth == "yes") + hard
    a, b = (
        Predictions(truth, np.column_stack([-scores, scores]), ("no", "yes"))
        for scores in (signal, signal + generator.normal(size=600) * 1.2)
    )
    gain = gain_over_rows("roc_auc", truth, a, b, positive="yes", rounds=400)
    assert gain.outcome == "better"
    assert gain_over_rows("roc_auc", truth, b, a, positive="yes", rounds=400).outcome == "worse"
    same = gain_over_rows("roc_auc", truth, a, a, positive="yes", rounds=200)
    assert (same.low, same.mean, same.high) == (0.0, 0.0, 0.0)
    assert Gain(0.0, None, None).outcome == "cannot tell"
