"""Stratified split: every part holds each class (or target quantile) in the same share."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apps.engine.errors import NotEnoughData
from apps.engine.labels import rarest_label
from apps.engine.splitting.folds import TEST, Folds
from apps.engine.splitting.target import is_class_target

QUANTILES = 10
"""Strata of a numeric target; fewer when the rows of a stratum would not reach every part."""


def strata_of(target: pd.Series, *, folds: int, sets: bool = False) -> NDArray[np.int64]:
    """Stratum number of every row: its class, or the quantile of its number.

    Of ``sets`` of labels it is the rarest label of the row; labels that are too rare to reach
    every part are dealt together. ``target`` has no missing values. Raises NotEnoughData when a
    class is too rare to appear in the test and in every fold.
    """
    if sets:
        names = pd.Series(rarest_label(target))
        rare = names.map(names.value_counts()) < folds + 1
        return pd.factorize(names.mask(rare, ""), sort=True)[0].astype(np.int64)
    if not is_class_target(target):
        ranks = target.astype("float64").rank(method="first").to_numpy() - 1
        strata = max(1, min(QUANTILES, len(target) // (folds + 1)))
        return (ranks * strata // len(target)).astype(np.int64)
    codes, classes = pd.factorize(target, sort=True)
    counts = np.bincount(codes, minlength=len(classes))
    rarest = int(counts.argmin())
    if counts[rarest] < folds + 1:
        raise NotEnoughData(
            f"The class “{classes[rarest]}” has {counts[rarest]} rows, but a stratified split "
            f"into a test and {folds} folds needs at least {folds + 1}; use fewer folds, or "
            "merge or drop this class in a recipe step."
        )
    return codes.astype(np.int64)


def deal_by_stratum(
    strata: NDArray[np.int64], *, test_share: float, folds: int, seed: int
) -> Folds:
    """Fold number of every row, drawn within each stratum.

    Each stratum gives its rounded share of rows, and at least one, to the test; the rest
    is dealt to the folds in turn, going on where the stratum before stopped, so that fold
    sizes differ by at most one row. O(rows log rows).
    """
    rng = np.random.default_rng(seed)
    fold = np.empty(len(strata), dtype=np.int8)
    shuffled = rng.permutation(len(strata))
    by_stratum = shuffled[np.argsort(strata[shuffled], kind="stable")]
    counts = np.bincount(strata)
    dealt = 0
    for members in np.split(by_stratum, np.cumsum(counts)[:-1]):
        tests = min(max(1, round(len(members) * test_share)), len(members))
        fold[members[:tests]] = TEST
        rest = members[tests:]
        fold[rest] = (dealt + np.arange(len(rest))) % folds
        dealt += len(rest)
    return fold
