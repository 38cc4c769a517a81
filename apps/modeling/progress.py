"""How far an experiment is: fits, time left, what runs now, and the best so far."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from apps.jobs.models import JobState
from apps.modeling.leaderboard import Board
from apps.modeling.models import Experiment, Trial
from apps.modeling.proposing import in_words

START_S = 6.0
"""What a trial takes beside its fits: a process, reading rows, looking at where it errs."""


@dataclass(frozen=True)
class Progress:
    """An experiment under way or over. A fit is one candidate on one fold."""

    fits: int
    planned_fits: int
    running: list[Trial]
    unfinished: int
    left_says: str
    time_says: str = ""
    """Of the limit that the experiment has."""

    @property
    def percent(self) -> int:
        """0 to 100."""
        return 100 * self.fits // self.planned_fits if self.planned_fits else 0


def progress_of(board: Board) -> Progress:
    """Counted from the jobs of the trials."""
    trials, folds = [line.trial for line in board.lines], board.experiment.split.folds
    running = [trial for trial in trials if trial.job and trial.job.state == JobState.RUNNING]
    ended = (JobState.STOPPED, JobState.FAILED)
    return Progress(
        sum(_fits(trial, folds) for trial in trials),
        folds * len(trials),
        running,
        sum(1 for trial in trials if trial.job and trial.job.state in ended),
        _left_says(trials, running, board.experiment),
        _time_says(board.experiment),
    )


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


def _fits(trial: Trial, folds: int) -> int:
    if trial.result or not trial.job:
        return folds
    return folds * trial.job.percent // 100


def _left_says(trials: Sequence[Trial], running: Sequence[Trial], experiment: Experiment) -> str:
    """What is left by what was expected, corrected by how the finished ones turned out."""
    waiting = [trial for trial in trials if trial.job and trial.job.state == JobState.WAITING]
    if not running and not waiting:
        return ""
    finished = [trial for trial in trials if trial.result and trial.job and trial.expected_s]
    planned_s = sum(_planned_s(trial) for trial in finished)
    pace = sum(_spent_s(trial) for trial in finished) / planned_s if planned_s else 1.0
    left_s = sum(pace * _planned_s(trial) for trial in waiting)
    left_s += sum(_rest_s(trial, pace) for trial in running)
    left_s /= max(1, len(running))
    if experiment.ends_at is not None:
        left_s = min(left_s, (experiment.ends_at - timezone.now()).total_seconds())
    return f"about {in_words(max(1.0, left_s))} left"


def _planned_s(trial: Trial) -> float:
    return trial.expected_s + START_S


def _rest_s(trial: Trial, pace: float) -> float:
    """From its own progress where it has made some, else from what was expected."""
    spent, percent = _spent_s(trial), trial.job.percent if trial.job else 0
    if percent:
        return spent * (100 - percent) / percent
    return max(1.0, pace * _planned_s(trial) - spent)


def _spent_s(trial: Trial) -> float:
    job = trial.job
    if job is None or job.started_at is None:
        return 0.0
    return ((job.finished_at or timezone.now()) - job.started_at).total_seconds()


def finished_over_time(board: Board) -> list[dict[str, Any]]:
    """Finished candidates in the order of time, as ``charts.training.best_so_far`` takes them."""
    lines = [
        line
        for line in board.lines
        if line.score and not line.trial.is_baseline and line.trial.job
        if line.trial.job.finished_at
    ]
    lines.sort(key=lambda line: line.trial.job.finished_at)
    began = board.experiment.created_at
    return [
        {
            "title": line.trial.title,
            "after_s": (line.trial.job.finished_at - began).total_seconds(),
            "mean": line.score["mean"],
        }
        for line in lines
    ]
