"""The leaderboard of an experiment: who leads, who cannot be told from the leader, what to take."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.db.models import F

from apps.engine.evaluation.comparison import BETTER, CANNOT_TELL, Gain
from apps.engine.evaluation.metrics import Measure
from apps.engine.evaluation.verdict import Promise
from apps.jobs.models import LIVE
from apps.modeling.models import Candidate, Experiment, Reproduction, Trial
from apps.modeling.standings import (
    SORTED_FIGURES,
    SORTS,
    Rivals,
    Standing,
    family_of,
    fold_scores_in,
    standings_in,
)
from apps.planning.queries import as_signed


@dataclass(frozen=True)
class TrialLine:
    """A row of the leaderboard. The gains are of the primary metric: above 0 is better."""

    trial: Trial
    score: dict[str, float | None] | None
    frozen: Candidate | None
    to_baseline: Gain | None = None
    to_best: Gain | None = None
    is_best: bool = False
    guardrails: tuple[tuple[str, float], ...] = ()
    to_rule: Gain | None = None
    made_again: Reproduction | None = None

    @property
    def ties(self) -> bool:
        """The best, or not to be told from it."""
        return self.is_best or (self.to_best is not None and self.to_best.outcome == CANNOT_TELL)


@dataclass(frozen=True)
class Board:
    """Best first, the baselines at the end. Whole trials are read of those that are shown."""

    experiment: Experiment
    metric: Measure
    promise: Promise
    standings: list[Standing]
    today: float | None
    is_live: bool
    """Some trial still waits or runs."""
    sort: str = ""
    family: str = ""

    @cached_property
    def pinned(self) -> list[Standing]:
        """The baselines, which stand below every page."""
        return [item for item in self.standings if item.is_baseline]

    @cached_property
    def shown(self) -> list[Standing]:
        """The others, of the chosen family in the chosen order."""
        own = [item for item in self.standings if not item.is_baseline]
        if self.family:
            own = [item for item in own if item.family == self.family]
        if self.sort == "name":
            own.sort(key=lambda item: item.title.lower())
        elif self.sort == "simple":
            own.sort(key=lambda item: item.simplicity)
        elif self.sort in SORTED_FIGURES:
            own.sort(key=lambda item: _last_if_none(getattr(item, self.sort)))
        return own

    @cached_property
    def families(self) -> list[str]:
        """Those of the candidates, in the order of the board."""
        own = dict.fromkeys(item.candidate for item in self.standings if not item.is_baseline)
        return list(dict.fromkeys(family_of(candidate) for candidate in own))

    @cached_property
    def _ends(self) -> list[float]:
        known = [self.promise.threshold, *([] if self.today is None else [self.today])]
        for item in self.scored:
            known += [at for at in (item.score, item.low, item.high) if at is not None]
        return known

    @cached_property
    def low(self) -> float:
        """Left end of the axis of the intervals."""
        return min(self._ends)

    @cached_property
    def high(self) -> float:
        """Right end of it."""
        return max(self._ends)

    @cached_property
    def places(self) -> int:
        """Decimals of the scores and their differences."""
        return digits_of(self.best.score if self.best else None)

    @cached_property
    def scored(self) -> list[Standing]:
        """Trials with a result."""
        return [item for item in self.standings if item.score is not None]

    @property
    def finished(self) -> int:
        """How many have a result."""
        return len(self.scored)

    @cached_property
    def _own(self) -> list[Standing]:
        return [item for item in self.scored if not item.is_baseline]

    @property
    def candidates(self) -> int:
        """Finished candidates that are no baseline."""
        return len(self._own)

    @cached_property
    def rivals(self) -> Rivals:
        """Whom each line is held against."""
        pinned = {item.candidate: item.pk for item in self.scored if item.is_baseline}
        wanted = {
            "to_best": self._own[0].pk if self._own else None,
            "to_rule": pinned.get("rule"),
            "to_baseline": pinned.get("dummy"),
        }
        trials = Trial.objects.defer("diagnosis").in_bulk([pk for pk in wanted.values() if pk])
        for trial in trials.values():
            trial.experiment = self.experiment
        return Rivals(self.metric, {name: trials.get(pk) for name, pk in wanted.items()})

    @cached_property
    def best(self) -> TrialLine | None:
        """The finished candidate with the best mean."""
        return self.lines_of(self._own[:1])[0] if self._own else None

    @cached_property
    def _fold_scores(self) -> dict[int, list[float]]:
        """Read where trials are held against each other: a page that is asked every two seconds,
        while they run, does not."""
        return fold_scores_in(self.experiment.trials.filter(score__isnull=False))

    @cached_property
    def tied(self) -> list[Standing]:
        """The best and all that these folds cannot tell from it."""
        told = self.rivals.outcomes(self._own, "to_best", scores=self._fold_scores)
        return [item for item, says in zip(self._own, told, strict=True) if says == CANNOT_TELL]

    @cached_property
    def advice(self) -> Standing | None:
        """The simplest of those that tie, once nothing runs any more."""
        if self.is_live or not self.tied:
            return None
        return min(self.tied, key=lambda item: item.simplicity)

    @cached_property
    def beaten_baseline(self) -> int:
        """Candidates that are better than the baseline beyond the noise of the folds."""
        told = self.rivals.outcomes(self._own, "to_baseline", scores=self._fold_scores)
        return told.count(BETTER)

    @cached_property
    def lines(self) -> list[TrialLine]:
        """All of them, read whole: for a few trials only."""
        return self.lines_of(self.standings)

    def lines_of(self, standings: Iterable[Standing]) -> list[TrialLine]:
        """The rows of the leaderboard for these trials, in their order."""
        order = [item.pk for item in standings]
        found = (
            Trial.objects.filter(pk__in=order)
            .select_related("job", "frozen__job")
            .prefetch_related("reproductions")
            .defer("diagnosis", "frozen__report", "job__log")
        )
        by_key = {trial.pk: trial for trial in found}
        trials = [by_key[key] for key in order if key in by_key]
        for trial in trials:
            trial.experiment = self.experiment  # one object, not one for each
        guards = [promise.measure for promise in as_signed(self.experiment.plan).promises[1:]]
        return _lines(trials, rivals=self.rivals, guards=guards)


def digits_of(score: Mapping[str, float | None] | None) -> int:
    """Decimals to tell differences by: one more than half of the interval leaves, 0 to 6."""
    low, high = (score or {}).get("low"), (score or {}).get("high")
    if low is None or high is None or high <= low:
        return 3
    return min(6, max(0, 1 - math.floor(math.log10((high - low) / 2))))


def board_of(experiment: Experiment, *, sort: str = "", family: str = "") -> Board:
    """The leaderboard, sorted by the primary metric's mean over the folds.

    ``sort``, a key of SORTS, and ``family`` change what ``Board.shown`` shows, nothing else.
    """
    promise = as_signed(experiment.plan).promises[0]
    best_first = F("score").asc if promise.direction == "down" else F("score").desc
    ranked = experiment.trials.order_by("is_baseline", best_first(nulls_last=True), "pk")
    board = Board(
        experiment,
        promise.measure,
        promise,
        standings_in(ranked),
        experiment.plan.task("metrics").get("baseline"),
        experiment.trials.filter(score=None, job__state__in=LIVE).exists(),
        sort if sort in SORTS else "",
        family,
    )
    return board if family in board.families else replace(board, family="")


def _last_if_none(value: float | None) -> tuple[bool, float]:
    return value is None, value or 0.0


def _lines(
    trials: Sequence[Trial], *, rivals: Rivals, guards: Sequence[Measure]
) -> list[TrialLine]:
    over = rivals.over([trial for trial in trials if trial.result])
    best = rivals.trials["to_best"]
    return [
        _line(
            trial,
            measure=rivals.measure,
            guards=guards,
            is_best=trial == best,
            over={name: told.get(trial.pk) for name, told in over.items()},
        )
        for trial in trials
    ]


def _line(
    trial: Trial,
    *,
    measure: Measure,
    guards: Sequence[Measure],
    is_best: bool,
    over: Mapping[str, Gain | None],
) -> TrialLine:
    frozen = getattr(trial, "frozen", None)
    if not trial.result:
        return TrialLine(trial, None, frozen)
    scores: dict[str, Any] = trial.result["scores"]
    return TrialLine(
        trial,
        scores[measure.key],
        frozen,
        is_best=is_best,
        guardrails=tuple(
            (guard.title, scores[guard.key]["mean"]) for guard in guards if guard.key in scores
        ),
        made_again=next((made for made in trial.reproductions.all() if made.result), None),
        **over,
    )
