"""What training and the sealed test have in common: features and target out of a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from apps.engine.errors import BadParameter, ColumnMissing, NotEnoughData
from apps.engine.evaluation.metrics import Predictions
from apps.engine.labels import sets_of
from apps.engine.reading.tables import read_table
from apps.engine.training.frame import model_frame, within_range
from apps.engine.types import ColumnSpec, Problem


@dataclass(frozen=True)
class Rows:
    """Features (n, n_model_columns) and target (n,): class names as text, or float64."""

    features: pd.DataFrame
    target: Any
    table: pd.DataFrame


def class_names(values: pd.Series) -> Any:
    """Classes as text, as pandas writes them: True and False for booleans, 1 for integers."""
    return values.astype("string").to_numpy(dtype=object)


def load_rows(path: str, *, target: str, spec: Sequence[ColumnSpec], problem: Problem) -> Rows:
    """Read a typed table. Raises ColumnMissing, NotEnoughData or BadParameter."""
    table = read_table(path)
    if target not in table.columns:
        raise ColumnMissing(f'The target "{target}" is not in the table.')
    missing = int(table[target].isna().sum())
    if missing:
        raise NotEnoughData(
            f'The target "{target}" is empty in {missing:,} of {len(table):,} rows. Filter these '
            "rows out in a wrangling step."
        )
    if problem == Problem.REGRESSION:
        if not pd.api.types.is_numeric_dtype(table[target]):
            raise BadParameter(f'The target "{target}" holds no numbers; a quantity is predicted.')
        numbers = table[target].to_numpy(dtype="float64")
        values = within_range(numbers, says=f'The target "{target}"')
    else:
        values = class_names(table[target])
    return Rows(model_frame(table, spec), values, table)


def specs(features: Sequence[Mapping[str, Any]]) -> list[ColumnSpec]:
    """Typed feature specs from their JSON form."""
    return [ColumnSpec.from_dict(feature) for feature in features]


def distinct_values(features: pd.DataFrame) -> dict[str, int]:
    """Distinct values per model column; for numbers only whether there is any (1 or 0)."""
    return {
        str(name): int(values.nunique()) if values.dtype == object else int(values.notna().any())
        for name, values in features.items()
    }


def labelled(told: Predictions, *, positive: str | None, threshold: float) -> Predictions:
    """The same answers with labels by ``threshold``; not for several classes or a quantity.

    Of sets, each label whose probability reaches it is told.
    """
    if told.probabilities is not None and told.sets:
        labels = sets_of(told.probabilities >= threshold, told.classes)
        return Predictions(labels, told.probabilities, told.classes, told.sets)
    if told.probabilities is None or positive not in told.classes or len(told.classes) != 2:
        return told
    column = told.classes.index(str(positive))
    names = np.asarray(told.classes, dtype=object)
    chosen = np.where(told.probabilities[:, column] >= threshold, column, 1 - column)
    return Predictions(names[chosen], told.probabilities, told.classes)


def predict(
    pipeline: Any,
    features: pd.DataFrame,
    *,
    problem: Problem,
    positive: str | None,
    threshold: float = 0.5,
    level: float | None = None,
) -> Predictions:
    """What the fitted pipeline answers. A binary label is positive from ``threshold`` on.

    So is each label of a set; its probability is its own, so that they do not add up to 1.
    ``level``: the quantile that a number is meant as (see task.Task).
    """
    if problem == Problem.REGRESSION:
        numbers = np.asarray(pipeline.predict(features), dtype="float64")
        return Predictions(numbers, level=level)
    probabilities = np.asarray(pipeline.predict_proba(features), dtype="float64")
    classes = tuple(str(name) for name in pipeline.classes_)
    if problem == Problem.MULTILABEL:
        told = Predictions(np.empty(len(features), dtype=object), probabilities, classes, sets=True)
        return labelled(told, positive=None, threshold=threshold)
    names = np.asarray(classes, dtype=object)
    told = Predictions(names[probabilities.argmax(axis=1)], probabilities, classes)
    if problem != Problem.BINARY:
        return told
    return labelled(told, positive=positive, threshold=threshold)
