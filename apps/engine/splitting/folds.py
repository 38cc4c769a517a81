"""What the numbers of a split file mean, and the only function that turns them into folds."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from apps.engine.errors import BadFile, BadParameter

TEST = -1
"""Fold number of a sealed test row."""

TRAIN_ONLY = -2
"""Fold number of a row that comes before the first fold in time: it only ever trains."""

METHODS = ("random", "stratified", "group", "time")

Folds = NDArray[np.int8]
"""One number a row of the table: TEST, TRAIN_ONLY or the fold in which the row validates."""


def write_split(fold: Folds, path: str | Path) -> None:
    """Write a split as Parquet: ``row`` int64 (position in the table), ``part``, ``fold`` int8.

    The file appears whole or not at all. Equal folds give equal bytes.
    """
    part = np.where(fold == TEST, "test", "development")
    table = pa.table(
        {
            "row": pa.array(np.arange(len(fold), dtype=np.int64)),
            "part": pa.array(part, type=pa.string()),
            "fold": pa.array(fold.astype(np.int8)),
        }
    )
    unfinished = Path(f"{path}.part")
    pq.write_table(table, unfinished)
    os.replace(unfinished, path)


def read_split(path: str | Path) -> pd.DataFrame:
    """Read a split file. Raises BadFile when it is not one."""
    try:
        split = pq.read_table(path).to_pandas()
    except (OSError, pa.ArrowInvalid) as error:
        raise BadFile(f"The split file cannot be read ({error}); draw the split again.") from error
    if list(split.columns) != ["row", "part", "fold"]:
        raise BadFile("The file is not a split: it needs the columns row, part and fold.")
    return split


def fold_indices(
    split: pd.DataFrame, *, method: str
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Training and validation positions of every fold, in the order of the fold numbers.

    Parameters
    ----------
    split : DataFrame, shape (n_rows, 3)
        As ``read_split`` returns it, not changed.
    method : str
        The method that drew the split. With "time", fold k trains only on the rows of
        earlier folds and on the rows marked TRAIN_ONLY (an expanding window); with every
        other method it trains on all other development rows.

    Returns
    -------
    list of (training positions, validation positions)
        int64, ascending, counted in the development table: its rows are the development
        rows of the table in their original order.

    Raises
    ------
    BadParameter
        If ``method`` is unknown or the split holds no folds.
    """
    if method not in METHODS:
        raise BadParameter(f"The split method must be one of {', '.join(METHODS)}, not “{method}”.")
    ordered = split.sort_values("row", kind="stable")
    fold = ordered["fold"].to_numpy(dtype=np.int8)
    fold = fold[fold != TEST]
    numbers = [int(number) for number in np.unique(fold) if number >= 0]
    if not numbers:
        raise BadParameter("The split has no folds; draw it again with at least 2.")
    pairs = []
    for number in numbers:
        trains = fold < number if method == "time" else fold != number
        pairs.append((np.flatnonzero(trains), np.flatnonzero(fold == number)))
    return pairs


def rows_of(fold: Folds, *, test: bool) -> NDArray[np.int64]:
    """Ascending row positions of the test, or of development."""
    return np.flatnonzero((fold == TEST) == test)


def rows_sha256(positions: NDArray[np.int64]) -> str:
    """SHA-256 of ascending row positions, written as little-endian 64-bit integers."""
    return hashlib.sha256(np.sort(positions).astype("<i8").tobytes()).hexdigest()
