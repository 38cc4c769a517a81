"""Recent answers of a release as the engine takes them, each with its truth where it is known."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from django.utils import timezone

from apps.engine.evaluation.metrics import Predictions
from apps.engine.labels import joined
from apps.engine.monitoring.keeping import Keep, is_mark, marked, series_of
from apps.engine.monitoring.sketch import PREDICTION
from apps.engine.serving.contract import Contract
from apps.engine.types import Kind, Problem
from apps.production.models import Prediction, Release

MOST_ROWS = 5_000
_FIELDS = ("at", "row", "prediction", "probabilities", "actual__value", "actual__at")
_DTYPES = {
    Kind.INTEGER: "Int64",
    Kind.NUMBER: "float64",
    Kind.BOOLEAN: "boolean",
    Kind.DATETIME: "datetime64[us]",
    Kind.TEXT: "string",
}


@dataclass(frozen=True)
class Answer:
    """One answered row."""

    at: datetime
    row: dict[str, Any]
    prediction: Any
    probabilities: dict[str, float] | None
    actual: Any
    actual_at: datetime | None

    @property
    def is_known(self) -> bool:
        """Its truth came back."""
        return self.actual_at is not None


def newest(release: Release) -> list[Answer]:
    """The newest MOST_ROWS answers to a program whose inputs are kept, the oldest of them first."""
    found = (
        Prediction.objects.filter(release=release, call__is_rehearsal=False)
        .exclude(row={})  # its inputs were removed: see retention.py
        .order_by("-at")
        .values_list(*_FIELDS)[:MOST_ROWS]
    )
    return [Answer(*fields) for fields in reversed(found)]


def within(answers: list[Answer], days: int, *, now: datetime) -> list[Answer]:
    """Those of the last days."""
    return [answer for answer in answers if answer.at > now - timedelta(days=days)]


def problem_of(release: Release) -> Problem:
    """What is predicted."""
    return Problem(release.served_with["problem"])


def positive_of(release: Release) -> str | None:
    """The positive class of two; None for other kinds of problem."""
    return release.served_with["positive"] if problem_of(release) == Problem.BINARY else None


def frame_of(release: Release, answers: list[Answer]) -> pd.DataFrame:
    """(n, columns of the contract) as they were asked, typed.

    A column of which only bins are kept has a value of each bin; of what is not kept at all there
    is no column, so nobody takes it for missing.
    """
    contract, sketch = Contract.from_dict(release.contract), release.report.get("sketch", {})
    marks = unkept(answers)
    columns = {}
    for item in contract.fields:
        values = [answer.row.get(item.name) for answer in answers]
        if item.name not in marks:
            columns[item.name] = pd.Series(values).astype(_DTYPES[item.kind])
        elif marks[item.name] is Keep.BIN:
            columns[item.name] = series_of(values, item.kind, sketch[item.name])
    return pd.DataFrame(columns, index=range(len(answers)))


def unkept(answers: list[Answer]) -> dict[str, Keep]:
    """Columns whose values are not all kept, by what there is of them."""
    return marked(answer.row for answer in answers)


def times_of(release: Release, answers: list[Answer], frame: pd.DataFrame) -> "pd.Series[Any]":
    """(n,) the moment of each row: by the column of time that it has, else when it was asked."""
    asked = [timezone.localtime(answer.at).replace(tzinfo=None) for answer in answers]
    moments = pd.Series(asked, dtype="datetime64[us]")
    name = release.report.get("sketch_time")
    if name in unkept(answers):
        return moments
    if name in frame.columns and frame[name].dtype == moments.dtype:
        return frame[name].fillna(moments)
    return moments


def typed_rows(release: Release, answers: list[Answer]) -> list[dict[str, Any]]:
    """The rows as they were asked, moments as moments; without what is not kept of them."""
    contract = Contract.from_dict(release.contract)
    dates = [item.name for item in contract.fields if item.kind is Kind.DATETIME]
    rows = [
        {name: value for name, value in answer.row.items() if not is_mark(value)}
        for answer in answers
    ]
    for row in rows:
        for name in dates:
            if isinstance(row.get(name), str):
                row[name] = datetime.fromisoformat(row[name])
    return rows


def with_score(release: Release, answers: list[Answer], frame: pd.DataFrame) -> pd.DataFrame:
    """The same with what drift compares of the answer: chance of the positive class, or itself.

    Of a set of labels it is the number of labels to be expected (see serving.release).
    """
    if problem_of(release) == Problem.MULTILABEL:
        expected = [sum((answer.probabilities or {}).values()) for answer in answers]
        return frame.assign(**{PREDICTION: pd.Series(expected, dtype="float64")})
    positive = release.served_with["positive"]
    scores = [
        answer.probabilities[positive]
        if answer.probabilities and positive in answer.probabilities
        else answer.prediction
        for answer in answers
    ]
    return frame.assign(**{PREDICTION: pd.Series(scores)})


def told_of(release: Release, answers: list[Answer]) -> Predictions:
    """What the release answered."""
    if problem_of(release) == Problem.REGRESSION:
        numbers = np.array([float(answer.prediction) for answer in answers])
        return Predictions(numbers, level=release.level)
    first = next(iter(answers), None)
    classes = tuple(sorted(first.probabilities or {})) if first else ()
    chances = [[(answer.probabilities or {})[name] for name in classes] for answer in answers]
    sets = problem_of(release) == Problem.MULTILABEL
    labels = np.array([as_text(answer.prediction) for answer in answers], dtype=object)
    shaped = np.array(chances).reshape(len(answers), len(classes))
    return Predictions(labels, shaped, classes, sets)


def as_text(answer: Any) -> str:
    """An answer or a truth in words: the labels of a set in their notation."""
    return joined(answer) if isinstance(answer, list) else str(answer)


def truth_of(release: Release, answers: list[Answer]) -> Any:
    """(n,) actual values of answers whose truth is known."""
    if problem_of(release) == Problem.REGRESSION:
        return np.array([float(answer.actual) for answer in answers])
    return np.array([as_text(answer.actual) for answer in answers], dtype=object)
