"""Candidates on tables that scikit-learn ships, from folds to a model file and a verdict."""

import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from apps.engine.errors import NotEnoughData
from apps.engine.evaluation.metrics import metrics_for
from apps.engine.reading.tables import house_types, spec_of, write_table
from apps.engine.training.candidates import CANDIDATES
from apps.engine.training.files import file_sha256, load_model, save_model
from apps.engine.training.final import fit_final
from apps.engine.training.problem import problem_of
from apps.engine.training.rows import Rows, load_rows, predict, specs
from apps.engine.training.sealed import evaluate_sealed
from apps.engine.training.task import Task
from apps.engine.training.trial import cross_validate
from apps.engine.types import Problem, silent
from tests.engine.training.drawing import drawn_split

WORDS = ["small", "round", "clear", "dark", "edge", "smooth", "grain", "cell", "layer", "stain"]
NOTES = [" ".join(WORDS[(n * k + k) % 10] for k in range(1, 8)) for n in range(50)]


def cancer() -> pd.DataFrame:
    whole = load_breast_cancer(as_frame=True).frame
    frame = whole[["mean radius", "mean texture", "worst concavity", "target"]]  # quick to explain
    names = np.array(["malignant", "benign"])
    return frame.assign(
        target=names[frame["target"]],
        size=np.where(frame["mean radius"] > 14, "large", "small"),
        clinic=[f"clinic {number % 40}" for number in range(len(frame))],
        note=[NOTES[number % 97 % 50] + f" {number % 50}" for number in range(len(frame))],
        seen=pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(len(frame)), unit="h"),
    )


TABLES = {
    Problem.BINARY: (cancer, "malignant"),
    Problem.MULTICLASS: (
        lambda: load_wine(as_frame=True).frame.assign(
            target=lambda frame: "w" + frame["target"].astype(str)
        ),
        None,
    ),
    Problem.REGRESSION: (lambda: load_diabetes(as_frame=True).frame, None),
}


@pytest.fixture(scope="module", params=list(TABLES))
def drawn(request, tmp_path_factory):
    """A split of one of the tables: its folder, problem and feature specs."""
    folder = tmp_path_factory.mktemp("drawn")
    make, positive = TABLES[request.param]
    frame = house_types(make())
    features = drawn_split(folder, frame, test_share=0.3)["features"]
    return folder, request.param, positive, features


FEWER = {
    "forest": {"n_estimators": 20},
    "extra_trees": {"n_estimators": 20},
    "boosting": {"max_iter": 60},
    "lightgbm": {"n_estimators": 60},
    "small_boosting": {"n_estimators": 40},
    "catboost": {"iterations": 80},
    "rule": {"column": "mean radius", "value": 15.0, "then": "malignant", "otherwise": "benign"},
}
"""Smaller models, so that the tests are quick."""
JUDGED = ("dummy", "linear", "forest", "lightgbm", "search")
"""Fitted to the end and judged on sealed rows too: explaining each costs seconds."""
RULES = {
    Problem.MULTICLASS: {"column": "proline", "value": 755.0, "then": "w0", "otherwise": "w1"},
    Problem.REGRESSION: {"column": "bmi", "value": 0.0, "then": 200.0, "otherwise": 110.0},
}
KINDS = (Problem.BINARY, Problem.MULTICLASS, Problem.REGRESSION)
WEAK = {
    "bayes": (0.9, 0.9, 0.3),
    "rule": (0.8, 0.6, 0.2),
    "tree": (0.88, 0.9, 0.2),
    "neighbours": (0.95, 0.95, 0.3),
}
"""What they reach: ROC AUC of two classes, of three, and R²; the others .95, .95 and .3."""


def params_of(candidate, problem):
    if candidate == "rule" and problem in RULES:
        return RULES[problem]
    return FEWER.get(candidate)


def skip_unless_offered(candidate, problem):
    if problem not in CANDIDATES[candidate].problems:
        pytest.skip(f"{candidate} is not for a {problem} target")


def validated(drawn, candidate):
    folder, problem, positive, features = drawn
    return cross_validate(
        development=str(folder / "development.parquet"),
        split_file=str(folder / "split.parquet"),
        method="stratified",
        candidate=candidate,
        target="target",
        features=features,
        problem=problem,
        positive=positive,
        metrics=[metric.key for metric in metrics_for(problem) if not metric.money],
        seed=0,
        report=silent,
        params=params_of(candidate, problem),
    )


