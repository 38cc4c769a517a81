"""Finished folds are kept for the same asking only; a search keeps its seconds and its blend."""

import numpy as np
import pytest

from apps.engine.evaluation.metrics import Predictions
from apps.engine.training.kept import WRAP_UP, FoldFit, Kept
from apps.engine.training.searched import search_and_validate
from apps.engine.types import Problem
from tests.engine.training.test_search import arguments

pytestmark = pytest.mark.once
TOLD = Predictions(
    np.array(["no", "yes"], dtype=object), np.array([[0.9, 0.1], [0.2, 0.8]]), ("no", "yes")
)
TRUTH = np.array(["no", "no"], dtype=object)


def test_a_kept_fold_is_read_as_it_was(tmp_path):
    kept = Kept(str(tmp_path / "k"), {"seed": 1})
    kept.keep_fold(2, FoldFit(np.array([3, 7]), TOLD, 1.5, 0.25, {"size_bytes": 9}), TRUTH)
    found = Kept(str(tmp_path / "k"), {"seed": 1}).fold(2)
    assert found.valid.tolist() == [3, 7]
    assert found.told.labels.tolist() == ["no", "yes"]
    assert np.array_equal(found.told.probabilities, TOLD.probabilities)
    assert (found.fit_s, found.predict_s, found.cost) == (1.5, 0.25, {"size_bytes": 9})
    assert kept.fold(1) is None


def test_what_was_kept_of_another_asking_is_forgotten(tmp_path):
    folder = str(tmp_path / "k")
    Kept(folder, {"seed": 1}).keep_fold(0, FoldFit(np.array([0, 1]), TOLD, 1, 1), TRUTH)
    assert Kept(folder, {"seed": 2}).fold(0) is None
    assert Kept(folder, {"seed": 1}).fold(0) is None


def test_a_file_that_was_cut_is_fitted_again(tmp_path):
    kept = Kept(str(tmp_path / "k"), {})
    kept.keep_fold(0, FoldFit(np.array([0, 1]), TOLD, 1, 1), TRUTH)
    (tmp_path / "k" / "fold-0.parquet").write_bytes(b"PAR1")
    assert kept.fold(0) is None


def test_without_a_folder_nothing_is_kept():
    kept = Kept(None, {})
    kept.keep_fold(0, FoldFit(np.array([0, 1]), TOLD, 1, 1), TRUTH)
    assert kept.fold(0) is None


def test_a_search_ends_when_it_is_asked_to_and_its_blend_is_not_searched_twice(tmp_path):
    given = arguments(tmp_path, Problem.REGRESSION, "rmse")
    folder = tmp_path / "kept"
    (folder / "search").mkdir(parents=True)
    (folder / WRAP_UP).touch()
    told = search_and_validate(
        budget_s=600, candidate="search", kept_folder=str(folder), most_rows=300, **given
    )
    assert told["tried"] == 1
    assert told["search_s"] < 60
    again = search_and_validate(
        budget_s=600, candidate="search", kept_folder=str(folder), most_rows=300, **given
    )
    assert (again["params"], again["scores"]) == (told["params"], told["scores"])
    assert again["search_s"] == told["search_s"]
