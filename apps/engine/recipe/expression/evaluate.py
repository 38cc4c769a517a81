"""An expression on a table and on one row: the same arrays, so the same values."""

from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apps.engine.errors import BadParameter
from apps.engine.reading.tables import PANDAS_TYPES, kind_of_series
from apps.engine.recipe.expression.functions import FUNCTIONS
from apps.engine.recipe.expression.kinds import kind_of
from apps.engine.recipe.expression.parse import Column, Constant, Tree, columns_of, parse
from apps.engine.recipe.values import is_missing, kind_of_value, literal
from apps.engine.types import Kind, TableSpec

Pair = tuple[NDArray[Any], NDArray[np.bool_]]
DTYPES: dict[Kind, Any] = {
    Kind.INTEGER: np.int64,
    Kind.NUMBER: np.float64,
    Kind.BOOLEAN: np.bool_,
    Kind.DATETIME: "datetime64[us]",
    Kind.TEXT: object,
}


@lru_cache(maxsize=256)
def tree_of(text: str) -> Tree:
    """The parsed expression; kept, since a request asks again and again."""
    return parse(text)


def names_in(text: str) -> tuple[str, ...]:
    """Columns of an expression; empty when it cannot be read."""
    try:
        return columns_of(tree_of(text))
    except BadParameter:
        return ()


def kind_in(text: str, spec: TableSpec) -> Kind:
    """Kind of what it gives; BadParameter or ColumnMissing when it does not fit the table."""
    tree = tree_of(text)
    kind = kind_of(tree, {column.name: column.kind for column in spec.columns})
    if kind is None or not columns_of(tree):
        raise BadParameter("The expression is the same for every row: use at least one column.")
    return kind


def on_frame(text: str, frame: pd.DataFrame) -> "pd.Series":
    """The expression on every row, as a typed column with the frame's index. O(rows)."""
    tree = tree_of(text)
    names = columns_of(tree)
    kind = kind_of(tree, {name: kind_of_series(frame[name]) or Kind.TEXT for name in names})
    data, missing = compute(tree, {name: pair_of(frame[name]) for name in names})
    return series_from(data, missing, kind=kind or Kind.TEXT, index=frame.index)


def on_row(text: str, row: dict[str, Any]) -> Any:
    """The expression on a row that has all its columns; None where missing."""
    tree = tree_of(text)
    data, missing = compute(tree, {name: _constant(row[name]) for name in columns_of(tree)})
    if missing[0]:
        return None
    value = data[0]
    if isinstance(value, np.datetime64):
        return value.astype("datetime64[us]").item()
    return value.item() if isinstance(value, np.generic) else value


def pair_of(series: "pd.Series") -> Pair:
    """Data and missing marks of a typed column."""
    kind = kind_of_series(series) or Kind.TEXT
    missing = series.isna().to_numpy(dtype=bool)
    if kind is Kind.TEXT:
        return series.astype(object).where(~missing, "").to_numpy(dtype=object), missing
    if kind in (Kind.INTEGER, Kind.BOOLEAN):
        series = series.fillna(False if kind is Kind.BOOLEAN else 0)
    return series.to_numpy(dtype=DTYPES[kind]), missing


def _constant(value: Any) -> Pair:
    if is_missing(value):
        return np.array([""], dtype=object), np.array([True])
    if isinstance(value, datetime):
        return np.array([value], dtype="datetime64[us]"), np.array([False])
    dtype = DTYPES[kind_of_value(value)]
    return np.array([value], dtype=dtype), np.array([False])


def compute(tree: Tree, pairs: dict[str, Pair]) -> Pair:
    """Evaluate a typed tree."""
    if isinstance(tree, Column):
        return pairs[tree.name]
    if isinstance(tree, Constant):
        return _constant(tree.value)
    found: Pair = FUNCTIONS[tree.name](*(compute(each, pairs) for each in tree.inputs))
    return found


def series_from(
    data: NDArray[Any], missing: NDArray[np.bool_], *, kind: Kind, index: "pd.Index"
) -> "pd.Series":
    """Arrays as a typed column."""
    size = len(index)
    if data.dtype == object and kind is not Kind.TEXT:  # nothing in any row
        data = np.zeros(1)
    data = np.broadcast_to(data, size).astype(DTYPES[kind])
    missing = np.broadcast_to(missing, size)
    made = pd.Series(data, index=index, dtype=object if kind is Kind.TEXT else None)
    if kind is Kind.TEXT:
        return made.where(~missing, None).astype("string")
    return made.astype(PANDAS_TYPES[kind]).mask(missing)  # type: ignore[call-overload]


def script_of(text: str) -> str:
    """The expression as calls of the functions, for a script with a ``frame``."""
    return _script(tree_of(text))


def _script(tree: Tree) -> str:
    if isinstance(tree, Column):
        return f"pair(frame[{tree.name!r}])"
    if isinstance(tree, Constant):
        return f"constant({literal(tree.value)})"
    return f"FUNCTIONS[{tree.name!r}]({', '.join(_script(each) for each in tree.inputs)})"
