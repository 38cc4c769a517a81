"""What the page of a candidate, the verdict and the model card say, in words and numbers."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.engine.evaluation.comparison import Gain
from apps.engine.percent import percent
from apps.engine.training.veil import veil_diagnosis
from apps.engine.types import Problem
from apps.modeling.leaderboard import digits_of
from apps.modeling.models import AttackRun, Candidate, Experiment, Reproduction, Trial
from apps.modeling.scrutiny import RowReading, Suite, row_reading, suite_of
from apps.modeling.standings import gain
from apps.planning.queries import as_signed, sensitive_columns

SHOWN_DRIVERS = 10
SMALL_GAP = 0.02
"""Two points of a probability: below this a person decides no differently."""

MOST_COMPARED = 20
"""Trials that one is compared with on its page."""


@dataclass(frozen=True)
class MetricLine:
    """One promised metric of a trial over the folds."""

    title: str
    role: str
    direction: str
    threshold: float
    score: Mapping[str, float | None]
    folds: list[float]

    @property
    def digits(self) -> int:
        """Decimals of a difference: one more than the score itself deserves."""
        return digits_of(self.score)


@dataclass(frozen=True)
class Comparison:
    """This trial beside another one of the same experiment."""

    other: Trial
    gain: Gain


@dataclass(frozen=True)
class TrialPage:
    """Everything known of a trial on development rows."""

    trial: Trial
    metrics: list[MetricLine]
    comparisons: list[Comparison]
    candidate: Candidate | None
    reproduction: Reproduction | None
    fixed_threshold: float | None
    told: dict[str, Any]
    """The diagnosis without sensitive values; empty for a trial of before there was one."""
    suite: Suite | None
    attack: AttackRun | None
    """The newest run of the suite, finished or not."""
    row: RowReading | None
    shapes: list[tuple[str, str]]
    """Name of the chart and feature of each shape that may be shown."""

    @property
    def is_binary(self) -> bool:
        """Two classes: there is a threshold."""
        return bool(self.trial.experiment.problem == Problem.BINARY)

    @property
    def has_threshold(self) -> bool:
        """Two classes, or labels that are told each from a probability on."""
        return self.trial.experiment.problem in (Problem.BINARY, Problem.MULTILABEL)

    @property
    def has_no_shapes(self) -> bool:
        """Several classes or labels: no single number moves with a feature."""
        return self.trial.experiment.problem in (Problem.MULTICLASS, Problem.MULTILABEL)

    @property
    def calibration_says(self) -> str:
        """The calibration in a sentence."""
        return calibration_says(self.told.get("calibration"))

    @property
    def coverage_says(self) -> str:
        """How often the truth is at or below a predicted quantile, in a sentence."""
        return coverage_says(self.told.get("coverage"))

    @property
    def points_title(self) -> str:
        """What the chart of predicted and true shows."""
        return points_title(self.told)

    @property
    def confusion_rows(self) -> list[tuple[str, list[int]]]:
        """True class and its counts by predicted class."""
        return confusion_rows(self.told.get("confusion"))

    @property
    def level(self) -> dict[str, str] | None:
        """How near the newest reproduction came."""
        return level_of(self.reproduction)

    @property
    def worst_columns(self) -> list[str]:
        """Features shown beside the worst answers."""
        worst = self.told.get("worst") or []
        return list(worst[0]["values"]) if worst else []


LEVELS = {
    "A": ("pass", "A: identical", "Every answer was the same number."),
    "B": ("pass", "B: same decisions", "The numbers moved, no decision did."),
    "C": ("inconclusive", "C: within the interval", "Decisions moved, the score did not leave it."),
    "D": ("fail", "D: not the same", "It could not be made again."),
}
"""Level of a reproduction -> state, label, sentence."""


def level_of(made: Reproduction | None) -> dict[str, str] | None:
    """State, label and sentence of a finished reproduction."""
    if made is None or not made.result:
        return None
    state, label, says = LEVELS[made.result["level"]]
    if made.result["decisions"]:
        says = f"{made.result['decisions']:,} of {made.result['rows']:,} decisions differ."
    return {"state": state, "label": label, "says": says}


def trial_page(trial: Trial, *, row: int | None = None) -> TrialPage:
    """The page of a trial; a trial without a result has neither metrics nor comparisons.

    ``row``: the explained row that is asked for; without it the one explained last.
    """
    plan = as_signed(trial.experiment.plan)
    hidden = sensitive_columns(trial.experiment.cycle)
    metrics, comparisons = [], []
    if trial.result:
        metrics = [
            MetricLine(
                item.title,
                item.role,
                item.direction,
                item.threshold,
                trial.result["scores"][item.key],
                [fold["scores"][item.key] for fold in trial.result["folds"]],
            )
            for item in plan.promises
            if item.key in trial.result["scores"]
        ]
        others = _compared_with(trial, direction=plan.promises[0].direction)
        found = [(other, gain(trial, other, measure=plan.promises[0].measure)) for other in others]
        comparisons = [Comparison(other, told) for other, told in found if told is not None]
    return TrialPage(
        trial,
        metrics,
        sorted(comparisons, key=lambda item: item.gain.mean),
        getattr(trial, "frozen", None),
        trial.reproductions.select_related("job", "by").first(),
        plan.fixed_threshold,
        veil_diagnosis(trial.diagnosis, sensitive=hidden, target=plan.target),
        suite_of(trial),
        trial.attacks.select_related("job").first(),
        row_reading(trial, row, sensitive=hidden, target=plan.target),
        _shapes(trial, hidden),
    )


def _compared_with(trial: Trial, *, direction: str) -> list[Trial]:
    """The baselines and the MOST_COMPARED best of the other finished trials."""
    others = trial.experiment.trials.filter(score__isnull=False).exclude(pk=trial.pk)
    order = "score" if direction == "down" else "-score"
    ranked = others.order_by("is_baseline", order)
    wanted = [
        *ranked.filter(is_baseline=False).values_list("pk", flat=True)[:MOST_COMPARED],
        *ranked.filter(is_baseline=True).values_list("pk", flat=True),
    ]
    return list(ranked.filter(pk__in=wanted).select_related("experiment").defer("diagnosis"))


def _shapes(trial: Trial, hidden: frozenset[str]) -> list[tuple[str, str]]:
    frozen = getattr(trial, "frozen", None)
    shapes = frozen.report.get("shapes", []) if frozen else []
    named = [(f"shape-{number}", item["feature"]) for number, item in enumerate(shapes, start=1)]
    return [(name, feature) for name, feature in named if feature not in hidden]


def points_title(told: Mapping[str, Any]) -> str:
    """What the chart of predicted and true shows, of a diagnosis or an evaluation."""
    level = (told.get("points") or {}).get("level")
    of = "Mean truth" if level is None else f"{level:g} quantile of the truth"
    return f"{of} by twentieth of the predictions"


def calibration_says(told: Mapping[str, Any] | None) -> str:
    """Whether a probability can be taken at its word, in a sentence; empty without one."""
    if not told:
        return ""
    gap, slope = told["gap"], told["slope"]
    points = f"On average they are {100 * gap:.1f} percentage points off"
    if told["p_value"] is not None and told["p_value"] >= 0.05:
        return f"The probabilities can be taken at their word. {points}, no more than chance."
    if gap <= SMALL_GAP:
        return f"The probabilities can be taken at their word for most purposes. {points}."
    if slope is None or abs(slope - 1) < 0.1:
        return f"The probabilities are shifted. {points}: rank by them, do not read them as odds."
    word = "too extreme" if slope < 1 else "too timid"
    return f"The probabilities are {word}. {points}: rank by them, do not read them as odds."


def coverage_says(told: Mapping[str, Any] | None) -> str:
    """Whether a predicted quantile keeps its word, in a sentence; empty without one."""
    if not told:
        return ""
    said = (
        f"{percent(told['share'])} of {told['n']:,} truths are at or below the answer "
        f"({percent(told['low'])} to {percent(told['high'])}); the level is "
        f"{percent(told['level'], None)}"
    )
    if told["p_value"] >= 0.05:
        said += ": no more apart than chance."
    else:
        word = "too low" if told["share"] < told["level"] else "too high"
        said += f": the answers are {word} beyond chance."
    if told["over"] is not None:
        said += f" Where the truth is above, it is so by {told['over']:.3g} on average."
    return said


def confusion_rows(told: Mapping[str, Any] | None) -> list[tuple[str, list[int]]]:
    """True class and its counts by predicted class."""
    return list(zip(told["classes"], told["counts"], strict=True)) if told else []


def drivers(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The features that matter most, with the ends of one axis for all of them."""
    found = list(report.get("importance", []))[:SHOWN_DRIVERS]
    ends = [0.0]
    for row in found:
        ends += [row[key] for key in ("importance", "low", "high") if row.get(key) is not None]
    return [
        {
            **row,
            "low": row.get("low"),
            "high": row.get("high"),
            "tells": row.get("low") is None or row["low"] > 0,
            "axis_low": min(ends),
            "axis_high": max(ends),
        }
        for row in found
    ]


