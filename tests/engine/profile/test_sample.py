"""Columns of a large table are compared on a told part of its rows."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from apps.engine.profile.cells import Columns
from apps.engine.profile.explore import explore_table
from apps.engine.profile.gap_rules import find_rules
from apps.engine.profile.gaps import Gaps
from apps.engine.profile.likeness import pair_in
from apps.engine.profile.mutual import Binned
from apps.engine.profile.pairs import binds
from apps.engine.profile.sample import MOST_ROWS, compared_rows
from apps.engine.reading.tables import write_table
from apps.engine.types import silent

ROWS = 60_000


def test_a_table_that_is_not_large_is_compared_on_all_its_rows():
    assert compared_rows(1) is compared_rows(MOST_ROWS) is None


@pytest.mark.parametrize("rows", [MOST_ROWS + 1, ROWS, 5_600_000])
def test_one_row_of_each_equal_stretch_is_compared_and_the_same_ones_each_time(rows):
    drawn = compared_rows(rows)
    assert len(drawn) == MOST_ROWS
    ends = np.arange(MOST_ROWS + 1) * rows // MOST_ROWS
    assert (drawn >= ends[:-1]).all()
    assert (drawn < ends[1:]).all()
    compared_rows.cache_clear()
    assert (compared_rows(rows) == drawn).all()


def test_no_season_of_the_rows_is_met_more_often_than_it_comes():
    """A step of 3 rows would meet every third weekday, or one in seven, for ever."""
    weekdays = np.bincount(compared_rows(3 * MOST_ROWS) % 7, minlength=7)
    assert stats.chisquare(weekdays).pvalue > 1e-3


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A table that is compared on a part, its file and what is told of it."""
    rng = np.random.default_rng(4)
    base = rng.normal(size=ROWS)
    group = rng.integers(0, 5, ROWS)
    others = np.setdiff1d(np.arange(ROWS), compared_rows(ROWS))[[7, 20_000, -7]]
    code = np.where(np.isin(np.arange(ROWS), others), 9, group)
    frame = pd.DataFrame(
        {
            "base": base,
            "near": base + rng.normal(size=ROWS),
            "bent": base**2 + rng.normal(size=ROWS) / 2,
            "gaps": np.where(rng.random(ROWS) < 0.4, np.nan, base + rng.normal(size=ROWS) / 2),
            "group": np.array(list("vwxyz"))[group],
            "kind": np.where(rng.random(ROWS) < 0.3, "q", np.array(list("aabbc"))[group]),
            "code": code,
            "base too": base * 2,
            "rare": np.where(code == 9, np.nan, rng.normal(size=ROWS)),
        }
    )
    file = tmp_path_factory.mktemp("large") / "table.parquet"
    write_table(frame.convert_dtypes(), file)
    told = explore_table(table=str(file), target=None, report=silent)
    return frame, file, json.loads(json.dumps(told, allow_nan=False))


def test_what_is_told_of_pairs_names_its_rows_and_is_near_that_of_all(large, monkeypatch):
    """Within three standard errors of 20,000 rows; of all rows the same code tells it exactly."""
    _, file, told = large
    assert told["study"]["relations"]["rows"] == MOST_ROWS
    monkeypatch.setattr("apps.engine.profile.sample.MOST_ROWS", ROWS)
    compared_rows.cache_clear()
    whole = explore_table(table=str(file), target=None, report=silent)["study"]["relations"]
    compared_rows.cache_clear()
    assert whole["rows"] == ROWS
    for measure in ("rank", "linear", "mutual"):
        part, exact = (
            np.array(one[measure], dtype=float) for one in (told["study"]["relations"], whole)
        )
        assert (np.isnan(part) == np.isnan(exact)).all()
        assert np.nanmax(np.abs(part - exact)) < 3 / MOST_ROWS**0.5
    first = [
        {pair["says"] for pair in one["pairs"][:4]} for one in (told["study"]["relations"], whole)
    ]
    assert first[0] == first[1]


def test_the_correlations_of_the_part_are_spearmans_and_pearsons(large):
    frame, _, told = large
    rows = frame.iloc[compared_rows(ROWS)]
    relations = told["study"]["relations"]
    one, other = (relations["columns"].index(name) for name in ("base", "near"))
    assert relations["linear"][one][other] == pytest.approx(
        stats.pearsonr(rows["base"], rows["near"]).statistic, abs=1e-3
    )
    assert relations["rank"][one][other] == pytest.approx(
        stats.spearmanr(rows["base"], rows["near"]).statistic, abs=1e-3
    )


def test_columns_alone_are_told_on_all_rows(large):
    frame, _, told = large
    columns = {column["name"]: column for column in told["profile"]["columns"]}
    assert columns["base"]["mean"] == pytest.approx(frame["base"].mean())
    assert columns["gaps"]["missing"] == frame["gaps"].isna().sum()
    assert sum(one["rows"] for one in columns["group"]["top"]) == ROWS


def test_a_finding_that_rests_on_the_part_says_so(large):
    _, _, told = large
    twins = [one["says"] for one in told["profile"]["findings"] if one["key"] == "twins"]
    assert len(twins) == 2
    assert all("of 0.98 or more, on 20,000 of 60,000 rows)" in says for says in twins)


def test_a_rule_of_gaps_is_found_though_none_of_its_rows_is_compared(large):
    """Three rows of 60,000: those that are compared rule nothing out, the others are read."""
    frame, _, told = large
    assert not frame["rare"].iloc[compared_rows(ROWS)].isna().any()
    gaps = {gap["name"]: gap for gap in told["study"]["gaps"]["columns"]}
    assert gaps["rare"]["exactly"] == {"column": "code", "value": "9"}
    assert gaps["gaps"]["exactly"] is None


def test_a_column_is_read_for_a_rule_of_gaps_only_where_it_may_hold(large, monkeypatch):
    _, file, _ = large
    read = []
    source = Columns(file)
    monkeypatch.setattr(source, "read", lambda name: read.append(name))
    codes = {name: np.arange(MOST_ROWS, dtype=np.uint8) % 3 for name in ("one", "two")}
    columns = {name: Binned(name, rows) for name, rows in codes.items()}
    gaps = Gaps(ROWS, None, None)
    gaps.keep(gaps.look("gap", present=np.arange(ROWS) % 2 == 0, is_target=False))
    find_rules(gaps.told()["columns"], gaps=gaps, source=source, columns=columns)
    assert read == []


def test_two_columns_alone_are_compared_on_all_rows(large):
    frame, file, told = large
    exact = binds(Columns(file), a="base", b="near")
    assert exact["value"] == pytest.approx(
        stats.spearmanr(frame["base"], frame["near"]).statistic, abs=1e-4
    )
    part = pair_in(told["study"]["relations"], names={"near", "base"})
    assert part["value"] != exact["value"]
    assert (part["says"], part["method"]) == (exact["says"], exact["method"])
    assert binds(Columns(file), a="group", b="base")["method"] == "correlation_ratio"
    assert "more than chance" in binds(Columns(file), a="group", b="base")["says"]
