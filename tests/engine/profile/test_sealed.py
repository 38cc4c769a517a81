"""Development against the sealed test: drift is found, one world stays quiet, no test value."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp
from sklearn.metrics import roc_auc_score

from apps.engine.errors import NotEnoughData
from apps.engine.profile.sealed import _auc, compare_sealed
from apps.engine.reading.tables import write_table
from apps.engine.types import silent

ROWS = 600


def world(seed, *, moved=0.0, words=("north", "south")):
    rng = np.random.default_rng(seed)
    plain = {f"same {n}": rng.normal(size=ROWS) for n in range(20)}
    return pd.DataFrame(
        {
            **plain,
            "moved": rng.normal(size=ROWS) + moved,
            "place": rng.choice(words, ROWS),
            "empty": pd.Series([pd.NA] * ROWS, dtype="string"),
            "when": pd.to_datetime("2024-01-01") + pd.to_timedelta(rng.integers(0, 900, ROWS), "h"),
            "answer": rng.choice(["yes", "no"], ROWS),
        }
    )


@pytest.fixture
def compared(tmp_path):
    def made(development, test, **more):
        for name, frame in (("development", development), ("test", test)):
            write_table(frame, tmp_path / name)
        return compare_sealed(
            development=str(tmp_path / "development"),
            test=str(tmp_path / "test"),
            **{"without": ["answer"], "apart": [], **more},
            report=silent,
        )

    return made


def test_two_samples_of_one_world_differ_by_chance_only(compared):
    told = compared(world(1), world(2))
    assert not any(column["is_sure"] for column in told["columns"])
    adversary = told["adversary"]
    assert adversary["low"] < 0.5 < adversary["high"]
    assert adversary["features"] == 22  # all that vary, without the date and the answer


def test_a_moved_column_stands_first_with_its_published_distances(compared):
    development, test = world(1), world(2, moved=0.5)
    told = compared(development, test)
    first = told["columns"][0]
    assert (first["name"], first["is_sure"]) == ("moved", True)
    exact = ks_2samp(development["moved"], test["moved"]).statistic
    assert first["ks"] == pytest.approx(exact, abs=1e-4)
    assert told["adversary"]["low"] > 0.5


def test_no_value_that_only_the_test_holds_is_named_and_the_label_is_not_read(compared):
    told = compared(world(1), world(2, words=("secret place", "north")))
    place = next(column for column in told["columns"] if column["name"] == "place")
    assert place["is_sure"]
    assert "secret place" not in json.dumps(told)
    assert "answer" not in [column["name"] for column in told["columns"]]


def test_what_the_split_was_drawn_by_is_told_but_does_not_tell_the_sides_apart(compared):
    told = compared(world(1), world(2, moved=9), apart=["moved"])
    assert told["columns"][0]["name"] == "moved"
    assert told["adversary"]["auc"] < 0.6


def test_a_side_of_a_few_rows_is_refused_and_one_of_few_more_has_no_classifier(compared):
    with pytest.raises(NotEnoughData, match="sealed test side has 19 rows; 20 are needed"):
        compared(world(1), world(2).head(19))
    assert compared(world(1), world(2).head(30))["adversary"] is None


def test_the_area_is_that_of_scikit_learn_with_the_interval_of_hanley_and_mcneil():
    rng = np.random.default_rng(3)
    side = np.repeat([0, 1], [120, 80])
    told = np.round(rng.normal(size=200) + side, 1)
    found = _auc(told, side)
    assert found.value == pytest.approx(roc_auc_score(side, told))
    # By hand for an area of .75 of 50 and 50 rows: sqrt((.1875 + 49 * .1179) / 2500) = .0488.
    ranks = np.array([*np.linspace(0, 1, 50), *np.linspace(0, 1, 50) + 0.2929])
    even = _auc(ranks, np.repeat([0, 1], 50))
    assert (even.high - even.low) / 2 / 1.96 == pytest.approx(0.0488, abs=0.001)
