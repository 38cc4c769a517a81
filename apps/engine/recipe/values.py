"""Single values of each kind: read from text, written as text. One rule for steps and requests."""

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from apps.engine.errors import BadParameter
from apps.engine.reading.convert import convert
from apps.engine.reading.tables import ARROW_TYPES, PANDAS_TYPES, kind_of_series
from apps.engine.types import Kind


def is_missing(value: Any) -> bool:
    """Whether a value of a row is missing: None, NaN, NaT or NA."""
    return (
        value is None
        or value is pd.NA
        or value is pd.NaT
        or (isinstance(value, float) and math.isnan(value))
    )


@lru_cache(maxsize=4_096)
def value_of(text: str, *, kind: Kind) -> Any:
    """A text as a value of the kind; BadParameter when it is none. Kept: requests ask again."""
    value = convert(pa.array([text], pa.string()), kind=kind)[0].as_py()
    if value is None:
        raise BadParameter(f"{text!r} is not {_WORDS[kind]}: write it another way.")
    return value


def kind_of_value(value: Any) -> Kind:
    """Kind of a value of a typed row. Whole numbers of a number column must be floats there."""
    for types, kind in (
        ((bool, np.bool_), Kind.BOOLEAN),
        ((int, np.integer), Kind.INTEGER),
        ((float, np.floating), Kind.NUMBER),
        (datetime, Kind.DATETIME),
    ):
        if isinstance(value, types):
            return kind
    return Kind.TEXT


def value_beside(text: str, *, value: Any) -> Any:
    """A text as a value that compares with a value of a row; BadParameter when it cannot.

    A whole number may stand in a number column, so beside it 1.5 is no error.
    """
    kind = kind_of_value(value)
    try:
        return value_of(text, kind=kind)
    except BadParameter:
        if kind is not Kind.INTEGER:
            raise
        return value_of(text, kind=Kind.NUMBER)


def values_that_fit(tokens: Sequence[str], *, kind: Kind) -> list[Any]:
    """The tokens that are values of the kind, as such values; the others are left out."""
    cells = pa.array(list(tokens), pa.string())
    values = [value for value in convert(cells, kind=kind).to_pylist() if value is not None]
    if kind is Kind.INTEGER:  # -1.0 means -1
        numbers = convert(cells, kind=Kind.NUMBER).to_pylist()
        values += [int(each) for each in numbers if each is not None and each.is_integer()]
    return values


_WORDS = {
    Kind.INTEGER: "a whole number",
    Kind.NUMBER: "a number",
    Kind.BOOLEAN: "true or false",
    Kind.DATETIME: "a time such as 2024-05-31 or 2024-05-31 17:00",
    Kind.TEXT: "a text",
}


def text_of_value(value: Any) -> str | None:
    """A value of a row as text, as ``texts`` writes a column; None where missing."""
    if is_missing(value):
        return None
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)


def literal(value: Any) -> str:
    """A value as Python writes it, for a script."""
    if isinstance(value, datetime):
        return f"pd.Timestamp({value.isoformat()!r})"
    return repr(value)


def by_value(series: "pd.Series", change: Callable[[str], str | None]) -> "pd.Series":
    """A column of texts with each different text changed by a function; missing ones stay.

    O(rows) and one call for each different text.
    """
    codes, uniques = pd.factorize(series)
    changed = pd.array([change(each) for each in uniques], "string")
    taken = changed.take(codes, allow_fill=True)
    return pd.Series(taken, index=series.index, name=series.name)


def texts(series: "pd.Series") -> pa.StringArray:
    """A typed column as text, one cell a row; null where missing."""
    if kind_of_series(series) is Kind.TEXT:
        array = pa.array(series, pa.string(), from_pandas=True)
        return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    codes, uniques = pd.factorize(series)
    written = pa.array([text_of_value(value) for value in uniques.astype(object)], pa.string())
    return written.take(pa.array(codes, mask=codes < 0))


def series_of(array: pa.Array, *, like: "pd.Series", kind: Kind) -> "pd.Series":
    """An Arrow array as a typed column with the index and name of another."""
    values = array.cast(ARROW_TYPES[kind]).to_pandas(types_mapper=_TYPES.get)
    return pd.Series(values.array, index=like.index, name=like.name).astype(PANDAS_TYPES[kind])  # type: ignore[call-overload]


_TYPES = {
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.string(): pd.StringDtype(),
}


def count_failed(before: pa.Array, after: pa.Array) -> int:
    """Cells that were present before and are missing after."""
    return int(pc.sum(pc.and_(pc.is_valid(before), pc.is_null(after))).as_py() or 0)
