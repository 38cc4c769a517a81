"""The best that wrong labels allow, against simulation and a published relation."""

import numpy as np
import pytest
from sklearn import metrics as sk

from apps.engine.errors import BadParameter
from apps.engine.evaluation.metrics import measure_of
from apps.engine.feasibility.label_noise import NoisyLabels, ceiling

GENERATOR = np.random.default_rng(11)
ROWS, NOISE = 400_000, 0.08
REALITY = GENERATOR.random(ROWS) < 0.3
LABELLED = REALITY ^ (GENERATOR.random(ROWS) < NOISE)
RATE = float(np.mean(LABELLED))
PERFECT = np.where(REALITY, 1 - NOISE, NOISE)
SEEN = {
    "accuracy": sk.accuracy_score(LABELLED, REALITY),
    "balanced_accuracy": sk.balanced_accuracy_score(LABELLED, REALITY),
    "precision": sk.precision_score(LABELLED, REALITY),
    "f1": sk.f1_score(LABELLED, REALITY),
    "f_beta:2": sk.fbeta_score(LABELLED, REALITY, beta=2),
    "mcc": sk.matthews_corrcoef(LABELLED, REALITY),
    "roc_auc": sk.roc_auc_score(LABELLED, PERFECT),
    "average_precision": sk.average_precision_score(LABELLED, PERFECT),
    "brier": sk.brier_score_loss(LABELLED, PERFECT),
    "log_loss": sk.log_loss(LABELLED, PERFECT),
}


@pytest.mark.parametrize("metric", SEEN)
def test_the_ceiling_is_what_a_model_that_knows_the_truth_scores(metric):
    found = ceiling(measure_of(metric), NoisyLabels(RATE, NOISE))
    assert found == pytest.approx(SEEN[metric], abs=0.004)


def test_the_auc_is_bounded_as_menon_and_others_2015_say():
    # their equation for the corrupted AUC, (1 - a - b) AUC + (a + b) / 2, at a clean AUC of 1
    labels = NoisyLabels(0.3, 0.1)
    assert labels.true_rate == pytest.approx(0.25)
    assert (labels.alpha, labels.beta) == (pytest.approx(0.25), pytest.approx(1 / 28))
    bound = (1 - 0.25 - 1 / 28) + (0.25 + 1 / 28) / 2
    assert ceiling(measure_of("roc_auc"), labels) == pytest.approx(bound)


def test_right_labels_allow_everything():
    labels = NoisyLabels(0.3, 0.0)
    for metric in SEEN:
        best = 0.0 if metric in {"brier", "log_loss"} else 1.0
        assert ceiling(measure_of(metric), labels) == pytest.approx(best)


def test_recall_alone_has_no_ceiling():
    assert ceiling(measure_of("recall"), NoisyLabels(0.3, 0.1)) is None


def test_more_wrong_labels_than_positives_cannot_lie_on_both_sides():
    with pytest.raises(BadParameter, match="both sides"):
        NoisyLabels(0.01, 0.02)
    with pytest.raises(BadParameter, match="lies from 0"):
        NoisyLabels(0.3, 0.5)
