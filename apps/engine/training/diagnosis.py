"""What out-of-fold answers tell of a candidate before the sealed test: all on development rows."""

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from apps.engine.evaluation.calibration import calibration
from apps.engine.evaluation.curves import binary_curves, confusion, regression_points
from apps.engine.evaluation.metrics import Predictions
from apps.engine.evaluation.payoff import Payoff, best_threshold, value_at, value_curve
from apps.engine.evaluation.weak_spots import loss_of_rows, weak_spots
from apps.engine.training.answers import Answers
from apps.engine.training.rows import Rows, labelled
from apps.engine.types import ColumnSpec, Problem

WORST_ROWS = 6
SHOWN_COLUMNS = 6
USUAL_THRESHOLD = 0.5


def threshold_for(
    answers: Answers,
    *,
    positive: str | None,
    payoff: Payoff | None,
    fixed_threshold: float | None = None,
) -> float:
    """The threshold that the plan fixes, else the payoff asks for on these rows, else a half."""
    told = answers.told
    if fixed_threshold is not None:
        return fixed_threshold
    if payoff is None or positive is None or told.probabilities is None:
        return USUAL_THRESHOLD
    if positive not in told.classes:
        return USUAL_THRESHOLD
    scores = told.probabilities[:, told.classes.index(positive)]
    return best_threshold(answers.truth == positive, scores, payoff=payoff)


def diagnose(
    answers: Answers,
    rows: Rows,
    *,
    spec: list[ColumnSpec],
    problem: Problem,
    positive: str | None,
    payoff: Payoff | None,
    threshold: float,
) -> dict[str, Any]:
    """Everything the page of a candidate shows, JSON-ready.

    Returns ``rows``, ``weak`` (see weak_spots), ``worst`` single answers; for classes
    ``confusion`` at the threshold; for two classes ``curves``, ``calibration``, ``threshold`` and
    with a payoff ``money`` (see payoff.value_at), ``value_curve``, ``break_even`` and ``payoff``;
    for a quantity ``points``.
    """
    table = rows.table.iloc[answers.row].reset_index(drop=True)
    told = labelled(answers.told, positive=positive, threshold=threshold)
    result: dict[str, Any] = {
        "rows": len(answers.row),
        "weak": weak_spots(table, spec, truth=answers.truth, told=told),
        "worst": _worst(answers, told, table, spec),
    }
    if problem == Problem.REGRESSION:
        return {**result, "points": regression_points(answers.truth, told.labels)}
    told = told.covering(answers.truth)
    result["confusion"] = confusion(answers.truth, told.labels, classes=told.classes)
    if positive is None or positive not in told.classes or told.probabilities is None:
        return result
    scores, is_positive = (
        told.probabilities[:, told.classes.index(positive)],
        answers.truth == positive,
    )
    return {
        **result,
        "threshold": threshold,
        "curves": binary_curves(is_positive, scores),
        "calibration": calibration(is_positive, scores),
        **_money(is_positive, scores, payoff=payoff, threshold=threshold),
    }


def _money(
    is_positive: Any, scores: Any, *, payoff: Payoff | None, threshold: float
) -> dict[str, Any]:
    if payoff is None:
        return {}
    return {
        "payoff": asdict(payoff),
        "break_even": payoff.break_even,
        "money": value_at(is_positive, scores, payoff=payoff, threshold=threshold),
        "value_curve": value_curve(is_positive, scores, payoff=payoff),
    }


def _worst(
    answers: Answers, told: Predictions, table: pd.DataFrame, spec: list[ColumnSpec]
) -> list[dict[str, Any]]:
    """The rows with the greatest loss: truth, answer, its probability, the first columns."""
    loss = loss_of_rows(answers.truth, told)
    found = []
    for place in np.argsort(-loss, kind="stable")[:WORST_ROWS]:
        chance = None
        if told.probabilities is not None:
            chance = float(told.probabilities[place, told.classes.index(str(told.labels[place]))])
        found.append(
            {
                "row": int(answers.row[place]) + 1,
                "truth": _plain(answers.truth[place]),
                "told": _plain(told.labels[place]),
                "chance": chance,
                "loss": float(loss[place]),
                "values": {
                    column.name: _plain(table[column.name].iloc[place])
                    for column in spec[:SHOWN_COLUMNS]
                },
            }
        )
    return found


def _plain(value: Any) -> Any:
    if value is None or pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat(sep=" ")
    return value.item() if hasattr(value, "item") else value
