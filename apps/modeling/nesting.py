"""Nested cross-validation of an experiment: who takes part, what it costs, what it gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Count, Q, QuerySet, Sum

from apps.engine.evaluation.comparison import CANNOT_TELL
from apps.engine.evaluation.metrics import Measure
from apps.engine.training.nested import (
    LEAST_FOLDS,
    OuterFold,
    Selection,
    fits_of,
    outer_folds,
    selection,
)
from apps.engine.training.pipeline import BLENDS
from apps.jobs.models import JobState
from apps.modeling.leaderboard import Board, digits_of
from apps.modeling.models import Experiment, Trial
from apps.modeling.proposing import in_words
from apps.planning.queries import as_signed

COMBINED = BLENDS - {"search"}
"""Chosen by a person who had seen the scores: nothing that could be done again."""
LEAST_CANDIDATES = 2


def may_be_chosen(experiment: Experiment) -> QuerySet[Trial]:
    """Finished candidates that a rule can choose again, the oldest first; no results are read."""
    own = experiment.trials.filter(is_baseline=False, score__isnull=False)
    return own.exclude(candidate__in=COMBINED).exclude(answers="").defer("result", "diagnosis")


def why_not_nested(experiment: Experiment) -> str:
    """Why it cannot be asked for; empty when it can."""
    if experiment.split.folds < LEAST_FOLDS:
        return (
            f"The split has {experiment.split.folds} folds. With one set aside to judge and one to "
            f"choose, {LEAST_FOLDS} are needed: draw the split with more."
        )
    if may_be_chosen(experiment).count() < LEAST_CANDIDATES:
        return "There is nothing to choose among: train two candidates that are no combination."
    return ""


def search_seconds(trial: Trial) -> float | None:
    """What a search took is what it has again without each fold; None of fixed settings."""
    if trial.candidate != "search" or "search_s" not in trial.result:
        return None
    return float(trial.result["search_s"] + trial.result["fit_s"])


@dataclass(frozen=True)
class Cost:
    """What it would take: of all candidates together, on one worker."""

    fits: int
    seconds: float

    @property
    def says(self) -> str:
        """In words."""
        if not self.fits:
            return "no new fit: where folds go forward in time, all of it is there already"
        return f"{self.fits:,} fits, about {in_words(self.seconds)} of one worker"


def cost_of(board: Board) -> Cost | None:
    """Expected from what the candidates took, None where it cannot be asked for.

    Of ten thousand candidates nothing more is read.
    """
    split = board.experiment.split
    if board.is_live or split.folds < LEAST_FOLDS:
        return None
    own, search = board.contenders.exclude(candidate__in=COMBINED), Q(candidate="search")
    fixed, spent_s = Count("pk", filter=~search), Sum("fit_s", filter=~search)
    told = own.aggregate(fixed=fixed, spent_s=spent_s, searches=Count("pk", filter=search))
    if told["fixed"] + told["searches"] < LEAST_CANDIDATES:
        return None
    pairs, outers = (count(split.folds, method=split.method) for count in (fits_of, outer_folds))
    seconds = pairs * (told["spent_s"] or 0.0) / split.folds
    if told["searches"]:
        searches = own.filter(search).only("experiment", "candidate", "result")
        seconds += outers * sum(search_seconds(trial) or 0.0 for trial in searches)
    return Cost(pairs * told["fixed"] + outers * split.folds * told["searches"], seconds)


@dataclass(frozen=True)
class Nested:
    """Nested cross-validation that was asked for, under way or over."""

    experiment: Experiment
    measure: Measure
    trials: list[Trial]
    """Those that take part."""

    @property
    def is_live(self) -> bool:
        """Some of it waits or runs."""
        return any(trial.nested_job.is_live for trial in self.trials)

    @property
    def running(self) -> list[Trial]:
        """Those that are at work."""
        return [trial for trial in self.trials if trial.nested_job.state == JobState.RUNNING]

    @property
    def ended(self) -> list[Trial]:
        """Stopped or failed."""
        states = (JobState.STOPPED, JobState.FAILED)
        return [trial for trial in self.trials if trial.nested_job.state in states]

    @property
    def done(self) -> int:
        """How many have their scores."""
        return sum(1 for trial in self.trials if trial.nested)

    @property
    def percent(self) -> int:
        """0 to 100."""
        return sum(trial.nested_job.percent for trial in self.trials) // len(self.trials)

    @cached_property
    def leader(self) -> Trial:
        """The best of those that take part, by the folds that chose it."""
        best = max if self.measure.direction == "up" else min
        return best(self.trials, key=lambda trial: trial.score)

    @cached_property
    def told(self) -> Selection | None:
        """What choosing gives; None until all have their scores."""
        if self.done < len(self.trials):
            return None
        return selection(
            [trial.nested for trial in self.trials],
            self.leader.fold_scores,
            measure=self.measure,
        )

    @property
    def places(self) -> int:
        """Decimals of the scores and their differences."""
        low, high = self.told.interval if self.told else (None, None)
        return digits_of({"low": low, "high": high})

    @property
    def flattery_places(self) -> int:
        """Decimals of the flattery."""
        gain = self.told.flattery if self.told else None
        return digits_of({"low": gain.low, "high": gain.high} if gain else None)

    @property
    def is_noise(self) -> bool:
        """The flattery is no more than what the folds differ by."""
        return self.told is not None and self.told.flattery.outcome == CANNOT_TELL

    @property
    def rows(self) -> Sequence[tuple[OuterFold, str]]:
        """Of each fold set aside: its scores, and the title of the candidate that was chosen."""
        return (
            [(one, self.trials[one.chosen].title) for one in self.told.folds] if self.told else []
        )

    @property
    def always_leader(self) -> bool:
        """Each fold chose the leader itself."""
        return all(self.trials[one.chosen] == self.leader for one, _ in self.rows)


def nested_of(experiment: Experiment) -> Nested | None:
    """What was asked for; None when nobody has."""
    if experiment.nested_at is None:
        return None
    asked = experiment.trials.filter(nested_job__isnull=False).order_by("pk")
    trials = list(asked.select_related("nested_job").defer("result", "diagnosis"))
    return Nested(experiment, as_signed(experiment.plan).promises[0].measure, trials)
