"""Noise and delay of labels, against counts by hand."""

import numpy as np
import pandas as pd
import pytest

from apps.engine.profile.labels import study_labels
from apps.engine.reading.tables import write_table
from apps.engine.types import silent


@pytest.fixture
def told(tmp_path):
    def made(frame, **but):
        path = tmp_path / "table.parquet"
        write_table(pd.DataFrame(frame), path)
        asked = {"where": [], "without": [], "ignored": [], "later": [], "target": "y"} | but
        return study_labels(tables=[str(path)], report=silent, **asked)

    return made


def test_equal_rows_with_other_classes_bound_what_a_model_can_reach(told):
    frame = {
        "a": [1, 1, 1, 2, 2, 3, 4],
        "b": ["x", "x", "x", "x", "x", "x", None],
        "y": ["yes", "yes", "no", "no", "no", "yes", "yes"],
    }
    twins = told(frame)["twins"]
    assert (twins["groups"], twins["repeated"]) == (2, 5)
    assert (twins["conflicts"], twins["conflicting"]) == (1, 3)
    assert twins["least_error"] == pytest.approx(1 / 7)


def test_columns_that_name_rows_are_ignored(told):
    frame = {"id": range(6), "a": [1] * 6, "y": ["yes", "no"] * 3}
    assert told(frame)["twins"]["conflicting"] == 0
    assert told(frame, ignored=["id"])["twins"]["least_error"] == pytest.approx(0.5)


def test_the_spread_within_equal_rows_is_that_of_an_analysis_of_variance(told):
    rng = np.random.default_rng(2)
    group = np.repeat(np.arange(300), 3)
    y = rng.normal(0, 3, 300)[group] + rng.normal(0, 1, 900)
    twins = told({"a": group, "y": y})["twins"]
    within = pd.Series(y).groupby(group).var(ddof=1).mean()
    assert twins["spread"] == pytest.approx(within**0.5)
    assert twins["share"] == pytest.approx(0.1, abs=0.02)


def test_a_delay_is_told_in_days(told):
    start = pd.Series(pd.to_datetime("2024-03-01") + pd.to_timedelta(range(11), "D"))
    frame = {"asked": start, "known": start + pd.to_timedelta(range(-1, 10), "D"), "y": [0, 1] * 5 + [0]}  # fmt: skip # noqa: E501
    (delay,) = told(frame, later=[["known", "asked"]])["delays"]
    assert (delay["median"], delay["most"]) == (pytest.approx(4), pytest.approx(8))
    assert (delay["before"], delay["rows"]) == (1, 11)


def test_without_two_classes_nothing_is_said(told):
    assert told({"a": [1, 1], "y": ["x", "x"]})["twins"] is None