def without_text(drawn):
    """Explaining reads every column a thousand times, and a text is slow to read."""
    *others, features = drawn
    return *others, [item for item in features if item["name"] != "note"]


def fitted(drawn, candidate):
    folder, problem, positive, features = without_text(drawn)
    return fit_final(
        development=str(folder / "development.parquet"),
        split_file=str(folder / "split.parquet"),
        method="stratified",
        candidate=candidate,
        target="target",
        features=features,
        problem=problem,
        positive=positive,
        seed=0,
        target_file=str(folder / f"{candidate}.skops"),
        report=silent,
        params=params_of(candidate, problem),
    )


@pytest.mark.parametrize("candidate", list(CANDIDATES))
def test_every_candidate_is_scored_stored_loaded_and_judged(drawn, candidate):
    folder, problem, positive, features = drawn
    skip_unless_offered(candidate, problem)
    told = validated(drawn, candidate)
    assert len(told["folds"]) == 3
    json.dumps(told, allow_nan=False)
    if candidate != "dummy":
        least = dict(zip(KINDS, WEAK.get(candidate, (0.95, 0.95, 0.3)), strict=True))[problem]
        best = {"binary": "roc_auc", "multiclass": "roc_auc", "regression": "r2"}[problem]
        assert told["scores"][best]["mean"] > least
    assert told["one_row_ms"] > 0
    assert told["size_bytes"] > 500
    if candidate not in JUDGED:
        return
    features = without_text(drawn)[-1]
    final = fitted(drawn, candidate)
    base = final if candidate == "dummy" else fitted(drawn, "dummy")
    promise = {"binary": "roc_auc", "multiclass": "accuracy", "regression": "rmse"}[problem]
    result = evaluate_sealed(
        model=str(folder / f"{candidate}.skops"),
        sha256=final["sha256"],
        test=str(folder / "test.parquet"),
        target="target",
        features=features,
        problem=problem,
        positive=positive,
        promises=[{"metric": promise, "threshold": 0.9, "direction": "up", "role": "primary"}],
        baseline_model=str(folder / "dummy.skops"),
        baseline_sha256=base["sha256"],
        slices=["size"] if problem == Problem.BINARY else [],
        seed=0,
        report=silent,
    )
    json.dumps([final, result], allow_nan=False)
    assert final["trained_on"] == file_sha256(folder / "development.parquet")
    assert {item["feature"] for item in final["importance"]} == {item["name"] for item in features}
    verdict = result["verdicts"][0]
    assert verdict["low"] <= verdict["result"] <= verdict["high"]
    if candidate == "dummy":
        assert verdict["result"] == pytest.approx(verdict["baseline"])


def numbers_of(fitted, seen=None):
    """Every number, text and array inside of a fitted object, in a fixed order."""
    seen = {} if seen is None else seen  # holds them, so that no identity is used twice
    if isinstance(fitted, np.ndarray) and fitted.dtype != object:
        return [fitted.tobytes()]
    if isinstance(fitted, (str, bytes, bytearray, int, float, type, type(None), np.generic)):
        return [repr(fitted)]
    if id(fitted) in seen:
        return []
    seen[id(fitted)] = fitted
    if isinstance(fitted, dict):
        parts = [part for item in fitted.items() for part in item]
    elif isinstance(fitted, (list, tuple, np.ndarray)):
        parts = list(np.ravel(fitted)) if isinstance(fitted, np.ndarray) else list(fitted)
    elif hasattr(fitted, "model_to_string"):
        return [fitted.model_to_string()]
    else:
        state = fitted.__getstate__() if hasattr(fitted, "__getstate__") else None
        parts = [state] if isinstance(state, (dict, tuple)) else []
    return [number for part in parts for number in numbers_of(part, seen)]


