"""Rows that are nearly the same on both sides of a fold: remembering looks like learning."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from apps.engine.percent import percent
from apps.engine.training.adversary.bench import MOST_ROWS, Bench, Folds, mean, moved, taken
from apps.engine.training.adversary.lines import HOLDS, WEIGH, Line, dropped, skipped
from apps.engine.training.rows import Rows
from apps.engine.training.task import LEAST_ROWS

KEY, TITLE = "near_duplicates", "Near-duplicates apart"
STEPS = 50
"""Numbers are alike when they lie in the same fiftieth of their middle 98 %."""
REPEATED = (0.2, 0.99)
"""A text or whole number is an identifier of repeated entities at this share of distinct values."""
LARGEST = 0.1
"""A set of twins larger than this share of the rows is no set of twins."""


def near_duplicates(bench: Bench) -> Line:
    """Refit without the training rows that have a twin among the rows of the fold.

    Twins agree in every feature (numbers up to a fiftieth of their range), or in an identifier
    that comes back. Beside it as many other rows are left out by lot, so that only the twins make
    the difference.
    """
    sets = twin_sets(bench.all_rows, target=bench.target)
    rows, folds, sets = _sample(bench, sets)
    generator = np.random.default_rng(bench.task.seed)
    apart, others, gone = [], [], 0
    for train, valid in folds:
        twin = np.isin(sets[train], sets[valid])
        gone += int(twin.sum())
        if not twin.any() or len(train) - twin.sum() < LEAST_ROWS:
            continue
        apart.append((train[~twin], valid))
        fewer = generator.choice(train, len(train) - int(twin.sum()), replace=False)
        others.append((np.sort(fewer), valid))
    if not gone:
        return skipped(KEY, TITLE, "No row has a near-duplicate on the other side of a fold.")
    if not apart:
        return skipped(KEY, TITLE, "Nearly every row has a near-duplicate: nothing is left to fit.")
    bench.tell("without near-duplicates")
    before, after = bench.scores(rows, others), bench.scores(rows, apart)
    fall, falls = dropped(before, after, edge=bench.edge)
    share = gone / sum(len(train) for train, _ in folds)
    says = (
        f"{percent(share)} of the training rows have a near-duplicate in the fold they are judged "
        f"on. Without them it reaches {mean(after):.3f}, with them {mean(before):.3f}. "
    )
    says += (
        "Part of the score is memory of such rows: draw the split by group."
        if falls
        else "It does not live on remembering them."
    )
    return Line(
        KEY,
        TITLE,
        WEIGH if falls else HOLDS,
        mean(after),
        f"about {mean(before):.3f}",
        says,
        {"share": share, "fall": fall},
    )


def twin_sets(rows: Rows, *, target: str) -> Any:
    """(n,) number of the set of twins that each row belongs to."""
    alike = _alike(rows.features)
    keys = [alike, *(_codes(rows.table[name]) for name in _identifiers(rows.table, target))]
    sets = _joined(keys, len(alike))
    if np.bincount(sets).max() > LARGEST * len(alike):
        sets = _joined([alike], len(alike))
    return sets


def _alike(features: pd.DataFrame) -> Any:
    coarse = {
        name: _codes(values) if values.dtype == object else _steps(values.to_numpy())
        for name, values in features.items()
    }
    return pd.util.hash_pandas_object(pd.DataFrame(coarse), index=False).to_numpy()


def _steps(values: Any) -> Any:
    there = values[np.isfinite(values)]
    low, high = np.quantile(there, [0.01, 0.99]) if len(there) else (0.0, 0.0)
    width = (high - low) / STEPS or 1.0
    return np.where(np.isfinite(values), np.round((values - low) / width), -1e9)


def _codes(values: pd.Series) -> Any:
    """Numbers of the distinct values; each missing value is a value of its own."""
    codes, known = pd.factorize(values)
    missing = codes < 0
    codes[missing] = len(known) + np.arange(missing.sum())
    return codes


def _identifiers(table: pd.DataFrame, target: str) -> list[str]:
    low, high = REPEATED
    return [
        str(name)
        for name, values in table.items()
        if name != target
        and (values.dtype == "Int64" or pd.api.types.is_string_dtype(values.dtype))
        and low <= values.nunique() / max(1, len(values)) <= high
    ]


def _joined(keys: list[Any], count: int) -> Any:
    """Sets of rows that hang together by any of the keys."""
    ends, start = [], count
    for key in keys:
        codes, names = pd.factorize(key)
        ends.append(codes + start)
        start += len(names)
    rows = np.tile(np.arange(count), len(keys))
    links = coo_array((np.ones(len(rows)), (rows, np.concatenate(ends))), shape=(start, start))
    return connected_components(links, directed=False)[1][:count]


def _sample(bench: Bench, sets: Any) -> tuple[Rows, Folds, Any]:
    """About MOST_ROWS rows by whole sets: a twin keeps its twin."""
    count = len(sets)
    if count <= MOST_ROWS:
        return bench.rows, bench.folds, sets
    order = np.random.default_rng(bench.task.seed).permutation(int(sets.max()) + 1)
    sizes = np.cumsum(np.bincount(sets)[order])
    chosen = order[: int(np.searchsorted(sizes, MOST_ROWS)) + 1]
    keep = np.flatnonzero(np.isin(sets, chosen))
    return taken(bench.all_rows, keep), moved(bench.all_folds, keep, count), sets[keep]
