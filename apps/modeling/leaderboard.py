"""The leaderboard of an experiment: who leads, who cannot be told from the leader, what to take."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.db.models import Count, F, Max, Min, Q, QuerySet

from apps.engine.evaluation.comparison import BETTER, CANNOT_TELL, Gain
from apps.engine.evaluation.metrics import Measure
from apps.engine.evaluation.verdict import Promise
from apps.jobs.models import LIVE
from apps.modeling.models import Candidate, Experiment, Reproduction, Trial
from apps.modeling.standings import (
    NARROW,
    ORDERS,
    SORTS,
    Rivals,
    Standing,
    family_of,
    in_family,
    simplicity_of,
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
    """Best first, the baselines at the end. The database ranks and counts; whole trials are read of
    those that are shown, and the scores of all folds only where trials are held against each other.
    """

    experiment: Experiment
    metric: Measure
    promise: Promise
    today: float | None
    is_live: bool
    """Some trial still waits or runs."""
    sort: str = ""
    family: str = ""

    @property
    def ranked(self) -> QuerySet[Trial]:
        """All trials, without what they returned."""
        falls = self.promise.direction == "down"
        best_first = (F("score").asc if falls else F("score").desc)(nulls_last=True)
        return self.experiment.trials.only(*NARROW).order_by("is_baseline", best_first, "pk")

    @property
    def scored(self) -> QuerySet[Trial]:
        """Those with a result."""
        return self.ranked.filter(score__isnull=False)

    @property
    def contenders(self) -> QuerySet[Trial]:
        """Finished candidates that are no baseline."""
        return self.scored.filter(is_baseline=False)

    @cached_property
    def pinned(self) -> list[Trial]:
        """The baselines, which stand below every page."""
        return list(self.ranked.filter(is_baseline=True))

    @property
    def shown(self) -> QuerySet[Trial]:
        """The others, of the chosen family in the chosen order."""
        own = self.ranked.filter(is_baseline=False)
        if self.family:
            own = own.filter(in_family(self.family))
        if self.sort:
            own = own.order_by(ORDERS[self.sort], *own.query.order_by)
        return own

    @cached_property
    def families(self) -> list[str]:
        """Those of the candidates, the simplest first."""
        own = self.experiment.trials.filter(is_baseline=False).order_by()
        there = own.values_list("candidate", flat=True).distinct()
        return list(dict.fromkeys(family_of(key) for key in sorted(there, key=simplicity_of)))

    @cached_property
    def _sums(self) -> dict[str, Any]:
        ends = {
            f"{side}_{name}": of(name)
            for name in ("score", "low", "high")
            for side, of in (("least", Min), ("most", Max))
        }
        own = Count("score", filter=Q(is_baseline=False))
        return self.experiment.trials.aggregate(
            total=Count("pk"), finished=Count("score"), own=own, **ends
        )

    def _end(self, side: str) -> list[float]:
        found = [self._sums[f"{side}_{name}"] for name in ("score", "low", "high")]
        return [at for at in (self.promise.threshold, self.today, *found) if at is not None]

    @property
    def low(self) -> float:
        """Left end of the axis of the intervals."""
        return min(self._end("least"))

    @property
    def high(self) -> float:
        """Right end of it."""
        return max(self._end("most"))

    @cached_property
    def places(self) -> int:
        """Decimals of the scores and their differences."""
        return digits_of(
            {"low": self.leader.low, "high": self.leader.high} if self.leader else None
        )

    @property
    def total(self) -> int:
        """How many trials there are."""
        return int(self._sums["total"])

    @property
    def finished(self) -> int:
        """How many have a result."""
        return int(self._sums["finished"])

    @property
    def candidates(self) -> int:
        """Finished candidates that are no baseline."""
        return int(self._sums["own"])

    @cached_property
    def rivals(self) -> Rivals:
        """Whom each line is held against."""
        pinned = {item.candidate: item.pk for item in self.pinned if item.score is not None}
        first = self.contenders.first()
        wanted = {
            "to_best": first.pk if first else None,
            "to_rule": pinned.get("rule"),
            "to_baseline": pinned.get("dummy"),
        }
        trials = Trial.objects.defer("diagnosis").in_bulk([pk for pk in wanted.values() if pk])
        for trial in trials.values():
            trial.experiment = self.experiment
        return Rivals(self.metric, {name: trials.get(pk) for name, pk in wanted.items()})

    @property
    def leader(self) -> Trial | None:
        """The finished candidate with the best mean."""
        return self.rivals.trials["to_best"]

    @cached_property
    def best(self) -> TrialLine | None:
        """Its row."""
        return self.lines_of([self.leader])[0] if self.leader else None

    @cached_property
    def _standings(self) -> list[Standing]:
        """Of all contenders: a page that is asked every two seconds, while they run, reads none."""
        return standings_in(self.contenders)

    @cached_property
    def tied(self) -> list[Standing]:
        """The best and all that these folds cannot tell from it."""
        told = self.rivals.outcomes(self._standings, "to_best")
        alike = zip(self._standings, told, strict=True)
        return [item for item, says in alike if says == CANNOT_TELL]

    @cached_property
    def advice(self) -> Trial | None:
        """The simplest of those that tie, the best of them, once nothing runs any more."""
        if self.is_live or not self.tied:
            return None
        sign = 1 if self.promise.direction == "down" else -1
        simplest = min(
            self.tied,
            key=lambda item: (simplicity_of(item.candidate), sign * item.score, item.pk),
        )
        return self.ranked.get(pk=simplest.pk)

    @cached_property
    def beaten_baseline(self) -> int:
        """Candidates that are better than the baseline beyond the noise of the folds."""
        return self.rivals.outcomes(self._standings, "to_baseline").count(BETTER)

    @cached_property
    def lines(self) -> list[TrialLine]:
        """All of them, read whole: for a few trials only."""
        return self.lines_of(self.ranked)

    def lines_of(self, trials: Iterable[Trial | Standing]) -> list[TrialLine]:
        """The rows of the leaderboard for these trials, in their order."""
        order = [item.pk for item in trials]
        found = (
            Trial.objects.filter(pk__in=order)
            .select_related("job", "frozen__job")
            .prefetch_related("reproductions")
            .defer("diagnosis", "frozen__report", "job__log")
        )
        by_key = {trial.pk: trial for trial in found}
        whole = [by_key[key] for key in order if key in by_key]
        for trial in whole:
            trial.experiment = self.experiment  # one object, not one for each
        guards = [promise.measure for promise in as_signed(self.experiment.plan).promises[1:]]
        return _lines(whole, rivals=self.rivals, guards=guards)


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
    board = Board(
        experiment,
        promise.measure,
        promise,
        experiment.plan.task("metrics").get("baseline"),
        experiment.trials.filter(score=None, job__state__in=LIVE).exists(),
        sort if sort in SORTS else "",
        family,
    )
    return board if family in board.families else replace(board, family="")


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
