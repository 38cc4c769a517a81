"""Time split: learn from the past, be tested on what came after it."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apps.engine.errors import BadParameter, NotEnoughData
from apps.engine.splitting.folds import TEST, TRAIN_ONLY, Folds


def deal_by_time(time: pd.Series, *, test_share: float, folds: int) -> Folds:
    """Fold number of every row: the latest rows are the test.

    The development rows are cut, in time order, into ``folds + 1`` blocks of about equal
    size. The earliest block is TRAIN_ONLY, the next is fold 0, and so on: fold k validates
    on later rows than it trains on. Rows with the same time are never parted, so sizes may
    differ from the share; nothing is drawn by chance. O(rows log rows).

    Raises
    ------
    BadParameter
        If ``time`` is neither a date nor a number.
    NotEnoughData
        If a row has no time, or too few different times exist for all blocks.
    """
    _check(time)
    codes, times = pd.factorize(time, sort=True)
    blocks = folds + 2
    if len(times) < blocks:
        raise NotEnoughData(
            f"The time column “{time.name}” has {len(times)} different values, but a test and "
            f"{folds} folds in time order need at least {blocks}; use fewer folds."
        )
    counts = np.bincount(codes, minlength=len(times))
    shares = np.append(np.full(folds + 1, (1 - test_share) / (folds + 1)), test_share)
    block_of_time = _blocks(counts, shares=shares)
    number_of_block = np.array([TRAIN_ONLY, *range(folds), TEST], dtype=np.int8)
    return number_of_block[block_of_time[codes]]


def _check(time: pd.Series) -> None:
    if not (
        pd.api.types.is_datetime64_any_dtype(time.dtype)
        or (pd.api.types.is_numeric_dtype(time.dtype) and time.dtype != "boolean")
    ):
        raise BadParameter(
            f"The time column “{time.name}” is neither a date nor a number; read it as a date "
            "in a recipe step or choose another column."
        )
    missing = int(time.isna().sum())
    if missing:
        raise NotEnoughData(
            f"{missing} rows have no value in the time column “{time.name}”; fill or drop them "
            "in a recipe step, because nobody can tell which side they belong to."
        )


def _blocks(counts: NDArray[np.int64], *, shares: NDArray[np.float64]) -> NDArray[np.int64]:
    """Block number of every distinct time; each block gets at least one time.

    A cut is put behind the time at which the rows so far come closest to the share so far.
    """
    ends = np.cumsum(counts)
    cuts: list[int] = []
    for number, wanted in enumerate(np.cumsum(shares)[:-1] * ends[-1]):
        first = cuts[-1] + 1 if cuts else 1
        last = len(counts) - (len(shares) - 1 - number)
        nearest = int(np.abs(ends - wanted).argmin()) + 1
        cuts.append(min(max(nearest, first), last))
    return np.searchsorted(np.array(cuts), np.arange(len(counts)), side="right")
