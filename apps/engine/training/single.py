"""Job function that explains one answer: what each feature adds to it, and takes from it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from apps.engine.errors import BadParameter
from apps.engine.training.asked import Asked
from apps.engine.training.cases import plain
from apps.engine.training.frame import model_columns
from apps.engine.training.rows import Rows, predict, specs
from apps.engine.training.task import Task
from apps.engine.types import ColumnSpec, Problem, Report

ORDERS = 100
MOST_PREDICTIONS = 40_000
Z95 = 1.959964


def explain_row(
    *,
    row: int,
    report: Report,
    **arguments: Any,
) -> dict[str, Any]:
    """Share an answer out among the features (Shapley values, drawn). Job function.

    The model of the fold that validated the row answers: it never saw it. A feature's part is the
    mean change of the answer when its value is put in after some of the others, in place of that
    of a training row drawn by lot; over ORDERS random orders, each with its reverse, fewer where
    there are so many features that it would take more than MOST_PREDICTIONS answers.

    Parameters
    ----------
    row : 1 is the first development row; the others: those of ``asked.Asked``

    Returns
    -------
    dict
        ``row``, ``fold``, ``truth``, ``told`` (label), ``of`` (class whose probability is shared
        out, "" for a quantity), ``answer``, ``usual`` (mean answer of the training rows drawn):
        answer = usual + the parts, exactly; ``parts``: ``feature``, ``value``, ``part``, ``low``
        and ``high`` (95 %, of the lot), the greatest first; ``orders``.

    Raises
    ------
    BadParameter
        There is no such row, or it validates in no fold.

    Notes
    -----
    Source: Strumbelj and Kononenko (2014), Knowledge and Information Systems 41, 647-665;
    reversed orders: Mitchell and others (2022), Journal of Machine Learning Research 23, 43.
    Features that go together share their part. It tells how the model answers, not what causes
    what.
    """
    asked = Asked(**arguments)
    task, rows, folds, kind = asked.task, asked.rows(), asked.folds(), asked.kind
    fold, train = _fold_of(row, folds, count=len(rows.target))
    report(0, 2, f"Fitting without row {row:,}")
    pipeline, _ = task.fit(rows, train)
    positive = asked.positive
    told = predict(pipeline, rows.features.iloc[[row - 1]], problem=kind, positive=positive)
    name = ""
    if told.probabilities is not None:
        name = positive if kind == Problem.BINARY and positive else str(told.labels[0])
        if told.sets:  # the likeliest of its labels is shared out
            name = told.classes[int(told.probabilities[0].argmax())]
    report(1, 2, "Putting its values in, one after the other")
    usual, parts, orders = _shared(task, pipeline, rows, row - 1, train, name)
    report(2, 2, "Done")
    return {
        "row": row,
        "fold": fold + 1,
        "truth": plain(rows.target[row - 1]),
        "told": plain(told.labels[0]),
        "of": name,
        "answer": usual + sum(part["part"] for part in parts),
        "usual": usual,
        "parts": sorted(parts, key=lambda part: -abs(part["part"])),
        "orders": orders,
    }


def _fold_of(row: int, folds: Sequence[tuple[Any, Any]], *, count: int) -> tuple[int, Any]:
    if not 1 <= row <= count:
        raise BadParameter(f"There is no row {row:,}: development rows go from 1 to {count:,}.")
    for number, (train, valid) in enumerate(folds):
        if row - 1 in valid:
            return number, train
    raise BadParameter(
        f"Row {row:,} lies before the first fold in time: every model has learnt from it. Choose "
        "a later row."
    )


def _shared(
    task: Task, pipeline: Any, rows: Rows, place: int, train: Any, name: str
) -> tuple[float, list[dict[str, Any]], int]:
    """Usual answer, parts of the features, and orders that were drawn."""
    spec, generator = specs(task.features), np.random.default_rng(task.seed)
    count = len(spec)
    orders = max(2, min(ORDERS, MOST_PREDICTIONS // (2 * (count + 1))))
    one_way = np.array([generator.permutation(count) for _ in range(orders)])
    order = np.concatenate([one_way, one_way[:, ::-1]])
    drawn = np.tile(generator.choice(train, orders), 2)
    steps = _steps(rows, place, drawn, order, spec=spec)
    answers = _answers(task, pipeline, steps, name).reshape(2 * orders, count + 1)
    changes = np.empty((2 * orders, count))
    np.put_along_axis(changes, order, np.diff(answers, axis=1), axis=1)
    changes = (changes[:orders] + changes[orders:]) / 2
    part, error = changes.mean(axis=0), Z95 * changes.std(axis=0, ddof=1) / np.sqrt(orders)
    parts = [
        {
            "feature": column.name,
            "value": plain(rows.table[column.name].iloc[place]),
            "part": float(part[number]),
            "low": float(part[number] - error[number]),
            "high": float(part[number] + error[number]),
        }
        for number, column in enumerate(spec)
    ]
    return float(np.mean(answers[:, 0])), parts, orders


def _steps(
    rows: Rows, place: int, drawn: Any, order: Any, *, spec: Sequence[ColumnSpec]
) -> pd.DataFrame:
    """Rows that turn from the drawn one into this one, a feature at a time: (orders, 1 + n)."""
    done = np.arange(order.shape[1] + 1)
    is_in = done[None, :, None] > np.argsort(order, axis=1)[:, None, :]
    made = {}
    for number, column in enumerate(spec):
        for name in [name for names in model_columns([column]) for name in names]:
            values = rows.features[name].to_numpy()
            usual = np.repeat(values[drawn], len(done))
            made[name] = np.where(is_in[:, :, number].ravel(), values[place], usual)
    return pd.DataFrame(made)[list(rows.features.columns)]


def _answers(task: Task, pipeline: Any, features: Any, name: str) -> Any:
    told = predict(pipeline, features, problem=task.problem, positive=task.positive)
    if told.probabilities is None:
        return told.labels
    return told.probabilities[:, told.classes.index(name)]
