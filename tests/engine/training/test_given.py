"""A pipeline that a notebook sent: only its settings count."""

import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from apps.engine.errors import BadModelFile
from apps.engine.training.files import save_model
from apps.engine.training.given import given_pipeline
from apps.engine.types import Problem

FOUR, CLASSES = [[0.0], [1.0], [2.0], [3.0]], ["no", "no", "yes", "yes"]


def given(folder, model, problem=Problem.BINARY):
    file = folder / "given.skops"
    return given_pipeline({"file": str(file), "sha256": save_model(model, file)}, problem=problem)


def test_what_it_learnt_is_forgotten_and_it_takes_one_core(tmp_path):
    forest = RandomForestClassifier(7, n_jobs=-1, random_state=3)
    told = given(tmp_path, make_pipeline(StandardScaler(), forest).fit(FOUR, CLASSES))
    model = told[-1]
    assert (model.n_estimators, model.random_state, model.n_jobs) == (7, 3, 1)
    assert not hasattr(model, "classes_")


@pytest.mark.parametrize(
    ("model", "problem", "says"),
    [
        (LinearRegression(), Problem.BINARY, "fit and predict_proba"),
        (StandardScaler(), Problem.REGRESSION, "fit and predict"),
        (
            make_pipeline(FrozenEstimator(LogisticRegression().fit(FOUR, CLASSES))),
            Problem.BINARY,
            "keeps what it learnt elsewhere",
        ),
    ],
)
def test_what_cannot_be_fitted_and_asked_is_refused_in_a_sentence(tmp_path, model, problem, says):
    with pytest.raises(BadModelFile, match=says):
        given(tmp_path, model, problem)


def test_other_bytes_than_those_recorded_are_not_opened(tmp_path):
    save_model(LinearRegression(), tmp_path / "given.skops")
    asked = {"file": str(tmp_path / "given.skops"), "sha256": "0" * 64}
    with pytest.raises(BadModelFile, match="does not match"):
        given_pipeline(asked, problem=Problem.REGRESSION)
