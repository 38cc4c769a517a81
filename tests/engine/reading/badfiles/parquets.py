"""Cases 69, 70 and 78 to 85: packed text, and Parquet files that announce what they are not."""

import datetime as dt
import gzip
import io
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

from tests.engine.reading.badfiles.case import Case, Refused, Table

CSV = b"a,b\n1,x\n2,y\n"


def written(table, **options):
    """The bytes of a Parquet file."""
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def column(values, **options):
    """One column, named a."""
    return written(pa.table({"a": values}), **options)


def forged():
    """A file of 10,007 rows that says, wherever it counts, that it has a million."""
    data = column(list(range(10_007)), use_dictionary=False, compression="none")
    return data.replace(b"\xae\x9c\x01", b"\x80\x89\x7a")


def spoiled_crc():
    """A gzip file whose checksum is another."""
    data = bytearray(gzip.compress(CSV, mtime=0))
    data[-8] ^= 0xFF
    return bytes(data)


NESTED = {
    "list": pa.array([[1]]),
    "struct": pa.array([{"x": 1}]),
    "map": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
    "wide": pa.array([Decimal(1)], pa.decimal256(50, 2)),
    "raw": pa.array([b"x"]),
    "span": pa.array([dt.timedelta(1)]),
}

PICKLED = pa.schema(
    [
        pa.field(
            "a",
            pa.string(),
            metadata={
                b"ARROW:extension:name": b"arrow.py_extension_type",
                b"ARROW:extension:metadata": b"\x80\x04N.",
            },
        )
    ]
)

GZIPS = (
    Case(
        69,
        "a gzip packed like a bomb",
        lambda: gzip.compress(b"a\n" + b"0\n" * 5_000_000),
        Refused("more than 1,000,000 bytes of text"),
        limits={"bytes": 1_000_000},
    ),
    Case(
        70,
        "gzip in gzip",
        gzip.compress(gzip.compress(CSV, mtime=0), mtime=0),
        Refused("gzip file inside a gzip"),
    ),
    Case(70, "a gzip that is cut off", gzip.compress(CSV, mtime=0)[:-9], Refused("cut off")),
    Case(70, "a gzip whose checksum is wrong", spoiled_crc, Refused("cut off or damaged")),
    Case(
        70,
        "a gzip of two members",
        gzip.compress(CSV, mtime=0) + gzip.compress(b"3,z\n", mtime=0),
        Table(columns={"a": [1, 2, 3]}),
    ),
    Case(70, "an empty gzip", gzip.compress(b"", mtime=0), Refused("is empty")),
)

PARQUETS = (
    Case(
        78,
        "six million rows in a few bytes",
        lambda: column(pa.repeat(pa.scalar(0, pa.int8()), 6_000_000)),
        Refused("6,000,000 rows and the limit is 5,000,000"),
    ),
    Case(
        79,
        "cells larger than allowed",
        lambda: column(["x" * 5_000_000] * 2),
        Refused("holds 5,000,000 bytes and the limit is 1,000,000"),
    ),
    Case(
        79,
        "more unpacked bytes than allowed",
        lambda: column(["x" * 900_000 + str(each) for each in range(9)], use_dictionary=False),
        Refused("bytes of unpacked data and the limit is 1,000,000"),
        limits={"bytes": 1_000_000},
    ),
    Case(80, "a count that is forged", forged, Refused("damaged")),
    Case(81, "a Parquet file that is cut off", column([1, 2])[:-10], Refused("damaged")),
    Case(81, "a Parquet file without end", b"PAR1" + bytes(100) + b"PAR1", Refused("damaged")),
    Case(81, "an encrypted Parquet file", b"PARE" + bytes(100), Refused("an encrypted Parquet")),
    Case(
        81,
        "a Parquet file without rows",
        column(pa.array([], pa.int64())),
        Table(names=["a"], rows=0),
    ),
    *(
        Case(
            82,
            f"a column of the type {name}",
            written(pa.table({"ok": [1], name: values})),
            Refused(f"{name} ("),
        )
        for name, values in NESTED.items()
    ),
    Case(
        83,
        "notes of pandas that name an index that is not there",
        written(
            pa.table({"a": [1]}).replace_schema_metadata(
                {b"pandas": b'{"index_columns": ["gone"], "columns": []}'}
            )
        ),
        Table(names=["a"], columns={"a": [1]}),
    ),
    Case(
        83,
        "an extension type that is pickled",
        written(pa.table([pa.array(["x"])], schema=PICKLED)),
        Table(columns={"a": ["x"]}),
    ),
    Case(
        84,
        "names twice and empty",
        written(pa.Table.from_arrays([pa.array([1])] * 3, ["a", "a", ""])),
        Table(
            names=["a", "a (2)", "column 3"], renamed={"a [2]": "a (2)", "(blank) [3]": "column 3"}
        ),
    ),
    Case(
        85,
        "times that the kind cannot hold",
        column(pa.array([2**55, 0], pa.timestamp("ms"))),
        Table(columns={"a": [None, dt.datetime(1970, 1, 1)]}, says=["became missing"]),
    ),
    Case(
        85,
        "an old 96-bit time beyond nanoseconds",
        column(
            pa.array([dt.datetime(9999, 12, 31)], pa.timestamp("us")),
            use_deprecated_int96_timestamps=True,
        ),
        Table(columns={"a": [dt.datetime(9999, 12, 31)]}),
    ),
)

CASES = (*GZIPS, *PARQUETS)
