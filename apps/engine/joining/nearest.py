"""As-of joins: for each row the record of the other table that is nearest in time."""

from typing import Any

import numpy as np
import pandas as pd

from apps.engine.errors import BadParameter
from apps.engine.joining.how import JoinHow
from apps.engine.joining.matching import NUMERIC, Places, key_codes
from apps.engine.reading.tables import kind_of_series
from apps.engine.types import Kind

MICROSECONDS = 1_000_000


def instants(left: pd.Series, right: pd.Series) -> tuple[pd.Series, pd.Series, int]:
    """Two time columns as numbers of one type, and how many of these make one unit of a length.

    Times are microseconds since 1970, a length is in seconds; beside numbers the unit is that of
    the column. BadParameter when the columns cannot be held against each other.
    """
    ours, theirs = kind_of_series(left), kind_of_series(right)
    if ours is Kind.DATETIME and theirs is Kind.DATETIME:
        return _microseconds(left), _microseconds(right), MICROSECONDS
    if ours in NUMERIC and theirs in NUMERIC:
        return left.astype("Float64"), right.astype("Float64"), 1
    raise BadParameter(
        f"{left.name!r} ({ours}) and {right.name!r} ({theirs}) are no two times: choose a date "
        "or a number on both sides."
    )


def _microseconds(times: pd.Series) -> pd.Series:
    numbers = pd.Series(times.to_numpy("datetime64[us]").astype(np.int64), dtype="Int64")
    return numbers.mask(times.isna().to_numpy())


def timed(
    left: pd.DataFrame, right: pd.DataFrame, how: JoinHow
) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Rows that have a key and a time on both sides, as "time", "key" and "at" (their place).

    Both sorted by time, rows of one time in the order of their table. O(rows log rows).
    """
    mine, theirs = key_codes(
        left, right, left_on=how.left_on, right_on=how.right_on, compare=how.compare
    )
    first, second, unit = instants(left[how.left_time], right[how.right_time])
    return _sorted(first, mine), _sorted(second, theirs), unit


def _sorted(times: pd.Series, codes: Places) -> pd.DataFrame:
    frame = pd.DataFrame({"time": times.array, "key": codes})
    frame["at"] = np.arange(len(frame))
    known = frame[(codes >= 0) & times.notna().to_numpy()]
    plain = np.int64 if times.dtype == "Int64" else np.float64
    return known.astype({"time": plain}).sort_values("time", kind="stable")


def nearest_places(left: pd.DataFrame, right: pd.DataFrame, how: JoinHow) -> Places:
    """For each row on the left the place of its record on the right, or -1.

    As ``pandas.merge_asof``: of several records at one time a backward look takes the last, a
    forward look the first. A record at exactly the row's own time counts. O(rows log rows).
    """
    ours, theirs, unit = timed(left, right, how)
    options: dict[str, Any] = {}
    if how.tolerance is not None:
        width = how.tolerance * unit
        options["tolerance"] = width if ours["time"].dtype == np.float64 else round(width)
    found = pd.merge_asof(
        ours,
        theirs.rename(columns={"at": "place"}),
        on="time",
        by="key",
        direction=how.direction,  # type: ignore[arg-type]
        **options,
    )
    places = np.full(len(left), -1, np.int64)
    places[found["at"].to_numpy()] = found["place"].fillna(-1).astype(np.int64)
    return places
