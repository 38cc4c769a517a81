"""Drift against the same season: what comes back is no drift, what is new still is."""

import json

import numpy as np
import pandas as pd
import pytest

from apps.engine.monitoring.drift import drift
from apps.engine.monitoring.seasons import ALL, HOUR, KINDS, LAST_YEAR, MONTH, WEEKDAY, referred
from apps.engine.monitoring.sketch import sketch_of

pytestmark = pytest.mark.once


def world(times: pd.Series, *, seed: int, warmer: float = 0.0) -> pd.DataFrame:
    """Heat by hour and month, a sign that is up at weekends."""
    random = np.random.default_rng(seed)
    moments = pd.to_datetime(times).dt
    heat = 3 * np.sin(moments.hour / 24 * 6.283) + 5 * np.sin(moments.month / 12 * 6.283)
    sign = np.where(moments.dayofweek >= 5, "up", "down")
    heat = heat + random.normal(warmer, 1, len(times))
    missing = (moments.month == 7) & (random.random(len(times)) < 0.5)
    return pd.DataFrame({"heat": heat.mask(missing), "sign": pd.Series(sign, dtype="string")})


YEAR = pd.Series(pd.date_range("2024-01-01", "2024-12-31 23:00", freq="h"))


@pytest.fixture(scope="module")
def sketch():
    frame = world(YEAR, seed=1)
    made = sketch_of(frame, prediction=frame["heat"], times=YEAR)
    return json.loads(json.dumps(made, allow_nan=False))


def states(sketch, times, kind, **but):
    found, says = referred(sketch, kind, times)
    rows = drift(found, world(times, seed=2, **but))
    return {row["feature"]: row["state"] for row in rows}, says


@pytest.mark.parametrize(
    ("kind", "times", "column"),
    [
        (HOUR, YEAR[YEAR.dt.hour < 6], "heat"),
        (WEEKDAY, YEAR[YEAR.dt.dayofweek >= 5], "sign"),
        (MONTH, YEAR[YEAR.dt.month == 7], "heat"),
        (LAST_YEAR, YEAR[YEAR.dt.month == 2] + pd.DateOffset(years=1), "heat"),
    ],
)
def test_what_comes_back_is_no_drift_against_its_own_season(sketch, kind, times, column):
    times = times.reset_index(drop=True)
    assert states(sketch, times, ALL)[0][column] in {"drifting", "drifted"}
    found, says = states(sketch, times, kind)
    assert found[column] == "stable"
    assert says == f"Held against {KINDS[kind]}."


def test_what_is_new_in_a_season_is_still_drift(sketch):
    july = YEAR[YEAR.dt.month == 7].reset_index(drop=True)
    assert states(sketch, july, MONTH, warmer=2.0)[0]["heat"] == "drifted"


def test_the_share_missing_is_that_of_the_season(sketch):
    july = YEAR[YEAR.dt.month == 7].reset_index(drop=True)
    found, _ = referred(sketch, MONTH, july)
    assert found["heat"]["missing_rate"] == pytest.approx(0.5, abs=0.05)
    assert sum(found["heat"]["shares"]) == pytest.approx(1.0)
    assert found["heat"]["n"] == len(july)


def test_rows_without_a_season_of_their_own_are_held_against_all_and_it_is_said(sketch):
    times = YEAR[YEAR.dt.month == 2].reset_index(drop=True)
    mixed = pd.concat([times + pd.DateOffset(years=1), times + pd.DateOffset(years=9)])
    _, says = referred(sketch, LAST_YEAR, mixed.reset_index(drop=True))
    assert "50 % of the rows against all" in says
    found, says = referred(sketch, LAST_YEAR, times + pd.DateOffset(years=9))
    assert "no season of these rows has 100" in says
    assert found["heat"]["shares"] == sketch["heat"]["shares"]


def test_a_release_without_times_says_why_it_has_no_seasons():
    frame = world(YEAR, seed=1)
    found, says = referred(sketch_of(frame, prediction=frame["heat"]), HOUR, YEAR)
    assert "kept no seasons" in says
    assert set(found) == {"heat", "sign", "prediction"}


def test_all_rows_of_the_reference_are_the_whole_reference(sketch):
    for kind in (HOUR, WEEKDAY, MONTH):
        found, _ = referred(sketch, kind, YEAR)
        for name, told in found.items():
            assert told["shares"] == pytest.approx(sketch[name]["shares"])
            assert told["missing_rate"] == pytest.approx(sketch[name]["missing_rate"])
            assert told["n"] == pytest.approx(len(YEAR), rel=0.01)
