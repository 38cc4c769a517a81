"""Reads about models. ``signed_model`` is the door through which production looks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.accounts.models import User
from apps.datasets.models import Split
from apps.datasets.queries import ClosedData, closed_data, require_closed_data
from apps.engine.training.pipeline import BLENDS
from apps.engine.types import Problem
from apps.modeling.models import Candidate, Evaluation, Opening, Trial
from apps.modeling.reports import (
    calibration_says,
    confusion_rows,
    coverage_says,
    drivers,
    importance_unit,
    known,
    points_title,
    worth_of,
)
from apps.planning.queries import SignedPlan, as_signed, lock_of
from apps.projects.access import Verb, may
from apps.projects.canonical import content_hash
from apps.projects.models import Cycle, Decision
from apps.projects.queries import passed_by, require_passed
from apps.projects.stages import Stage
from apps.web.once import read_once

WORST = 8
"""Groups shown when the plan names none: the worst of all."""


@dataclass(frozen=True)
class SignedModel:
    """What production may rely on: a candidate whose verdict a manager signed."""

    data: ClosedData
    candidate: Candidate
    evaluation: Evaluation
    subject: str


def latest_evaluation(cycle: Cycle) -> Evaluation | None:
    """What the newest opening of the sealed test on today's split showed."""
    data = closed_data(cycle)
    return _evaluation_on(data, cycle) if data else None


def _evaluation_on(data: ClosedData, cycle: Cycle) -> Evaluation | None:
    """What the newest opening on this split showed."""
    return getattr(newest_opening(cycle, data.split), "evaluation", None)


@read_once
def newest_opening(cycle: Cycle, split: Split) -> Opening | None:
    """The newest opening of the sealed test of this split, with what it showed."""
    found = Opening.objects.filter(cycle=cycle, split=split).order_by("-number")
    return found.select_related("candidate", "evaluation").first()


@read_once
def model_subject(cycle: Cycle) -> str:
    """What the model gate is about: data, frozen model and its evaluation; empty without one."""
    data = closed_data(cycle)
    evaluation = _evaluation_on(data, cycle) if data else None
    if data is None or evaluation is None:
        return ""
    return _subject_of(data.subject, evaluation.opening)


def _subject_of(data: str, opening: Opening) -> str:
    return content_hash({"data": data, "model": opening.candidate.model, "opening": opening.number})


def candidate_subject(candidate: Candidate) -> str:
    """What the model gate was about when it was about this candidate; empty without its test.

    The same as ``model_subject`` while it is the candidate that was tested last. What answers
    requests goes on to rest on its own candidate when another one is tested.
    """
    data = closed_data(candidate.cycle)
    if data is None:
        return ""
    opening = newest_test(candidate, data.split)
    return _subject_of(data.subject, opening) if opening else ""


@read_once
def newest_test(candidate: Candidate, split: Split) -> Opening | None:
    """The newest opening of the sealed test of this split that showed something of it."""
    tested = candidate.openings.filter(split=split, evaluation__isnull=False)
    return tested.select_related("candidate").order_by("-number").first()


def signed_model(cycle: Cycle) -> SignedModel | None:
    """The model whose gate is passed today, or None."""
    data = closed_data(cycle)
    evaluation = _evaluation_on(data, cycle) if data else None
    if data is None or evaluation is None:
        return None
    subject = _subject_of(data.subject, evaluation.opening)
    if passed_by(cycle, Stage.MODEL, subject=subject) is None:
        return None
    return SignedModel(data, evaluation.opening.candidate, evaluation, subject)


def require_signed_model(cycle: Cycle) -> SignedModel:
    """Like ``signed_model``; raises GateClosed in plain words."""
    require_closed_data(cycle)
    require_passed(cycle, Stage.MODEL, subject=model_subject(cycle))
    model = signed_model(cycle)
    assert model is not None, "a passed gate has a subject"
    return model


