"""What really happened: actual values matched to predictions by id, all of a request or none."""

import math
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.engine.labels import labels_in
from apps.engine.types import Problem
from apps.production.log import tallying
from apps.production.log.taking import take_up
from apps.production.models import Actual, Deployment, Prediction
from apps.production.refusals import ApiRefusal

MOST_ACTUALS = 10_000
MOST_ERRORS = 100
MOST_CLASS = 200
_SHAPE = {"prediction_id", "value"}


@dataclass(frozen=True)
class Cell:
    """An actual value as it stands in a file: its text, and the number that it may be."""

    text: str
    number: float | None


class Misfit(Exception):
    """One actual that cannot be kept: a code for a machine, a sentence for a person."""

    def __init__(self, code: str, message: str, name: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.name = code, message, name


def record(deployment: Deployment, rows: list[Any]) -> dict[str, int]:
    """Keep the actuals of one request. Raises ApiRefusal with every misfit and keeps nothing."""
    if not rows:
        raise ApiRefusal(422, "rows", f"Send 1 to {MOST_ACTUALS:,} actual values.")
    if len(rows) > MOST_ACTUALS:
        raise ApiRefusal(
            413,
            "too_many_rows",
            f"{len(rows):,} actual values were sent; at most {MOST_ACTUALS:,} are taken at once.",
        )
    fresh, errors = fitting(deployment, list(enumerate(rows, start=1)), told={})
    if errors:
        first = errors[0]
        raise ApiRefusal(422, first["code"], first["message"], errors=errors[:MOST_ERRORS])
    fresh = keep(fresh)
    return {"accepted": len(fresh), "known_before": len(rows) - len(fresh)}


def fitting(
    deployment: Deployment, rows: list[tuple[int, Any]], *, told: dict[uuid.UUID, int]
) -> tuple[list[Actual], list[dict[str, Any]]]:
    """Actuals that nobody told before, and what does not fit: row, field, code and message.

    Rows come with their numbers; ``told`` remembers which of them told of a prediction.
    """
    found = _predictions(deployment, [row for _, row in rows])
    fresh, errors = [], []
    for number, row in rows:
        try:
            prediction, value = _matched(number, row, found, told)
        except Misfit as error:
            errors.append(
                {"row": number, "field": error.name, "code": error.code, "message": error.message}
            )
            continue
        if not hasattr(prediction, "actual"):
            fresh.append(Actual(prediction=prediction, value=value, at=timezone.now()))
    return fresh, errors


@transaction.atomic
def keep(fresh: list[Actual]) -> list[Actual]:
    """Insert those that nobody told meanwhile, and move their rows in the sums."""
    rows = Prediction.objects.filter(pk__in=[actual.prediction_id for actual in fresh])
    locked = list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
    told = set(Actual.objects.filter(prediction__in=locked).values_list("prediction", flat=True))
    fresh = [actual for actual in fresh if actual.prediction_id not in told]
    Actual.objects.bulk_create(fresh)
    booked = [
        actual
        for actual in fresh
        if actual.prediction.release is not None and not actual.prediction.call.is_rehearsal
    ]
    releases = {actual.prediction.release_id: actual.prediction.release for actual in booked}
    tallying.learn(booked, releases)
    return fresh


def _predictions(deployment: Deployment, rows: list[Any]) -> dict[uuid.UUID, Prediction]:
    asked = {_id(row.get("prediction_id")) for row in rows if isinstance(row, dict)} - {None}
    known = Prediction.objects.filter(deployment=deployment, pk__in=asked)
    found = {item.pk: item for item in known.select_related("release", "actual", "call")}
    if len(found) < len(asked):  # answered a moment ago, and not taken up yet
        take_up()
        found = {item.pk: item for item in known.select_related("release", "actual", "call")}
    return found


def _id(text: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _matched(
    number: int, row: Any, found: dict[uuid.UUID, Prediction], told: dict[uuid.UUID, int]
) -> tuple[Prediction, Any]:
    """The prediction that a row is about and its value. ``told`` remembers who came before."""
    if not isinstance(row, dict) or set(row) != _SHAPE:
        raise Misfit("bad_row", 'Each actual is {"prediction_id": …, "value": …}.')
    key = _id(row["prediction_id"])
    prediction = found.get(key) if key else None
    if key is None or prediction is None:
        raise Misfit(
            "unknown_prediction", "This endpoint gave no such prediction.", "prediction_id"
        )
    first = told.setdefault(key, number)
    if first != number:
        raise Misfit("twice", f"Row {first} tells this prediction's value too.", "prediction_id")
    value = _value(prediction, row["value"])
    if hasattr(prediction, "actual") and prediction.actual.value != value:
        raise Misfit("conflict", "Another actual value is known for this prediction.", "value")
    return prediction, value


def _value(prediction: Prediction, value: Any) -> Any:
    """The value as it is kept: a finite number, or a class by its name."""
    if isinstance(prediction.prediction, list):
        return _labels(prediction, value)
    if prediction.release is None:  # the fallback's rule answered: a number, or a class
        is_number = not isinstance(prediction.prediction, str)
    else:
        is_number = prediction.release.served_with["problem"] == Problem.REGRESSION
    if isinstance(value, Cell):
        value = value.text if value.number is None or not is_number else value.number
    if is_number:
        return _number(value)
    if prediction.release is None and isinstance(value, str) and len(value) <= MOST_CLASS:
        return value
    classes = prediction.probabilities or {}
    if isinstance(value, list | dict | None) or str(value) not in classes:
        told = ", ".join(classes)
        raise Misfit("unknown_class", f"The actual value is one of: {told}.", "value")
    return str(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Misfit("wrong_type", "The actual value is a number.", "value")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Misfit("not_finite", "The actual value is too large for a number.", "value")
    return number


def _labels(prediction: Prediction, value: Any) -> list[str]:
    """Labels of a set, sorted: sent as a list, or as text such as "billing; outage"."""
    value = value.text if isinstance(value, Cell) else value
    sent = list(labels_in(value)) if isinstance(value, str) else value
    if not isinstance(sent, list) or not all(isinstance(name, str) for name in sent):
        raise Misfit(
            "wrong_type", 'The actual value is a list of labels: [] or ["a", "b"].', "value"
        )
    known = prediction.probabilities
    unknown = [] if known is None else sorted(set(sent) - set(known))
    if unknown or any(len(name) > MOST_CLASS for name in sent):
        told = ", ".join(known or ())
        raise Misfit("unknown_class", f"The labels of an actual value are of: {told}.", "value")
    return sorted(set(sent))
