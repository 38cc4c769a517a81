"""What out-of-fold answers tell of a candidate before the sealed test: all on development rows."""

from dataclasses import asdict
from typing import Any

import pandas as pd

from apps.engine.evaluation.calibration import calibration
from apps.engine.evaluation.clusters import error_clusters
from apps.engine.evaluation.coverage import coverage, uncovered_groups
from apps.engine.evaluation.curves import (
    binary_curves,
    class_curves,
    confusion,
    regression_points,
)
from apps.engine.evaluation.gains import errors_by_size, gain_curve, score_bins
from apps.engine.evaluation.metrics import Predictions
from apps.engine.evaluation.payoff import Payoff, best_threshold, value_at, value_curve
from apps.engine.evaluation.per_label import labels_told, sizes_of_sets
from apps.engine.evaluation.weak_spots import weak_spots
from apps.engine.training.answers import Answers
from apps.engine.training.cases import Cases
from apps.engine.training.rows import Rows, labelled
from apps.engine.types import ColumnSpec, Problem

USUAL_THRESHOLD = 0.5
SEED = 0
"""Of the lot by which wrong answers are shown: the same for everybody who looks."""


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

    Returns ``rows``, ``weak`` (see weak_spots), ``clusters`` (see error_clusters, the examples
    told as cases), ``worst`` single answers and ``wrong`` ones by lot (see cases.Cases); for
    classes ``confusion`` at the threshold; for several of them ``by_class`` (see
    curves.class_curves); for sets of labels ``by_label`` and ``set_sizes`` (see per_label), and
    ``threshold``; for two classes ``curves``, ``gain``, ``spread`` (see gains),
    ``calibration``, ``threshold`` and with a payoff ``money`` (see payoff.value_at), ``others``
    (the same at other thresholds), ``value_curve``, ``break_even`` and ``payoff``; for a quantity
    ``points`` and ``sizes``; for its quantile ``points`` and ``coverage`` (see coverage.coverage,
    with ``groups`` of coverage.uncovered_groups).
    """
    table = rows.table.iloc[answers.row].reset_index(drop=True)
    told = labelled(answers.told, positive=positive, threshold=threshold)
    cases = Cases(answers, told, table, spec)
    clusters = error_clusters(table, spec, truth=answers.truth, told=told, seed=SEED)
    result: dict[str, Any] = {
        "rows": len(answers.row),
        "weak": weak_spots(table, spec, truth=answers.truth, told=told),
        "clusters": [
            {**item, "examples": [cases.told_of(place) for place in item["examples"]]}
            for item in clusters
        ],
        "worst": cases.worst(),
        "wrong": cases.wrong(seed=SEED),
    }
    if problem == Problem.REGRESSION:
        return {**result, **_of_numbers(answers.truth, told, table, spec)}
    told = told.covering(answers.truth)
    if told.sets:
        by_label = labels_told(answers.truth, told, threshold=threshold)
        sizes = sizes_of_sets(answers.truth, told)
        return {**result, "threshold": threshold, "by_label": by_label, "set_sizes": sizes}
    result["confusion"] = confusion(answers.truth, told.labels, classes=told.classes)
    if problem == Problem.MULTICLASS and told.probabilities is not None:
        result["by_class"] = class_curves(answers.truth, told.probabilities, classes=told.classes)
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
        "gain": gain_curve(is_positive, scores),
        "spread": score_bins(is_positive, scores),
        "calibration": calibration(is_positive, scores),
        **_money(is_positive, scores, payoff=payoff, threshold=threshold),
    }


def _of_numbers(
    truth: Any, told: Predictions, table: pd.DataFrame, spec: list[ColumnSpec]
) -> dict[str, Any]:
    points = regression_points(truth, told.labels, level=told.level)
    if told.level is None:
        return {"points": points, "sizes": errors_by_size(truth, told.labels)}
    groups = uncovered_groups(table, spec, truth=truth, told=told)
    return {"points": points, "coverage": {**coverage(truth, told), "groups": groups}}


def _money(
    is_positive: Any, scores: Any, *, payoff: Payoff | None, threshold: float
) -> dict[str, Any]:
    if payoff is None:
        return {}
    return {
        "payoff": asdict(payoff),
        "break_even": payoff.break_even,
        "money": value_at(is_positive, scores, payoff=payoff, threshold=threshold),
        "others": [
            value_at(is_positive, scores, payoff=payoff, threshold=other)
            for other in sorted({payoff.break_even, USUAL_THRESHOLD} - {threshold})
        ],
        "value_curve": value_curve(is_positive, scores, payoff=payoff),
    }
