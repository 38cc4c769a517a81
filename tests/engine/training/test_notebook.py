"""The notebook of an experiment gives the product's own out-of-fold answers, by plain libraries."""

import json

import numpy as np
import pandas as pd
import pytest

from apps.engine.reading.tables import house_types
from apps.engine.training.answers import read_answers
from apps.engine.training.candidates import CANDIDATES
from apps.engine.training.notebook import Entry, Setting, notebook_of
from apps.engine.training.trial import cross_validate
from apps.engine.types import Problem
from tests.engine.training.drawing import drawn_split

pytestmark = pytest.mark.once

WORDS = ["late", "paid", "again", "never", "called", "letter", "sent", "broken", "new", "thanks"]
SMALL = {
    "forest": {"n_estimators": 5},
    "extra_trees": {"n_estimators": 5},
    "boosting": {"max_iter": 8},
    "lightgbm": {"n_estimators": 8},
    "small_boosting": {"n_estimators": 5},
    "catboost": {"iterations": 8},
    "mlp": {"max_iter": 8},
}
WRITTEN = {
    Problem.BINARY: [key for key, item in CANDIDATES.items() if Problem.BINARY in item.problems],
    Problem.MULTICLASS: ["rule", "linear", "tree", "lightgbm", "calibrated"],
    Problem.REGRESSION: ["rule", "elastic_net", "tree", "svm", "mlp", "vote", "stack"],
}
"""Of more than two classes and of quantities, those that are written otherwise than of two."""
MEMBERS = [
    {"candidate": "linear", "params": {}, "weight": 0.7},
    {"candidate": "tree", "params": {"max_leaf_nodes": 4}, "weight": 0.3},
]

QUANTILE_MEMBERS = [
    {"candidate": "linear", "params": {}, "weight": 0.7},
    {"candidate": "lightgbm", "params": SMALL["lightgbm"], "weight": 0.3},
]


def table(problem, rows=240):
    """Every kind of column: missing, rare, many, dates, booleans and sentences."""
    random = np.random.default_rng(5)
    amount = random.normal(10, 3, rows)
    desk = random.choice(["north", "south", "east"], rows)
    score = amount + 3 * (desk == "east") + random.normal(0, 1, rows)
    target = {
        Problem.REGRESSION: score,
        Problem.BINARY: np.where(score > 11, "yes", "no"),
        Problem.MULTICLASS: np.select([score > 13, score > 10], ["high", "mid"], "low"),
    }[problem]
    return house_types(
        pd.DataFrame(
            {
                "amount": np.where(random.random(rows) < 0.1, np.nan, amount),
                "count": random.integers(0, 5, rows),
                "desk": np.where(random.random(rows) < 0.1, None, desk),
                "town": [f"t{number}" for number in random.integers(0, 40, rows)],
                "paid": random.random(rows) < 0.5,
                "seen": pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(rows), unit="h"),
                "note": [" ".join(random.choice(WORDS, 7)) for _ in range(rows)],
                "target": target,
            }
        )
    )


def params_of(candidate, problem, members=None):
    if candidate == "rule":
        then, otherwise = {
            Problem.BINARY: ("yes", "no"),
            Problem.MULTICLASS: ("high", "low"),
            Problem.REGRESSION: (13.0, 8.0),
        }[problem]
        return {"column": "amount", "value": 11.0, "then": then, "otherwise": otherwise}
    if candidate == "mlp" and problem == Problem.REGRESSION:
        return {"regressor__max_iter": 8}
    if CANDIDATES[candidate].family == "blend":
        return {"members": members or MEMBERS}
    return SMALL.get(candidate, {})


def run(notebook, folder, monkeypatch):
    """Execute the cells one after another in a namespace of their own."""
    monkeypatch.chdir(folder)
    space = {"__name__": "notebook"}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), space)
    return space["answers"]


CHOSEN = [
    {"choice": "fill_numbers", "params": {"method": "a model (IterativeImputer)"}},
    {"choice": "scale", "params": {"method": "robust", "columns": ["amount"]}},
    {"choice": "fill_categories", "params": {"method": "a constant", "value": "nobody"}},
    {"choice": "group_rare", "params": {"least": "3%", "columns": ["town"]}},
    {"choice": "select", "params": {"method": "keep the best by an F test", "share": "80%"}},
]


@pytest.mark.parametrize("problem", list(WRITTEN))
def test_a_notebook_gives_the_same_answers_row_by_row(problem, tmp_path, monkeypatch):
    keys = [key for key in WRITTEN[problem] if key in CANDIDATES]
    agree(problem, keys, (), tmp_path, monkeypatch)


def test_a_notebook_answers_the_same_quantile(tmp_path, monkeypatch):
    keys = ["dummy", "linear", "boosting", "lightgbm", "small_boosting", "stack"]
    agree(Problem.REGRESSION, keys, (), tmp_path, monkeypatch, level=0.9)


@pytest.mark.parametrize("problem", [Problem.BINARY, Problem.REGRESSION])
def test_a_notebook_prepares_as_was_chosen(problem, tmp_path, monkeypatch):
    agree(problem, ["dummy", "linear", "lightgbm", "vote"], CHOSEN, tmp_path, monkeypatch)


def agree(problem, keys, choices, tmp_path, monkeypatch, level=None):
    """Product and notebook, answer by answer."""
    given = drawn_split(tmp_path, table(problem), method="random", folds=2)
    members = QUANTILE_MEMBERS if level else None
    entries = [
        Entry(
            key,
            key,
            params_of(key, problem, members=members),
            most_rows=60 if key == "tree" else None,
        )
        for key in keys
    ]
    for entry in entries:
        cross_validate(
            **given,
            candidate=entry.candidate,
            params=dict(entry.params),
            problem=problem,
            positive="yes" if problem == Problem.BINARY else None,
            metrics=["rmse" if problem == Problem.REGRESSION else "log_loss"],
            answers_file=str(tmp_path / f"{entry.title}.parquet"),
            balanced=problem == Problem.MULTICLASS,
            most_rows=entry.most_rows,
            choices=choices,
            level=level,
        )
    setting = Setting(
        title="Experiment 1",
        says="Of a test.",
        target="target",
        features=given["features"],
        problem=problem,
        seed=0,
        method="random",
        balanced=problem == Problem.MULTICLASS,
        choices=choices,
        level=level,
    )
    notebook = json.loads(json.dumps(notebook_of(setting, entries)))
    answers = run(notebook, tmp_path, monkeypatch)
    assert list(answers) == keys
    assert not any("apps.engine" in "".join(cell["source"]) for cell in notebook["cells"])
    for key in keys:
        ours = read_answers(tmp_path / f"{key}.parquet")
        theirs = answers[key].loc[ours.row]
        if problem == Problem.REGRESSION:
            assert np.array_equal(theirs["number"].to_numpy(), ours.told.labels), key
        else:
            found = theirs[list(ours.told.classes)].to_numpy()
            assert np.array_equal(found, ours.told.probabilities), key
