"""What a candidate rests on, measured on rows that did not train it: importance and shapes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from apps.engine.evaluation.intervals import mean_interval
from apps.engine.evaluation.metrics import Predictions, score
from apps.engine.evaluation.metrics.quantities import explained_share
from apps.engine.training.frame import model_columns
from apps.engine.training.rows import Rows, predict, specs
from apps.engine.training.task import Task
from apps.engine.types import ColumnSpec, Kind, Problem, Report

IMPORTANCE_ROWS = 2_000
REPEATS = 3
SHAPES = 6
TRIED_SHAPES = 20
SHAPE_ROWS = 300
ICE_ROWS = 20
GRID = 12
MOST_VALUES = 8


def explain(
    task: Task, rows: Rows, folds: Sequence[tuple[Any, Any]], *, report: Report
) -> dict[str, Any]:
    """Fit the candidate on each fold and look at it on the fold's validation rows.

    Returns
    -------
    dict
        ``importance``: per feature ``importance``, ``low`` and ``high``, greatest first: the rise
        of the log loss (nats) or the fall of R² (of D², where a quantile is answered: see
        quantities.explained_share) when the feature is shuffled among at most
        IMPORTANCE_ROWS validation rows, mean of REPEATS shuffles and of the folds, with the 95 %
        interval over the folds (None for a single fold). The parts of a date are shuffled
        together. Correlated features share their importance. Source: Breiman (2001), Machine
        Learning 45, 5-32.
        ``importance_rows``: how many rows were shuffled in all.
        ``shapes``: partial dependence of the SHAPES features that matter most (among the
        TRIED_SHAPES that matter most in the first fold), for two classes and quantities:
        ``feature``, ``grid`` (numbers or texts), the mean answer ``mean`` and its least and
        greatest over the folds ``low`` and ``high``. Source: Friedman (2001), Annals of
        Statistics 29, 1189-1232. It shows how the model answers, not what causes what.
        ``single``: the same for ICE_ROWS rows of the first fold, one by one, where a mean would
        hide that rows go opposite ways. Source: Goldstein and others (2015), Journal of
        Computational and Graphical Statistics 24, 44-65.
    """
    spec, generator = specs(task.features), np.random.default_rng(task.seed)
    falls: dict[str, list[float]] = {column.name: [] for column in spec}
    curves: dict[str, list[Any]] = {}
    used = 0
    for number, (train, valid) in enumerate(folds):
        report(number, len(folds), f"Explaining: fold {number + 1} of {len(folds)}")
        pipeline, _ = task.fit(rows, train)
        chosen = np.sort(generator.choice(valid, min(len(valid), IMPORTANCE_ROWS), replace=False))
        used += len(chosen)
        for column, fall in _falls(task, pipeline, rows, chosen, spec, generator).items():
            falls[column].append(fall)
        if not curves and task.problem not in (Problem.MULTICLASS, Problem.MULTILABEL):
            telling = sorted(falls, key=lambda name: -falls[name][0])
            shaped = [name for name in telling if _has_shape(name, spec)]
            curves = {name: [] for name in shaped[:TRIED_SHAPES]}
        part = rows.features.iloc[chosen[:SHAPE_ROWS]]
        for name in curves:
            curves[name].append(_shape(task, pipeline, part, name, _grid(rows.features[name])))
    report(len(folds), len(folds), "Every feature is measured")
    ranked = _ranked(falls, folds)
    shown = [item["feature"] for item in ranked if item["feature"] in curves][:SHAPES]
    return {
        "importance": ranked,
        "importance_rows": used,
        "shapes": [
            {
                "feature": name,
                "grid": _grid(rows.features[name]),
                "mean": np.mean(found, axis=0).tolist(),
                "low": np.min(found, axis=0).tolist(),
                "high": np.max(found, axis=0).tolist(),
                "single": first[:, :ICE_ROWS].T.tolist(),
            }
            for name, first, found in (
                (name, curves[name][0], [np.mean(each, axis=1) for each in curves[name]])
                for name in shown
            )
        ],
    }


def _falls(
    task: Task,
    pipeline: Any,
    rows: Rows,
    chosen: Any,
    spec: Sequence[ColumnSpec],
    generator: np.random.Generator,
) -> dict[str, float]:
    """How much worse the answers get when each feature is shuffled, mean of REPEATS."""
    features, truth = rows.features.iloc[chosen].reset_index(drop=True), rows.target[chosen]

    def goodness(frame: pd.DataFrame) -> list[float]:
        """Of each repetition of the rows; one call for all, since a call costs more than rows."""
        told = predict(
            pipeline, frame, problem=task.problem, positive=task.positive, level=task.level
        )
        starts = range(0, len(frame), len(truth))
        return [_goodness(truth, told.take(np.arange(at, at + len(truth)))) for at in starts]

    (usual,), found = goodness(features), {}
    repeated = pd.concat([features] * REPEATS, ignore_index=True)
    for column in spec:
        parts = [name for names in model_columns([column]) for name in names]
        orders = [generator.permutation(len(chosen)) for _ in range(REPEATS)]
        shuffled = {name: features[name].to_numpy()[np.concatenate(orders)] for name in parts}
        worse = np.subtract(usual, goodness(repeated.assign(**shuffled)))
        found[column.name] = float(np.mean(worse))
    return found


def _goodness(truth: Any, told: Predictions) -> float:
    if told.probabilities is None:
        return explained_share(truth, told)
    return -score("log_loss", truth, told)


def _ranked(
    falls: dict[str, list[float]], folds: Sequence[tuple[Any, Any]]
) -> list[dict[str, Any]]:
    train_rows = float(np.mean([len(train) for train, _ in folds]))
    test_rows = float(np.mean([len(valid) for _, valid in folds]))
    found: list[dict[str, Any]] = []
    for name, values in falls.items():
        bounds = mean_interval(values, train_rows=train_rows, test_rows=test_rows)
        low, high = bounds if np.isfinite(bounds).all() else (None, None)
        found.append(
            {"feature": name, "importance": float(np.mean(values)), "low": low, "high": high}
        )
    return sorted(found, key=lambda item: -float(item["importance"]))


def _has_shape(name: str, spec: Sequence[ColumnSpec]) -> bool:
    """A date has three columns and no single axis."""
    return any(column.name == name and column.kind != Kind.DATETIME for column in spec)


def _grid(values: pd.Series) -> list[Any]:
    """Where a shape is looked at: quantiles of a number, the most frequent texts."""
    there = values.dropna()
    if there.dtype == object:
        return [str(name) for name in there.value_counts().index[:MOST_VALUES]]
    if there.empty:
        return []
    return np.unique(np.quantile(there.to_numpy(), np.linspace(0.02, 0.98, GRID))).tolist()


def _shape(task: Task, pipeline: Any, part: pd.DataFrame, name: str, grid: list[Any]) -> Any:
    """Answer of each row when it has this value: (values of the grid, rows)."""
    if not grid:
        return np.empty((0, len(part)))
    kind = object if isinstance(grid[0], str) else None
    values = np.repeat(np.array(grid, dtype=kind), len(part))
    frame = pd.concat([part] * len(grid), ignore_index=True).assign(**{name: values})
    told = predict(pipeline, frame, problem=task.problem, positive=task.positive)
    if told.probabilities is None or task.positive not in told.classes:
        found = told.labels.astype("float64")
    else:
        found = told.probabilities[:, told.classes.index(str(task.positive))]
    return found.reshape(len(grid), len(part))
