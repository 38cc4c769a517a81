"""A file answered row by row equals ``predict`` of each row; what is refused stops no other row."""

import csv
from dataclasses import asdict

import pandas as pd
import pyarrow.parquet as pq
import pytest

from apps.engine.errors import BadFile, ColumnMissing
from apps.engine.labels import joined
from apps.engine.reading.tables import house_types, write_table
from apps.engine.serving import batch
from apps.engine.serving.batch import score_file
from apps.engine.serving.contract import check_rows
from apps.engine.training.files import save_model
from apps.engine.types import Problem, silent
from tests.engine.serving.test_compile import served

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """``models(candidate, problem)``: a scorer, checked rows, and what a job is told of it."""
    folder = tmp_path_factory.mktemp("models")

    def make(candidate="linear", problem=Problem.BINARY, level=None):
        scorer, rows = served(candidate, problem, level=level)
        path = folder / f"{candidate}-{problem}.skops"
        told = {
            "model": str(path),
            "sha256": save_model(scorer.model, path),
            "contract": scorer.contract.as_dict(),
            "steps": list(scorer.steps),
            "features": [asdict(column) for column in scorer.features],
            "problem": problem,
            "positive": scorer.positive,
            "threshold": scorer.threshold,
            "all_or_nothing": False,
            "hidden": [],
            "about": {"model_sha256": "m"},
            "release": 3,
            "filename": "rows.csv",
            "report": silent,
        }
        return scorer, rows, told

    return make


def run(path, told, **but):
    """What the job returns, and its rows."""
    target = path.with_name("scores.parquet")
    how = {"source": str(path), "is_table": path.suffix == ".parquet", "target": str(target)}
    result = score_file(**{**told, **how, "unread": str(path.with_name("unread.csv")), **but})
    return result, pq.read_table(target).to_pylist()


def written(path, rows, **but):
    """Rows as a CSV file, with a column that the contract does not know."""
    frame = pd.DataFrame([{"id": f"00{place}", **row} for place, row in enumerate(rows)])
    frame.assign(**but).to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("candidate", "problem", "level"),
    [
        ("linear", Problem.BINARY, None),
        ("linear", Problem.MULTICLASS, None),
        ("tree", Problem.REGRESSION, None),
        ("linear", Problem.REGRESSION, 0.9),
        ("linear", Problem.MULTILABEL, None),
    ],
)
def test_each_row_is_answered_as_predict_answers_it(models, tmp_path, candidate, problem, level):
    scorer, rows, told = models(candidate, problem, level)
    result, found = run(written(tmp_path / "rows.csv", rows), told)
    expected, warnings = scorer.by_pipeline(rows)
    assert (result["rows"], result["answered"], result["refused"]) == (len(rows), len(rows), 0)
    assert [row["row"] for row in found] == list(range(1, len(rows) + 1))
    assert [row["id"] for row in found][:2] == ["000", "001"], "as it came, not as a number"
    assert {row["release"] for row in found} == {3}
    warned = {note["row"] for note in warnings}
    for row, answer in zip(found, expected, strict=True):
        if problem == Problem.REGRESSION:
            assert row["prediction"] == pytest.approx(answer["prediction"], rel=1e-9)
        else:
            is_set = problem == Problem.MULTILABEL
            told_as = joined(answer["prediction"]) if is_set else answer["prediction"]
            assert row["prediction"] == told_as
            for name, chance in answer["probabilities"].items():
                assert row[f"probability {name}"] == pytest.approx(chance, abs=1e-9)
        assert (row["warnings"] is not None) >= (row["row"] in warned)


def test_a_refused_row_has_the_reason_of_the_endpoint_and_stops_no_other(models, tmp_path):
    scorer, rows, told = models()
    path = written(tmp_path / "rows.csv", rows[:60])
    lines = path.read_text().splitlines()
    place = lines[0].split(",").index("stops")
    cells = lines[7].split(",")
    cells[place] = "many"
    lines[7] = ",".join(cells)
    path.write_text("\n".join([*lines, "1,2,3,4,5,6,7,8,9,10"]) + "\n")
    result, found = run(path, told)
    sent = [{**rows[6], "at": rows[6]["at"].isoformat(), "stops": "many"}]
    refused = check_rows(sent, scorer.contract).errors[0]["message"]
    assert found[6]["refused"] == refused
    assert found[6]["prediction"] is None
    assert (result["answered"], result["refused"], result["unread"]) == (59, 1, 1)
    assert result["reasons"] == [
        {"field": "stops", "code": "wrong_type", "rows": 1, "first": 7, "says": refused}
    ]
    assert "10" in list(csv.reader((tmp_path / "unread.csv").open()))[1]
    assert sum(row["prediction"] is not None for row in found) == 59
    hidden, again = run(path, told, hidden=["stops"])
    assert "many" not in str(hidden)
    assert again[6]["refused"] == '"stops" is not as it should be (wrong_type).'


