"""What a worker does beside a trial's process: its time, its memory, its finished folds."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from apps.datasets.storage import scratch
from apps.engine.errors import OutOfTime
from apps.engine.training.kept import WRAP_UP
from apps.jobs.models import Job, JobState, Queue
from apps.modeling.kept_folds import KeptFolds
from apps.modeling.models import Experiment, Trial
from apps.modeling.proposing import in_words

USUAL_SEARCH_S = 60
"""What a search may take in an experiment without a limit."""
LEAST_SEARCH = 0.2
"""With less than this share of the time left a search is not begun: it would find little."""
OVERRUN = 1.04
"""A search that does not end by itself is ended here; bar: 5 % over."""
LOOK_S = 1.0
MOST_CORES = 4
EARLIER, MOST_STARTS = 3, 4
"""Searches that are looked back at, and settings that are taken from them."""


def time_left(trial: Trial, job: Job) -> float | None:
    """Seconds that a trial has now; None: no limit. The first trial to start sets the clock going.

    Raises OutOfTime where it is too late to begin. The time in which its worker was dead is given
    back: then it has what was left when that worker last looked.
    """
    experiment, is_search = trial.experiment, searches(trial)
    if experiment.budget_s is None:
        return float(USUAL_SEARCH_S) if is_search else None
    now = timezone.now()
    ends_at = now + timedelta(seconds=experiment.budget_s)
    Experiment.objects.filter(pk=experiment.pk, ends_at=None).update(ends_at=ends_at)
    experiment.refresh_from_db(fields=["ends_at"])
    left_s = (experiment.ends_at - now).total_seconds()
    if job.attempt > 1 and trial.left_s is not None:
        return max(left_s, trial.left_s)
    if left_s <= (LEAST_SEARCH * experiment.budget_s if is_search else 0):
        raise OutOfTime(
            f"The {in_words(experiment.budget_s)} of this experiment were {_gone(left_s)} before "
            "its turn came. “Go on” gives the rest the time once more."
        )
    return left_s


def _gone(left_s: float) -> str:
    return f"over but for {left_s:.0f} s" if left_s >= 1 else "over"


def free_cores(job: Job) -> int:
    """Processors of this machine that no other training uses now; at least one, MOST_CORES at most.

    A search tries as many settings at once, each on one thread: trials do not fight for cores.
    """
    others = Job.objects.filter(queue=Queue.TRAIN, state=JobState.RUNNING).exclude(pk=job.pk)
    busy = others.filter(worker__startswith=f"{socket.gethostname()}:").count()
    return max(1, min(MOST_CORES, (os.cpu_count() or 1) - busy))


def searches(trial: Trial) -> bool:
    """It looks for settings first."""
    return trial.candidate == "search" and not trial.params


def warm_starts(trial: Trial) -> list[dict[str, Any]]:
    """Settings of LightGBM that the last searches on this plan blended, the newest first.

    How many trees they had is left out: a search finds that for each anew.
    """
    earlier = Trial.objects.filter(
        candidate="search",
        experiment__cycle_id=trial.experiment.cycle_id,
        experiment__plan_id=trial.experiment.plan_id,
        experiment__problem=trial.experiment.problem,
        job__state=JobState.DONE,
    ).exclude(pk=trial.pk)
    found: list[dict[str, Any]] = []
    for params in earlier.order_by("-pk").values_list("params", flat=True)[:EARLIER]:
        for member in params.get("members", []):
            if member["candidate"] != "lightgbm":
                continue
            told = {key: value for key, value in member["params"].items() if key != "n_estimators"}
            if told not in found:
                found.append(told)
    return found[:MOST_STARTS]


def restart_clock(experiment: Experiment) -> None:
    """Give an experiment whose time is over the whole time once more, from the next start on."""
    over = Experiment.objects.filter(pk=experiment.pk, ends_at__lt=timezone.now())
    over.update(ends_at=None)


@dataclass
class Attendant:
    """Called some times a second while the child of ``trial`` works in ``folder``."""

    trial: Trial
    folder: Path
    kept: KeptFolds
    left_s: float | None
    began: float = field(default_factory=time.monotonic)
    looked: float = 0.0

    def __call__(self, memory_bytes: int) -> None:
        """Once a second: store finished folds, tell memory and time, hand on a wish to end."""
        now = time.monotonic()
        if now - self.looked < LOOK_S:
            return
        self.looked = now
        self.kept.sync(self.folder)
        left_s = None if self.left_s is None else max(0.0, self.left_s - (now - self.began))
        mine = Trial.objects.filter(pk=self.trial.pk)
        mine.update(memory_bytes=memory_bytes, left_s=left_s)
        if mine.filter(wrap_up_at__isnull=False).exists():
            (self.folder / WRAP_UP).touch()


@contextmanager
def attended(trial: Trial, left_s: float | None) -> Iterator[Attendant]:
    """Lay out what was kept of the trial; whatever ends the block, store what it has finished.

    OutOfTime is told with what was finished.
    """
    with laid_out(KeptFolds(trial)) as (folder, kept):
        try:
            yield Attendant(trial, folder, kept, left_s)
        except OutOfTime as error:
            raise OutOfTime(_over_says(trial, folder)) from error


@contextmanager
def laid_out(kept: KeptFolds) -> Iterator[tuple[Path, KeptFolds]]:
    """A folder with what was kept; whatever ends the block, what is finished in it is stored."""
    with scratch() as root:
        folder = root / "kept"
        folder.mkdir()
        kept.fetch(folder)
        try:
            yield folder, kept
        finally:
            kept.sync(folder)


def _over_says(trial: Trial, folder: Path) -> str:
    limit = in_words(trial.experiment.budget_s or USUAL_SEARCH_S)
    folds = len(list(folder.glob("fold-*.json")))
    done = f"{folds} of {trial.experiment.split.folds} folds are finished and kept"
    if searches(trial):
        done = "what the search has found is kept"
        if not (folder / "search" / "found.json").exists():
            done = "they were too few for a search of so many rows"
    return (
        f"The {limit} that were given are over: {done}. “Go on” gives the rest the time once more."
    )
