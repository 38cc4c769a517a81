"""Case 94: a table that we write comes back with equal values and kinds, whatever the format."""

import datetime as dt
import io
import json

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

WORD = st.text("abcxyzäß漢 ", min_size=1, max_size=6).map(str.strip).filter(bool)
ROW = st.fixed_dictionaries(
    {
        "whole": st.integers(-(10**9), 10**9),
        "number": st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3) + 0.0625),
        "yes": st.booleans(),
        "day": st.dates(dt.date(1990, 1, 1), dt.date(2090, 1, 1)),
        "word": WORD.map(lambda word: f"w{word}"),
    }
)
KINDS = {
    "whole": "integer",
    "number": "number",
    "yes": "boolean",
    "day": "datetime",
    "word": "text",
}


def as_workbook(rows):
    book = openpyxl.Workbook()
    book.active.append(list(KINDS))
    for row in rows:
        book.active.append([row[name] for name in KINDS])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def as_parquet(rows):
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), file)
    return file.getvalue()


def as_json(rows):
    return json.dumps(rows, default=str).encode()


def as_lines(rows):
    return "\n".join(json.dumps(row, default=str) for row in [*rows, *rows]).encode()


@pytest.mark.parametrize("write", [as_workbook, as_parquet, as_json, as_lines])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, min_size=1, max_size=8))
def test_any_table_that_was_written_reads_back(imported, write, rows):
    expected = [*rows, *rows] if write is as_lines else rows
    back = imported(write(rows))
    assert back.kinds == KINDS
    for name in ("whole", "number", "yes", "word"):
        assert back.column(name) == [row[name] for row in expected]
    assert [each.date() for each in back.column("day")] == [row["day"] for row in expected]
