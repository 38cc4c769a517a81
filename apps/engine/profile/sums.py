"""Columns that are the exact sum of two others: totals that give their parts away."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

PROBE_ROWS = 96
LEAST_ROWS = 20
LEAST_VALUES = 3
MOST_SUMS = 20


@dataclass(frozen=True)
class Numbers:
    """A column of numbers, NaN where there is none."""

    name: str
    values: NDArray[np.float64]  # shape (n_rows,)


def sum_rules(columns: list[Numbers]) -> list[dict[str, Any]]:
    """``total`` = ``a`` + ``b`` in every row that has all three; at most MOST_SUMS rules.

    Candidates are found on PROBE_ROWS rows spread over the table and then proved on all.
    Columns with fewer than LEAST_VALUES different values in the probe are left out: with 0 and 1
    alone a sum says little. O(p ** 3 + n * candidates).
    """
    if len(columns) < 3:
        return []
    size = len(columns[0].values)
    probe = np.unique(np.linspace(0, size - 1, min(size, PROBE_ROWS)).astype(np.int64))
    seen = np.stack([column.values[probe] for column in columns])
    varied = [
        place
        for place, row in enumerate(seen)
        if len(np.unique(row[np.isfinite(row)])) >= LEAST_VALUES
    ]
    found: list[dict[str, Any]] = []
    for total in varied:
        others = [place for place in varied if place != total]
        for a, b in _candidates(seen, total, others):
            rows = _proved(columns[total], columns[a], columns[b])
            if rows is not None and len(found) < MOST_SUMS:
                names = [columns[a].name, columns[b].name]
                found.append({"total": columns[total].name, "parts": names, "rows": rows})
    return found


def _candidates(seen: NDArray[np.float64], total: int, others: list[int]) -> list[tuple[int, int]]:
    pairs = []
    with np.errstate(invalid="ignore", over="ignore"):
        for place, a in enumerate(others):
            rest = np.array(others[place + 1 :], dtype=np.int64)
            if not len(rest):
                continue
            sums = seen[a] + seen[rest]
            known = np.isfinite(sums) & np.isfinite(seen[total])
            same = np.isclose(sums, seen[total], rtol=1e-9, atol=1e-9) | ~known
            fits = same.all(axis=1) & (known.sum(axis=1) >= LEAST_VALUES)
            pairs += [(a, int(b)) for b in rest[fits]]
    return pairs


def _proved(total: Numbers, a: Numbers, b: Numbers) -> int | None:
    with np.errstate(invalid="ignore", over="ignore"):
        sums = a.values + b.values
        known = np.isfinite(sums) & np.isfinite(total.values)
        rows = int(known.sum())
        if rows < LEAST_ROWS:
            return None
        same = np.isclose(sums[known], total.values[known], rtol=1e-9, atol=1e-9)
    return rows if bool(same.all()) else None