def worth_of(told: Mapping[str, Any]) -> dict[str, float] | None:
    """What each kind of decision adds to the value of a month; None without a payoff."""
    if not told.get("money"):
        return None
    money, payoff = told["money"], told["payoff"]
    return {
        "right": money["found"] * payoff["right"],
        "wrong": -money["false_alarms"] * payoff["wrong"],
        "missed": -money["missed"] * payoff["missed"],
        "quiet": money["left_alone"] * payoff["quiet"],
    }


def known(low: float, value: float, high: float) -> dict[str, float]:
    """The three rounded to the leading digit of half the interval: no digit that is not known."""
    half = (high - low) / 2
    if not math.isfinite(half) or half <= 0:
        return {"low": low, "value": value, "high": high}
    unit = -math.floor(math.log10(half))
    return {
        name: round(number, unit)
        for name, number in (("low", low), ("value", value), ("high", high))
    }


def residuals(told: Mapping[str, Any]) -> list[float]:
    """How far half, and nine of ten, of the answers are too low and too high."""
    if "points" not in told:
        return []
    found = told["points"]["error_quantiles"]
    return [
        max(0.0, -found["0.25"]),
        max(0.0, found["0.75"]),
        max(0.0, -found["0.05"]),
        max(0.0, found["0.95"]),
    ]


def importance_unit(experiment: Experiment) -> str:
    """What an importance is measured in."""
    if experiment.problem == Problem.REGRESSION:
        return "fall of R²" if experiment.level is None else "fall of D² (pinball loss)"
    return "rise of the log loss"