@dataclass(frozen=True)
class VerdictSummary:
    """A verdict with its integrity, for the evaluation page and the gate."""

    evaluation: Evaluation
    opening: Opening
    allowed: int
    verdicts: list[dict[str, Any]]
    slices: list[dict[str, Any]]
    planned_slices: bool
    confusion: dict[str, Any] | None
    drivers: list[dict[str, Any]]
    unit: str
    lock: Decision | None

    @property
    def locked_first(self) -> bool:
        """The metrics were locked before the first training."""
        return is_locked_first(self.opening, self.lock)

    @property
    def locked_by(self) -> str:
        """Who signed the metrics first, and when; empty when nobody did."""
        return f"{self.lock.person_name}, {self.lock.at:%-d %b %Y}" if self.lock else ""

    @property
    def passed(self) -> int:
        """Promises kept."""
        return self.outcomes("pass")

    @property
    def confusion_rows(self) -> list[tuple[str, list[int]]]:
        """True class and its counts by predicted class."""
        return confusion_rows(self.confusion)

    @property
    def money(self) -> dict[str, Any] | None:
        """Value and cases a month at the frozen threshold; None without a payoff."""
        return self.evaluation.result.get("money")

    @property
    def earns(self) -> dict[str, float] | None:
        """Its value a month with the ends of its interval, in round figures."""
        money = self.money
        return known(money["low"], money["value"], money["high"]) if money else None

    @property
    def worth(self) -> dict[str, float] | None:
        """What right and wrong alarms add to it."""
        return worth_of(self.evaluation.result)

    @property
    def by_label(self) -> list[dict[str, Any]]:
        """Of sets: what is told of each label (see engine's per_label); else empty."""
        return list(self.evaluation.result.get("by_label", []))

    @property
    def calibration_says(self) -> str:
        """The calibration on sealed rows in a sentence."""
        return calibration_says(self.evaluation.result.get("calibration"))

    @property
    def coverage(self) -> dict[str, Any] | None:
        """The coverage of a predicted quantile on sealed rows; None for other answers."""
        return self.evaluation.result.get("coverage")

    @property
    def coverage_says(self) -> str:
        """The same in a sentence."""
        return coverage_says(self.coverage)

    @property
    def points_title(self) -> str:
        """What the chart of predicted and true shows."""
        return points_title(self.evaluation.result)

    @property
    def slice_low(self) -> float:
        """Left end of the axis of the groups' intervals."""
        return min(self._slice_ends)

    @property
    def slice_high(self) -> float:
        """Right end of it."""
        return max(self._slice_ends)

    @property
    def _slice_ends(self) -> list[float]:
        ends = [row[key] for row in self.slices for key in ("low", "high")]
        return [*(end for end in ends if end is not None), self.verdicts[0]["threshold"]]

    @property
    def headline(self) -> str:
        """The verdict in a sentence."""
        count, failed = len(self.verdicts), self.outcomes("fail")
        if failed:
            return f"{failed} of {count} promises {'is' if failed == 1 else 'are'} broken."
        if self.passed == count:
            return "Every promise is kept." if count > 1 else "The promise is kept."
        return f"{self.passed} of {count} promises kept; the rest these rows cannot tell."

    @property
    def outcome(self) -> str:
        """The worst outcome among the promises."""
        return "fail" if self.outcomes("fail") else self._rest

    @property
    def _rest(self) -> str:
        return "pass" if self.passed == len(self.verdicts) else "inconclusive"

    def outcomes(self, wanted: str) -> int:
        """How many promises ended so."""
        return sum(1 for item in self.verdicts if item["outcome"] == wanted)


def _slices(result: Mapping[str, Any], plan: SignedPlan) -> list[dict[str, Any]]:
    """Groups that the plan asks for, whole and in its order; else the worst of the others.

    ``asked`` marks the first. A column that was not judged at all is a row without a score.
    """
    rows = [{**row, "asked": row["column"] in plan.groups} for row in result["slices"]]
    judged = {row["column"] for row in rows}
    nothing = {"value": "(not judged)", "rows": 0, "few": True, "asked": True}
    nothing |= {"score": None, "low": None, "high": None}
    found = [row for row in rows if row["asked"]]
    found += [{"column": name, **nothing} for name in plan.groups if name not in judged]
    if plan.slices:
        return found
    falls = result["verdicts"][0]["direction"] == "down"
    others = [row for row in rows if not row["asked"] and row["score"] is not None]
    return [*found, *sorted(others, key=lambda row: row["score"], reverse=falls)[:WORST]]


def is_locked_first(opening: Opening, lock: Decision | None) -> bool:
    """Whether the metrics of this opening were signed before anything was trained."""
    first = opening.cycle.experiments.order_by("number").first()
    return lock is not None and (first is None or lock.at < first.created_at)


def summarise(evaluation: Evaluation) -> VerdictSummary:
    """What a reader wants of one evaluation."""
    opening, result = evaluation.opening, evaluation.result
    return VerdictSummary(
        evaluation=evaluation,
        opening=opening,
        allowed=int(opening.plan.task("metrics").get("openings") or 1),
        verdicts=result["verdicts"],
        slices=_slices(result, as_signed(opening.plan)),
        planned_slices=bool(opening.plan.task("metrics").get("slices")),
        confusion=result.get("confusion"),
        drivers=drivers(opening.candidate.report),
        unit=importance_unit(opening.candidate.trial.experiment),
        lock=lock_of(opening.plan),
    )


def verdict_summary(cycle: Cycle) -> VerdictSummary | None:
    """The newest evaluation on today's split, for the gate page."""
    evaluation = latest_evaluation(cycle)
    return summarise(evaluation) if evaluation else None


def may_freeze(trial: Trial, user: User) -> bool:
    """True when ``freeze`` would accept this trial of this person."""
    experiment = trial.experiment
    if not trial.result or trial.is_baseline or hasattr(trial, "frozen"):
        return False
    data = closed_data(experiment.cycle)
    if data is None or not may(user, Verb.TRAIN, experiment.cycle.project):
        return False
    return experiment.split_id == data.split.pk


def may_calibrate(trial: Trial, user: User) -> bool:
    """True for a finished candidate with probabilities that is no blend, of today's split."""
    if trial.experiment.problem == Problem.REGRESSION or trial.candidate in {*BLENDS, "chain"}:
        return False
    return may_freeze(trial, user)
