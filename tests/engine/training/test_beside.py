"""Scores of candidates on the same slices, of every kind of problem, what differs most first."""

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from apps.engine.evaluation.metrics import Predictions
from apps.engine.reading.tables import house_types, spec_of, write_table
from apps.engine.training.answers import Answers, write_answers
from apps.engine.training.beside import scores_by_slice
from apps.engine.training.disagreement import disagreements

ROWS = 200
DESK = np.array(["north", "south"] * (ROWS // 2), dtype=object)
SHIFT = np.array(["day"] * 150 + ["night"] * 50, dtype=object)


def answered(folder, name, truth, told):
    file = folder / f"{name}.parquet"
    write_answers(Answers(np.arange(ROWS), np.zeros(ROWS, dtype=int), truth, told), file)
    return str(file)


@pytest.fixture
def asked(tmp_path):
    frame = house_types(pd.DataFrame({"desk": DESK, "shift": SHIFT, "y": np.arange(ROWS) * 1.0}))
    write_table(frame, tmp_path / "development.parquet")
    return {
        "thresholds": [0.5, 0.5],
        "positive": None,
        "development": str(tmp_path / "development.parquet"),
        "features": [asdict(item) for item in spec_of(frame).columns if item.name != "y"],
        "planned": ["desk", "gone"],
        "found": [[{"column": "desk", "label": "south"}, {"column": "shift", "label": "night"}]],
    }


def test_the_slice_on_which_they_differ_most_comes_first(tmp_path, asked):
    truth = np.arange(ROWS) * 1.0
    south = np.where(DESK == "south", 5.0, 1.0)
    night = south + np.where((DESK == "south") & (SHIFT == "night"), 10.0, 0.0)
    files = [
        answered(tmp_path, "a", truth, Predictions(truth + south)),
        answered(tmp_path, "b", truth, Predictions(truth + night)),
    ]
    lines = scores_by_slice(answers=files, metric="mae", **asked)
    assert [line["where"] for line in lines] == [
        "desk is south and shift is night",
        "desk is south",
        "desk is north",
    ]
    assert [line["is_planned"] for line in lines] == [False, True, True]
    assert [line["rows"] for line in lines] == [25, 100, 100]
    assert [line["few"] for line in lines] == [True, False, False]
    assert [[one["score"] for one in line["told"]] for line in lines] == [
        [5.0, 15.0],
        [5.0, 7.5],
        [1.0, 1.0],
    ]
    assert [line["apart"] for line in lines] == [10.0, 2.5, 0.0]
    south = lines[1]["told"][1]
    assert south["low"] < 7.5 < south["high"]


CHANCES = np.linspace(0.01, 0.99, ROWS)
CLASSES = np.where(np.arange(ROWS) % 5 < 2, "no", "yes").astype(object)
SETS = np.where(np.arange(ROWS) % 5 < 2, "a", "a;b").astype(object)
KINDS = {
    "two classes": (
        "roc_auc",
        "yes",
        CLASSES,
        lambda by: Predictions(
            np.where(by > 0.5, "yes", "no").astype(object),
            np.column_stack([1 - by, by]),
            ("no", "yes"),
        ),
    ),
    "several classes": (
        "log_loss",
        None,
        np.where(np.arange(ROWS) % 7 == 0, "maybe", CLASSES).astype(object),
        lambda by: Predictions(
            np.where(by < 0.5, "no", "yes").astype(object),
            np.column_stack([by / 2, 1 - by, by / 2]),
            ("maybe", "no", "yes"),
        ),
    ),
    "a quantile": (
        {"metric": "pinball", "parameter": 0.9},
        None,
        np.arange(ROWS) * 1.0,
        lambda by: Predictions(np.arange(ROWS) + 10 * by, level=0.9),
    ),
    "sets of labels": (
        "log_loss",
        None,
        SETS,
        lambda by: Predictions(
            np.full(ROWS, "a", dtype=object), np.column_stack([by, 1 - by]), ("a", "b"), True
        ),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_answer_is_told_by_slice_and_row_by_row(tmp_path, asked, kind):
    metric, positive, truth, told = KINDS[kind]
    files = [
        answered(tmp_path, "a", truth, told(CHANCES)),
        answered(tmp_path, "b", truth, told(CHANCES[::-1])),
    ]
    lines = scores_by_slice(answers=files, metric=metric, **{**asked, "positive": positive})
    assert len(lines) == 3
    apart = [line["apart"] for line in lines]
    assert apart == sorted(apart, reverse=True)
    assert all(one["low"] <= one["score"] <= one["high"] for line in lines for one in line["told"])
    rows = disagreements(
        answers=files,
        thresholds=[0.5, 0.5],
        positive=positive,
        development=asked["development"],
        columns=["desk"],
    )
    assert rows["rows"] == ROWS
    assert len(rows["pairs"]) == 1
    assert rows["shown"]
