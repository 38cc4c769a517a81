"""Group split: all rows of one customer, patient or machine stay on one side."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apps.engine.errors import NotEnoughData
from apps.engine.splitting.folds import TEST, Folds


def deal_by_group(group: pd.Series, *, test_share: float, folds: int, seed: int) -> Folds:
    """Fold number of every row such that no group is in two parts or two folds.

    Groups join the test in random order as long as that brings its size closer to the
    share. The other groups go, largest first, to the fold with the fewest rows.
    O(rows + groups * folds).

    Raises
    ------
    NotEnoughData
        If a row has no group or there are fewer than ``folds + 1`` groups.
    """
    missing = int(group.isna().sum())
    if missing:
        raise NotEnoughData(
            f"{missing} rows have no value in the group column “{group.name}”; fill or drop them "
            "in a recipe step, because a row without a group could be on both sides."
        )
    codes, groups = pd.factorize(group, sort=True)
    if len(groups) < folds + 1:
        raise NotEnoughData(
            f"The group column “{group.name}” has {len(groups)} different values, but a test and "
            f"{folds} folds need at least {folds + 1}; use fewer folds or another column."
        )
    sizes = np.bincount(codes, minlength=len(groups))
    order = np.random.default_rng(seed).permutation(len(groups))
    tests = _test_groups(sizes, order=order, wanted=len(group) * test_share, keep=folds)
    of_group = np.full(len(groups), TEST, dtype=np.int8)
    rest = order[~np.isin(order, tests)]
    filled = np.zeros(folds, dtype=np.int64)
    for number in rest[np.argsort(-sizes[rest], kind="stable")]:
        smallest = int(filled.argmin())
        of_group[number] = smallest
        filled[smallest] += sizes[number]
    return of_group[codes]


def _test_groups(
    sizes: NDArray[np.int64], *, order: NDArray[np.int64], wanted: float, keep: int
) -> list[int]:
    """Groups of the test: at least one, and at least ``keep`` groups are left."""
    chosen: list[int] = []
    filled = 0
    for number in order:
        if len(chosen) == len(order) - keep:
            break
        if abs(filled + sizes[number] - wanted) <= abs(filled - wanted):
            chosen.append(int(number))
            filled += int(sizes[number])
    return chosen or [int(order[sizes[order].argmin()])]
