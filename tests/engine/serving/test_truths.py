"""Which columns of a file hold ids and actual values, and what is read from them."""

import pandas as pd
import pyarrow.parquet as pq
import pytest

from apps.engine.errors import ColumnMissing, EngineError
from apps.engine.serving import truths
from apps.engine.types import silent


@pytest.fixture
def read(tmp_path):
    """``read(frame, ...)``: what is told, and the rows."""

    def call(frame, *, id_column="", value_column="", named=("late",), kind="csv"):
        source, target = tmp_path / "source", tmp_path / "rows.parquet"
        if kind == "csv":
            frame.to_csv(source, index=False)
        else:
            frame.to_parquet(source)
        told = truths.read_truths(
            source=str(source),
            filename=f"truth.{kind}",
            target=str(target),
            id_column=id_column,
            value_column=value_column,
            target_names=list(named),
            report=silent,
        )
        return told, pq.read_table(target).to_pylist()

    return call


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (("prediction_id", "value"), ("prediction_id", "value")),
        (("Prediction ID", "Actual"), ("Prediction ID", "Actual")),
        (("late", "id", "note"), ("id", "late")),
        (("id", "outcome"), ("id", "outcome")),
        (("id", "prediction_id", "value"), ("prediction_id", "value")),
    ],
)
def test_columns_are_found_by_their_usual_names_and_of_two_the_other_is_the_value(
    names, chosen, read
):
    told, _ = read(pd.DataFrame({name: ["1", "2"] for name in names}))
    assert (told["id_column"], told["value_column"]) == chosen


def test_what_cannot_be_told_is_asked_with_the_names_of_the_file(read):
    frame = pd.DataFrame({"id": ["1"], "a": ["x"], "b": ["y"]})
    with pytest.raises(ColumnMissing, match=r"actual value\? .* “id”, “a”, “b”"):
        read(frame)
    assert read(frame, value_column="b")[1] == [{"id": "1", "text": "y", "number": None}]


def test_texts_lose_blanks_around_them_and_a_blank_is_no_value(read):
    _, rows = read(pd.DataFrame({"id": [" a ", "b", "c"], "value": [" 7 ", "  ", "x"]}))
    assert rows == [
        {"id": "a", "text": "7", "number": 7.0},
        {"id": "b", "text": None, "number": None},
        {"id": "c", "text": "x", "number": None},
    ]


def test_a_table_with_types_is_read_as_a_text_would_be(read):
    frame = pd.DataFrame({"id": ["a", "b", "c"], "value": [1.5, 2.0, None]})
    _, rows = read(frame, kind="parquet")
    told = [(row["text"], row["number"]) for row in rows]
    assert told == [("1.5", 1.5), ("2", 2.0), (None, None)]


def test_a_file_with_too_many_rows_is_refused_in_one_sentence(read, monkeypatch):
    monkeypatch.setattr(truths, "MOST_ROWS", 3)
    with pytest.raises(EngineError, match="3"):
        read(pd.DataFrame({"id": list("abcd"), "value": list("1234")}))
