"""Scores checked rows: the recipe's row-wise steps, then the fitted pipeline. Thread-safe.

Few rows are answered by the compiled form where the release has one (``compile``), many by columns
(``compile_many``), and whatever neither is sure of by scikit-learn itself.
"""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from apps.engine.errors import EngineError
from apps.engine.labels import labels_in
from apps.engine.reading.tables import PANDAS_TYPES
from apps.engine.serving.columns import Columns
from apps.engine.serving.compile import Compiled
from apps.engine.serving.compile_many import Many, Warned
from apps.engine.serving.compile_row import Unsure, replayer
from apps.engine.serving.contract import Contract
from apps.engine.training.frame import date_parts, model_frame, within_range
from apps.engine.training.rows import predict, specs
from apps.engine.types import ColumnSpec, Kind, Problem

_PLAIN: dict[Kind, frozenset[type]] = {
    Kind.INTEGER: frozenset((int, type(None))),
    Kind.NUMBER: frozenset((float, int, type(None))),
    Kind.BOOLEAN: frozenset((bool, type(None))),
    Kind.TEXT: frozenset((str, type(None))),
    Kind.DATETIME: frozenset((datetime, type(None))),
}
Answered = tuple[list[dict[str, Any]], list[dict[str, Any]]]
"""Answers of the rows, and warnings."""


class RowRefused(EngineError):
    """A step of the recipe cannot be applied to a row of the request. ``row`` counts from 1."""

    def __init__(self, says: str, *, row: int) -> None:
        super().__init__(says)
        self.row = row


class Scorer:
    """A loaded release, ready to answer. Nothing in it changes after it was made."""

    def __init__(
        self,
        model: Any,
        *,
        contract: Contract,
        steps: Sequence[Mapping[str, Any]],
        features: Sequence[Mapping[str, Any]],
        problem: Problem,
        positive: str | None,
        threshold: float = 0.5,
    ) -> None:
        self.model = model
        self.contract = contract
        self.steps = [dict(step) for step in steps]
        self.features = specs(features)
        self.problem = problem
        self.positive = positive
        self.threshold = threshold
        self.replay = replayer(self.steps)
        self.compiled: Compiled | None = None
        self.compiled_rows = 0
        self.many: Many | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes in the order of the probabilities; none where it is a number."""
        if self.problem == Problem.REGRESSION:
            return ()
        return tuple(str(name) for name in self.model.classes_)

    def compile(self) -> Compiled:
        """The release in plain form; whether it serves is for ``use``. Raises CannotCompile."""
        return Compiled(self.model, **self._how())

    def by_columns(self) -> Many:
        """The release in the form for many rows; whether it serves is for ``use_many``.

        Raises CannotCompile.
        """
        return Many(self.model, **self._how())

    def _how(self) -> dict[str, Any]:
        return {
            "spec": self.features,
            "steps": self.steps,
            "problem": self.problem,
            "positive": self.positive,
            "threshold": self.threshold,
        }

    def use_many(self, many: Many) -> None:
        """Let it answer requests of many rows. Before the first one."""
        self.many = many

    def use(self, compiled: Compiled, *, rows: int) -> None:
        """Let the compiled form answer requests of up to this many rows. Before the first one."""
        self.compiled, self.compiled_rows = compiled, rows

    def frame(self, rows: Sequence[Mapping[str, Any]]) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
        """Model features of checked rows, and the warnings of the recipe's row filters."""
        replayed, warnings = [], []
        for number, row in enumerate(rows, start=1):
            try:
                after, told = self.replay(row)
            except EngineError as error:
                raise RowRefused(str(error), row=number) from error
            replayed.append(after)
            warnings += _outside(number, told)
        usual = usual_frame(replayed, self.features)
        return (typed_frame(replayed, self.features) if usual is None else usual), warnings

    def predict(self, rows: Sequence[Mapping[str, Any]]) -> Answered:
        """Answer of each checked row, and warnings.

        An answer is ``{"prediction", "probabilities"}``: a class name with the probability of
        each class, a list of labels with the probability of each label by itself, or a number
        with None.
        """
        if self.compiled is not None and len(rows) <= self.compiled_rows:
            with suppress(EngineError):  # whatever it is unsure of or refuses is decided below
                return _one_by_one(self.compiled, rows)
        return self.by_pipeline(rows)

    def predict_columns(self, columns: Columns, *, ids: Sequence[str]) -> Answered:
        """The same of checked rows by columns, each answer under its id.

        Raises EngineError: ask ``predict``.
        """
        if self.many is None:
            raise Unsure("There is no form for many rows.")
        answers, warned = self.answers_of(self.many, columns, ids=ids)
        return answers, [told for number, says in warned for told in _outside(number, [says])]

    def answers_of(
        self, many: Many, columns: Columns, *, ids: Sequence[str] | None = None
    ) -> tuple[list[dict[str, Any]], Warned]:
        """What ``many`` answers; scikit-learn does where the last digits name the class."""
        answers, warned = many.answer(columns, ids=ids)
        if left := [place for place, told in enumerate(answers) if told["prediction"] is None]:
            told, _ = self.by_pipeline([columns.row(place) for place in left])
            for place, answer in zip(left, told, strict=True):
                answers[place] |= answer
        return answers, warned

    def by_pipeline(self, rows: Sequence[Mapping[str, Any]]) -> Answered:
        """The same, answered by scikit-learn."""
        features, warnings = self.frame(rows)
        told = predict(
            self.model,
            features,
            problem=self.problem,
            positive=self.positive,
            threshold=self.threshold,
        )
        if told.probabilities is None:
            numbers: list[dict[str, Any]] = [
                {"prediction": float(value), "probabilities": None} for value in told.labels
            ]
            return numbers, warnings
        answers: list[dict[str, Any]] = [
            {
                "prediction": list(labels_in(label)) if told.sets else str(label),
                "probabilities": dict(zip(told.classes, map(float, chances), strict=True)),
            }
            for label, chances in zip(told.labels, told.probabilities, strict=True)
        ]
        return answers, warnings


