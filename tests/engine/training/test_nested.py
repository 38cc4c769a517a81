"""Nested cross-validation: choosing on noise looks good, and is worth nothing on rows set aside."""

import numpy as np
import pandas as pd
import pytest

from apps.engine.evaluation.metrics import measure_of
from apps.engine.reading.tables import house_types
from apps.engine.splitting.draw import deal
from apps.engine.splitting.folds import TEST, TRAIN_ONLY, fold_indices
from apps.engine.training.answers import pooled, write_answers
from apps.engine.training.asked import Asked
from apps.engine.training.kept import Kept
from apps.engine.training.nested import (
    fits_of,
    inner_folds,
    outer_folds,
    selection,
    validate_nested,
)
from apps.engine.training.trial import Choice, fit_folds, scores_of_folds
from apps.engine.types import silent
from tests.engine.training.drawing import drawn_split

pytestmark = pytest.mark.once

NOISE = 12


def noise(folder):
    """Columns that know nothing of the target, and one candidate for each of them."""
    generator = np.random.default_rng(4)
    columns = {f"x{n}": generator.normal(size=90) for n in range(NOISE)}
    frame = house_types(pd.DataFrame({**columns, "target": ["no", "yes"] * 45}))
    given = drawn_split(folder, frame)
    given |= {"problem": "binary", "positive": "yes", "metrics": ["roc_auc"]}
    return given | {"candidate": "bayes"}


def scored(given, folder, **but):
    """Scores of the folds without and with each fold set aside."""
    file = str(folder / "answers.parquet")
    asked = Asked(**{name: given[name] for name in given if name not in ("metrics", "report")})
    rows, folds = asked.rows(), asked.folds()
    fits = fit_folds(asked.task, rows, folds, kept=Kept(None, {}), report=silent)
    answers = pooled([(fit.valid, rows.target[fit.valid], fit.told) for fit in fits])
    write_answers(answers, file)
    [metric], choice = given["metrics"], Choice("yes", None, None)
    told = scores_of_folds(fits, rows, answers, measures=[measure_of(metric)], choice=choice)
    nested = validate_nested(answers=file, **given, **but)
    return [fold["scores"][metric] for fold in told], nested


def test_the_best_on_pure_noise_is_flattered_and_the_nested_figure_is_not(tmp_path):
    given = noise(tmp_path)
    features = given.pop("features")
    found = [scored({**given, "features": [one]}, tmp_path) for one in features]
    naive = [scores for scores, _ in found]
    leader = max(naive, key=np.mean)
    told = selection([nested for _, nested in found], leader, measure=measure_of("roc_auc"))
    assert np.mean(leader) > 0.58
    assert told.mean < 0.52
    assert told.interval.low < 0.5 < told.interval.high
    assert told.flattery.mean == pytest.approx(np.mean(leader) - told.mean)
    for item in told.folds:
        assert item.outer == pytest.approx(naive[item.chosen][item.fold])


@pytest.mark.parametrize("method", ["random", "stratified", "group", "time"])
def test_inner_folds_keep_the_rules_of_the_split(method):
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "who": generator.integers(0, 40, 400),
            "at": generator.permutation(400),
            "y": generator.choice(["a", "b"], 400),
        }
    )
    fold = deal(
        frame, method=method, target="y", group="who", time="at", test_share=0.2, folds=4, seed=0
    )
    table = pd.DataFrame({"row": np.arange(400), "part": "", "fold": fold})
    folds, there = fold_indices(table, method=method), frame[fold != TEST].reset_index(drop=True)
    trains = inner_folds(folds)
    assert len({outer for outer, _ in trains}) == outer_folds(4, method=method)
    for (outer, inner), train in trains.items():
        aside, judged = folds[outer][1], folds[inner][1]
        assert not set(train) & (set(aside) | set(judged))
        if method == "group":
            apart = [set(there["who"].iloc[part]) for part in (train, aside, judged)]
            assert not apart[0] & apart[1]
            assert not apart[0] & apart[2]
        if method == "time":
            at = there["at"]
            assert at.iloc[train].max() < at.iloc[judged].min() < at.iloc[aside].min()
    if method == "time":
        assert (fold == TRAIN_ONLY).any()
        assert fits_of(4, method=method) == 0
    else:
        assert len(trains) == 2 * fits_of(4, method=method)


def test_what_is_kept_is_not_fitted_again_and_a_search_seeks_without_the_fold_set_aside(
    tmp_path, monkeypatch
):
    given = noise(tmp_path) | {"candidate": "search", "params": {"members": []}}
    given["params"]["members"] = [{"candidate": "linear", "params": {}, "weight": 1.0}]
    kept = {"kept_folder": str(tmp_path / "kept"), "search_s": 0.4}
    _, told = scored(given, tmp_path, **kept)
    assert [fold["fold"] for fold in told["folds"]] == [0, 1, 2]
    assert told["fit_s"] > 0
    folders = [tmp_path / "kept" / f"outer-{number}" for number in range(3)]
    assert all((folder / "search" / "found.json").exists() for folder in folders)
    monkeypatch.setattr(Kept, "write", None)  # whatever is fitted or found anew is written
    again = validate_nested(answers=str(tmp_path / "answers.parquet"), **given, **kept)
    assert again["folds"] == told["folds"]
