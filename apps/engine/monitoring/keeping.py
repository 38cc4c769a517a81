"""What the log of calls keeps of an input: the value, only the bin it lies in, or nothing.

A value that is not kept leaves a mark in its place, ``{"bin": 3}`` or ``{"bin": None}``: no value
of a request is an object, so a mark is never taken for one. Bins are those of the sketch that drift
is measured with (``sketch.bins_in``), so what is counted by bins goes on being counted.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from apps.engine.types import Kind

ANOTHER = "(another value)"
"""Stands for each text that the sketch does not list."""
_BIN = "bin"
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (moments of a table have no zone)
_DAY_US = 86_400_000_000
_DTYPES = {Kind.BOOLEAN: "boolean", Kind.TEXT: "string", Kind.DATETIME: "datetime64[us]"}
Mark = dict[str, int | None]
Marker = Callable[[Any], Mark | None]


class Keep(StrEnum):
    """How a column of a request is kept where it is not kept as it came."""

    BIN = "bin"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Keeping:
    """``how``: the columns of a request that are not kept as they came; ``sketch``: their bins.

    A missing value is kept as missing, except where nothing is kept. A column that the sketch does
    not know has no bins, so nothing is kept of it.
    """

    how: Mapping[str, Keep] = field(default_factory=dict)
    sketch: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def _markers(self) -> dict[str, Marker]:
        return {
            name: _nothing
            if how is Keep.NOTHING or name not in self.sketch
            else _marker(self.sketch[name])
            for name, how in self.how.items()
        }

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A checked row as it is kept. O(columns)."""
        return {
            name: self._markers[name](value) if name in self._markers else value
            for name, value in row.items()
        }

    def columns(self, values: Mapping[str, Sequence[Any]]) -> dict[str, Sequence[Any]]:
        """The same of many rows by columns, each (n_rows,). O(cells that are not kept)."""
        return {
            name: [self._markers[name](cell) for cell in cells] if name in self._markers else cells
            for name, cells in values.items()
        }


def _nothing(value: Any) -> Mark:
    return {_BIN: None}


def _marker(told: Mapping[str, Any]) -> Marker:
    """From a value to its mark: the number of its bin, from 1, as ``sketch.bins_in`` counts."""
    if told["kind"] == "number":
        edges = [float(edge) for edge in told["edges"]]
        return lambda value: (
            None if value is None else {_BIN: bisect_left(edges, _float(value)) + 1}
        )
    places = {value: place for place, value in enumerate(told["values"], start=1)}
    rest = len(places) + 1
    return lambda value: None if value is None else {_BIN: places.get(str(value), rest)}


def _float(value: Any) -> float:
    """A number; a moment as days since 1970."""
    if isinstance(value, datetime):
        return ((value.replace(tzinfo=None) - _EPOCH) // timedelta(microseconds=1)) / _DAY_US
    return float(value)


def is_mark(value: Any) -> bool:
    """Whether a kept value stands for one that was not kept."""
    return isinstance(value, dict)


def marked(rows: Iterable[Mapping[str, Any]]) -> dict[str, Keep]:
    """Columns that are not kept in some of these rows, by the least that is kept. O(cells)."""
    found: dict[str, Keep] = {}
    for row in rows:
        for name, value in row.items():
            if isinstance(value, dict) and found.get(name) is not Keep.NOTHING:
                found[name] = Keep.NOTHING if value[_BIN] is None else Keep.BIN
    return found


def series_of(values: Sequence[Any], kind: Kind, told: Mapping[str, Any]) -> "pd.Series[Any]":
    """(n,) a value of the bin of each row, in the column's type; whole numbers become numbers.

    Parameters
    ----------
    values : kept values; marks and values may stand side by side, where the column was kept at
        first, and none may say that nothing was kept
    told : the column's sketch

    Notes
    -----
    Of numbers it is the middle of the bin, of categories the category itself. So ``bins_in`` finds
    the bin again, and whatever counts by bins counts as it would have with the values.
    """
    mark = _marker(told)
    bins = [_bin_of(value, kind, mark) for value in values]
    if told["kind"] == "number":
        is_date = kind is Kind.DATETIME
        middles = _middles([float(edge) for edge in told["edges"]], beyond=float(is_date))
        numbers = pd.Series([math.nan if b is None else middles[b - 1] for b in bins], dtype=float)
        if not is_date:
            return numbers
        return pd.to_datetime((numbers * _DAY_US).round(), unit="us").astype("datetime64[us]")
    names: list[Any] = [*told["values"], ANOTHER]
    if kind is Kind.BOOLEAN:
        names = [{"True": True, "False": False}.get(name) for name in names]
    return pd.Series([None if b is None else names[b - 1] for b in bins], dtype=_DTYPES[kind])


def _bin_of(value: Any, kind: Kind, mark: Marker) -> int | None:
    if isinstance(value, str) and kind is Kind.DATETIME:
        value = datetime.fromisoformat(value)
    found = value if isinstance(value, dict) else mark(value)
    return None if found is None else found[_BIN]


def _middles(edges: Sequence[float], *, beyond: float) -> list[float]:
    """A number of each bin: below the least edge, between two, above the greatest.

    ``beyond`` the outermost edges by so much: by a day, where less would be lost in microseconds.
    """
    if not edges:
        return [0.0]
    pairs = pairwise(edges)
    inside = [middle if low < (middle := (low + high) / 2) else high for low, high in pairs]
    return [edges[0] - beyond, *inside, float(np.nextafter(edges[-1] + beyond, math.inf))]


def coarse(sketch: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The sketch with no finer bins than those that were kept, so distances rest on these."""
    binned = set(names)
    return {
        name: {key: part for key, part in told.items() if key != "fine"} if name in binned else told
        for name, told in sketch.items()
    }