def test_all_or_nothing_tells_how_many_are_refused_and_the_first(models, tmp_path):
    _, rows, told = models()
    path = written(tmp_path / "rows.csv", rows[:40], stops="x")
    with pytest.raises(BadFile, match=r"40 of 40 rows are refused.* Row 1: .*Row 3: "):
        run(path, told, all_or_nothing=True)


def test_missing_columns_are_named_before_anything_is_scored(models, tmp_path):
    _, rows, told = models()
    path = tmp_path / "rows.csv"
    frame = pd.DataFrame(rows[:5]).rename(columns={"distance": "distances"})
    frame.drop(columns="paid").to_csv(path, index=False)
    with pytest.raises(ColumnMissing, match=r"“distance”, “paid”.*Is “distances” meant"):
        run(path, told)


@pytest.mark.parametrize(
    ("written_as", "says"),
    [("%d.%m.%Y %H:%M", None), ("%m/%d/%Y %H:%M", None), ("%d/%m/%Y", "no row tells which")],
)
def test_dates_are_read_as_they_are_written_or_asked_about(models, tmp_path, written_as, says):
    scorer, rows, told = models()
    days = pd.to_datetime(pd.Series([row["at"] for row in rows])).where(lambda at: at.dt.day < 13)
    kept = [row for row, day in zip(rows, days, strict=True) if not pd.isna(day)][:120]
    some = rows if says is None else kept
    path = written(tmp_path / "rows.csv", some, at=[row["at"].strftime(written_as) for row in some])
    if says is not None:
        with pytest.raises(BadFile, match=says):
            run(path, told)
        return
    expected, _ = scorer.by_pipeline(some)
    _, found = run(path, told)
    assert [row["prediction"] for row in found] == [one["prediction"] for one in expected]


def test_a_typed_table_is_scored_and_its_own_columns_keep_their_names(models, tmp_path):
    scorer, rows, told = models()
    frame = house_types(pd.DataFrame(rows).assign(prediction="mine"))
    write_table(frame, tmp_path / "rows.parquet")
    result, found = run(tmp_path / "rows.parquet", told)
    assert {row["prediction"] for row in found} == {"mine"}
    expected, _ = scorer.by_pipeline(rows)
    added = result["added"]["prediction"]
    assert [row[added] for row in found] == [one["prediction"] for one in expected]
    assert pq.read_schema(tmp_path / "scores.parquet").metadata[b"model_sha256"] == b"m"


def test_a_row_that_the_recipe_refuses_is_found_by_halving(models, monkeypatch):
    scorer, rows, _ = models()

    class Refusing:
        many = None
        contract = scorer.contract

        def predict(self, asked):
            if any(row["stops"] == 77 for row in asked):
                raise BadFile("A step refuses 77.")
            return scorer.predict(asked)

    sent = [{**row, "at": row["at"].isoformat()} for row in rows[:50]]
    sent[13]["stops"] = sent[49]["stops"] = 77
    found = batch.answered(sent, Refusing())
    assert [place for place, told in enumerate(found) if told.errors] == [13, 49]
    assert found[13].errors[0]["message"] == "A step refuses 77."
    assert sum(told.answer is not None for told in found) == 48


def test_rows_are_held_and_scored_a_block_at_a_time(models, tmp_path, monkeypatch):
    _, rows, told = models()
    seen = []
    monkeypatch.setattr(batch, "BLOCK_ROWS", 150)
    real = batch.answered
    monkeypatch.setattr(batch, "answered", lambda *what: seen.append(len(what[0])) or real(*what))
    write_table(house_types(pd.DataFrame(rows * 3)), tmp_path / "rows.parquet")
    result, found = run(tmp_path / "rows.parquet", told)
    assert (max(seen), sum(seen)) == (150, 3 * len(rows))
    assert [row["row"] for row in found] == list(range(1, result["rows"] + 1))
