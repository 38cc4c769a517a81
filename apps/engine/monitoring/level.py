"""The loss of each row were all answers shifted to the level of the truth."""

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit

from apps.engine.evaluation.metrics import Predictions
from apps.engine.evaluation.weak_spots import loss_of_rows

_EDGE = 1e-9
_FARTHEST = 60.0  # log odds: beyond what any clipped chance and rate need


def level_loss(truth: Any, told: Predictions, *, positive: str | None) -> Any | None:
    """(n,) loss after the shift: of the log odds of two classes, of numbers by sum or by factor.

    None for more than two classes, where there is no one level, and without rows.
    """
    if not len(truth):
        return None
    if told.probabilities is None:
        return _of_numbers(np.asarray(truth, dtype="float64"), told)
    if positive is None or len(told.classes) != 2:
        return None
    odds = logit(np.clip(told.chance_of(positive), _EDGE, 1 - _EDGE))
    rate = float(np.clip(np.mean(np.asarray(truth) == positive), _EDGE, 1 - _EDGE))
    shift = brentq(lambda by: float(expit(odds + by).mean()) - rate, -_FARTHEST, _FARTHEST)
    chance = expit(odds + shift)
    place = told.classes.index(positive)
    columns = np.column_stack([1 - chance, chance] if place else [chance, 1 - chance])
    return loss_of_rows(truth, Predictions(told.labels, columns, told.classes))


def _of_numbers(truth: Any, told: Predictions) -> Any:
    answers, level = told.labels, told.level
    shift = np.median(truth - answers) if level is None else np.quantile(truth - answers, level)
    moved = loss_of_rows(truth, replace(told, labels=answers + shift))
    mean = float(np.mean(answers))
    if mean == 0.0 or level is not None:  # the means of a quantile and of the truth differ
        return moved
    scaled = loss_of_rows(truth, replace(told, labels=answers * (float(np.mean(truth)) / mean)))
    return scaled if scaled.sum() < moved.sum() else moved
