"""How far an experiment is: fits, time left, what runs now, and the best so far."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest
from typing import Any, NamedTuple

from django.utils import timezone

from apps.engine.training.race import budgets
from apps.jobs.models import LIVE, JobState
from apps.modeling.leaderboard import Board
from apps.modeling.models import Experiment, Trial
from apps.modeling.proposing import in_words

START_S = 6.0
"""What a trial takes beside its fits: a process, reading rows, looking at where it errs."""


PACED = 100
"""Finished trials whose times tell how the others will turn out: the last ones."""


@dataclass(frozen=True)
class Progress:
    """An experiment under way or over. A fit is one candidate on one fold."""

    fits: int
    planned_fits: int
    running: list[Trial]
    unfinished: int
    outraced: int
    left_says: str
    time_says: str = ""
    """Of the limit that the experiment has."""
    race_says: str = ""
    """Of its race; empty where nobody races."""

    @property
    def percent(self) -> int:
        """0 to 100."""
        return 100 * self.fits // self.planned_fits if self.planned_fits else 0


class Open(NamedTuple):
    """A trial without a result, as far as its progress goes."""

    state: str | None
    done: int | None
    total: int | None
    started_at: datetime | None
    finished_at: datetime | None
    expected_s: float
    races: bool
    rounds: list[dict[str, Any]]
    is_outraced: bool

    @property
    def share(self) -> float:
        """Of its job in the folds, 0 to 1."""
        return (self.done or 0) / self.total if self.total else 0.0

    @property
    def folds(self) -> int:
        """Folds that its rounds have finished."""
        return int(self.rounds[-1]["folds"]) if self.rounds else 0

    @property
    def spent_s(self) -> float:
        """Since it was started last."""
        if self.started_at is None:
            return 0.0
        return ((self.finished_at or timezone.now()) - self.started_at).total_seconds()


def progress_of(board: Board) -> Progress:
    """Counted from the jobs of the trials."""
    experiment, folds = board.experiment, board.experiment.split.folds
    jobs = [f"job__{name}" for name in ("state", "done", "total", "started_at", "finished_at")]
    own = ("expected_s", "races", "rounds", "is_outraced")
    # Without an order: by key, SQLite would walk over all trials and their results.
    unfinished = experiment.trials.filter(score=None).order_by()
    there = list(map(Open._make, unfinished.values_list(*jobs, *own)))
    out = [item for item in there if item.is_outraced]
    ended = [item for item in there if item.state in (JobState.STOPPED, JobState.FAILED)]
    running: Iterable[Trial] = ()
    if any(item.state == JobState.RUNNING for item in there):
        running = unfinished.filter(job__state=JobState.RUNNING).select_related("job")
    fits = sum(_fits(item, folds) for item in there)
    return Progress(
        folds * board.finished + fits,
        folds * (board.total - len(out)) + sum(item.folds for item in out),
        sorted(running, key=lambda trial: trial.pk),
        len(ended) - len(out),
        len(out),
        _left_says(there, board),
        _time_says(experiment),
        _race_says(there, experiment),
    )


def _fits(item: Open, folds: int) -> int:
    if item.state is None or item.is_outraced:
        return item.folds
    return max(item.folds, int(folds * min(0.99, item.share)))


def _race_says(there: Sequence[Open], experiment: Experiment) -> str:
    """The round that most of those who still race are in, and who was stopped."""
    if not any(item.races for item in there):
        return ""
    rounds = budgets(experiment.split.folds)
    racing = [item for item in there if item.races and item.state in LIVE]
    stopped = sum(1 for item in there if item.is_outraced)
    says = f"{stopped} stopped, since they could not win. " if stopped else ""
    if not racing:
        return f"The race is over: {says or 'nobody was stopped. '}".strip()
    places = [rounds.index(item.folds) + 1 if item.folds else 0 for item in racing]
    now = min(places)
    there_now = sum(1 for place in places if place == now)
    return (
        f"A race, round {now + 1} of {len(rounds)} (to {rounds[now]} of {rounds[-1]} folds): "
        f"{there_now} of {len(racing)} that still race are in it. {says}"
    ).strip()


def _time_says(experiment: Experiment) -> str:
    if experiment.budget_s is None:
        return ""
    limit = in_words(experiment.budget_s)
    if experiment.ends_at is None:
        return f"It may take {limit}, counted from the first start."
    left_s = (experiment.ends_at - timezone.now()).total_seconds()
    if left_s <= 0:
        return f"Its {limit} are over: what runs ends now."
    return f"{in_words(left_s)} of {limit} left; what is not finished by then is stopped and kept."


def _left_says(there: Sequence[Open], board: Board) -> str:
    """What is left by what was expected, corrected by how the finished ones turned out."""
    running = [item for item in there if item.state == JobState.RUNNING]
    waiting = [item for item in there if item.state == JobState.WAITING]
    if not running and not waiting:
        return ""
    experiment, pace = board.experiment, _pace(board)
    folds = experiment.split.folds
    left_s = sum(pace * _planned_s(item.expected_s) * (1 - item.folds / folds) for item in waiting)
    left_s += sum(_rest_s(item, pace) for item in running)
    left_s /= max(1, len(running))
    if experiment.ends_at is not None:
        left_s = min(left_s, (experiment.ends_at - timezone.now()).total_seconds())
    return f"about {in_words(max(1.0, left_s))} left"


def _pace(board: Board) -> float:
    """How many times longer than planned those took that are finished; 1 before there are any."""
    # Sorted here: by key, SQLite would walk over all trials and their results.
    last = nlargest(PACED, board.scored.order_by().values_list("pk", flat=True))
    whole = Trial.objects.filter(pk__in=last, expected_s__gt=0, rounds=[])
    told = whole.filter(job__finished_at__isnull=False)
    times = told.values_list("expected_s", "job__started_at", "job__finished_at")
    planned_s = sum(_planned_s(expected_s) for expected_s, _, _ in times)
    spent_s = sum((ended - began).total_seconds() for _, began, ended in times)
    return float(spent_s / planned_s) if planned_s else 1.0


def _planned_s(expected_s: float) -> float:
    return expected_s + START_S


def _rest_s(item: Open, pace: float) -> float:
    """From its own progress where it has made some, else from what was expected."""
    if item.share:
        return item.spent_s * (1 - item.share) / item.share
    return max(1.0, pace * _planned_s(item.expected_s) - item.spent_s)


def finished_over_time(experiment: Experiment) -> list[dict[str, Any]]:
    """Finished candidates in the order of time, as ``charts.training.best_so_far`` takes them."""
    own = experiment.trials.filter(is_baseline=False, score__isnull=False)
    told = own.filter(job__finished_at__isnull=False).order_by("job__finished_at")
    return [
        {
            "title": title,
            "after_s": (ended - experiment.created_at).total_seconds(),
            "mean": score,
        }
        for title, score, ended in told.values_list("title", "score", "job__finished_at")
    ]
