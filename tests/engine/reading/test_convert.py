import pyarrow as pa
import pytest

from apps.engine.reading.convert import convert
from apps.engine.types import Kind


@pytest.mark.parametrize(
    ("kind", "options", "cells", "values"),
    [
        (Kind.INTEGER, {}, ["7", "+7", "007", "-7"], [7, 7, 7, -7]),
        (Kind.INTEGER, {}, ["9223372036854775807", "9223372036854775808"], [2**63 - 1, None]),
        (Kind.INTEGER, {}, ["1.0", "0x10", "1_0", " 1", ""], [None] * 5),
        (Kind.NUMBER, {}, ["1.5", ".5", "5.", "1e3", "+2"], [1.5, 0.5, 5.0, 1000.0, 2.0]),
        (Kind.NUMBER, {}, ["inf", "nan", "1e400", "0x1p3", "1,5"], [None] * 5),
        (Kind.NUMBER, {"decimal": ","}, ["1,5", "1.5"], [1.5, None]),
        (
            Kind.NUMBER,
            {"thousands": ","},
            ["1,234.5", "1,23", "12,345,678"],
            [1234.5, None, 12345678.0],
        ),
        (Kind.NUMBER, {"decimal": ",", "thousands": "."}, ["1.234,5"], [1234.5]),
        (
            Kind.BOOLEAN,
            {},
            ["yes", "NO", "1", "0", "True", "maybe"],
            [True, False, True, False, True, None],
        ),
        (Kind.TEXT, {}, ["x", None], ["x", None]),
        (Kind.INTEGER, {}, [None, None], [None, None]),
        (Kind.DATETIME, {}, [None, None], [None, None]),
    ],
)
def test_cells_convert_or_become_missing(kind, options, cells, values):
    assert convert(pa.array(cells, pa.string()), kind=kind, **options).to_pylist() == values


@pytest.mark.parametrize(
    ("date_format", "cell", "moment"),
    [
        ("", "2024-05-31", "2024-05-31T00:00:00"),
        ("", "2024-05-31T10:00:00+02:00", "2024-05-31T08:00:00"),
        ("%d/%m/%Y", "01/02/2024", "2024-02-01T00:00:00"),
        ("%m/%d/%Y", "01/02/2024", "2024-01-02T00:00:00"),
        ("%d/%m/%Y", "2024-02-01", None),
        ("%d %b %Y", "01 Feb 2024", "2024-02-01T00:00:00"),
        ("", "now", None),
        ("", "-1", None),
        ("", "2024", None),
        ("", "0001-01-01T00:00+02:00", None),
        ("%Y-%m-%d", "0000-01-01", None),
        ("", "today", None),
        ("%d/%Q", "01/02/2024", None),
        ("", "2024-05-31T10:00:00.1234567", None),
        ("", "2024-05-31T10:00:00.123456000", "2024-05-31T10:00:00.123456"),
    ],
)
def test_times_follow_one_format_and_never_the_clock(date_format, cell, moment):
    time = convert(pa.array([cell], pa.string()), kind=Kind.DATETIME, date_format=date_format)[
        0
    ].as_py()
    assert (time and time.isoformat()) == moment
