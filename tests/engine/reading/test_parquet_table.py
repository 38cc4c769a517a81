import datetime as dt
import io
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from apps.engine.errors import BadFile, TooLarge


def _bytes(table, **options):
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def test_flat_types_become_the_engine_s_kinds(imported):
    table = pa.table(
        {
            "i8": pa.array([1, None], pa.int8()),
            "f32": pa.array([0.5, None], pa.float32()),
            "dec": pa.array([Decimal("1.25"), None], pa.decimal128(5, 2)),
            "yes": pa.array([True, None]),
            "day": pa.array([dt.date(2024, 5, 31), None]),
            "ms": pa.array([dt.datetime(2024, 5, 31, 10), None], pa.timestamp("ms")),
            "cat": pa.array(["a", None]).dictionary_encode(),
            "large": pa.array(["b", None], pa.large_string()),
            "none": pa.array([None, None], pa.null()),
        }
    )
    back = imported(_bytes(table))
    assert back.kinds == {
        "i8": "integer",
        "f32": "number",
        "dec": "number",
        "yes": "boolean",
        "day": "datetime",
        "ms": "datetime",
        "cat": "text",
        "large": "text",
        "none": "text",
    }
    assert back.column("dec") == [1.25, None]
    assert back.column("cat") == ["a", None]
    assert back.column("day")[0].isoformat() == "2024-05-31T00:00:00"
    assert back.result["options"]["format"] == "parquet"
    assert back.result["preview"][1] == [None] * 9


def test_zoned_times_are_in_utc(imported):
    moment = dt.datetime(2024, 5, 31, 10, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    table = pa.table({"t": pa.array([moment], pa.timestamp("us", "+02:00"))})
    assert imported(_bytes(table)).column("t")[0].isoformat() == "2024-05-31T08:00:00"


def test_what_a_kind_cannot_hold_becomes_missing_and_is_counted(imported):
    table = pa.table(
        {
            "x": pa.array([float("inf"), float("nan"), 1.0]),
            "u": pa.array([2**64 - 1, 1, 2], pa.uint64()),
            "t": pa.array([2**55, 0, 1], pa.timestamp("ms")),
            "ns": pa.array([1, 1_000, 2_000], pa.timestamp("ns")),
        }
    )
    back = imported(_bytes(table, version="2.6"))
    assert back.column("x") == [None, None, 1.0]
    assert back.column("u") == [None, 1, 2]
    assert back.column("t")[0] is None
    warnings = " ".join(back.result["warnings"])
    assert "2 cells of 'x'" in warnings
    assert "1 cells of 'u'" in warnings
    assert "1 cells of 't'" in warnings
    assert "1 times of 'ns' are cut to microseconds" in warnings


def test_types_that_are_not_flat_are_refused_by_column(imported):
    table = pa.table({"ok": [1], "list": [[1]], "raw": [b"x"], "span": [dt.timedelta(1)]})
    with pytest.raises(BadFile, match=r"list \(list<.*raw \(binary\), span \(duration"):
        imported(_bytes(table))


def test_the_footer_is_held_against_the_limits(imported):
    data = _bytes(pa.table({"a": [0] * 100_000}))
    with pytest.raises(TooLarge, match="100,000 rows and the limit is 50"):
        imported(data, limits={"rows": 50})
    texts = _bytes(pa.table({"a": ["x" * 5_000, "y"]}))
    with pytest.raises(TooLarge, match="limit is 1,000"):
        imported(texts, limits={"cell_bytes": 1_000})


def test_damage_is_refused(imported):
    data = _bytes(pa.table({"a": list(range(10_000))}))
    for damaged in (data[:-10], data[: len(data) // 2], b"PAR1" + b"\0" * 100 + b"PAR1"):
        with pytest.raises(BadFile, match="damaged"):
            imported(damaged)


def test_names_are_made_unique(imported):
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array([3])], ["a", "a", ""])
    back = imported(_bytes(table))
    assert list(back.frame.columns) == ["a", "a (2)", "column 3"]


def test_a_table_without_rows_keeps_its_columns(imported):
    assert imported(_bytes(pa.table({"a": pa.array([], pa.int64())}))).frame.shape == (0, 1)
