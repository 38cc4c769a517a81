from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.errors import BadFile, BadParameter, ColumnMissing
from apps.engine.reading.tables import read_table, spec_of, table_writer, write_table
from apps.engine.types import Kind


def _frame():
    return pd.DataFrame(
        {
            "n": pd.array([1, None, 2**62], "Int64"),
            "x": [0.5, np.nan, -1e300],
            "yes": pd.array([True, None, False], "boolean"),
            "at": pd.array([datetime(1, 1, 1), None, datetime(9999, 12, 31)], "datetime64[us]"),
            "word": pd.array(["é", None, ""], "string"),
        }
    )


def test_a_table_reads_back_as_it_was_written(tmp_path):
    spec = write_table(_frame(), tmp_path / "t")
    back = read_table(tmp_path / "t")
    pd.testing.assert_frame_equal(back, _frame())
    assert isinstance(back.index, pd.RangeIndex)
    assert [column.kind for column in spec.columns] == list(Kind)
    assert [column.missing for column in spec.columns] == [1] * 5
    assert spec_of(back) == spec


def test_pandas_own_dtypes_become_the_engine_s(tmp_path):
    frame = pd.DataFrame(
        {
            "n": np.array([1, 2], np.int8),
            "x": np.array([1, 2], np.float32),
            "yes": [True, False],
            "at": pd.to_datetime(["2024-01-01", "2024-01-02"]).astype("datetime64[ns]"),
            "word": pd.Categorical(["a", "b"]),
        },
        index=[7, 3],
    )
    write_table(frame, tmp_path / "t")
    assert [str(each) for each in read_table(tmp_path / "t").dtypes] == [
        "Int64",
        "float64",
        "boolean",
        "datetime64[us]",
        "string",
    ]


@settings(max_examples=30)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=5) | st.none(), max_size=20))
def test_any_text_survives(tmp_path_factory, words):
    path = tmp_path_factory.mktemp("t") / "t"
    write_table(pd.DataFrame({"w": pd.array(words, "string")}), path)
    back = read_table(path)["w"]
    assert back.astype(object).where(back.notna(), None).tolist() == words


def test_equal_content_gives_equal_bytes(tmp_path):
    write_table(_frame(), tmp_path / "a")
    write_table(_frame().set_index(pd.Index([5, 6, 7])), tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_columns_come_in_the_order_that_is_asked_for(tmp_path):
    write_table(_frame(), tmp_path / "t")
    assert list(read_table(tmp_path / "t", columns=["word", "n"]).columns) == ["word", "n"]
    with pytest.raises(ColumnMissing, match="'other'"):
        read_table(tmp_path / "t", columns=["other"])


def test_what_is_not_a_table_is_refused(tmp_path):
    (tmp_path / "t").write_bytes(b"PAR1 nothing PAR1")
    for name in ("t", "absent"):
        with pytest.raises(BadFile, match=name):
            read_table(tmp_path / name)


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "Two columns are named 'a'"),
        (pd.DataFrame({1: [1]}), "column 1"),
        (pd.DataFrame({"a": pd.to_timedelta([1])}), "'a' of type timedelta64"),
    ],
)
def test_a_frame_that_is_not_a_table_is_refused(tmp_path, frame, says):
    with pytest.raises(BadParameter, match=says):
        write_table(frame, tmp_path / "t")


def test_a_writer_that_fails_leaves_the_old_file_alone(tmp_path):
    spec = write_table(_frame(), tmp_path / "t")
    before = (tmp_path / "t").read_bytes()
    with pytest.raises(ZeroDivisionError), table_writer(tmp_path / "t", schema=_schema()) as _:
        1 / 0  # noqa: B018
    assert (tmp_path / "t").read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["t"]
    assert spec.rows == 3


def _schema():
    import pyarrow as pa

    return pa.schema([("a", pa.int64())])
