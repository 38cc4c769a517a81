"""How trials race: who races, which round is next, whom a trial is held against."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from apps.datasets.models import Split
from apps.datasets.storage import FileBroken, clear, local, shelved
from apps.engine.training.race import budgets
from apps.jobs.models import JobState
from apps.modeling.kept_folds import KEPT_DAYS
from apps.modeling.models import Experiment, Trial
from apps.planning.queries import as_signed

RACED_S = 4.0
"""A candidate that is expected to take less is trained at once: it sets the bar for the others."""
LEAST_FOLDS = 3
MOST_RIVALS = 16
"""Finished trials that one is held against: those with the best scores."""
ROUNDS = "rounds"
"""Where the answers of unfinished trials lie: a shelf for each experiment, until its race is over.
"""


def shelf_of(experiment_id: int) -> str:
    """Of the answers of its rounds."""
    return f"{ROUNDS}/{experiment_id}"


def sweep_rounds() -> None:
    """Remove the answers of rounds where nobody races any more, or stopped KEPT_DAYS ago."""
    keys = {key for key in shelved(ROUNDS) if key.isdecimal()}
    ended = timezone.now() - timedelta(days=KEPT_DAYS)
    racing = Trial.objects.filter(experiment__in=keys, races=True, is_outraced=False)
    racing = racing.exclude(job__state=JobState.DONE).exclude(job__finished_at__lt=ended)
    for key in keys - {str(key) for key in racing.values_list("experiment", flat=True)}:
        clear(f"{ROUNDS}/{key}")


def _answers(trial: Trial, sha256: str) -> Path | None:
    """Of a trial or a round; None where they were swept: then nobody is held against them."""
    try:
        return local(sha256, shelf=shelf_of(trial.experiment_id))
    except FileBroken:
        return None


def may_race(split: Split) -> bool:
    """There are folds enough, and they do not go forward in time.

    There each is another season, and whoever is best over all of them may be far behind in one.
    """
    return split.method != "time" and split.folds >= LEAST_FOLDS


def worth_a_race(experiment: Experiment, expected_s: float) -> bool:
    """A candidate is dear enough to look at it before its end, where anybody may race."""
    return may_race(experiment.split) and expected_s >= RACED_S


def round_of(trial: Trial) -> tuple[str, dict[str, Any]]:
    """The job function of the round that is next, and what it is given beside the usual."""
    done, folds = trial.rounds[-1]["folds"] if trial.rounds else 0, trial.experiment.split.folds
    until = next(until for until in budgets(folds) if until > done)
    standing = standing_of(trial)
    if until == folds:
        return "apps.engine.training.race:finish_race", {"standing": standing}
    return "apps.engine.training.race:run_round", {"until": until, "standing": standing}


def standing_of(trial: Trial) -> dict[str, Any] | None:
    """What the engine's ``race.Judge.require_standing`` takes; None before the first round.

    Also where its answers were swept: it goes on unjudged, since that only costs time.
    """
    last = trial.rounds[-1] if trial.rounds else None
    mine = _answers(trial, last["answers"]) if last else None
    if last is None or mine is None:
        return None
    rivals = [
        (title, _answers(trial, sha256)) for title, sha256 in _rivals(trial, folds=last["folds"])
    ]
    return {
        "answers": str(mine),
        "folds": last["folds"],
        "round": len(trial.rounds),
        "rivals": [{"title": title, "answers": str(path)} for title, path in rivals if path],
    }


def _rivals(trial: Trial, *, folds: int) -> list[tuple[str, str]]:
    """Titles and answers of those that have finished these folds at least."""
    others = trial.experiment.trials.filter(is_baseline=False).exclude(pk=trial.pk)
    falls = as_signed(trial.experiment.plan).promises[0].direction == "down"
    best_first = others.filter(score__isnull=False).order_by("score" if falls else "-score")
    best = list(best_first.values_list("pk", flat=True)[:MOST_RIVALS])
    found = list(others.filter(pk__in=best).values_list("title", "answers"))
    under_way = others.filter(score=None).exclude(rounds=[])
    for title, rounds in under_way.values_list("title", "rounds"):
        found += [(title, told["answers"]) for told in rounds if told["folds"] == folds]
    return found


def gives_way(trial: Trial) -> bool:
    """A search that comes last lets what still races and waits go first."""
    waiting = trial.experiment.trials.filter(races=True, job__state=JobState.WAITING)
    return trial.candidate == "search" and waiting.exclude(pk=trial.pk).exists()


def waits_says(trial: Trial, told: dict[str, Any]) -> str:
    """What stands at a trial between two rounds."""
    rounds = budgets(trial.experiment.split.folds)
    number = rounds.index(told["folds"]) + 1
    return (
        f"Round {number} of {len(rounds)}: {told['metric']} {told['score']:.4g} on "
        f"{told['folds']} of {rounds[-1]} folds. Waits for the next round"
    )
