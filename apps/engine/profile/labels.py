"""What can be said of labels: equal rows with different ones, and how late they come."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apps.engine.errors import EngineError
from apps.engine.profile.cells import Columns
from apps.engine.profile.duplicates import RowHashes, hash_cells
from apps.engine.profile.numeric import quantile
from apps.engine.profile.relation import ClassTarget, LabelsTarget, NumberTarget
from apps.engine.profile.slices import Condition, sliced
from apps.engine.profile.target import SETS, has_target, in_sets, prepare_target
from apps.engine.types import Report

DAY_US = 86_400_000_000
MOST_DELAYS = 6


def study_labels(
    *,
    tables: list[str],
    where: list[list[str]],
    without: list[str],
    target: str,
    ignored: list[str],
    later: list[list[str]],
    report: Report,
    reading: str = "",
) -> dict[str, Any]:
    """Noise and delay of the labels of a slice. Job function.

    Parameters
    ----------
    tables : list of one path
    where, without
        As for ``study_slice``.
    target : str
        Column of the labels.
    ignored : list of str
        Columns that name rows: with them no two rows would be equal.
    reading : str
        As ``prepare_target`` takes it. Sets of labels are compared whole.
    later : list of [date, earlier date]
        Dates that follow other dates.

    Returns
    -------
    dict, JSON-ready
        ``twins`` (see ``noise``) and ``delays``: for each of ``later`` the median and the 90th
        percentile in days, ``before``, the rows in which it came first, and ``rows``.
    """
    conditions = [Condition.from_list(told) for told in where]
    source = sliced(tables[0], where=conditions, without=without)
    features = [name for name in source.names if name != target and name not in ignored]
    hashes = RowHashes(source.rows)
    for done, name in enumerate(features):
        report(done, len(features), f"Looking for equal rows: “{name}”")
        hashes.mix(hash_cells(source.read(name)))
    series = source.series(target)
    usable = has_target(series)
    prepared = _whole_target(series[usable].reset_index(drop=True), reading=reading)
    twins = None
    if prepared is not None and features:
        twins = noise(hashes.hashes[usable], target=prepared)
    return {
        "twins": twins,
        "delays": [_delay(source, late, early) for late, early in later[:MOST_DELAYS]],
    }


def _whole_target(present: pd.Series, *, reading: str) -> ClassTarget | NumberTarget | None:
    kind, _, sign = reading.partition(" ")
    if kind == SETS:
        try:
            present, reading = in_sets(present, sign), ""
        except EngineError:
            return None
    prepared, _ = prepare_target(present, rows=len(present), positive=None, reading=reading)
    return None if isinstance(prepared, LabelsTarget) else prepared


def noise(hashes: NDArray[np.uint64], *, target: ClassTarget | NumberTarget) -> dict[str, Any]:
    """What equal rows with different labels say about the best that any model can reach.

    ``hashes`` is equal for rows with equal features. Of classes: ``conflicting`` rows are those
    whose equals have another class, ``least_error`` is the share of rows that are wrong even if
    each group of equals is answered by its most frequent class, ``reachable`` the rest. Of
    numbers: ``spread`` is the pooled standard deviation within groups of equals (n - k degrees of
    freedom), ``share`` its square over the variance of all. O(n log n).
    """
    _, codes, sizes = np.unique(hashes, return_inverse=True, return_counts=True)
    told: dict[str, Any] = {
        "rows": len(hashes),
        "groups": int((sizes > 1).sum()),
        "repeated": int(sizes[sizes > 1].sum()),
    }
    if isinstance(target, ClassTarget):
        pairs, counts = np.unique(
            codes * np.int64(len(target.labels)) + target.codes, return_counts=True
        )
        groups = pairs // len(target.labels)
        most = np.zeros(len(sizes), dtype=np.int64)
        np.maximum.at(most, groups, counts)
        classes = np.bincount(groups, minlength=len(sizes))
        wrong = int((sizes - most).sum())
        return told | {
            "kind": "classes",
            "conflicting": int(sizes[classes > 1].sum()),
            "conflicts": int((classes > 1).sum()),
            "least_error": wrong / len(hashes),
            "reachable": 1 - wrong / len(hashes),
        }
    sums = np.bincount(codes, weights=target.numbers)
    away = target.numbers - (sums / sizes)[codes]
    freedom = int(len(hashes) - len(sizes))
    within = float((away**2).sum()) / freedom if freedom else None
    whole = float(target.numbers.var())
    return told | {
        "kind": "numbers",
        "spread": None if within is None else within**0.5,
        "share": within / whole if within is not None and whole > 0 else None,
    }


def _delay(source: Columns, late: str, early: str) -> dict[str, Any]:
    one, other = source.read(late), source.read(early)
    both = one.present & other.present
    days = np.sort((one.data[both] - other.data[both]) / DAY_US)
    return {
        "column": late,
        "than": early,
        "rows": len(days),
        "median": quantile(days, at=0.5) if len(days) else None,
        "most": quantile(days, at=0.9) if len(days) else None,
        "before": int((days < 0).sum()),
    }
