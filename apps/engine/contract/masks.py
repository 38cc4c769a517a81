"""Which rows of a typed table break a rule: one boolean array for each kind of rule."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apps.engine.contract.rule import Rule, moment_of
from apps.engine.percent import percent
from apps.engine.reading.tables import kind_of_series
from apps.engine.recipe.expression.evaluate import on_frame
from apps.engine.types import Kind

Mask = NDArray[np.bool_]
_DAY_S = 86_400.0


@dataclass(frozen=True)
class Broken:
    """``rows``: shape (n_rows,), true where a row breaks the rule. ``is_broken`` is about the
    table: a share of missing values may be allowed. ``says`` tells what was seen."""

    rows: Mask
    is_broken: bool
    says: str = ""


def broken_by(rule: Rule, frame: pd.DataFrame, *, today: datetime) -> Broken:
    """Hold a table that has the rule's columns against it. O(rows), unique O(rows log rows).

    ``today``: the moment from which ages are counted, in UTC without a zone. Missing values break
    only the rule that they are filled, as in a CHECK of SQL: what is not known is not wrong.
    """
    return _WAYS[rule.kind](rule, frame, today)


def _of_rows(rows: Any, says: str = "") -> Broken:
    mask = np.asarray(rows, dtype=bool)
    return Broken(mask, bool(mask.any()), says)


def _kind(rule: Rule, frame: pd.DataFrame, today: datetime) -> Broken:
    series, wanted = frame[rule.column], Kind(rule.of)
    has = kind_of_series(series) or Kind.TEXT
    present = series.notna().to_numpy(dtype=bool)
    if has is wanted or (has is Kind.INTEGER and wanted is Kind.NUMBER):
        return _of_rows(np.zeros(len(series), dtype=bool))
    says = f"It holds {has.value} here."
    if wanted in (Kind.INTEGER, Kind.NUMBER) and has in (Kind.TEXT, Kind.NUMBER):
        numbers = pd.to_numeric(series, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        wrong = ~np.isfinite(numbers)
        if wanted is Kind.INTEGER:
            wrong |= numbers != np.floor(numbers)
        # A column of text is of the wrong kind, even where each of its texts is a number.
        mask = present & wrong
        return Broken(mask, has is Kind.TEXT or bool(mask.any()), says)
    return Broken(present, True, says)


def _between(rule: Rule, frame: pd.DataFrame, today: datetime) -> Broken:
    series = frame[rule.column]
    low, high = (
        pd.Timestamp(moment_of(each)) if isinstance(each, str) else each
        for each in (rule.low, rule.high)
    )
    outside = np.zeros(len(series), dtype=bool)
    if low is not None:
        outside |= (series < low).fillna(False).to_numpy(dtype=bool)
    if high is not None:
        outside |= (series > high).fillna(False).to_numpy(dtype=bool)
    return _of_rows(outside)


def _one_of(rule: Rule, frame: pd.DataFrame, today: datetime) -> Broken:
    series = frame[rule.column]
    return _of_rows((series.notna() & ~series.isin(rule.values)).to_numpy(dtype=bool))


def _filled(rule: Rule, frame: pd.DataFrame, today: datetime) -> Broken:
    missing = frame[rule.column].isna().to_numpy(dtype=bool)
    share = float(missing.mean()) if len(missing) else 0.0
    if share <= rule.share:
        return Broken(np.zeros(len(missing), dtype=bool), is_broken=False)
    return Broken(missing, is_broken=True, says=f"{percent(share, 2)} are missing.")


def _unique(rule: Rule, frame: pd.DataFrame, today: datetime) -> Broken:
    keys = frame[list(rule.columns)]
    whole = keys.notna().all(axis=1)
    return _of_rows((keys.duplicated(keep=False) & whole).to_numpy(dtype=bool))


def _fresh(rule: Rule, frame: pd.DataFrame, today: datetime) -> Broken:
    newest, nothing = frame[rule.column].max(), np.zeros(len(frame), dtype=bool)
    if pd.isna(newest):
        return Broken(nothing, is_broken=True, says="There is no date in it.")
    age = (pd.Timestamp(today) - newest).total_seconds() / _DAY_S
    return Broken(nothing, age > rule.days, f"The newest is {newest}, {max(age, 0):,.1f} days old.")


def _holds(rule: Rule, frame: pd.DataFrame, today: datetime) -> Broken:
    holds = on_frame(rule.expression, frame).astype("boolean")
    return _of_rows((~holds).fillna(False).to_numpy(dtype=bool))


_WAYS: dict[str, Callable[[Rule, pd.DataFrame, datetime], Broken]] = {
    "kind": _kind,
    "between": _between,
    "one_of": _one_of,
    "filled": _filled,
    "unique": _unique,
    "fresh": _fresh,
    "holds": _holds,
}
