"""The reference of drift by season: recent rows are held against rows of the same hours or months.

What comes back each day, week or year is no drift. So each recent row is compared with development
rows of its own season, and the reference has the seasons in the shares that the recent rows have
them (direct standardisation: Fleiss, Levin, Paik (2003), Statistical Methods for Rates and
Proportions, section 19.3).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from apps.engine.percent import percent

ALL, HOUR, WEEKDAY, MONTH, LAST_YEAR = "all", "hour", "weekday", "month", "last_year"
KINDS = {
    ALL: "all development rows",
    HOUR: "development rows of the same hours of the day",
    WEEKDAY: "development rows of the same days of the week",
    MONTH: "development rows of the same months",
    LAST_YEAR: "development rows of the same months one year before",
}
"""What recent rows are held against, in words."""
LEAST_ROWS = 100
MOST_MONTHS = 36
_KEPT = {HOUR: HOUR, WEEKDAY: WEEKDAY, MONTH: MONTH, LAST_YEAR: "period"}
_PERIOD = "period"


def keys_of(kind: str, times: "pd.Series[Any]") -> Any:
    """(n,) the season of each moment as text, of the reference that it is held against."""
    moments = pd.to_datetime(pd.Series(times)).dt
    if kind == HOUR:
        found = moments.hour
    elif kind == WEEKDAY:
        found = moments.dayofweek
    elif kind == MONTH:
        found = moments.month
    else:
        found = 12 * (moments.year - (kind == LAST_YEAR)) + moments.month - 1
    return found.astype("Int64").astype("string").fillna("").to_numpy()


def seasons_of(bins: Any, size: int, times: "pd.Series[Any]") -> dict[str, dict[str, list[int]]]:
    """Counts of development rows per bin, by kind and season; a bin 0 holds the missing ones.

    ``bins``: (n,) bin of each row, below ``size``. Seasons with fewer than LEAST_ROWS are left out:
    nothing is held against so few. Of single months the newest MOST_MONTHS stay.
    """
    found = {}
    for kept in (HOUR, WEEKDAY, MONTH, _PERIOD):
        codes, names = pd.factorize(keys_of(kept, times))
        counts = np.bincount(codes * size + bins, minlength=len(names) * size).reshape(-1, size)
        enough = [
            (str(name), row.tolist())
            for name, row in zip(names, counts, strict=True)
            if name and row.sum() >= LEAST_ROWS
        ]
        if kept == _PERIOD:
            enough = sorted(enough, key=lambda pair: int(pair[0]))[-MOST_MONTHS:]
        found[kept] = dict(enough)
    return found


def referred(
    sketch: Mapping[str, Any], kind: str, times: "pd.Series[Any]"
) -> tuple[dict[str, Any], str]:
    """The sketch as the seasons of these moments have it, and a sentence on what was done.

    Rows of a season that the reference has fewer than LEAST_ROWS rows of are held against all of
    it, and the sentence says so. Distances are then measured on the ten bins.
    """
    if kind == ALL or not len(times):
        return dict(sketch), f"Held against {KINDS[ALL]}."
    if not any("seasons" in told for told in sketch.values()):
        return dict(sketch), (
            f"Held against {KINDS[ALL]}: this release kept no seasons, since its development rows "
            "have no column of time. The next release keeps them if the split names one."
        )
    names, counts = np.unique(keys_of(kind, times).astype(str), return_counts=True)
    shares = dict(zip(names.tolist(), (counts / counts.sum()).tolist(), strict=True))
    first = next(told for told in sketch.values() if "seasons" in told)
    lacking = sum(share for name, share in shares.items() if name not in _seasons(first, kind))
    found = {name: _standardised(told, kind, shares) for name, told in sketch.items()}
    if lacking >= 1.0:
        return dict(sketch), (
            f"Held against {KINDS[ALL]}: no season of these rows has {LEAST_ROWS} development rows."
        )
    says = f"Held against {KINDS[kind]}"
    rest = f"; {percent(lacking, 0)} of the rows against all, since their season has fewer than "
    return found, f"{says}{f'{rest}{LEAST_ROWS} development rows' if lacking else ''}."


def _seasons(told: Mapping[str, Any], kind: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = told["seasons"].get(_KEPT[kind], {})
    return found


def _standardised(told: Mapping[str, Any], kind: str, wanted: Mapping[str, float]) -> Any:
    """One column with the seasons in the wanted shares.

    ``n`` becomes the number of rows that would be as certain: 1 / sum of share squared over n.
    """
    if "seasons" not in told:
        return told
    seasons, whole = _seasons(told, kind), _whole(told)
    mixed, doubt = np.zeros(len(whole)), 0.0
    held = {name: share for name, share in wanted.items() if name in seasons}
    parts = [(share, np.asarray(seasons[name], dtype=float)) for name, share in held.items()]
    parts.append((1.0 - sum(held.values()), whole))
    for share, counts in parts:
        if share > 1e-12:
            mixed += share * counts / counts.sum()
            doubt += share**2 / counts.sum()
    present = max(float(mixed[1:].sum()), 1e-12)
    kept = {key: value for key, value in told.items() if key not in {"seasons", "fine"}}
    return {
        **kept,
        "n": max(1, round(1 / doubt)),
        "missing_rate": float(mixed[0]),
        "shares": (mixed[1:] / present).tolist(),
    }


def _whole(told: Mapping[str, Any]) -> Any:
    """Counts per bin of the whole reference, the missing ones first."""
    here = told["missing_rate"]
    return told["n"] * np.array([here, *((1 - here) * np.asarray(told["shares"]))])
