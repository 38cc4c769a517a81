"""What each feature adds to one answer: exact where the model is linear, whole in any case."""

import json

import numpy as np
import pandas as pd
import pytest

from apps.engine.errors import BadParameter
from apps.engine.reading.tables import house_types, read_table
from apps.engine.splitting.folds import fold_indices, read_split
from apps.engine.training.single import explain_row
from apps.engine.training.trial import cross_validate
from tests.engine.training.drawing import drawn_split


def table():
    draws = np.random.default_rng(0)
    frame = pd.DataFrame(draws.normal(size=(300, 3)), columns=["a", "b", "c"])
    frame["seen"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(np.arange(300), unit="h")
    frame["desk"] = draws.choice(["north", "south"], 300)
    return frame.assign(target=3 * frame["a"] - 2 * frame["b"] + draws.normal(size=300) / 100)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("single")
    given = drawn_split(folder, house_types(table()), method="random")
    return given | {"candidate": "linear", "problem": "regression", "positive": None}


def test_in_a_linear_model_a_part_is_the_weight_times_the_distance_from_usual(drawn):
    told = json.loads(json.dumps(explain_row(row=11, **drawn), allow_nan=False))
    rows = read_table(drawn["development"])
    train, _ = fold_indices(read_split(drawn["split_file"]), method="random")[told["fold"] - 1]
    assert 10 not in train
    parts = {part["feature"]: part for part in told["parts"]}
    for name, weight in (("a", 3.0), ("b", -2.0)):
        there = rows[name].to_numpy(dtype="float64")
        exact = weight * (there[10] - there[train].mean())
        spread = (parts[name]["high"] - parts[name]["low"]) / 2
        assert parts[name]["part"] == pytest.approx(exact, abs=2 * spread + 0.1)
    assert {part["feature"] for part in told["parts"][:2]} == {"a", "b"}
    assert abs(parts["seen"]["part"]) < 0.1
    assert told["answer"] == pytest.approx(told["truth"], abs=0.1)


def test_the_parts_add_up_to_the_answer_that_cross_validation_gave(drawn, tmp_path):
    given = {**drawn, "candidate": "lightgbm", "params": {"n_estimators": 30}}
    told = explain_row(row=42, **given)
    whole = told["usual"] + sum(part["part"] for part in told["parts"])
    assert whole == pytest.approx(told["told"])
    file = str(tmp_path / "answers.parquet")
    cross_validate(metrics=["rmse"], answers_file=file, **given)
    answers = pd.read_parquet(file).set_index("row")
    assert told["told"] == pytest.approx(answers.loc[41, "label"])


def test_a_row_that_is_not_there_is_refused_in_words(drawn):
    with pytest.raises(BadParameter, match="go from 1 to 240"):
        explain_row(row=241, **drawn)