def typed_frame(rows: Sequence[Mapping[str, Any]], features: Sequence[ColumnSpec]) -> pd.DataFrame:
    """Model features of replayed rows: as in training, by way of a typed table."""
    columns = {
        column.name: pd.Series(
            [row.get(column.name) for row in rows], dtype=PANDAS_TYPES[column.kind]
        )
        for column in features
    }
    return model_frame(pd.DataFrame(columns), features)


def usual_frame(
    rows: Sequence[Mapping[str, Any]], features: Sequence[ColumnSpec]
) -> pd.DataFrame | None:
    """The same in a third of the time, where each value is of its column's plain type; else None.

    Raises BadParameter for a number beyond what models take, as ``model_frame`` does.
    """
    made: dict[str, Any] = {}
    for column in features:
        values = [row.get(column.name) for row in rows]
        if not _PLAIN[column.kind].issuperset(map(type, values)):
            return None
        if column.kind == Kind.DATETIME:
            if any(value is not None and value.tzinfo is not None for value in values):
                return None
            made.update(date_parts(column.name, np.array(values, dtype="datetime64[us]")))
            continue
        filled = [math.nan if value is None else value for value in values]
        if column.kind == Kind.TEXT:
            made[column.name] = pd.Series(filled, dtype=object)
        else:
            numbers = np.array(filled, dtype="float64")
            made[column.name] = within_range(numbers, says=f'The feature "{column.name}"')
    return pd.DataFrame(made, index=pd.RangeIndex(len(rows)))


def _one_by_one(compiled: Compiled, rows: Sequence[Mapping[str, Any]]) -> Answered:
    answers, warnings = [], []
    for number, row in enumerate(rows, start=1):
        told, says = compiled.answer(row)
        answers.append(told)
        if says:
            warnings += _outside(number, says)
    return answers, warnings


def _outside(number: int, told: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"row": number, "field": None, "code": "outside_filter", "message": says} for says in told
    ]
