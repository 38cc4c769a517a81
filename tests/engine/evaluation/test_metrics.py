"""Every metric equals scikit-learn's."""

import numpy as np
import pytest
from sklearn import metrics as sk

from apps.engine.errors import BadParameter, NotEnoughData
from apps.engine.evaluation.metrics import METRICS, Predictions, measure_of, score

RNG = np.random.default_rng(0)
TRUTH = RNG.choice(["no", "yes"], 200, p=[0.7, 0.3])
CHANCE = np.clip(RNG.normal(0.35, 0.2, 200) + 0.3 * (TRUTH == "yes"), 0.01, 0.99)
TOLD = Predictions(
    np.where(CHANCE >= 0.5, "yes", "no"), np.column_stack([1 - CHANCE, CHANCE]), ("no", "yes")
)
IS_YES = TRUTH == "yes"

BINARY = {
    "accuracy": sk.accuracy_score(TRUTH, TOLD.labels),
    "balanced_accuracy": sk.balanced_accuracy_score(TRUTH, TOLD.labels),
    "precision": sk.precision_score(TRUTH, TOLD.labels, pos_label="yes"),
    "recall": sk.recall_score(TRUTH, TOLD.labels, pos_label="yes"),
    "f1": sk.f1_score(TRUTH, TOLD.labels, pos_label="yes"),
    "mcc": sk.matthews_corrcoef(TRUTH, TOLD.labels),
    "roc_auc": sk.roc_auc_score(IS_YES, CHANCE),
    "average_precision": sk.average_precision_score(IS_YES, CHANCE),
    "log_loss": sk.log_loss(IS_YES, CHANCE),
    "brier": sk.brier_score_loss(IS_YES, CHANCE),
    "f_beta": sk.fbeta_score(TRUTH, TOLD.labels, pos_label="yes", beta=2),
}
CURVE = sk.precision_recall_curve(IS_YES, CHANCE)


@pytest.mark.parametrize("metric", BINARY)
def test_binary_metrics_equal_scikit_learns(metric):
    assert score(metric, TRUTH, TOLD, positive="yes") == pytest.approx(BINARY[metric], abs=1e-12)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("mae", 0.5),
        ("rmse", np.sqrt(0.375)),
        ("median_ae", 0.5),
        ("mape", 0.3273809523809524),
        ("r2", 0.9486081370449679),
        ("pinball:0.1", sk.mean_pinball_loss([3, -0.5, 2, 7], [2.5, 0.0, 2, 8], alpha=0.1)),
        ("coverage_error:0.9", 0.15),  # three of four are at or below
        ("within_tolerance:0.5", 0.75),
        ("within_tolerance:0.4", 0.25),
    ],
)
def test_regression_metrics_match_scikit_learns_documented_example(metric, expected):
    truth, told = np.array([3, -0.5, 2, 7]), Predictions(np.array([2.5, 0.0, 2, 8]))
    assert score(metric, truth, told) == pytest.approx(expected)


def test_multiclass_averages_are_macro():
    truth = np.array(["a", "b", "c", "a", "b", "c"])
    told = Predictions(np.array(["a", "c", "b", "a", "a", "b"]))
    assert score("precision", truth, told) == pytest.approx(2 / 9)  # scikit-learn's user guide


def test_multiclass_auc_is_the_mean_over_one_against_the_rest():
    truth = np.array(["a", "b", "c", "a", "b", "c"])
    chances = np.array(
        [[5, 3, 2], [3, 4, 3], [4, 4, 2], [2, 5, 3], [2, 6, 2], [1, 3, 6]], dtype=float
    )
    told = Predictions(truth, chances / 10, ("a", "b", "c"))
    each = [sk.roc_auc_score(truth == name, chances[:, index]) for index, name in enumerate("abc")]
    assert score("roc_auc", truth, told) == pytest.approx(np.mean(each))


def test_a_class_that_the_model_never_saw_costs_and_does_not_crash():
    truth = np.array(["b", "c", "a"], dtype=object)
    chances = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    told = Predictions(np.array(["b", "c", "b"], dtype=object), chances, ("b", "c"))
    covering = told.covering(truth)
    assert covering.classes == ("a", "b", "c")
    assert covering.probabilities.tolist() == [[0, 0.9, 0.1], [0, 0.2, 0.8], [0, 0.5, 0.5]]
    assert score("log_loss", truth, told) > 10
    assert score("accuracy", truth, told) == pytest.approx(2 / 3)


