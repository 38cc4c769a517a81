import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from apps.engine.errors import ColumnMissing, NotEnoughData, Stopped
from apps.engine.profile import table
from apps.engine.profile.cells import Columns
from apps.engine.reading.tables import write_table
from apps.engine.types import silent

DATA = Path(__file__).resolve().parents[3] / ".." / "shared" / "data"


@pytest.fixture
def profile(tmp_path):
    def call(frame, *, target=None, **options):
        write_table(frame, tmp_path / "table.parquet")
        source = Columns(tmp_path / "table.parquet")
        result = table.profile(source, target=target, report=silent, **options)
        return json.loads(json.dumps(result, allow_nan=False))

    return call


def column(result, name):
    return next(entry for entry in result["columns"] if entry["name"] == name)


def findings(result):
    return {(finding["key"], finding["column"]) for finding in result["findings"]}


def test_the_titanic_profile_holds_the_well_known_numbers(profile):
    file = DATA / "titanic" / "train.csv"
    if not file.exists():
        pytest.skip("the Titanic table is not on this machine")
    result = profile(pd.read_csv(file), target="Survived")
    assert (result["rows"], result["column_count"], result["duplicate_rows"]) == (891, 12, 0)
    assert column(result, "Age")["missing"] == 177
    assert column(result, "Age")["mean"] == pytest.approx(29.699, abs=1e-3)
    assert column(result, "Cabin")["missing_share"] == pytest.approx(687 / 891)
    sex = column(result, "Sex")["relation"]
    women = sex["series"][0]["points"][sex["labels"].index("female")]
    assert women["value"] == pytest.approx(233 / 314)
    assert {("mostly_missing", "Cabin"), ("id_like", "PassengerId"), ("id_like", "Name")} <= (
        findings(result)
    )
    assert "leakage" not in {key for key, _ in findings(result)}


@pytest.fixture
def troubled():
    """A table in which every rule has something to find."""
    rng = np.random.default_rng(0)
    n = 400
    y = pd.Series(rng.random(n) < 0.06, dtype="boolean")
    frame = pd.DataFrame(
        {
            "y": y,
            "fine": rng.normal(size=n),
            "fixed": pd.Series(["same"] * n, dtype="string"),
            "empty": pd.Series([None] * n, dtype="string"),
            "sparse": np.where(np.arange(n) < 300, np.nan, rng.normal(size=n)),
            "days": np.where(rng.random(n) < 0.1, 999, rng.integers(0, 30, n)),
            "user_id": np.arange(n) + 1000,
            "words": pd.Series([f"w{k}" for k in rng.integers(0, 90, n)], dtype="string"),
            "income": rng.lognormal(0, 2.5, n),
            "refund": np.where(y, 50.0, 0.0) + rng.random(n),
            "ratio": np.where(np.arange(n) == 3, np.inf, rng.random(n)),
            "city": pd.Series(rng.choice(["Rome", "rome", "Oslo", "?"], n), dtype="string"),
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 99, n), unit="D"),
        }
    )
    frame["copy"] = frame["fine"] * 3
    return frame


def test_every_planted_trouble_is_found_and_nothing_else(profile, troubled):
    assert findings(profile(troubled, target="y")) == {
        ("class_imbalance", "y"),
        ("constant", "fixed"),
        ("empty", "empty"),
        ("mostly_missing", "sparse"),
        ("disguised_missing", "days"),
        ("disguised_missing", "city"),
        ("id_like", "user_id"),
        ("high_cardinality", "words"),
        ("skewed", "income"),
        ("skewed", "refund"),
        ("leakage", "refund"),
        ("infinite", "ratio"),
        ("spelling", "city"),
        ("twins", "fine"),
    }


def test_the_gravest_findings_come_first_and_say_a_number(profile, troubled):
    result = profile(troubled, target="y")["findings"]
    grades = [("high", "medium", "low").index(finding["severity"]) for finding in result]
    assert grades == sorted(grades)
    leak = next(finding for finding in result if finding["key"] == "leakage")
    assert "AUC 1.000" in leak["says"]
    for finding in result:
        if finding["key"] not in {"empty"}:
            assert any(letter.isdigit() for letter in finding["says"]), finding


def test_equal_rows_are_counted_over_all_columns(profile, troubled):
    frame = pd.concat([troubled, troubled.iloc[:7]], ignore_index=True)
    assert profile(frame)["duplicate_rows"] == 7
    swapped = pd.DataFrame({"a": [1, 2], "b": [2, 1]})
    assert profile(swapped)["duplicate_rows"] == 0


def test_rows_without_a_target_are_left_out_of_the_relations_and_told(profile):
    frame = pd.DataFrame(
        {
            "x": [1.0, 2.0, 3.0, 4.0, 100.0],
            "y": pd.Series(["no", "no", "yes", "yes", None], dtype="string"),
        }
    )
    result = profile(frame, target="y")
    relation = column(result, "x")["relation"]
    assert (relation["labels"], relation["auc"]) == (["1", "2", "3", "4"], 1.0)
    assert column(result, "x")["count"] == 5
    assert ("target_missing", "y") in findings(result)


def test_a_regression_target_and_dates_are_related(profile):
    n = 200
    frame = pd.DataFrame(
        {
            "price": np.arange(n) * 1.5,
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(n), unit="D"),
        }
    )
    result = profile(frame, target="price")
    relation = column(result, "day")["relation"]
    assert relation["kind"] == "mean"
    assert relation["labels"][0] == "1 Jan to 20 Jan 2024"
    assert relation["effect"]["value"] == pytest.approx(1)
    assert ("leakage", "day") in findings(result)


def test_a_table_with_one_row_and_one_with_odd_names_are_profiled(profile):
    assert profile(pd.DataFrame({"a": [1], "b": [None]}))["rows"] == 1
    odd = pd.DataFrame({"": [1, 2], "<b>x</b>": [1.0, None], "columns": ["a", "b"]})
    assert [entry["name"] for entry in profile(odd)["columns"]] == ["", "<b>x</b>", "columns"]


def test_an_absent_target_and_an_empty_table_are_refused(profile):
    with pytest.raises(ColumnMissing, match="no column “z”"):
        profile(pd.DataFrame({"a": [1]}), target="z")
    with pytest.raises(NotEnoughData, match="no rows"):
        profile(pd.DataFrame({"a": pd.Series([], dtype="Int64")}))


def test_profiling_tells_its_progress_and_stops_when_asked(tmp_path):
    write_table(pd.DataFrame({"a": [1, 2], "b": [1, 2]}), tmp_path / "table.parquet")
    told = []

    def stop_at_second(done, total, says):
        told.append((done, total, says))
        if done == 1:
            raise Stopped

    source = Columns(tmp_path / "table.parquet")
    with pytest.raises(Stopped):
        table.profile(source, target=None, report=stop_at_second)
    assert told == [(0, 3, "Profiling “a”"), (1, 3, "Profiling “b”")]


@pytest.mark.parametrize(
    ("texts", "key"),
    [
        ([" ", *(f"{n}.5" for n in range(60))], "numbers_as_text"),
        ([f"{n:05}" for n in range(61)], "high_cardinality"),
        ([f"word {n}" for n in range(61)], "high_cardinality"),
    ],
    ids=["amounts and a blank", "codes", "words"],
)
def test_texts_that_are_amounts_are_told_from_codes_and_words(profile, texts, key):
    frame = pd.DataFrame({"a": pd.Series(texts * 4, dtype="string")})
    assert key in {found["key"] for found in profile(frame)["findings"]}
