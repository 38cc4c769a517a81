"""Many rows of a table to one for each row on the left: by group, or by a window that looks back.

As in SQL: where nothing is there, a count is 0 and everything else is missing.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from apps.engine.errors import BadParameter, TooLarge
from apps.engine.joining.columns import aggregate_names, taken
from apps.engine.joining.how import ROWS, JoinHow
from apps.engine.joining.matching import NUMERIC, Places, key_codes
from apps.engine.joining.nearest import timed
from apps.engine.reading.tables import PANDAS_TYPES, kind_of_series
from apps.engine.types import Kind

MOST_VISITS = 10_000_000_000
"""Rows in all windows together. A core sums about a thousand million a second."""
_ARITHMETIC = {"sum", "mean", "median", "std"}
_ORDERED = {"min", "max"}


def refuse_unfit(other: pd.DataFrame, how: JoinHow) -> None:
    """BadParameter when a function does not go with the kind of its column."""
    for column, function in how.aggregates:
        if column == ROWS:
            continue
        kind = kind_of_series(other[column])
        numbers = kind in NUMERIC or kind is Kind.BOOLEAN
        if function in _ARITHMETIC and not numbers:
            raise BadParameter(f"The {function} of {column!r} needs numbers; it is a {kind}.")
        if function in _ORDERED and kind not in NUMERIC | {Kind.DATETIME}:
            raise BadParameter(f"The {function} of {column!r} needs numbers or times, not {kind}.")


def _numbers(series: pd.Series) -> pd.Series:
    return series.astype("Int64") if kind_of_series(series) is Kind.BOOLEAN else series


def _refuse_overflow(values: pd.Series, *, name: str) -> None:
    if values.dtype == "Int64" and values.abs().astype("Float64").sum() >= 2**63:
        raise BadParameter(
            f"The sum of {name!r} is too large for whole numbers: read it as number."
        )


def grouped_columns(
    left: pd.DataFrame, right: pd.DataFrame, how: JoinHow
) -> tuple[pd.DataFrame, Places]:
    """What is computed for each row on the left, and its rows in the group (0 for none).

    Shape (rows on the left, aggregates); missing keys have no group. O(rows log rows).
    """
    refuse_unfit(right, how)
    mine, theirs = key_codes(
        left, right, left_on=how.left_on, right_on=how.right_on, compare=how.compare
    )
    known = theirs >= 0
    codes = pd.Series(theirs[known], name="\0key")
    rows = right[known].reset_index(drop=True)
    present = np.unique(codes.to_numpy())
    columns = {}
    for name, (column, function) in zip(aggregate_names(how), how.aggregates, strict=True):
        if column == ROWS:
            computed = codes.groupby(codes).size()
        else:
            computed = _by_group(rows[column], codes, function, name=column)
        columns[name] = computed.reindex(present).reset_index(drop=True)
    places = np.searchsorted(present, mine)
    places[(mine < 0) | ~np.isin(mine, present)] = -1
    found = taken(pd.DataFrame(columns), places)
    sizes = np.bincount(codes, minlength=1) if len(codes) else np.zeros(1, np.int64)
    size = np.where(places >= 0, sizes[mine.clip(0, len(sizes) - 1)], 0)
    return _counts_filled(found, how, known=mine >= 0), size


def _by_group(series: pd.Series, codes: pd.Series, function: str, *, name: str) -> pd.Series:
    if function == "most frequent":
        return _most_frequent(series, codes)
    values = _numbers(series) if function in _ARITHMETIC else series
    groups = values.groupby(codes)
    if function == "sum":
        _refuse_overflow(values, name=name)
        return groups.sum(min_count=1)
    return groups.nunique() if function == "distinct" else groups.agg(function)


def _most_frequent(series: pd.Series, codes: pd.Series) -> pd.Series:
    """The value that stands most often; of equally frequent ones that which comes first."""
    known = series.notna()
    pairs = pd.DataFrame({"key": codes[known], "value": series[known]})
    counted = pairs.groupby(["key", "value"], sort=False).size().rename("times").reset_index()
    first = counted.sort_values("times", ascending=False, kind="stable").drop_duplicates("key")
    return first.set_index("key")["value"]


def _counts_filled(
    found: pd.DataFrame, how: JoinHow, *, known: npt.NDArray[np.bool_]
) -> pd.DataFrame:
    """Counts as whole numbers: 0 where the key is known and nothing is there."""
    filled = {}
    for name, (_, function) in zip(found.columns, how.aggregates, strict=True):
        column = found[name]
        if function in ("count", "distinct"):
            column = column.astype("Int64")
            column = column.fillna(0).mask(~known)
        filled[name] = column
    return pd.DataFrame(filled)


def window_columns(
    left: pd.DataFrame, right: pd.DataFrame, how: JoinHow
) -> tuple[pd.DataFrame, Places]:
    """What is computed of the rows with the same key before each row on the left, and their number.

    A row at time t sees records from t - delay - window up to, but without, t - delay: never its
    own time, never later. Without a window: all records before. O(rows log rows + visits).
    """
    refuse_unfit(right, how)
    ours, theirs, unit = timed(left, right, how)
    theirs = theirs.sort_values(["key", "time"], kind="stable")
    ends = ours["time"].to_numpy() - _length(how.delay, unit, like=ours)
    begins = None if how.window is None else ends - _length(how.window, unit, like=ours)
    first, last = _bounds(ours["key"].to_numpy(), begins, ends, theirs)
    if int((last - first).sum()) > MOST_VISITS:
        raise TooLarge(
            f"The windows hold {int((last - first).sum()):,} rows together, more than the "
            f"{MOST_VISITS:,} that are summed: choose a shorter window or more keys."
        )
    at, rows = ours["at"].to_numpy(), right.iloc[theirs["at"].to_numpy()]
    columns = {}
    for name, (column, function) in zip(aggregate_names(how), how.aggregates, strict=True):
        if column == ROWS:
            computed = pd.Series(last - first, dtype="Int64")
        else:
            computed = _by_window(rows[column], first, last, function)
        places = np.full(len(left), -1, np.int64)
        places[at] = np.arange(len(at))
        columns[name] = taken(computed.to_frame(name), places)[name]
    size = np.zeros(len(left), np.int64)
    size[at] = last - first
    return pd.DataFrame(columns), size


def _length(units: float, unit: int, *, like: pd.DataFrame) -> float:
    return units * unit if like["time"].dtype == np.float64 else round(units * unit)


def _bounds(
    keys: Places,
    begins: npt.NDArray | None,
    ends: npt.NDArray,
    records: pd.DataFrame,
) -> tuple[Places, Places]:
    """First and one past the last place of each row among ``records``, sorted by key and time."""
    times = records["time"].to_numpy()
    asked = ends if begins is None else np.concatenate([begins, ends])
    # Ranks instead of times, so that key and time are one whole number that can be searched.
    distinct = np.unique(times)
    base = len(distinct) + 1
    known = records["key"].to_numpy() * base + np.searchsorted(distinct, times)
    ranks = np.searchsorted(distinct, asked, side="left")
    last = np.searchsorted(known, keys * base + ranks[-len(ends) :] if len(ends) else keys)
    lower = keys * base if begins is None else keys * base + ranks[: len(ends)]
    return np.searchsorted(known, lower), last


def _by_window(series: pd.Series, first: Places, last: Places, function: str) -> pd.Series:
    present = series.notna().to_numpy()
    before = np.concatenate([[0], np.cumsum(present)])
    low, high = before[first], before[last]
    count = high - low
    values = series[present]
    if function == "count":
        return pd.Series(count, dtype="Int64")
    if function == "last":
        return taken(values.to_frame(), np.where(count > 0, high - 1, -1))[series.name]
    kind = kind_of_series(series)
    if function in _ORDERED:
        return _typed(_reduced(_REDUCES[function], _plain(values), low, high), count, kind=kind)
    values = _numbers(values)
    if function == "sum":
        _refuse_overflow(values, name=str(series.name))
        whole = kind in (Kind.INTEGER, Kind.BOOLEAN)
        total = _reduced(np.add, _plain(values), low, high)
        return _typed(total, count, kind=Kind.INTEGER if whole else Kind.NUMBER)
    return _moment(values.astype("float64").to_numpy(), low, high, function)


def _moment(numbers: npt.NDArray, low: Places, high: Places, function: str) -> pd.Series:
    """Mean or standard deviation (n - 1) of each slice; centred first, so that no digits cancel."""
    centre = float(numbers.mean()) if len(numbers) else 0.0
    count = high - low
    at_least_one = count.clip(min=1)
    mean = _reduced(np.add, numbers - centre, low, high) / at_least_one
    if function == "mean":
        return _typed(mean + centre, count, kind=Kind.NUMBER)
    squares = _reduced(np.add, (numbers - centre) ** 2, low, high)
    variance = (squares - count * mean**2).clip(min=0) / (count - 1).clip(min=1)
    return _typed(np.sqrt(variance), count - 1, kind=Kind.NUMBER)


def _plain(values: pd.Series) -> npt.NDArray:
    kind = kind_of_series(values)
    if kind is Kind.DATETIME:
        return values.to_numpy("datetime64[us]").astype(np.int64)
    return values.to_numpy(np.int64 if kind is Kind.INTEGER else np.float64)


_Reduce = Callable[[npt.NDArray, Places], npt.NDArray]
_REDUCES: dict[str, np.ufunc] = {"min": np.minimum, "max": np.maximum}


def _reduced(ufunc: np.ufunc, values: npt.NDArray, low: Places, high: Places) -> npt.NDArray:
    """``ufunc`` over values[low:high] of each pair; 0 where nothing is between."""
    out = np.zeros(len(low), values.dtype)
    filled = np.flatnonzero(high > low)
    if len(filled) == 0:
        return out
    # In the order of their beginnings the gaps between slices, which reduceat visits too, are
    # together no longer than the values.
    filled = filled[np.argsort(low[filled], kind="stable")]
    edges = np.column_stack([low[filled], high[filled]]).ravel()
    padded = np.append(values, values[-1:])
    out[filled] = ufunc.reduceat(padded, edges)[::2]
    return out


def _typed(values: npt.NDArray, count: Places, *, kind: Kind | None) -> pd.Series:
    """Values of the kind, missing where ``count`` is below 1."""
    assert kind is not None, "typed tables have kinds"
    plain = values.astype("datetime64[us]") if kind is Kind.DATETIME else values
    return pd.Series(plain).astype(PANDAS_TYPES[kind]).mask(count < 1)  # type: ignore[call-overload]
