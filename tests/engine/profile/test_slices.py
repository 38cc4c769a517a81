"""Slices: which rows fulfil the conditions, and that their profile is that of the cut table."""

import json

import numpy as np
import pandas as pd
import pytest

from apps.engine.errors import BadParameter, ColumnMissing, NotEnoughData
from apps.engine.profile.explore import explore_table
from apps.engine.profile.slices import Condition, sliced, study_slice
from apps.engine.reading.tables import write_table
from apps.engine.types import silent

ROWS = 400


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 80, ROWS),
            "pay": np.where(rng.random(ROWS) < 0.1, np.nan, rng.normal(100, 20, ROWS)),
            "town": pd.array(rng.choice(["Bern", "Oslo", None], ROWS), dtype="string"),
            "joined": pd.to_datetime("2024-01-01")
            + pd.to_timedelta(rng.integers(0, 48 * 60, ROWS), "h"),
            "left": pd.array(rng.random(ROWS) < 0.3, dtype="boolean"),
        }
    )


@pytest.fixture(scope="module")
def file(frame, tmp_path_factory):
    path = tmp_path_factory.mktemp("slices") / "table.parquet"
    write_table(frame, path)
    return str(path)


def day(frame):
    return frame["joined"].dt.strftime("%Y-%m-%d")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (["is", "age", "30"], lambda f: f["age"] == 30),
        (["is", "age", "30", "31.0"], lambda f: f["age"].isin([30, 31])),
        (["between", "age", "30", "40"], lambda f: f["age"].between(30, 40)),
        (["below", "age", "30", "40"], lambda f: (f["age"] >= 30) & (f["age"] < 40)),
        (["between", "pay", "", "90.5"], lambda f: f["pay"] <= 90.5),
        (["missing", "pay"], lambda f: f["pay"].isna()),
        (["filled", "town"], lambda f: f["town"].notna()),
        (["is", "town", "Bern"], lambda f: (f["town"] == "Bern").fillna(False)),
        (["is", "town", "Bern", "Oslo"], lambda f: f["town"].notna()),
        (["is", "left", "True"], lambda f: f["left"]),
        (
            ["between", "joined", "2024-01-10", "2024-01-20"],
            lambda f: day(f).between("2024-01-10", "2024-01-20"),
        ),
        (["below", "joined", "2024-01-10", ""], lambda f: day(f) >= "2024-01-10"),
    ],
)  # fmt: skip
def test_a_condition_keeps_exactly_the_rows_that_fulfil_it(frame, file, told, expected):
    source = sliced(file, where=[Condition.from_list(told)])
    wanted = expected(frame).to_numpy(dtype=bool)
    assert source.kept.tolist() == wanted.tolist()
    assert 0 < source.rows < ROWS


def test_conditions_hold_together(frame, file):
    where = [Condition("is", "town", ("Oslo",)), Condition("between", "age", ("50", ""))]
    wanted = ((frame["town"] == "Oslo").fillna(False) & (frame["age"] >= 50)).sum()
    assert sliced(file, where=where).rows == wanted


def test_a_slice_has_the_profile_and_the_study_of_the_table_cut_by_hand(frame, file, tmp_path):
    cut = tmp_path / "cut.parquet"
    write_table(frame[frame["town"] == "Bern"], cut)
    told = study_slice(
        tables=[file], where=[["is", "town", "Bern"]], without=[], target="left", report=silent
    )
    by_hand = explore_table(table=str(cut), target="left", report=silent)
    told["profile"].pop("memory_bytes"), by_hand["profile"].pop("memory_bytes")
    assert json.dumps(told) == json.dumps(by_hand)


def test_a_column_left_out_is_neither_told_nor_asked(file):
    told = study_slice(
        tables=[file], where=[["filled", "pay"]], without=["town"], target=None, report=silent
    )
    assert "town" not in json.dumps(told)
    with pytest.raises(ColumnMissing):
        sliced(file, where=[Condition("filled", "town")], without=["town"])


@pytest.mark.parametrize(
    "told",
    [["is", "age"], ["near", "age", "1"], ["between", "age", "", ""], "x", ["is"], ["is", 3]],
)
def test_what_is_no_condition_is_refused_in_one_sentence(told):
    with pytest.raises(BadParameter, match=r"\.$"):
        Condition.from_list(told)


@pytest.mark.parametrize(
    "told", [["is", "age", "old"], ["between", "joined", "soon", ""], ["between", "town", "A", "B"]]
)
def test_a_value_that_the_column_cannot_hold_is_refused(file, told):
    with pytest.raises(BadParameter, match=told[1]):
        sliced(file, where=[Condition.from_list(told)])


def test_a_slice_without_rows_is_said_to_have_none(file):
    with pytest.raises(NotEnoughData, match="no rows"):
        study_slice(
            tables=[file], where=[["is", "age", "7"]], without=[], target=None, report=silent
        )


@pytest.mark.parametrize(
    ("operation", "bounds", "says"),
    [
        ("below", ("", "2025-01-30"), "is before 30 Jan 2025"),
        ("between", ("", "2025-01-30"), "is 30 Jan 2025 or earlier"),
        ("below", ("2025-01-30", ""), "is 30 Jan 2025 or later"),
        ("below", ("2025-01-01", "2025-02-01"), "is from 1 Jan 2025 to before 1 Feb 2025"),
        ("between", ("2025-01-01", "2025-02-01"), "is from 1 Jan 2025 to 1 Feb 2025"),
        ("below", ("2025-01-30T10:30:00", ""), "is 30 Jan 2025, 10:30 or later"),
        ("below", ("2025-01-30T10:30:07", ""), "is 2025-01-30T10:30:07 or later"),
        ("below", ("2025", "2026"), "is from 2025 to below 2026"),
        ("is", ("2025-01-30",), "is “2025-01-30”"),
    ],
)
def test_bounds_that_are_dates_are_told_in_words(operation, bounds, says):
    assert Condition(operation, "day", bounds).says == says