@pytest.mark.parametrize("candidate", list(CANDIDATES))
def test_rows_that_validate_never_change_a_fitted_number(drawn, candidate):
    """Mutation: garbage in the validation rows, features and target, changes no number inside."""
    folder, problem, positive, features = drawn
    skip_unless_offered(candidate, problem)
    rows = load_rows(
        str(folder / "development.parquet"), target="target", spec=specs(features), problem=problem
    )
    task = Task(candidate, features, problem, positive, 0, params_of(candidate, problem))
    train, valid = np.arange(0, 80), np.arange(80, len(rows.target))
    probe = valid[:30]
    before, _ = task.fit(rows, train)
    inside = numbers_of(before)  # before it answers: a tree of neighbours counts its questions
    expected = predict(before, rows.features.iloc[probe], problem=problem, positive=positive)
    numbers = rows.features.select_dtypes("number").columns
    mutated = rows.features.copy()
    mutated.loc[mutated.index[valid], numbers] = 1e6
    mutated.loc[mutated.index[valid], mutated.columns.difference(numbers)] = "garbage"
    target = rows.target.copy()
    target[valid] = target[valid][::-1] * 2
    after, _ = task.fit(Rows(mutated, target, rows.table), train)
    assert len(inside) > 5
    assert numbers_of(after) == inside
    found = predict(after, rows.features.iloc[probe], problem=problem, positive=positive)
    assert np.array_equal(found.labels, expected.labels)
    if expected.probabilities is not None:
        assert np.array_equal(found.probabilities, expected.probabilities)
    if candidate not in ("dummy", "rule"):
        other, _ = task.fit(rows, np.arange(1, 81))
        assert numbers_of(other) != inside  # the comparison sees a row that trains


@pytest.mark.parametrize("candidate", list(CANDIDATES))
def test_a_stored_model_answers_exactly_as_before(drawn, candidate, tmp_path):
    folder, problem, positive, features = drawn
    skip_unless_offered(candidate, problem)
    rows = load_rows(
        str(folder / "development.parquet"), target="target", spec=specs(features), problem=problem
    )
    task = Task(candidate, features, problem, positive, 0, params_of(candidate, problem))
    pipeline, _ = task.fit(rows, np.arange(len(rows.target)))
    sha256 = save_model(pipeline, tmp_path / "m.skops")
    loaded = load_model(tmp_path / "m.skops", sha256=sha256)
    found, expected = (
        predict(model, rows.features, problem=problem, positive=positive)
        for model in (loaded, pipeline)
    )
    assert np.array_equal(found.labels, expected.labels)
    if expected.probabilities is not None:
        assert np.array_equal(found.probabilities, expected.probabilities)


def test_unseen_categories_and_missing_values_are_answered(tmp_path):
    frame = house_types(
        pd.DataFrame(
            {
                "amount": [1.0, 2.0, None, 4.0] * 20,
                "empty": pd.Series([None] * 80, dtype="float64"),
                "kind": ["a", "b", "c", None] * 20,
                "code": [f"id{number}" for number in range(80)],
                "target": ["yes", "no"] * 40,
            }
        )
    )
    write_table(frame, tmp_path / "t.parquet")
    features = [asdict(column) for column in spec_of(frame).columns if column.name != "target"]
    rows = load_rows(
        str(tmp_path / "t.parquet"), target="target", spec=specs(features), problem=Problem.BINARY
    )
    new = rows.features.iloc[:2].assign(kind=["never seen", np.nan], code=["new", np.nan])
    rule = {"column": "amount", "value": 2.0, "then": "yes", "otherwise": "no"}
    for candidate, kind in CANDIDATES.items():
        if Problem.BINARY not in kind.problems:
            continue
        params = rule if candidate == "rule" else None
        task = Task(candidate, features, Problem.BINARY, "yes", 0, params)
        pipeline, _ = task.fit(rows, np.arange(80))
        told = predict(pipeline, new, problem=Problem.BINARY, positive="yes")
        assert np.isfinite(told.probabilities).all()


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (["a", "b", "a"], Problem.BINARY),
        ([True, False, True], Problem.BINARY),
        ([0, 1, 1], Problem.BINARY),
        (["a", "b", "c"], Problem.MULTICLASS),
        ([0.5, 1.5, 2.5], Problem.REGRESSION),
        (list(range(100)), Problem.REGRESSION),
    ],
)
def test_the_problem_follows_from_the_target(values, problem):
    frame = house_types(pd.DataFrame({"target": values}))
    assert problem_of(frame["target"])[0] == problem


def test_a_target_with_one_class_is_refused_in_words():
    with pytest.raises(NotEnoughData, match=r"one value only \(yes\)"):
        problem_of(pd.Series(["yes", "yes"], name="churn"))
