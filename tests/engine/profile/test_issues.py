"""What is wrong with a table: found by itself, counted, and with steps that mend it."""

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from apps.engine.profile.issues.examine import examine
from apps.engine.profile.issues.issue import veil
from apps.engine.reading.imports import import_file
from apps.engine.reading.tables import house_types, read_table, spec_of, write_table
from apps.engine.recipe.clusters import clusters, fingerprint
from apps.engine.recipe.registry import step_from
from apps.engine.recipe.run import apply_recipe
from apps.engine.types import silent

DATA = Path(__file__).resolve().parents[3] / ".." / "shared" / "data"


@pytest.fixture
def found(tmp_path):
    """``found(frame)``: issues by (key, column); every suggested step fits the table."""

    def look(frame, *, target="", later=()):
        path = tmp_path / "table.parquet"
        write_table(house_types(frame), path)
        return looked(path, tmp_path, target=target, later=later)

    return look


def looked(path, folder, *, target="", later=()):
    told = examine(
        table=str(path),
        folder=str(folder),
        target=target,
        positive=None,
        later=list(later),
        today="2026-11-26",
        report=silent,
    )
    issues = json.loads(json.dumps(told, allow_nan=False))["issues"]
    spec = spec_of(read_table(path))
    for issue in issues:
        for each in issue["suggests"]:
            step_from({"step": each["step"], "params": each["params"]}).check(spec)
    return {(issue["key"], issue["column"]): issue for issue in issues}


def imported(name, folder, **options):
    source = DATA / name
    if not source.exists():
        pytest.skip(f"the shared data set {name} is not here")
    import_file(
        source=str(source),
        target=str(folder / "t"),
        filename=source.name,
        options=options or None,
        limits=None,
        report=silent,
    )
    return folder / "t"


@pytest.fixture
def spoiled():
    """100 rows in which one thing of each sort is wrong."""
    rng = np.random.default_rng(0)
    n = 100
    frame = pd.DataFrame(
        {
            "key": [f"k{place:03}" for place in range(n)],
            "empty": pd.array([None] * n, "string"),
            "fixed": pd.array([7] * n, "Int64"),
            "city": ["Zürich"] * 60 + ["zurich"] * 2 + ["Geneva"] * 37 + ["Geneav"],
            "word": [" padded", *["a", "b", "c"] * 33],
            "weight": [f"{place} kg" for place in range(95)]
            + [f"{place} lb" for place in range(5)],
            "age": pd.array([*rng.integers(18, 80, n - 2), 200, -5], "Int64"),
            "spend": [*rng.normal(100, 10, n - 1), 10_000.0],
            "joined": [datetime(2024, 1, 1 + place % 28) for place in range(n - 1)]
            + [datetime(2224, 1, 1)],
            "mail": [f"p{place}@example.org" for place in range(n)],
            "gap": pd.array([None, *range(n - 1)], "Int64"),
        }
    )
    return frame


def test_each_sort_of_issue_is_found_with_its_rows(found, spoiled):
    issues = found(spoiled)
    rows = {place: issue["rows"] for place, issue in issues.items()}
    assert (
        rows.items()
        >= {
            ("empty", "empty"): 100,
            ("constant", "fixed"): 100,
            ("spelling", "city"): 3,
            ("blanks", "word"): 1,
            ("units_mixed", "weight"): 100,
            ("impossible", "age"): 2,
            ("outlying", "spend"): 1,
            ("dates_out_of_range", "joined"): 1,
            ("personal", "mail"): 100,
            ("missing", "gap"): 1,
            ("leak_id", "key"): 100,
        }.items()
    )
    assert all(issue["why"] and issue["says"] for issue in issues.values())


def test_the_gravest_issue_comes_first(found, spoiled):
    order = [issue["severity"] for issue in found(spoiled).values()]
    assert order == sorted(order, key=["high", "medium", "low"].index)
    assert order[0] == "high"


def test_a_clean_table_has_no_issue(found):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"x": rng.normal(size=200), "c": rng.choice(["a", "b"], 200)})
    assert found(frame) == {}


def test_rows_that_differ_in_spelling_and_name_only_are_nearly_repeated(found):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(
        {
            "id": [f"i{place}" for place in range(50)],
            "name": [f"Person {place}" for place in range(50)],
            "x": rng.normal(size=50),
            "y": rng.normal(size=50),
            "z": rng.normal(size=50),
            "town": ["Bern", "Genève"] * 25,
        }
    )
    frame.loc[50] = ["i50", "person  7", *frame.loc[7, ["x", "y", "z"]], "GENEVE"]
    frame.loc[51] = frame.loc[3]
    issues = found(frame)
    assert issues["near_duplicates", ""]["examples"] == ["row 51"]
    assert issues["duplicate_rows", ""]["rows"] == 1


