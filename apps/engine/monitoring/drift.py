"""How far recent rows have moved from the reference: effect size first, chance ruled out."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from apps.engine.monitoring.distances import (
    LEAST_SHARE,
    chi_squared,
    jensen_shannon,
    kolmogorov_smirnov,
    psi,
    psi_by_chance,
    wasserstein,
)
from apps.engine.monitoring.sketch import area_below, below, numbers
from apps.engine.percent import percent
from apps.engine.reading.tables import kind_of_series
from apps.engine.types import Kind

FEW_ROWS = 100
DRIFTING, DRIFTED = 0.1, 0.25
MISSING_SHIFT = 0.05
NEW_SHARE, NEW_ROWS = 0.01, 3
NAMED_NEW = 5
_CERTAIN_ERRORS = 3.3  # standard errors: 0.999 of a normal distribution lie within


def drift(
    sketch: Mapping[str, Any], recent: pd.DataFrame | Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Drift per column that the sketch knows, largest first. O(cells log bins).

    Parameters
    ----------
    sketch : as ``sketch.sketch_of`` makes it
    recent : DataFrame (n_rows, columns) or rows, with ``prediction`` among the columns

    Returns
    -------
    list of dict
        ``feature``; ``psi``, ``js`` (bits); of numbers, else None, ``ks`` and ``wasserstein`` (in
        standard deviations of the reference); ``chi2`` and its ``chi2_p``; ``psi_by_chance``,
        which the same world stays below; ``missing_rate`` and ``missing_rate_reference``;
        ``new_share`` of values that the reference never had and ``new_categories``, the most
        frequent of them; ``n`` rows; ``is_date``: it moves on by itself, which trips no wire;
        ``state`` and ``says``.

    Notes
    -----
    The state is "too few rows" below FEW_ROWS. A PSI of DRIFTING or DRIFTED counts when it is
    beyond chance; so does a share of missing values that moved by MISSING_SHIFT ("drifted" at
    twice that), and NEW_SHARE of new categories in at least NEW_ROWS rows.
    """
    frame = recent if isinstance(recent, pd.DataFrame) else pd.DataFrame(list(recent))
    found = [
        _column(name, told, frame[name]) for name, told in sketch.items() if name in frame.columns
    ]
    return sorted(found, key=lambda row: -float(row["psi"]))


def _column(name: str, told: Mapping[str, Any], series: "pd.Series[Any]") -> dict[str, Any]:
    present = series.dropna()
    expected = told["shares"]
    unseen: pd.Series[Any] = pd.Series(dtype="float64")
    more: dict[str, Any] = {"ks": None, "wasserstein": None}
    known = bool(len(present)) and sum(expected) > 0
    if told["kind"] == "number":
        ordered = np.sort(numbers(present))
        inside = below(ordered, np.asarray(told["edges"]))
        actual = np.diff(inside, prepend=0.0, append=1.0).tolist()
        more = _of_numbers(told, ordered, inside) if known else more
    else:
        actual, unseen = _categories(told, present)
    reference_rows = round(told["n"] * (1 - told["missing_rate"]))
    sizes = {"rows": len(present), "reference_rows": reference_rows}
    chi2, chi2_p = chi_squared(expected, actual, **sizes) if known else (0.0, 1.0)
    row = {
        "feature": name,
        "psi": psi(expected, actual) if known else 0.0,
        "psi_by_chance": psi_by_chance(len(expected), **sizes),
        "js": jensen_shannon(expected, actual) if known else 0.0,
        **more,
        "chi2": chi2,
        "chi2_p": chi2_p,
        "missing_rate": 1 - len(present) / len(series) if len(series) else 0.0,
        "missing_rate_reference": told["missing_rate"],
        "new_share": float(unseen.sum()),
        "new_categories": [str(value)[:80] for value in unseen.index[:NAMED_NEW]],
        "n": len(series),
        "is_date": kind_of_series(series) == Kind.DATETIME,
    }
    shift = _missing_shift(row, reference_rows=told["n"])
    return {**row, "state": _state(row, shift), "says": _says(row, shift)}


def _of_numbers(told: Mapping[str, Any], ordered: Any, inside: Any) -> dict[str, float | None]:
    """KS and Wasserstein: on the fine edges, or on the ten bins of an older release or a season."""
    fine = told.get("fine")
    edges = np.asarray(fine["edges"] if fine else told["edges"])
    expected = np.asarray(fine["below"]) if fine else np.cumsum(told["shares"])[:-1]
    actual = below(ordered, edges) if fine else inside
    deviation = told.get("deviation") or 0.0
    areas = (np.asarray(fine["area"]), area_below(ordered, edges)) if fine else None
    moved = None
    if deviation:
        moved = wasserstein(edges, expected, actual, ordered=ordered, areas=areas)
    return {
        "ks": kolmogorov_smirnov(expected, actual),
        "wasserstein": None if moved is None else moved / deviation,
    }


def _categories(
    told: Mapping[str, Any], present: "pd.Series[Any]"
) -> tuple[list[float], "pd.Series[Any]"]:
    """Shares of the sketch's values and of the rest; the shares of values that are new."""
    shares = present.astype("string").value_counts(normalize=True)
    beyond = shares[~shares.index.isin(told["values"])]
    actual = [float(shares.get(value, 0.0)) for value in told["values"]]
    # When the reference had more values than it lists, what is beyond them may not be new.
    is_new = told["shares"][-1] < LEAST_SHARE
    return [*actual, float(beyond.sum())], beyond if is_new else beyond.iloc[:0]


def _missing_shift(row: Mapping[str, Any], *, reference_rows: int) -> float:
    """Change of the share missing, 0 to 1; 0 where it is small or may be chance."""
    now, before, rows = row["missing_rate"], row["missing_rate_reference"], row["n"]
    shift = abs(now - before)
    if not rows or not reference_rows or shift < MISSING_SHIFT:
        return 0.0
    share = (now * rows + before * reference_rows) / (rows + reference_rows)
    error = math.sqrt(share * (1 - share) * (1 / rows + 1 / reference_rows))
    return shift if shift > _CERTAIN_ERRORS * error else 0.0


def _has_new(row: Mapping[str, Any]) -> bool:
    return bool(row["new_share"] >= NEW_SHARE and row["new_share"] * row["n"] >= NEW_ROWS)


def _state(row: Mapping[str, Any], shift: float) -> str:
    if row["n"] < FEW_ROWS:
        return "too few rows"
    size = row["psi"] if row["psi"] > row["psi_by_chance"] else 0.0
    if size >= DRIFTED or shift >= 2 * MISSING_SHIFT:
        return "drifted"
    return "drifting" if size >= DRIFTING or shift or _has_new(row) else "stable"


def _says(row: Mapping[str, Any], shift: float) -> str:
    if row["n"] < FEW_ROWS:
        return f"{row['n']} rows are too few to tell; {FEW_ROWS} are needed."
    parts = [f"PSI {row['psi']:.2f} on {row['n']:,} rows"]
    if DRIFTING <= row["psi"] <= row["psi_by_chance"]:
        parts.append("which so few rows show by chance")
    if shift:
        parts.append(
            f"missing {percent(row['missing_rate'])}, was {percent(row['missing_rate_reference'])}"
        )
    if _has_new(row):
        names = ", ".join(f'"{name[:30]}"' for name in row["new_categories"])
        parts.append(f"{percent(row['new_share'])} values never seen before: {names}")
    return ", ".join(parts) + "."
