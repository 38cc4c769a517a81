"""From a typed table to the numbers a pipeline takes: row-wise, alike in training and serving."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from apps.engine.errors import BadParameter, ColumnMissing
from apps.engine.types import ColumnSpec, Kind

_MICROSECONDS_A_DAY = 86_400_000_000
LARGEST = float(np.finfo(np.float32).max)
"""Trees compute in single precision: beyond this a number is infinite to them."""


def model_columns(spec: Sequence[ColumnSpec]) -> tuple[list[str], list[str]]:
    """Names of the numeric and of the text columns that ``model_frame`` makes."""
    numbers, texts = [], []
    for column in spec:
        if column.kind == Kind.TEXT:
            texts.append(column.name)
        elif column.kind == Kind.DATETIME:
            numbers += [f"{column.name}: day", f"{column.name}: hour", f"{column.name}: weekday"]
        else:
            numbers.append(column.name)
    return numbers, texts


def model_frame(table: pd.DataFrame, spec: Sequence[ColumnSpec]) -> pd.DataFrame:
    """Features as float64 and object columns; missing is NaN everywhere.

    Parameters
    ----------
    table : DataFrame, (n_rows, >= n_features), the engine's dtypes. Not changed.
    spec : the features, in the order of training

    Returns
    -------
    DataFrame, (n_rows, n_model_columns)
        Integers, numbers and booleans as float64. A datetime gives three columns: days since
        1970 (fractions for the time of day), hour 0-23, weekday 0-6 (Monday is 0). Text as object.

    Raises
    ------
    ColumnMissing
        A feature is not in the table.
    BadParameter
        A number is infinite or larger than LARGEST: a model cannot learn from it.
    """
    made: dict[str, object] = {}
    for column in spec:
        if column.name not in table.columns:
            raise ColumnMissing(f'The feature "{column.name}" is not in the table.')
        series = table[column.name]
        if column.kind == Kind.TEXT:
            made[column.name] = series.astype(object).where(series.notna(), np.nan)
        elif column.kind == Kind.DATETIME:
            made.update(date_parts(column.name, series.to_numpy(dtype="datetime64[us]")))
        else:
            values = series.to_numpy(dtype="float64", na_value=np.nan)
            made[column.name] = within_range(values, says=f'The feature "{column.name}"')
    return pd.DataFrame(made, index=pd.RangeIndex(len(table)))


def within_range(values: Any, *, says: str) -> Any:
    """The same numbers, or BadParameter in words; ``says`` names them at the sentence's start."""
    beyond = np.flatnonzero(np.abs(values) > LARGEST)
    if len(beyond):
        raise BadParameter(
            f"{says} holds {values[beyond[0]]:g} in row {int(beyond[0]) + 1:,}; models take "
            f"numbers up to {LARGEST:.2g}. Mark it as missing first."
        )
    return values


def date_parts(name: str, moments: Any) -> dict[str, object]:
    """The three columns of (n_rows,) datetime64[us]: day, hour and weekday as floats."""
    missing = np.isnat(moments)
    micros = moments.astype("int64").astype("float64")
    days = micros / _MICROSECONDS_A_DAY
    hours = np.floor((micros % _MICROSECONDS_A_DAY) / 3_600_000_000)
    weekdays = (np.floor(days) + 3) % 7  # 1970-01-01 was a Thursday
    return {
        f"{name}: {part}": np.where(missing, np.nan, values)
        for part, values in (("day", days), ("hour", hours), ("weekday", weekdays))
    }
