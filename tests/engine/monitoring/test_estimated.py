"""The promised metric while labels are missing: near the truth, and its error is told."""

import json

import numpy as np
import pandas as pd
import pytest

from apps.engine.evaluation.metrics import Predictions, score
from apps.engine.evaluation.verdict import Promise
from apps.engine.monitoring.estimated import estimate, estimator_of
from apps.engine.training.answers import Answers

pytestmark = pytest.mark.once
AUC = Promise("roc_auc", 0.7, "up", "primary")
PRECISION = Promise("precision", 0.5, "up", "guardrail")
MAE = Promise("mae", 3.0, "down", "primary")


def world(rows, *, seed, spread=2.0, timid=0.4):
    """A score that is right in its order and wrong in its size; columns of a request."""
    random = np.random.default_rng(seed)
    x = random.normal(0, spread, rows)
    chance = 1 / (1 + np.exp(-x))
    truth = np.where(random.random(rows) < chance, "yes", "no").astype(object)
    said = 1 / (1 + np.exp(-timid * x))
    told = Predictions(
        np.where(said >= 0.5, "yes", "no").astype(object),
        np.column_stack([1 - said, said]),
        ("no", "yes"),
    )
    frame = pd.DataFrame({"x": x, "desk": random.choice(["north", "south"], rows)})
    return truth, told, frame


def kept(truth, told, frame, promises, *, positive="yes"):
    rows = np.arange(len(truth))
    answers = Answers(rows, rows % 4, truth, told)
    made = estimator_of(answers, frame, promises, positive=positive)
    return json.loads(json.dumps(made, allow_nan=False))


@pytest.fixture(scope="module")
def made():
    return kept(*world(2_000, seed=1), [AUC, PRECISION])


@pytest.mark.parametrize("spread", [2.0, 0.7])  # as before, and rows that are harder to tell
def test_estimates_of_unseen_answers_hold_the_truth_in_their_interval(made, spread):
    truth, told, frame = world(1_000, seed=2, spread=spread)
    found = estimate(made, [AUC, PRECISION], told, frame, positive="yes")
    assert found["rows"] == 1_000
    for promise, line in zip([AUC, PRECISION], found["metrics"], strict=True):
        really = score(promise.measure, truth, told, positive="yes")
        assert line["low"] - line["worst"] <= really <= line["high"] + line["worst"]
        assert abs(line["value"] - really) < 0.05


def test_the_back_test_tells_the_error_of_each_metric(made):
    told = made["trials"]
    assert set(told) == {"roc_auc", "precision"}
    assert told["roc_auc"]["trials"] == 12
    assert told["roc_auc"]["rows"] == 500
    assert 0 < told["roc_auc"]["error"] < told["roc_auc"]["worst"] < 0.06


def test_a_model_that_only_guesses_is_estimated_as_guessing():
    random = np.random.default_rng(4)
    truth = random.choice(["no", "yes"], 800).astype(object)
    said = random.random(800)
    told = Predictions(
        np.where(said > 0.5, "yes", "no").astype(object),
        np.column_stack([1 - said, said]),
        ("no", "yes"),
    )
    made = kept(truth, told, pd.DataFrame({"x": said}), [AUC])
    line = estimate(made, [AUC], told, pd.DataFrame({"x": said}), positive="yes")["metrics"][0]
    assert line["value"] == pytest.approx(0.5, abs=0.05)


def sizes(rows, *, seed, far=0.3):
    """Numbers whose error is five times as large where ``far`` is true."""
    random = np.random.default_rng(seed)
    is_far = random.random(rows) < far
    answer = random.normal(50, 10, rows)
    truth = answer + random.normal(0, 1, rows) * np.where(is_far, 10.0, 2.0)
    frame = pd.DataFrame({"zone": np.where(is_far, "far", "near"), "km": random.random(rows)})
    return truth, Predictions(answer), frame


def test_the_error_of_numbers_is_that_of_rows_like_them():
    made = kept(*sizes(2_000, seed=5), [MAE], positive=None)
    for far in (0.05, 0.9):
        truth, told, frame = sizes(1_500, seed=6, far=far)
        line = estimate(made, [MAE], told, frame, positive=None)["metrics"][0]
        really = float(np.mean(np.abs(truth - told.labels)))
        assert line["value"] == pytest.approx(really, rel=0.1)
        assert line["error"] < line["worst"] < 1.0


def test_whole_numbers_flags_and_dates_may_be_missing():
    truth, told, frame = sizes(300, seed=9)
    day = pd.Series(pd.date_range("2026-01-01", periods=300, freq="h"))
    frame = frame.assign(
        stops=pd.Series([1, 2, None] * 100, dtype="Int64"),
        paid=pd.Series([True, False, None] * 100, dtype="boolean"),
        day=day.mask(day.dt.hour == 3),
    )
    made = kept(truth, told, frame, [MAE], positive=None)
    line = estimate(made, [MAE], told, frame, positive=None)["metrics"][0]
    assert line["value"] == pytest.approx(np.mean(np.abs(truth - told.labels)), rel=0.2)


def test_values_never_seen_and_missing_ones_are_estimated_too():
    made = kept(*sizes(500, seed=7), [MAE], positive=None)
    frame = pd.DataFrame({"zone": ["moon", None] * 50, "km": [np.nan, 1e9] * 50})
    line = estimate(made, [MAE], Predictions(np.full(100, 50.0)), frame, positive=None)
    assert np.isfinite(line["metrics"][0]["value"])


def test_too_few_answers_make_no_estimator():
    assert kept(*world(99, seed=8), [AUC]) == {}
