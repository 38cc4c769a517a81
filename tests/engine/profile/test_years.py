"""A year is written as a year: in headlines, in counts of the grid."""

import pandas as pd
import pytest

from apps.engine.grid.facet import facet
from apps.engine.grid.rows import Rows
from apps.engine.profile.explore import explore_table
from apps.engine.profile.headlines import ranked
from apps.engine.profile.years import as_year, holds_years
from apps.engine.reading.tables import write_table
from apps.engine.types import silent


def column(name, kind, low, high):
    return {"name": name, "kind": kind, "minimum": low, "maximum": high}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (column("year", "integer", 2013, 2013), True),
        (column("founded", "integer", 1650, 2020), True),
        (column("year_planes", "integer", 0, 2013), True),
        (column("salary", "integer", 1200, 90_000), False),
        (column("distance", "integer", 17, 4983), False),
        (column("year", "integer", 2013, 20_130), False),
        (column("planes_year", "number", 1959.0, 2013.0), True),
        (column("built", "number", 1959.0, 2013.0), False),
        (column("year", "number", 2013.0, 2013.5), False),
        (column("year", "text", None, None), False),
    ],
)
def test_years_are_told_by_their_values_or_by_their_name(told, expected):
    assert holds_years(told) is expected


def test_a_mean_of_years_has_one_decimal_and_no_sign_between_thousands():
    assert (as_year(2013), as_year(2013.0), as_year(2012.456)) == ("2013", "2013", "2012.5")


def test_a_target_of_years_is_told_in_years(tmp_path):
    frame = pd.DataFrame({"built": [1900 + n % 120 for n in range(600)], "n": range(600)})
    write_table(frame.convert_dtypes(), tmp_path / "t.parquet")
    told = explore_table(
        table=str(tmp_path / "t.parquet"), target="built", reading="quantity", report=silent
    )
    found = ranked(told["profile"], told["study"], suspects=())
    says = next(one["says"] for one in found if one["key"] == "balance")
    assert says == "The target is 1959.5 on average; half of the rows lie from 1929.8 to 1989.2."


def test_ranges_of_years_and_of_other_numbers_in_the_counts_of_the_grid(tmp_path):
    frame = pd.DataFrame({"built": range(1900, 2020), "paid": range(0, 12_000, 100)})
    write_table(frame.convert_dtypes(), tmp_path / "t.parquet")
    with Rows(tmp_path / "t.parquet") as rows:
        assert facet(rows, "built", kept=None).lines[0].says == "1900 to 1912"
        assert facet(rows, "paid", kept=None).lines[1].says == "1,190 to 2,380"