def test_a_ranking_without_rows_of_a_class_is_refused_in_words():
    chances = np.full((2, 3), 1 / 3)
    told = Predictions(np.array(["a", "b"]), chances, ("a", "b", "c"))
    with pytest.raises(NotEnoughData, match='the class "c"'):
        score("roc_auc", ["a", "b"], told)


@pytest.mark.parametrize("averaging", ["macro", "weighted", "micro"])
@pytest.mark.parametrize("metric", ["precision", "recall", "f1"])
def test_averages_over_classes_equal_scikit_learns(metric, averaging):
    truth = np.array(["a", "b", "c", "a", "b", "c", "a", "a"])
    told = Predictions(np.array(["a", "c", "b", "a", "a", "b", "b", "a"]))
    known = getattr(sk, f"{metric}_score")(truth, told.labels, average=averaging, zero_division=0.0)
    assert score(f"{metric}/{averaging}", truth, told) == pytest.approx(known)


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision"])
def test_a_weighted_ranking_weighs_each_class_by_its_rows(metric):
    generator = np.random.default_rng(2)
    truth = generator.choice(["a", "b", "c"], 90, p=[0.6, 0.3, 0.1])
    chances = generator.dirichlet([1, 1, 1], 90)
    told = Predictions(truth, chances, ("a", "b", "c"))
    one_hot = np.column_stack([truth == name for name in "abc"])
    known = getattr(sk, f"{metric}_score")(one_hot, chances, average="weighted")
    assert score(f"{metric}/weighted", truth, told) == pytest.approx(known)


@pytest.mark.parametrize("fixed", [0.3, 0.62, 0.9])
def test_a_metric_at_a_fixed_other_one_is_read_off_scikit_learns_curve(fixed):
    precision, recall, _ = CURVE
    best = max(p for p, r in zip(precision, recall, strict=True) if r >= fixed)
    found = max(r for p, r in zip(precision, recall, strict=True) if p >= fixed)
    told = {"truth": TRUTH, "predictions": TOLD, "positive": "yes"}
    assert score(f"precision_at_recall:{fixed}", **told) == pytest.approx(best)
    assert score(f"recall_at_precision:{fixed}", **told) == pytest.approx(found)


def test_k_is_a_share_below_one_and_a_number_of_rows_from_one_on():
    top = np.argsort(-CHANCE)[:20]
    for k in ("20", "0.1"):
        assert score(f"precision_at_k:{k}", TRUTH, TOLD, positive="yes") == np.mean(IS_YES[top])
        found = score(f"recall_at_k:{k}", TRUTH, TOLD, positive="yes")
        assert found == pytest.approx(np.sum(IS_YES[top]) / np.sum(IS_YES))


def test_rows_that_tie_at_the_border_of_k_count_by_the_share_that_fits_in():
    truth = np.array(["yes", "yes", "no", "no", "no"])
    chance = np.array([0.9, 0.5, 0.5, 0.5, 0.1])  # the second of two is one of three, one is right
    told = Predictions(truth, np.column_stack([1 - chance, chance]), ("no", "yes"))
    assert score("precision_at_k:2", truth, told, positive="yes") == pytest.approx((1 + 1 / 3) / 2)
    assert score("recall_at_k:2", truth, told, positive="yes") == pytest.approx((1 + 1 / 3) / 2)


def test_the_calibration_error_is_what_pencil_and_paper_give():
    chance = np.repeat([0.1, 0.9], 5)
    truth = np.array(["no", "no", "no", "no", "yes"] + ["yes"] * 5)
    told = Predictions(truth, np.column_stack([1 - chance, chance]), ("no", "yes"))
    # two levels, two bins: |0.1 - 0.2| and |0.9 - 1.0|
    assert score("calibration_error", truth, told, positive="yes") == pytest.approx(0.1)


def test_a_constant_that_is_the_base_rate_is_perfectly_calibrated_whatever_the_order():
    chance = np.full(200, np.mean(IS_YES))
    told = Predictions(TRUTH, np.column_stack([1 - chance, chance]), ("no", "yes"))
    assert score("calibration_error", TRUTH, told, positive="yes") == pytest.approx(0.0, abs=1e-12)


