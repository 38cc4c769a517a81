"""Job function: how a newer table of a source differs from the one before it, column by column."""

from typing import Any

import numpy as np
import pandas as pd

from apps.engine.monitoring.drift import drift
from apps.engine.monitoring.sketch import sketch_of
from apps.engine.reading.tables import read_rows, read_table, spec_of
from apps.engine.types import Kind, Report, TableSpec

MOST_CATEGORIES = 200
_NAMED = 5
_ORDERED = (Kind.INTEGER, Kind.NUMBER, Kind.DATETIME)
_ONE = "values"


def compare_tables(*, old: str, new: str, report: Report) -> dict[str, Any]:
    """Compare two typed tables.

    Parameters
    ----------
    old, new : str
        Paths of the tables.

    Returns
    -------
    dict
        "rows_before", "rows_after"; "same_rows", "new_rows" and "gone_rows" by the values of the
        columns that both have (None when they share none); "added" and "removed" names;
        "retyped": name, before, after; "columns": name, missing before and after (shares, 0 to
        1), range before and after as text, new categories, and PSI, state and sentence of
        ``drift``.

    Notes
    -----
    O(cells), one column of both tables in memory at a time. For workers.
    """
    before, after = _shape(old), _shape(new)
    common = [each.name for each in before.columns if after.kind_of(each.name) == each.kind]
    rows = _RowHashes()
    columns = []
    for place, name in enumerate(common):
        report(place, len(common), f"Comparing {name}")
        one, two = _column(old, name), _column(new, name)
        rows.add(one, two)
        columns.append({"name": name, **_differs(one, two, kind=before.kind_of(name))})
    return {
        "rows_before": before.rows,
        "rows_after": after.rows,
        **rows.counts(),
        "added": [name for name in after.names if name not in before.names],
        "removed": [name for name in before.names if name not in after.names],
        "retyped": [
            {"name": each.name, "before": each.kind.value, "after": str(after.kind_of(each.name))}
            for each in before.columns
            if after.kind_of(each.name) not in (None, each.kind)
        ],
        "columns": sorted(columns, key=_difference, reverse=True),
    }


def _difference(told: dict[str, Any]) -> tuple[float, float, int]:
    """What differs most stands first; equal ones stay in the order of the table."""
    missing = abs(told["missing_after"] - told["missing_before"])
    return round(told["psi"], 2), round(missing, 3), len(told["new_categories"])


def _shape(path: str) -> TableSpec:
    spec = spec_of(read_rows(path, first=0, count=0))
    first = spec.names[:1]
    rows = len(read_table(path, columns=first)) if first else 0
    return TableSpec(rows, spec.columns)


def _column(path: str, name: str) -> "pd.Series[Any]":
    return read_table(path, columns=[name])[name]


class _RowHashes:
    """One number for each row, from the columns that were added; equal rows have equal numbers."""

    def __init__(self) -> None:
        self._old: Any = None
        self._new: Any = None

    def add(self, old: "pd.Series[Any]", new: "pd.Series[Any]") -> None:
        self._old, self._new = _mixed(self._old, old), _mixed(self._new, new)

    def counts(self) -> dict[str, int | None]:
        if self._old is None:
            return dict.fromkeys(("same_rows", "new_rows", "gone_rows"))
        old, new = pd.Series(self._old).value_counts(), pd.Series(self._new).value_counts()
        both = pd.concat([old, new], axis=1, keys=["old", "new"]).fillna(0)
        same = int(both.min(axis=1).sum())
        return {
            "same_rows": same,
            "new_rows": len(self._new) - same,
            "gone_rows": len(self._old) - same,
        }


def _mixed(so_far: Any, column: "pd.Series[Any]") -> Any:
    hashes = pd.util.hash_pandas_object(column, index=False).to_numpy(np.uint64)
    return hashes if so_far is None else so_far * np.uint64(1_000_003) ^ hashes


def _differs(old: "pd.Series[Any]", new: "pd.Series[Any]", *, kind: Kind | None) -> dict[str, Any]:
    told = drift(_sketch(old), pd.DataFrame({_ONE: new}))
    moved = told[0] if told else {}
    return {
        "kind": str(kind),
        "missing_before": _missing(old),
        "missing_after": _missing(new),
        "range_before": _range(old, kind),
        "range_after": _range(new, kind),
        "new_categories": _new_categories(old, new, kind),
        "psi": float(moved.get("psi", 0.0)),
        "state": str(moved.get("state", "too few rows")),
        "says": str(moved.get("says", "")),
    }


def _sketch(series: "pd.Series[Any]") -> dict[str, Any]:
    sketch = sketch_of(pd.DataFrame({_ONE: series}), prediction=pd.Series(dtype="float64"))
    return {_ONE: sketch[_ONE]}


def _missing(series: "pd.Series[Any]") -> float:
    return float(series.isna().mean()) if len(series) else 0.0


def _range(series: "pd.Series[Any]", kind: Kind | None) -> str:
    present = series.dropna()
    if kind not in _ORDERED or not len(present):
        return ""
    low, high = present.min(), present.max()
    if kind is Kind.DATETIME:
        return f"{low.date()} to {high.date()}"
    return f"{low:,} to {high:,}" if kind is Kind.INTEGER else f"{low:,.6g} to {high:,.6g}"


def _new_categories(
    old: "pd.Series[Any]", new: "pd.Series[Any]", kind: Kind | None
) -> list[dict[str, Any]]:
    """Texts that the old table never had, when it had few: what, and in how many rows."""
    if kind is not Kind.TEXT or old.nunique() > MOST_CATEGORIES:
        return []
    counts = new[~new.isin(old.dropna().unique())].value_counts()
    return [
        {"value": str(value)[:80], "rows": int(rows)} for value, rows in counts[:_NAMED].items()
    ]
