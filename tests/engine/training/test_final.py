"""What is refused in words, and what a final fit tells: importance, shapes, what was left out."""

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from apps.engine.errors import EngineError, Stopped
from apps.engine.reading.tables import house_types, spec_of, write_table
from apps.engine.splitting.folds import write_split
from apps.engine.training.final import fit_final
from apps.engine.types import silent

FEWER = {"forest": {"n_estimators": 40}, "boosting": {"max_iter": 60}}
"""Smaller models, so that the tests are quick."""


def written(folder, **columns):
    """A table file and the specs of its features."""
    frame = house_types(pd.DataFrame(columns))
    write_table(frame, folder / "t.parquet")
    write_split((np.arange(len(frame)) // 2 % 3).astype("int8"), folder / "split.parquet")
    spec = [asdict(column) for column in spec_of(frame).columns if column.name != "target"]
    return str(folder / "t.parquet"), spec


def final_fit(folder, problem, *, positive=None, candidate="forest", **columns):
    path, features = written(folder, **columns)
    return fit_final(
        development=path,
        split_file=str(folder / "split.parquet"),
        method="random",
        candidate=candidate,
        target="target",
        features=features,
        problem=problem,
        positive=positive,
        seed=0,
        target_file=str(folder / "m.skops"),
        report=silent,
        params=FEWER.get(candidate),
    )


NOISE = np.random.default_rng(0).normal(size=60)
YES_NO = ["yes", "no"] * 30


@pytest.mark.parametrize(
    ("columns", "problem", "says"),
    [
        ({"a": [1e308] + [1.0] * 59, "target": YES_NO}, "binary", '"a" holds 1e.308 in row 1'),
        ({"a": NOISE, "target": [np.inf, *NOISE[1:]]}, "regression", '"target" holds inf'),
        ({"a": NOISE, "target": ["x"] * 60}, "binary", 'All rows .* of the class "x"'),
        ({"a": NOISE, "target": YES_NO}, "regression", "holds no numbers"),
        ({"a": NOISE[:6], "target": YES_NO[:6]}, "binary", "There are 6 rows to learn from"),
        ({"a": NOISE, "target": [f"c{n // 3}" for n in range(60)]}, "multiclass", "No class has 5"),
        ({"a": NOISE, "target": ["yes", None] * 30}, "binary", "empty in 30 of 60 rows"),
        ({"a": [None] * 60, "target": YES_NO}, "binary", "no feature to learn from"),
        (
            {"s": pd.Timestamp("2024-01-01"), "s: day": NOISE, "target": YES_NO},
            "binary",
            "same name",
        ),
    ],
)
def test_what_cannot_be_learnt_from_is_refused_in_words(columns, problem, says, tmp_path):
    with pytest.raises(EngineError, match=says):
        final_fit(tmp_path, problem, positive="yes", **columns)


def test_importance_finds_the_cause_names_empty_features_and_survives_a_rare_class(tmp_path):
    generator = np.random.default_rng(1)
    cause = generator.normal(size=3_000)
    target = np.where(cause > 0, "up", "down").astype(object)
    target[0] = "once"  # most likely not among the rows on which importance is measured
    told = final_fit(
        tmp_path,
        "multiclass",
        cause=cause,
        noise=generator.normal(size=3_000),
        empty=pd.Series([None] * 3_000, dtype="float64"),
        target=target,
    )
    found = {item["feature"]: item["importance"] for item in told["importance"]}
    assert found["cause"] > 1.0 > 0.1 > abs(found["noise"])
    first = told["importance"][0]
    assert 0 < first["low"] < first["importance"] < first["high"]
    assert found["empty"] == 0.0
    assert told["left_out"] == ["empty"]


def test_a_model_that_learnt_noise_by_heart_is_not_said_to_rest_on_it(tmp_path):
    """On its own training rows a forest would show a large importance for each of these."""
    generator = np.random.default_rng(2)
    told = final_fit(
        tmp_path,
        "binary",
        positive="yes",
        **{f"noise {number}": generator.normal(size=400) for number in range(3)},
        target=generator.choice(["yes", "no"], 400),
    )
    assert all(item["low"] < 0.02 for item in told["importance"])


def test_a_shape_follows_what_the_target_was_made_of(tmp_path):
    generator = np.random.default_rng(4)
    bent = generator.uniform(-2, 2, 600)
    told = final_fit(
        tmp_path,
        "regression",
        candidate="boosting",
        bent=bent,
        place=["east", "west"] * 300,
        target=bent**2 + np.where(np.arange(600) % 2, 3.0, 0.0),
    )
    shapes = {item["feature"]: item for item in told["shapes"]}
    assert np.corrcoef(np.square(shapes["bent"]["grid"]), shapes["bent"]["mean"])[0, 1] > 0.98
    step = dict(zip(shapes["place"]["grid"], shapes["place"]["mean"], strict=True))
    assert step["west"] - step["east"] == pytest.approx(3.0, abs=0.3)
    assert all(
        low <= high for low, high in zip(*(shapes["bent"][k] for k in ("low", "high")), strict=True)
    )


def test_a_person_can_stop_while_importance_is_measured(tmp_path):
    def stop(done, total, says):
        if says.startswith("Explaining"):
            raise Stopped

    path, features = written(tmp_path, a=NOISE, target=YES_NO)
    with pytest.raises(Stopped):
        fit_final(
            development=path,
            split_file=str(tmp_path / "split.parquet"),
            method="random",
            candidate="linear",
            target="target",
            features=features,
            problem="binary",
            positive="yes",
            seed=0,
            target_file=str(tmp_path / "m.skops"),
            report=stop,
        )
