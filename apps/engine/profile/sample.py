"""The rows on which columns are compared with each other, where a table has many."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from apps.engine.profile.categorical import Coded, code_values
from apps.engine.profile.cells import Cells
from apps.engine.profile.lookup import taken
from apps.engine.profile.ordering import Sorted, sort_numbers

MOST_ROWS = 20_000
"""A rank correlation on so many rows lies within 0.014 of that of all rows, 19 times in 20: its
standard error is (1 - r ** 2) sqrt((1 + r ** 2 / 2) / (n - 3)), at most 1 / sqrt(n - 3). Source:
Bonett, Wright (2000), Psychometrika 65(1), 23-28. Pearson's, of columns with values far out, has
no such bound."""
SEED = 0


@lru_cache(maxsize=1)
def compared_rows(rows: int) -> NDArray[np.int64] | None:
    """A row of each of MOST_ROWS equal stretches of a table, ascending; None: all of its rows.

    So each time of a table in the order of time has its share, and a season that repeats is met at
    other days each time. The same rows are drawn each time.
    """
    if rows <= MOST_ROWS:
        return None
    bounds = np.arange(MOST_ROWS + 1) * rows // MOST_ROWS
    inside = np.random.default_rng(SEED).random(MOST_ROWS)
    return bounds[:-1] + (inside * np.diff(bounds)).astype(np.int64)


def prepared(cells: Cells) -> Sorted | Coded:
    """A column in the order of its values, or of how frequent they are."""
    return sort_numbers(cells) if cells.words is None else code_values(cells)


@dataclass(frozen=True)
class Excerpt:
    """A prepared column on the rows on which columns are compared."""

    feature: Sorted | Coded
    rows: NDArray[np.int64] | None  # None: all of the table
    codes: NDArray[np.integer[Any]]  # numbers of values in these rows, n_distinct: none
    absent: NDArray[np.bool_] | None  # rows without a value, or without a finite one; None: none

    @classmethod
    def of(cls, feature: Sorted | Coded, *, whole: bool = False) -> Self:
        """What is compared of a column; ``whole``: all of it."""
        rows = None if whole else compared_rows(len(feature.codes))
        numbers = feature.numbers if isinstance(feature, Coded) else feature.codes
        codes = numbers if rows is None else taken(numbers, rows)
        absent = codes == feature.distinct
        return cls(feature, rows, codes, absent if absent.any() else None)

    def told[Scalar: np.generic](
        self, of_value: NDArray[Scalar], *, missing: Any
    ) -> NDArray[Scalar]:
        """What is told of every different value, for each of the rows; others get ``missing``."""
        if self.absent is not None:
            of_value = np.append(of_value, of_value.dtype.type(missing))
        return taken(of_value, self.codes)

    def values(self, column: NDArray[Any]) -> NDArray[Any]:
        """The rows of a column that was not prepared."""
        return column if self.rows is None else taken(column, self.rows)
