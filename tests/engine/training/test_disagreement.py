"""Rows on which candidates disagree, counted by hand."""

import numpy as np
import pandas as pd
import pytest

from apps.engine.errors import BadParameter
from apps.engine.evaluation.metrics import Predictions
from apps.engine.reading.tables import house_types, write_table
from apps.engine.training.answers import Answers, write_answers
from apps.engine.training.disagreement import disagreements

pytestmark = pytest.mark.once
ROWS = np.arange(4)


def stored(folder, name, told, truth, rows=ROWS):
    write_answers(Answers(rows, 0 * rows, truth, told), folder / name)
    return str(folder / name)


@pytest.fixture
def development(tmp_path):
    when = pd.Timestamp("2026-01-01")
    frame = house_types(
        pd.DataFrame({"a": [1.5, None, 3.0, 4.0], "b": list("wxyz"), "t": [when] * 4})
    )
    write_table(frame, tmp_path / "d.parquet")
    return str(tmp_path / "d.parquet")


def test_classes_are_told_apart_at_each_ones_own_threshold(tmp_path, development):
    def said(*chances):
        yes = np.array(chances)
        labels = np.where(yes >= 0.5, "yes", "no").astype(object)
        return Predictions(labels, np.column_stack([1 - yes, yes]), ("no", "yes"))

    truth = np.array(["yes", "no", "yes", "no"], dtype=object)
    told = disagreements(
        answers=[
            stored(tmp_path, "a", said(0.9, 0.1, 0.4, 0.35), truth),
            stored(tmp_path, "b", said(0.8, 0.7, 0.3, 0.2), truth),
        ],
        thresholds=[0.3, 0.5],
        positive="yes",
        development=development,
        columns=["a", "b", "t"],
    )
    # The first says yes no yes yes, the second yes yes no no.
    assert told["pairs"] == [{"apart": 3, "base_right": 2, "other_right": 1, "both_wrong": 0}]
    assert [row["row"] for row in told["shown"]] == [2, 4, 3]
    assert told["shown"][0]["values"] == [None, "x", "2026-01-01 00:00:00"]
    assert [item["is_right"] for item in told["shown"][0]["told"]] == [True, False]


def test_numbers_are_told_apart_by_distance_and_nearness(tmp_path, development):
    truth = np.array([1.0, 2.0, 3.0, 4.0])
    told = disagreements(
        answers=[
            stored(tmp_path, "a", Predictions(np.array([1.0, 2.0, 3.0, 8.0])), truth),
            stored(tmp_path, "b", Predictions(np.array([1.0, 2.5, 3.5, 4.0])), truth),
        ],
        thresholds=[0.5, 0.5],
        positive=None,
        development=development,
        columns=["a"],
    )
    assert told["pairs"] == [
        {"mean_apart": 1.25, "most_apart": 4.0, "base_nearer": 2, "other_nearer": 1}
    ]
    assert [row["row"] for row in told["shown"]] == [4, 2, 3]


def test_answers_of_other_rows_are_refused(tmp_path, development):
    truth = np.array([1.0, 2.0, 3.0, 4.0])
    answers = [
        stored(tmp_path, "a", Predictions(truth), truth),
        stored(tmp_path, "b", Predictions(truth), truth, rows=ROWS + 1),
    ]
    with pytest.raises(BadParameter, match="different rows"):
        disagreements(
            answers=answers,
            thresholds=[0.5, 0.5],
            positive=None,
            development=development,
            columns=[],
        )