def test_a_number_column_with_disguised_gaps_is_mixed_and_leading_zeros_are_names(found):
    frame = pd.DataFrame(
        {
            "amount": [*map(str, range(40)), "?", "N/A"],
            "zip": [f"0{place:04}" for place in range(41)] + ["?"],
            "day": ["2024-01-02", *[f"2024-02-{1 + place % 28:02}" for place in range(40)], "x"],
        }
    )
    issues = found(frame)
    steps = [each["step"] for each in issues["mixed", "amount"]["suggests"]]
    assert steps == ["parse_type", "set_missing"]
    assert ("mixed", "zip") not in issues
    assert issues["mixed", "day"]["suggests"][0]["says"].endswith("1 value would be lost")


def test_what_the_plan_knows_only_later_is_an_issue(found):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"x": rng.normal(size=60), "y": rng.choice(["a", "b"], 60)})
    assert ("leak_known_later", "x") in found(frame, target="y", later=["x"])


def test_values_of_sensitive_and_personal_columns_are_taken_out(found, spoiled):
    issues = list(found(spoiled).values())
    told = {one["column"]: one for one in veil(issues, sensitive=["city"])}
    assert "rich" not in json.dumps(told["city"])
    assert told["city"]["suggests"] == []
    assert told["mail"]["suggests"]
    assert told["age"]["examples"] == ["200", "-5"]


@pytest.mark.parametrize(
    ("word", "same"),
    [
        ("Müller, Hans", "hans muller"),
        ("  ST. Gallen", "st gallen"),
        ("a b a", "A, B"),
    ],
)
def test_a_fingerprint_leaves_case_accents_punctuation_and_order_out(word, same):
    assert fingerprint(word) == fingerprint(same)


def test_neighbours_are_one_edit_away_and_much_rarer():
    groups = clusters(
        {
            "Barcelona": 90,
            "Barcelna": 2,
            "Madrid": 40,
            "Madird": 1,
            "island": 3,
            "inland": 90,
            "other": 9,
            "mother": 95,
            "item 12": 90,
            "item 13": 2,
        }
    )
    assert [(group.best, group.others) for group in groups] == [
        ("Barcelona", ("Barcelna",)),
        ("Madrid", ("Madird",)),
    ]


def test_the_eleven_blanks_of_telco_are_found(tmp_path):
    path = imported("telco_churn/Telco-Customer-Churn.csv", tmp_path)
    issue = looked(path, tmp_path, target="Churn")["mixed", "TotalCharges"]
    assert "11 do not (11 of them mean “missing”)" in issue["says"]
    assert issue["examples"] == ["“ ” in 11 rows"]


def test_the_leaks_of_titanic_are_found(tmp_path):
    issues = looked(imported("titanic/titanic3.xls", tmp_path), tmp_path, target="survived")
    assert issues["leak_power", "boat"]["severity"] == "high"
    assert issues["leak_gap", "body"]["severity"] == "high"


def test_the_sum_of_bike_sharing_is_found(tmp_path):
    path = imported("bike_sharing/Bike-Sharing-Dataset.zip", tmp_path, member="hour.csv")
    issue = looked(path, tmp_path, target="cnt")["sum", "casual"]
    assert issue["says"] == "“casual” + “registered” = “cnt” in all 17,379 rows."
    assert issue["suggests"][0]["params"] == {"columns": ["casual", "registered"]}


def equal_cells(one, other):
    """Share of cells with the same kind and value; a gap is equal to a gap."""
    same = 0.0
    for name in one.columns:
        a, b = one[name], other[name]
        if a.dtype == b.dtype:
            same += float(((a == b).fillna(False) | (a.isna() & b.isna())).mean())
    return same / one.shape[1]


def test_the_dirtied_students_are_brought_back_by_suggested_steps(tmp_path):
    """What stays unequal: 474 cells whose value is nowhere in the file, and no step can know."""
    clean = read_table(imported("student/student-por.csv", tmp_path))
    (tmp_path / "dirty").mkdir()
    path = imported("student/student-por_dirtied.csv", tmp_path / "dirty")
    dirty = read_table(path)
    assert equal_cells(clean, dirty) < 0.95
    issues = looked(path, tmp_path, target="G3")
    accepted = [
        {"step": each["step"], "params": each["params"]}
        for issue in issues.values()
        if issue["key"] in ("mixed", "disguised_missing", "blanks", "spelling")
        for each in issue["suggests"][:1]
    ]
    mended, _ = apply_recipe(dirty, accepted, report=silent)
    assert equal_cells(clean, mended) >= 0.95
