"""Answers of rows that did not train the model: complete, stored, read back, and not peeked at."""

import numpy as np
import pandas as pd
import pytest

from apps.engine.errors import BadFile
from apps.engine.evaluation.metrics import Predictions
from apps.engine.evaluation.payoff import Payoff
from apps.engine.reading.tables import house_types
from apps.engine.training.answers import Answers, read_answers, write_answers
from apps.engine.training.diagnosis import threshold_for
from apps.engine.training.files import file_sha256
from apps.engine.training.reproduce import reproduce
from apps.engine.training.trial import cross_validate
from tests.engine.training.drawing import drawn_split

TASK = {"problem": "binary", "positive": "yes", "metrics": ["roc_auc", "recall"]}
PAYOFF = {"right": 10.0, "wrong": 1.0, "per_month": 300.0}


@pytest.fixture(scope="module")
def validated(tmp_path_factory):
    """Folder and arguments of a split, and ``run(name)`` that cross-validates with a payoff."""
    folder = tmp_path_factory.mktemp("answers")
    generator = np.random.default_rng(0)
    signal = generator.normal(size=600)
    frame = house_types(
        pd.DataFrame(
            {
                "signal": signal,
                "desk": generator.choice(["north", "south"], 600),
                "target": np.where(
                    generator.random(600) < 1 / (1 + np.exp(2 - signal)), "yes", "no"
                ),
            }
        )
    )
    split = drawn_split(folder, frame, folds=4)

    def run(name, payoff=PAYOFF, candidate="linear"):
        return cross_validate(
            **split,
            **TASK,
            candidate=candidate,
            payoff=payoff,
            answers_file=str(folder / name),
        )

    return folder, split, run


def test_the_same_seed_gives_the_same_bytes_and_every_row_is_answered_once(validated):
    folder, _, run = validated
    run("a.parquet", candidate="lightgbm")
    run("b.parquet", candidate="lightgbm")
    assert file_sha256(folder / "a.parquet") == file_sha256(folder / "b.parquet")
    answers = read_answers(folder / "a.parquet")
    assert answers.row.tolist() == list(range(480))
    assert answers.told.classes == ("no", "yes")
    assert np.allclose(answers.told.probabilities.sum(axis=1), 1)


def test_a_payoff_moves_the_threshold_and_with_it_the_recall(validated):
    _, _, run = validated
    usual, paid = run("c.parquet", payoff=None), run("d.parquet")
    assert usual["threshold"] == 0.5
    assert paid["threshold"] == pytest.approx(1 / 11, abs=0.08)
    assert paid["scores"]["recall"]["mean"] > usual["scores"]["recall"]["mean"] + 0.3
    assert paid["scores"]["roc_auc"] == usual["scores"]["roc_auc"]
    assert paid["diagnosis"]["money"]["value"] > 0
    assert "money" not in usual["diagnosis"]


def test_the_threshold_of_a_fold_does_not_hang_on_the_folds_own_rows(validated):
    """Mutation: other truths in fold 0 leave its threshold as it was."""
    folder, _, run = validated
    told = run("e.parquet")
    answers = read_answers(folder / "e.parquet")
    spoilt = np.where(answers.fold == 0, "yes", answers.truth)
    mutated = Answers(answers.row, answers.fold, spoilt, answers.told)
    payoff = Payoff.from_dict(PAYOFF)
    of_others = threshold_for(mutated.take(mutated.fold != 0), positive="yes", payoff=payoff)
    assert told["folds"][0]["threshold"] == of_others
    assert threshold_for(mutated, positive="yes", payoff=payoff) != told["threshold"]


@pytest.mark.parametrize(
    ("nudge", "swapped", "interval", "level"),
    [
        (0.0, 0, (0.0, 1.0), "A"),
        (1e-9, 0, (0.0, 1.0), "B"),
        (0.0, 20, (0.0, 1.0), "C"),
        (0.0, 20, (0.99, 1.0), "D"),
        (0.0, 20, (0.0, 0.3), "D"),
        (0.0, 20, (None, None), "D"),
    ],
)
def test_training_again_is_graded_by_how_near_it_comes(
    nudge, swapped, interval, level, validated, tmp_path
):
    """The stored answers are spoilt by a known amount; a better score is not the same either."""
    folder, split, run = validated
    run("first.parquet")
    first = read_answers(folder / "first.parquet")
    chances = first.told.probabilities + nudge * np.array([1, -1])
    chances[:swapped] = chances[:swapped, ::-1]
    told = Predictions(first.told.labels, chances, first.told.classes)
    write_answers(Answers(first.row, first.fold, first.truth, told), tmp_path / "stored.parquet")
    result = reproduce(
        answers=str(tmp_path / "stored.parquet"),
        score=dict(zip(("low", "high"), interval, strict=True)),
        metric="roc_auc",
        threshold=0.5,
        folder=str(tmp_path),
        candidate="linear",
        payoff=PAYOFF,
        **split,
        **TASK,
    )
    assert (result["level"], result["decisions"] > 0) == (level, swapped > 0)


def test_another_file_is_refused_in_words(tmp_path):
    (tmp_path / "x.parquet").write_bytes(b"no parquet")
    with pytest.raises(BadFile, match="train the candidate again"):
        read_answers(tmp_path / "x.parquet")
