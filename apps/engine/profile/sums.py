"""Columns that are the exact sum of two others: totals that give their parts away."""

from collections.abc import Callable, Iterator
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
    seen: NDArray[np.float64]  # its values in the rows of ``probe_of``
    read: Callable[[], NDArray[np.float64]]  # all of them, shape (n_rows,)

    @classmethod
    def of(cls, name: str, values: NDArray[np.float64]) -> "Numbers":
        """A column that is in memory."""
        return cls(name, values[probe_of(len(values))], lambda: values)


def probe_of(rows: int) -> NDArray[np.int64]:
    """At most PROBE_ROWS places spread over the rows."""
    return np.unique(np.linspace(0, rows - 1, min(rows, PROBE_ROWS)).astype(np.int64))


def sum_rules(columns: list[Numbers]) -> list[dict[str, Any]]:
    """``total`` = ``a`` + ``b`` in every row that has all three; at most MOST_SUMS rules.

    Candidates are found on PROBE_ROWS rows spread over the table and then proved on all.
    Columns with fewer than LEAST_VALUES different values in the probe are left out: with 0 and 1
    alone a sum says little. O(p ** 3 + n * candidates).
    """
    if len(columns) < 3:
        return []
    seen = np.stack([column.seen for column in columns])
    varied = [
        place
        for place, row in enumerate(seen)
        if len(np.unique(row[np.isfinite(row)])) >= LEAST_VALUES
    ]
    found: list[dict[str, Any]] = []
    for total, a, b in _candidates(seen, varied):
        if len(found) == MOST_SUMS:
            break
        rows = _proved(columns[total].read(), columns[a].read(), columns[b].read())
        if rows is not None:
            names = [columns[a].name, columns[b].name]
            found.append({"total": columns[total].name, "parts": names, "rows": rows})
    return found


def _candidates(seen: NDArray[np.float64], varied: list[int]) -> Iterator[tuple[int, int, int]]:
    """Total and parts that fit on the probe. A few rows rule nearly all of them out."""
    places = np.array(varied, dtype=np.int64)
    ones, others = (places[side] for side in np.triu_indices(len(places), 1))
    with np.errstate(invalid="ignore", over="ignore"):
        sums = seen[ones] + seen[others]
        for total in varied:
            left = np.flatnonzero((ones != total) & (others != total))
            for rows in (slice(8), slice(None)):
                made, wanted = sums[left, rows], seen[total, rows]
                known = np.isfinite(made) & np.isfinite(wanted)
                fits = (np.isclose(made, wanted, rtol=1e-9, atol=1e-9) | ~known).all(axis=1)
                left, known = left[fits], known[fits]
            for place in left[known.sum(axis=1) >= LEAST_VALUES].tolist():
                yield total, int(ones[place]), int(others[place])


def _proved(
    total: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64]
) -> int | None:
    with np.errstate(invalid="ignore", over="ignore"):
        sums = a + b
        known = np.isfinite(sums) & np.isfinite(total)
        rows = int(known.sum())
        if rows < LEAST_ROWS:
            return None
        same = np.isclose(sums[known], total[known], rtol=1e-9, atol=1e-9)
    return rows if bool(same.all()) else None
