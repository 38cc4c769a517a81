"""Sets of labels: their notation, and every metric of them beside scikit-learn's."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from apps.engine.errors import BadParameter, NotEnoughData
from apps.engine.evaluation.intervals import bootstrap_interval, metric_interval
from apps.engine.evaluation.metrics import METRICS, Predictions, measure_of, metrics_for, score
from apps.engine.evaluation.per_label import labels_told, sizes_of_sets
from apps.engine.evaluation.resampled import recomputer
from apps.engine.labels import (
    NONE,
    in_notation,
    joined,
    labels_in,
    matrix_of,
    names_in,
    rarest_label,
    sets_of,
    sign_in,
)
from apps.engine.types import Problem

pytestmark = pytest.mark.once

NAMES = ("billing", "damage", "outage")
RANDOM = np.random.default_rng(4)
TRUE = RANDOM.random((300, 3)) < [0.5, 0.3, 0.1]
CHANCES = np.clip(0.3 * TRUE + RANDOM.random((300, 3)) * 0.7, 0.01, 0.99)
TRUTH = sets_of(TRUE, NAMES)
TOLD = Predictions(sets_of(CHANCES >= 0.5, NAMES), CHANCES, NAMES, sets=True)


def test_a_set_is_written_in_one_way_and_read_in_any_order():
    assert labels_in("outage ;billing; outage") == ("billing", "outage")
    assert joined(["outage", "billing"]) == "billing; outage"
    assert joined([]) == NONE
    assert labels_in(NONE) == labels_in("") == ()
    assert names_in(["a; b", NONE, "c"]) == ("a", "b", "c")
    assert matrix_of(["b; a", NONE], ["a", "b", "z"]).tolist() == [[1, 1, 0], [0, 0, 0]]
    assert matrix_of(TRUTH, NAMES).tolist() == TRUE.tolist()


def test_the_rarest_label_of_each_row_is_the_one_that_fewest_rows_have():
    assert rarest_label(["a; b", "a", "a; c", "a; b", NONE]).tolist() == ["b", "a", "c", "b", NONE]


def test_a_sign_between_labels_is_found_where_cells_repeat_their_parts():
    cells = pd.Series(["a|b", "a", "b|c", "c|a", "b"] * 4, name="tags", dtype="string")
    sign, why = sign_in(cells)
    assert (sign, "3 labels" in why, "12 of 20" in why) == ("|", True, True)
    names = [f"Name{n}, First{n}" for n in range(20)]
    assert sign_in(pd.Series(names, dtype="string")) is None
    assert sign_in(pd.Series(["yes, sure", "no, never"] * 9, dtype="string")) is None
    assert sign_in(pd.Series([1, 2, 3])) is None


def test_a_column_is_put_into_the_notation_and_what_cannot_be_is_refused_in_words():
    cells = pd.Series(["b|a", "a", None, "", "b |a|"], name="tags", dtype="string")
    assert in_notation(cells, "|").tolist()[:2] == ["a; b", "a"]
    assert in_notation(cells, "|").isna().tolist() == [False, False, True, False, False]
    assert in_notation(cells, "|").tolist()[3:] == [NONE, "a; b"]
    with pytest.raises(BadParameter, match="cannot stand between labels"):
        in_notation(cells, "x")
    with pytest.raises(BadParameter, match="holds a semicolon"):
        in_notation(pd.Series(["a;b|c", "c"], name="tags"), "|")
    with pytest.raises(NotEnoughData, match="at least two are needed"):
        in_notation(pd.Series(["a", "a"], name="tags"), "|")
    with pytest.raises(NotEnoughData, match="at most 50"):
        in_notation(pd.Series([f"l{n}" for n in range(60)], name="tags"), "|")


AVERAGES = ("macro", "weighted", "micro")
SAID = CHANCES >= 0.5
WANTED = {
    "jaccard": sk.jaccard_score(TRUE, SAID, average="samples", zero_division=1.0),
    "subset_accuracy": sk.accuracy_score(TRUE, SAID),
    "hamming_loss": sk.hamming_loss(TRUE, SAID),
    "roc_auc": sk.roc_auc_score(TRUE, CHANCES, average="macro"),
    "roc_auc/weighted": sk.roc_auc_score(TRUE, CHANCES, average="weighted"),
    "average_precision": sk.average_precision_score(TRUE, CHANCES, average="macro"),
    "average_precision/weighted": sk.average_precision_score(TRUE, CHANCES, average="weighted"),
    "log_loss": np.mean(
        [sk.log_loss(TRUE[:, place], CHANCES[:, place]) for place in range(len(NAMES))]
    ),
}
for name, function in (
    ("precision", sk.precision_score),
    ("recall", sk.recall_score),
    ("f1", sk.f1_score),
):
    for average in AVERAGES:
        key = name if average == "macro" else f"{name}/{average}"
        WANTED[key] = function(TRUE, SAID, average=average)
WANTED["f_beta:2/micro"] = sk.fbeta_score(TRUE, SAID, beta=2, average="micro")


@pytest.mark.parametrize("key", WANTED)
def test_each_metric_of_sets_is_scikit_learns(key):
    assert score(key, TRUTH, TOLD) == pytest.approx(WANTED[key], abs=1e-12)


def test_every_metric_that_is_for_sets_was_compared():
    compared = {measure_of(key).of.key for key in WANTED}
    assert {metric.key for metric in metrics_for(Problem.MULTILABEL)} == compared


@pytest.mark.parametrize("key", WANTED)
def test_a_metric_of_resampled_rows_is_that_of_those_rows(key):
    rows = np.random.default_rng(0).integers(0, 300, 300)
    quick = recomputer(key, TRUTH, TOLD)(rows)
    assert quick == pytest.approx(score(key, TRUTH[rows], TOLD.take(rows)), abs=1e-12)


def test_values_by_hand():
    """Rows: {a, b} told {a}; {} told {}; {b} told {a, b}. Jaccard 1/2, 1, 1/2; 2 of 6 wrong."""
    truth = np.array(["a; b", NONE, "b"], dtype=object)
    said = np.array(["a", NONE, "a; b"], dtype=object)
    told = Predictions(said, np.full((3, 2), 0.5), ("a", "b"), sets=True)
    assert score("jaccard", truth, told) == pytest.approx(2 / 3)
    assert score("hamming_loss", truth, told) == pytest.approx(2 / 6)
    assert score("subset_accuracy", truth, told) == pytest.approx(1 / 3)
    assert score("f1/micro", truth, told) == pytest.approx(2 * 2 / (3 + 3))


def test_a_label_that_no_row_has_counts_for_no_rank_and_a_metric_of_sets_wants_sets():
    told = Predictions(TOLD.labels, np.c_[CHANCES, CHANCES[:, 0]], (*NAMES, "zebra"), sets=True)
    assert score("roc_auc", TRUTH, told) == pytest.approx(WANTED["roc_auc"])
    with pytest.raises(NotEnoughData, match="some of the rows have"):
        score("roc_auc", TRUTH[:1], TOLD.take([0]))
    with pytest.raises(BadParameter, match="for sets of labels"):
        score("jaccard", np.array(["a"]), Predictions(np.array(["a"])))


def test_a_label_that_the_model_never_saw_has_the_chance_nothing():
    truth = np.append(TRUTH[:-1], "billing; zebra")
    covered = TOLD.covering(truth)
    assert covered.classes == (*NAMES, "zebra")
    assert covered.sets
    assert covered.probabilities[:, 3].max() == 0


def test_always_telling_every_label_reaches_what_the_catalogue_calls_guessing():
    share = float(TRUE.mean())
    every = Predictions(sets_of(np.ones_like(TRUE), NAMES), np.ones((300, 3)), NAMES, sets=True)
    for key in ("jaccard", "precision", "precision/micro", "f1/micro"):
        guessed = measure_of(key).guessed(share)
        reached = score(key, TRUTH, every)
        if key == "jaccard":  # an empty set is alike to none but itself
            assert reached <= guessed + 1e-12
        else:
            assert reached == pytest.approx(guessed)
    none = Predictions(np.full(300, NONE, dtype=object), np.zeros((300, 3)), NAMES, sets=True)
    assert score("hamming_loss", TRUTH, none) == pytest.approx(
        METRICS["hamming_loss"].guess(share, None)
    )


def test_an_interval_holds_the_value_and_is_the_same_each_time():
    for key in ("f1", "jaccard", "roc_auc"):
        low, high = bootstrap_interval(key, TRUTH, TOLD, rounds=200)
        assert low < score(key, TRUTH, TOLD) < high
        assert (low, high) == tuple(bootstrap_interval(key, TRUTH, TOLD, rounds=200))
    low, high = metric_interval("subset_accuracy", TRUTH, TOLD)
    assert low < WANTED["subset_accuracy"] < high


def test_each_label_is_told_with_its_counts_its_ranks_and_its_calibration():
    told = labels_told(TRUTH, TOLD, threshold=0.5)
    assert [item["rows"] for item in told] == sorted(TRUE.sum(axis=0).tolist(), reverse=True)
    for item in told:
        place = NAMES.index(item["name"])
        counts = sk.confusion_matrix(TRUE[:, place], SAID[:, place])
        assert [[item["left_alone"], item["false_alarms"]], [item["missed"], item["found"]]] == (
            counts.tolist()
        )
        assert item["f1"] == pytest.approx(sk.f1_score(TRUE[:, place], SAID[:, place]))
        assert 0 <= item["calibration"]["gap"] <= 1
    sizes = sizes_of_sets(TRUTH, TOLD)
    assert sum(item["true"] for item in sizes) == sum(item["told"] for item in sizes) == 300
    assert sum(item["labels"] * item["true"] for item in sizes) == TRUE.sum()
