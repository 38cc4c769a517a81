"""Charts of candidates and evaluations, by their name in the address."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from apps.engine.charts.decisions import (
    calibration_bins,
    coverage_bins,
    predicted_and_true,
    shape,
    value_by_threshold,
)
from apps.engine.charts.rankings import (
    cumulative_gain,
    error_sizes,
    learning,
    lift,
    score_distribution,
)
from apps.engine.charts.scores import calibration_curve, precision_recall_curve, roc_curve
from apps.engine.charts.theme import Figure
from apps.engine.charts.training import overlaid
from apps.modeling.models import Evaluation, Trial
from apps.modeling.overlays import OF_CLASSES, OVERLAID, Overlay
from apps.modeling.scrutiny import suite_of
from apps.planning.queries import sensitive_columns

CURVES = {"roc": "roc", "recall": "precision_recall", "calibration": "calibration"}
"""Name in the address -> name in an evaluation's result; a regression has none of them."""


def curve(curves: dict[str, Any], name: str, *, of: str) -> Figure | None:
    """One curve of an evaluation, as a chart of the candidate ``of``; None when there is none."""
    found = curves.get(CURVES.get(name, ""))
    if found is None:
        return None
    if name == "roc":
        points = zip(found["false_positive_rate"], found["true_positive_rate"], strict=True)
        return roc_curve(list(points), name=of)
    if name == "calibration":
        return calibration_curve(list(zip(found["score"], found["share"], strict=True)), name=of)
    bins = curves["calibration"]
    positives = sum(n * share for n, share in zip(bins["n"], bins["share"], strict=True))
    return precision_recall_curve(
        list(zip(found["recall"], found["precision"], strict=True)),
        name=of,
        positive_share=positives / sum(bins["n"]),
    )


DRAWN: dict[str, tuple[str, Callable[[dict[str, Any], str], Figure]]] = {
    "value": ("value_curve", lambda told, _: _value(told)),
    "calibration": ("calibration", lambda told, _: calibration_bins(told["calibration"]["bins"])),
    "gain": ("gain", lambda told, yes: cumulative_gain(told["gain"], positive=yes)),
    "lift": ("gain", lambda told, yes: lift(told["gain"], positive=yes)),
    "spread": ("spread", lambda told, yes: _spread(told, yes)),
    "errors": ("points", lambda told, _: predicted_and_true(told["points"])),
    "coverage": ("coverage", lambda told, _: coverage_bins(told["coverage"])),
    "sizes": ("sizes", lambda told, _: error_sizes(told["sizes"])),
}
"""Name in the address -> what of a diagnosis it needs, and the chart of diagnosis and positive."""


def _value(told: dict[str, Any]) -> Figure:
    return value_by_threshold(told["value_curve"], chosen=told["threshold"])


def _spread(told: dict[str, Any], positive: str) -> Figure:
    return score_distribution(told["spread"], positive=positive, chosen=told["threshold"])


def trial_figure(trial: Trial, name: str) -> Figure | None:
    """A chart of a trial's development rows.

    ``name``: of DRAWN or OF_CLASSES, a curve, ``learning``, ``shape-1`` and so on.
    """
    told = trial.diagnosis
    positive = str(trial.experiment.plan.task("features").get("positive") or "")
    if name in DRAWN and DRAWN[name][0] in told:
        return DRAWN[name][1](told, positive)
    if name.startswith("shape-"):
        return _shape_figure(trial, name.removeprefix("shape-"), positive)
    if name == "learning":
        return _learning_figure(trial)
    if name in OF_CLASSES and told.get("by_class"):
        return class_figure(told["by_class"], name)
    if name in OF_CLASSES and told.get("by_label"):
        ranked = [one for one in told["by_label"] if one["roc"]]
        return class_figure(ranked, name, named="label") if ranked else None
    return curve(told.get("curves", {}), name, of=trial.title)


def sealed_figure(evaluation: Evaluation, name: str) -> Figure | None:
    """A chart of the sealed rows: a curve of two classes, ``errors`` or ``coverage`` of numbers."""
    told = evaluation.result
    if name in ("errors", "coverage") and DRAWN[name][0] in told:
        return DRAWN[name][1](told, "")
    return curve(told.get("curves", {}), name, of=str(evaluation.opening.candidate))


def _learning_figure(trial: Trial) -> Figure | None:
    suite = suite_of(trial)
    if suite is None or len(suite.learning["points"]) < 2:
        return None
    return learning(suite.learning["points"], scale=suite.scale, guess=suite.guess)


def overlaid_curves(trials: Sequence[Trial], name: str) -> Figure:
    """One curve of each trial, on development rows that did not train it."""
    return _overlaid(OVERLAID[name], [(trial.title, trial.diagnosis) for trial in trials])


def class_figure(
    by_class: Sequence[Mapping[str, Any]], name: str, *, named: str = "class"
) -> Figure:
    """A curve of each of the most frequent classes against the rest."""
    return _overlaid(OF_CLASSES[name], [(one["name"], one) for one in by_class], named=named)


def _overlaid(one: Overlay, told: Sequence[tuple[str, Mapping[str, Any]]], **how: Any) -> Figure:
    return overlaid(
        [(name, one.of(found)) for name, found in told],
        across=one.across_says,
        up=one.up_says,
        diagonal=one.diagonal,
        shares=one.shares,
        **how,
    )


def _shape_figure(trial: Trial, number: str, positive: str) -> Figure | None:
    frozen = getattr(trial, "frozen", None)
    shapes = frozen.report.get("shapes", []) if frozen else []
    if not number.isdecimal() or not 1 <= int(number) <= len(shapes):
        return None
    told = shapes[int(number) - 1]
    if told["feature"] in sensitive_columns(trial.experiment.cycle):
        return None
    level = trial.experiment.level
    number = "Prediction" if level is None else f"{level:g} quantile"
    return shape(told, answer=f"Probability of {positive}" if positive else number)
