"""Comparing sets of rows: planted differences are found, the same world stays quiet."""

import numpy as np
import pandas as pd
import pytest

from apps.engine.errors import BadParameter, NotEnoughData
from apps.engine.profile.compare import adjust, compare_rows
from apps.engine.reading.tables import write_table
from apps.engine.types import silent

ROWS = 2_000


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    rng = np.random.default_rng(11)
    late = np.arange(ROWS) >= ROWS // 2
    frame = pd.DataFrame(
        {
            "period": np.where(late, "late", "early"),
            "moved": rng.normal(0, 1, ROWS) + 0.8 * late,
            "word": np.where(rng.random(ROWS) < np.where(late, 0.7, 0.4), "yes", "no"),
            "gone": np.where(rng.random(ROWS) < 0.5 * late, np.nan, rng.normal(0, 1, ROWS)),
            "secret": late.astype(int),
            "when": pd.to_datetime("2024-01-01") + pd.to_timedelta(np.arange(ROWS), "h"),
            **{f"same {n}": rng.normal(0, 1, ROWS) for n in range(60)},
            **{f"equal {n}": rng.choice(list("abcd"), ROWS) for n in range(40)},
        }
    )
    path = tmp_path_factory.mktemp("compare") / "table.parquet"
    write_table(frame, path)
    return str(path)


def side(name, *where, others=False):
    return {"name": name, "table": 0, "where": [list(one) for one in where], "others": others}


EARLY, LATE = (side(name, ("is", "period", name)) for name in ("early", "late"))


@pytest.fixture(scope="module")
def told(file):
    return compare_rows(tables=[file], sides=[EARLY, LATE], without=["secret"], report=silent)


def test_planted_differences_stand_first_and_the_same_world_stays_quiet(told):
    found = [one["name"] for one in told["columns"] if one["is_sure"]]
    assert set(found) == {"period", "when", "moved", "word", "gone"}
    assert [one["name"] for one in told["columns"][: len(found)]] == found
    sizes = [one["psi"] for one in told["columns"][: len(found)]]
    assert sizes == sorted(sizes, reverse=True)


def test_each_difference_is_said_with_its_size(told, file):
    says = {one["name"]: one["says"] for one in told["columns"]}
    assert says["word"].startswith("“")
    assert " → " in says["word"]
    assert says["gone"].startswith("missing 0 % → 4") or "missing 0 % → 5" in says["gone"]
    assert says["when"].startswith("mean 21 Jan 2024 → ")
    steps = float(says["moved"].split("(")[1].split()[0])
    frame = pd.read_parquet(file)
    expected = frame.groupby("period")["moved"].mean().diff().iloc[-1] / frame["moved"].std(ddof=0)
    assert steps == pytest.approx(expected, abs=0.01)


def test_what_is_left_out_is_in_no_answer(told):
    assert "secret" not in str(told)


def test_the_rest_of_a_slice_is_every_other_row(file):
    told = compare_rows(
        tables=[file],
        sides=[EARLY, {**EARLY, "name": "the rest", "others": True}],
        without=[],
        report=silent,
    )
    assert [one["rows"] for one in told["sides"]] == [ROWS // 2, ROWS // 2]
    assert {one["name"] for one in told["columns"][:3]} >= {"secret", "period"}


def test_columns_of_other_tables_are_compared_by_name_and_kind(file, tmp_path):
    other = tmp_path / "other.parquet"
    frame = pd.read_parquet(file)[["moved", "word", "when"]].assign(when="text", new=1.0)
    write_table(frame, other)
    sides = [EARLY, {"name": "other", "table": 1, "where": [], "others": False}]
    told = compare_rows(tables=[file, str(other)], sides=sides, without=[], report=silent)
    assert {one["name"] for one in told["columns"]} == {"moved", "word"}
    lacking = {one["name"]: one["why"] for one in told["lacking"]}
    assert lacking["new"] == "is not everywhere"
    assert lacking["when"] == "is not of the same kind everywhere"


def test_holms_example_is_adjusted_as_published():
    """Four tests with p 0.01, 0.04, 0.03, 0.005: Holm gives 0.03, 0.06, 0.06, 0.02."""
    columns = [{"p": p} for p in (0.01, 0.04, 0.03, 0.005)]
    adjust(columns)
    assert [one["p"] for one in columns] == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_too_few_rows_or_sides_are_refused(file):
    few = side("few", ("between", "moved", "99", ""))
    with pytest.raises(NotEnoughData, match="few"):
        compare_rows(tables=[file], sides=[EARLY, few], without=[], report=silent)
    with pytest.raises(BadParameter, match="two to 6"):
        compare_rows(tables=[file], sides=[EARLY], without=[], report=silent)
