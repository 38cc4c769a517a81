"""Whole numbers that are years: nobody writes 2,013 for one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.profile.missing import number_text
from apps.engine.splitting.entities import words_of

YEARS = (1500, 2200)
"""Whole numbers that all lie here are read as years, whatever the column is called."""
YEAR_WORDS = frozenset({"year", "years", "yr"})
LONGEST_YEAR = 9_999


def holds_years(column: dict[str, Any]) -> bool:
    """Whether a profiled column holds years: by its values, or by its name and no long number.

    A column with gaps may hold them as numbers with a point: then its name has to say so.
    """
    low, high = column.get("minimum"), column.get("maximum")
    if column.get("kind") not in {"integer", "number"} or low is None or high is None:
        return False
    if column.get("kind") == "integer" and YEARS[0] <= low and high <= YEARS[1]:
        return True
    is_named = bool(words_of(column["name"]) & YEAR_WORDS)
    return is_named and low >= 0 and high <= LONGEST_YEAR and low % 1 == high % 1 == 0


def all_years(ascending: NDArray[np.float64]) -> bool:
    """Whether ascending numbers, and there are some, are whole and lie where years do."""
    near = len(ascending) > 0 and YEARS[0] <= ascending[0] and ascending[-1] <= YEARS[1]
    return bool(near and not (ascending % 1).any())


def as_year(value: float) -> str:
    """Without a sign between thousands; of a mean or a median one decimal."""
    return number_text(round(float(value), 1))