def test_the_symmetric_percentage_error_treats_too_much_and_too_little_alike():
    told = Predictions(np.array([150.0, 100.0, 0.0]))
    truth = np.array([100.0, 150.0, 0.0])  # 50 of 125 both ways, and 0 where both are 0
    assert score("smape", truth, told) == pytest.approx((0.4 + 0.4 + 0) / 3)


def test_a_decision_is_worth_what_the_payoff_says():
    truth = np.array(["yes", "yes", "no", "no"])
    told = Predictions(np.array(["yes", "no", "yes", "no"]))
    payoff = {"right": 80, "wrong": 4, "missed": 20, "quiet": 1, "per_month": 1}
    asked = {"metric": "value_per_decision", "payoff": payoff}
    assert score(asked, truth, told, positive="yes") == pytest.approx((80 - 20 - 4 + 1) / 4)
    with pytest.raises(BadParameter, match="needs a payoff"):
        score("value_per_decision", truth, told, positive="yes")


def test_a_prediction_is_worth_what_its_error_costs():
    asked = {"metric": "error_value", "error_cost": 3.0}
    assert score(asked, [1.0, 2.0], Predictions(np.array([2.0, 4.0]))) == pytest.approx(-4.5)


def test_every_metric_says_what_it_means_how_far_it_reaches_and_what_guessing_gives():
    for metric in METRICS.values():
        assert metric.direction in {"up", "down"}
        assert metric.says.endswith(".")
        assert ". " not in metric.says
        assert metric.problems
        assert metric.guess_says
        low, high = metric.bounds
        assert high is None or low < high
        if metric.parameter is not None:
            assert metric.parameter.low <= metric.parameter.default <= metric.parameter.high
            assert "{0:g}" in metric.label


def test_what_guessing_reaches_is_what_a_guess_scores():
    always = Predictions(np.full(200, "yes"))
    rate, told = float(np.mean(IS_YES)), np.full(200, np.mean(IS_YES))
    constant = Predictions(np.full(200, "no"), np.column_stack([1 - told, told]), ("no", "yes"))
    for metric, guess in [
        ("accuracy", constant),
        ("balanced_accuracy", constant),
        ("precision", always),
        ("f1", always),
        ("f_beta:3", always),
        ("mcc", constant),
        ("roc_auc", constant),
        ("average_precision", constant),
        ("precision_at_k:0.2", constant),
        ("recall_at_k:0.2", constant),
        ("precision_at_recall:0.7", constant),
        ("recall_at_precision:0.9", constant),
        ("log_loss", constant),
        ("brier", constant),
    ]:
        reached = score(metric, TRUTH, guess, positive="yes")
        assert measure_of(metric).guessed(rate) == pytest.approx(reached), metric


def test_a_key_a_mapping_and_a_measure_ask_for_the_same():
    asked = measure_of({"metric": "f_beta", "parameter": 0.5, "averaging": "weighted"})
    assert (asked.key, asked.title) == ("f_beta:0.5/weighted", "F0.5, weighted")
    assert measure_of(asked.key) == asked == measure_of(asked.as_dict())
    assert measure_of("f_beta") == measure_of("f_beta:2")
    assert measure_of({"metric": "f1", "averaging": "macro"}).key == "f1"


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("f_beta:0", "between 0.1 and 10"),
        ("f_beta:two", "is no number"),
        ("recall:0.5", "takes no parameter"),
        ("roc_auc/micro", "macro or weighted"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused_in_words(key, says):
    with pytest.raises(BadParameter, match=says):
        measure_of(key)


def test_a_metric_of_two_classes_says_so_when_there_are_more():
    told = Predictions(TRUTH, TOLD.probabilities, TOLD.classes)
    with pytest.raises(BadParameter, match="two classes"):
        score("brier", TRUTH, told)


def test_one_class_is_refused_in_words():
    with pytest.raises(NotEnoughData, match="at least two classes"):
        score("roc_auc", ["yes"] * 3, TOLD.take(np.arange(3)), positive="yes")


def test_an_unknown_metric_names_the_known_ones():
    with pytest.raises(BadParameter, match="roc_auc"):
        score("best", TRUTH, TOLD)
