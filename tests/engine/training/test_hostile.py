"""Tables that nobody should train on: a sentence, or a model that bears it; never a trace."""

import numpy as np
import pandas as pd
import pytest

from apps.engine.errors import BadParameter, NotEnoughData
from apps.engine.reading.tables import house_types
from apps.engine.training.trial import cross_validate
from tests.engine.training.drawing import drawn_split

ROWS = 300
CANDIDATES = ("linear", "lightgbm", "bayes", "neighbours", "tree")


def usual(rows=ROWS) -> pd.DataFrame:
    generator = np.random.default_rng(0)
    x = generator.normal(0, 1, rows)
    answer = np.where(x + generator.normal(0, 1, rows) > 0, "yes", "no")
    return pd.DataFrame({"x": x, "word": generator.choice(["a", "b"], rows), "answer": answer})


def scored(folder, frame, candidate):
    told = cross_validate(
        **drawn_split(folder, house_types(frame), target="answer", folds=3, method="stratified"),
        candidate=candidate,
        problem="binary",
        positive="yes",
        metrics=["roc_auc"],
    )
    return told["scores"]["roc_auc"]["mean"]


BORNE = {
    "missing numbers": {"gone": pd.array([pd.NA] * ROWS, dtype="Float64")},
    "missing texts": {"gone": pd.array([pd.NA] * ROWS, dtype="string")},
    "missing dates": {"gone": pd.Series([pd.NaT] * ROWS, dtype="datetime64[us]")},
    "constants": {"one": 1.0, "same": "same"},
    "a text for each row": {"key": [f"row {number}" for number in range(ROWS)]},
}


@pytest.mark.parametrize("candidate", CANDIDATES)
@pytest.mark.parametrize("columns", BORNE.values(), ids=BORNE)
def test_a_column_that_tells_nothing_does_no_harm(tmp_path, columns, candidate):
    plain = scored(tmp_path, usual(), candidate)
    assert scored(tmp_path, usual().assign(**columns), candidate) == pytest.approx(plain, abs=0.05)


@pytest.mark.parametrize("candidate", CANDIDATES)
@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e300])
def test_what_no_model_can_count_with_is_named_with_its_row(tmp_path, value, candidate):
    frame = usual()
    frame.loc[7, "x"] = value
    with pytest.raises(BadParameter, match=r'"x" holds .* in row \d+; .* Mark it as missing'):
        scored(tmp_path, frame, candidate)


@pytest.mark.parametrize("candidate", ["dummy", *CANDIDATES])
@pytest.mark.parametrize("value", ["same", None, 1.0])
def test_nothing_to_learn_from_is_said(tmp_path, value, candidate):
    frame = usual()[["answer"]].assign(one=pd.array([value] * ROWS))
    with pytest.raises(BadParameter, match="there is nothing to learn from: choose one that"):
        scored(tmp_path, frame, candidate)


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (usual(3), "(would|more rows|fewer folds)"),
        (usual().assign(answer="yes"), "has 1 different value; a model needs at least two"),
        (usual().assign(answer=["yes", *["no"] * (ROWS - 1)]), "merge or drop this class"),
    ],
)
def test_a_target_that_cannot_be_tested_is_refused_when_the_split_is_drawn(tmp_path, frame, says):
    with pytest.raises(NotEnoughData, match=says):
        scored(tmp_path, frame, "linear")


@pytest.mark.scale
@pytest.mark.parametrize("candidate", ["linear", "lightgbm"])
def test_a_million_categories_are_one_number_each(tmp_path, candidate):
    rows = 1_000_000
    frame = usual(rows).assign(key=[f"key {number}" for number in range(rows)])
    assert scored(tmp_path, frame, candidate) > 0.8
