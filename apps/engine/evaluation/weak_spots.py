"""Where a model errs most: groups of rows found by search, and its worst single answers."""

from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from apps.engine.evaluation.metrics import Predictions
from apps.engine.evaluation.metrics.quantities import pinball_losses
from apps.engine.evaluation.metrics.sets import losses_of_sets
from apps.engine.types import ColumnSpec, Kind

LEAST_ROWS = 30
MOST_VALUES = 12
PARTS = 4
MOST_COLUMNS = 40
PAIRED_COLUMNS = 6
MOST_FOUND = 8
CONFIDENCE = 0.95


def loss_of_rows(truth: Any, told: Predictions) -> Any:
    """Loss of each row: log loss (nats) of its true class, or the absolute error of a number.

    Of a set of labels it is the mean over the labels; of a number that is meant as a quantile, its
    pinball loss.
    """
    if told.level is not None:
        return pinball_losses(np.asarray(truth, dtype="float64"), told.labels, level=told.level)
    if told.probabilities is None:
        return np.abs(np.asarray(truth, dtype="float64") - told.labels)
    told = told.covering(truth)
    assert told.probabilities is not None, "covering keeps them"
    if told.sets:
        return losses_of_sets(truth, told)
    column = {name: index for index, name in enumerate(told.classes)}
    right = told.probabilities[np.arange(len(truth)), [column[str(name)] for name in truth]]
    return -np.log(np.clip(right, np.finfo(np.float64).eps, 1.0))


def weak_spots(
    table: pd.DataFrame, spec: list[ColumnSpec], *, truth: Any, told: Predictions
) -> dict[str, Any]:
    """Groups whose mean loss is above that of the other rows by more than chance explains.

    Every value of a text or boolean (up to MOST_VALUES), every quarter of a number or date, and
    each pair of the groups of the PAIRED_COLUMNS columns that tell most are tried. The bound of a
    difference (Welch) is widened for the number of groups tried (Bonferroni), so that a long
    search does not find what is not there.

    Parameters
    ----------
    table : (n_rows, n_columns), the rows of ``truth`` (n_rows,) in its order
    spec : the columns that may describe a group

    Returns
    -------
    dict
        ``tried`` groups and ``found``, worst first: ``where`` (words), ``parts`` (``column`` and
        ``label`` of each condition), ``rows``, ``share`` of them, ``loss``, ``others`` (mean loss
        in and outside), ``times`` (their ratio, None when others have none).
    """
    loss = loss_of_rows(truth, told)
    single = {
        column.name: _groups(table[column.name], column)
        for column in spec[:MOST_COLUMNS]
        if column.name in table.columns
    }
    tried = [({name: label}, rows) for name, groups in single.items() for label, rows in groups]
    telling = sorted(single, key=lambda name: -_told_apart(single[name], loss))[:PAIRED_COLUMNS]
    for one, two in combinations(telling, 2):
        tried += [
            ({one: first, two: second}, rows & more)
            for first, rows in single[one]
            for second, more in single[two]
        ]
    tried = [item for item in tried if LEAST_ROWS <= item[1].sum() <= len(loss) - LEAST_ROWS]
    found = [_judged(where, rows, loss, tests=len(tried)) for where, rows in tried]
    kept = sorted((item for item in found if item["bound"] > 0), key=lambda item: -item["bound"])
    return {"tried": len(tried), "found": [_told(item) for item in _distinct(kept)]}


def rows_where(table: pd.DataFrame, spec: list[ColumnSpec], parts: list[dict[str, str]]) -> Any:
    """Mask (n_rows,) of the rows of a group that was found, by its ``parts`` (see weak_spots)."""
    columns, rows = {column.name: column for column in spec}, np.ones(len(table), dtype=bool)
    for part in parts:
        groups = dict(_groups(table[part["column"]], columns[part["column"]]))
        rows &= groups.get(part["label"], np.zeros(len(table), dtype=bool))
    return rows


def _groups(values: pd.Series, column: ColumnSpec) -> list[tuple[str, Any]]:
    """Words and mask of each group of a column."""
    missing = values.isna().to_numpy()
    groups = [("missing", missing)] if missing.any() else []
    if missing.all():
        return groups
    if column.kind in {Kind.TEXT, Kind.BOOLEAN}:
        told = values.astype("string").fillna("").to_numpy(dtype=object)
        names = sorted(set(told[~missing]))
        if len(names) > MOST_VALUES:
            return groups
        return groups + [(str(name), (told == name) & ~missing) for name in names]
    numbers = _numbers(values, column)
    edges = np.unique(np.quantile(numbers[~missing], np.linspace(0, 1, PARTS + 1)))
    if len(edges) < 2:
        return groups
    for low, high in pairwise(edges):
        top = high == edges[-1]
        inside = ~missing & (numbers >= low) & ((numbers <= high) if top else (numbers < high))
        groups.append((f"{_word(low, column)} to {_word(high, column)}", inside))
    return groups


def _numbers(values: pd.Series, column: ColumnSpec) -> Any:
    if column.kind == Kind.DATETIME:
        moments = pd.to_datetime(values).to_numpy(dtype="datetime64[us]")
        return np.where(np.isnat(moments), np.nan, moments.astype("int64").astype("float64"))
    return values.to_numpy(dtype="float64", na_value=np.nan)


def _word(edge: float, column: ColumnSpec) -> str:
    if column.kind == Kind.DATETIME:
        return str(np.datetime64(int(edge), "us").astype("datetime64[D]"))
    return f"{edge:,.4g}"


def _told_apart(groups: list[tuple[str, Any]], loss: Any) -> float:
    """Share of the loss's variance that lies between the groups of a column."""
    mean = float(np.mean(loss))
    return sum(
        float(rows.sum()) * (float(np.mean(loss[rows])) - mean) ** 2
        for _, rows in groups
        if rows.any()
    )


def _judged(where: dict[str, str], rows: Any, loss: Any, *, tests: int) -> dict[str, Any]:
    inside, outside = loss[rows], loss[~rows]
    share = inside.var(ddof=1) / len(inside), outside.var(ddof=1) / len(outside)
    difference, spread = float(inside.mean() - outside.mean()), float(np.sqrt(sum(share)))
    if spread == 0.0:
        bound = difference
    else:
        freedom = sum(share) ** 2 / (
            share[0] ** 2 / (len(inside) - 1) + share[1] ** 2 / (len(outside) - 1)
        )
        tail = 1 - (1 - CONFIDENCE) / tests
        bound = difference - float(stats.t.ppf(tail, freedom)) * spread
    return {"where": where, "rows": rows, "inside": inside, "outside": outside, "bound": bound}


def _distinct(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first MOST_FOUND that do not tell the same again: less than half of its rows shared."""
    kept: list[dict[str, Any]] = []
    for item in found:
        if all(2 * (item["rows"] & other["rows"]).sum() < item["rows"].sum() for other in kept):
            kept.append(item)
        if len(kept) == MOST_FOUND:
            break
    return kept


def _told(item: dict[str, Any]) -> dict[str, Any]:
    inside, outside = float(item["inside"].mean()), float(item["outside"].mean())
    return {
        "where": " and ".join(f"{name} is {label}" for name, label in item["where"].items()),
        "parts": [{"column": name, "label": label} for name, label in item["where"].items()],
        "rows": int(item["rows"].sum()),
        "share": float(item["rows"].mean()),
        "loss": inside,
        "others": outside,
        "times": inside / outside if outside > 0 else None,
    }
