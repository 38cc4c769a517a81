"""The leaderboard of an experiment: who leads, who cannot be told from the leader, what to take."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from apps.engine.evaluation.comparison import BETTER, CANNOT_TELL, Gain, gains_over_folds
from apps.engine.evaluation.metrics import Measure
from apps.engine.evaluation.verdict import Promise
from apps.engine.training.candidates import CANDIDATES
from apps.modeling.models import Candidate, Experiment, Reproduction, Trial
from apps.planning.queries import as_signed

SIMPLEST_FIRST = {key: place for place, key in enumerate(CANDIDATES)}
"""The catalogue stands in this order: a tie goes to what is easier to explain and to run."""

SORTED_FIGURES = ("fit_s", "one_row_ms", "size_bytes")
SORTS = {
    "": "score",
    "name": "name",
    "simple": "simplicity",
    "fit_s": "fit time",
    "one_row_ms": "time of a row",
    "size_bytes": "size",
}
"""Orders of the leaderboard: value in the address -> words."""


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
    def family(self) -> str:
        """Family of the candidate."""
        known = CANDIDATES.get(self.trial.candidate)
        return known.family if known else "other"

    @property
    def simplicity(self) -> int:
        """Place in the catalogue, the simplest first."""
        return SIMPLEST_FIRST.get(self.trial.candidate, len(SIMPLEST_FIRST))

    def figure(self, name: str) -> float | None:
        """A number of the result by its name; None while there is none."""
        value: float | None = self.trial.result.get(name)
        return value

    @property
    def fit_s(self) -> float | None:
        """Seconds of fitting over all folds."""
        return self.figure("fit_s")

    @property
    def one_row_ms(self) -> float | None:
        """Milliseconds of an answer to one row."""
        return self.figure("one_row_ms")

    @property
    def size_bytes(self) -> float | None:
        """Bytes of the model file."""
        return self.figure("size_bytes")

    @property
    def ties(self) -> bool:
        """The best, or not to be told from it."""
        return self.is_best or (self.to_best is not None and self.to_best.outcome == CANNOT_TELL)


@dataclass(frozen=True)
class Board:
    """Best first, the baselines pinned at the end."""

    experiment: Experiment
    metric: Measure
    promise: Promise
    lines: list[TrialLine]
    low: float
    high: float
    today: float | None
    sort: str = ""
    family: str = ""
    families: tuple[str, ...] = ()

    @property
    def pinned(self) -> list[TrialLine]:
        """The baselines, which stand below every page."""
        return [line for line in self.lines if line.trial.is_baseline]

    @cached_property
    def shown(self) -> list[TrialLine]:
        """The other lines, of the chosen family in the chosen order."""
        own = [line for line in self.lines if not line.trial.is_baseline]
        if self.family:
            own = [line for line in own if line.family == self.family]
        if self.sort == "name":
            own.sort(key=lambda line: line.trial.title.lower())
        elif self.sort == "simple":
            own.sort(key=lambda line: line.simplicity)
        elif self.sort in SORTED_FIGURES:
            own.sort(key=lambda line: (line.figure(self.sort) is None, line.figure(self.sort)))
        return own

    @property
    def places(self) -> int:
        """Decimals of the scores and their differences."""
        return digits_of(self.best.score if self.best else None)

    @cached_property
    def is_live(self) -> bool:
        """Some trial still waits or runs."""
        return any(line.trial.job and line.trial.job.is_live for line in self.lines)

    @cached_property
    def finished(self) -> int:
        """Trials with a result."""
        return sum(1 for line in self.lines if line.score)

    @cached_property
    def best(self) -> TrialLine | None:
        """The finished candidate with the best mean."""
        return next((line for line in self.lines if line.is_best), None)

    @cached_property
    def tied(self) -> list[TrialLine]:
        """The best and all that these folds cannot tell from it."""
        return [line for line in self.lines if line.ties]

    @cached_property
    def advice(self) -> TrialLine | None:
        """The simplest of those that tie, once nothing runs any more."""
        if self.is_live or not self.tied:
            return None
        return min(self.tied, key=lambda line: line.simplicity)

    @cached_property
    def candidates(self) -> int:
        """Finished candidates that are no baseline."""
        return sum(1 for line in self.lines if line.score and not line.trial.is_baseline)

    @cached_property
    def beaten_baseline(self) -> int:
        """Candidates that are better than the baseline beyond the noise of the folds."""
        return sum(
            1 for line in self.lines if line.to_baseline and line.to_baseline.outcome == BETTER
        )


def digits_of(score: Mapping[str, float | None] | None) -> int:
    """Decimals to tell differences by: one more than half of the interval leaves, 0 to 6."""
    low, high = (score or {}).get("low"), (score or {}).get("high")
    if low is None or high is None or high <= low:
        return 3
    return min(6, max(0, 1 - math.floor(math.log10((high - low) / 2))))


def gain(of: Trial, over: Trial, *, measure: Measure) -> Gain | None:
    """Gain of one finished trial over another on the same folds; None when it is not comparable."""
    return gains([of], over, measure=measure).get(of.pk)


def gains(of: Sequence[Trial], over: Trial | None, *, measure: Measure) -> dict[int, Gain]:
    """Gain of each trial over another one, by primary key; without those that do not compare."""
    if over is None or not over.result:
        return {}
    usual = _by_fold(over, measure)
    scores = {
        trial: _by_fold(trial, measure)
        for trial in of
        if trial.result and trial.experiment.split_id == over.experiment.split_id
    }
    alike = {
        trial: told
        for trial, told in scores.items()
        if len(told) == len(usual) > 0 and "train_rows" in trial.result
    }
    if not alike:
        return {}
    found = gains_over_folds(
        list(alike.values()),
        usual,
        direction=measure.direction,
        train_rows=[trial.result["train_rows"] for trial in alike],
        test_rows=[trial.result["test_rows"] for trial in alike],
    )
    return {trial.pk: told for trial, told in zip(alike, found, strict=True)}


def _by_fold(trial: Trial, measure: Measure) -> list[float]:
    key = measure.key
    return [fold["scores"][key] for fold in trial.result["folds"] if key in fold["scores"]]


def board_of(experiment: Experiment, *, sort: str = "", family: str = "") -> Board:
    """The leaderboard, sorted by the primary metric's mean over the folds.

    ``sort``, a key of SORTS, and ``family`` change what ``Board.shown`` shows, nothing else.
    """
    plan = as_signed(experiment.plan)
    promise = plan.promises[0]
    measure = promise.measure
    trials = list(
        experiment.trials.select_related("job", "frozen__job")
        .prefetch_related("reproductions")
        .defer("diagnosis", "frozen__report", "job__log")
    )
    for trial in trials:
        trial.experiment = experiment  # one object, not one for each
    sign = -1 if promise.direction == "up" else 1

    def order(trial: Trial) -> tuple[bool, bool, float]:
        mean = trial.result["scores"][measure.key]["mean"] if trial.result else None
        return trial.is_baseline, mean is None, sign * (mean or 0.0)

    trials.sort(key=order)
    finished = [trial for trial in trials if trial.result]
    best = next((trial for trial in finished if not trial.is_baseline), None)
    pinned = {trial.candidate: trial for trial in finished if trial.is_baseline}
    guards = [other.measure for other in plan.promises[1:]]
    lines = _lines(trials, best=best, pinned=pinned, measure=measure, guards=guards)
    today = experiment.plan.task("metrics").get("baseline")
    bounds = [promise.threshold, *([] if today is None else [today])]
    for line in lines:
        bounds += [value for value in (line.score or {}).values() if value is not None]
    families = tuple(dict.fromkeys(line.family for line in lines if not line.trial.is_baseline))
    return Board(
        experiment,
        measure,
        promise,
        lines,
        min(bounds),
        max(bounds),
        today,
        sort if sort in SORTS else "",
        family if family in families else "",
        families,
    )


def _lines(
    trials: Sequence[Trial],
    *,
    best: Trial | None,
    pinned: Mapping[str, Trial],
    measure: Measure,
    guards: Sequence[Measure],
) -> list[TrialLine]:
    finished = [trial for trial in trials if trial.result]
    own = [trial for trial in finished if not trial.is_baseline]
    over = {
        name: gains(of, other, measure=measure)
        for name, of, other in (
            ("to_baseline", own, pinned.get("dummy")),
            ("to_rule", own, pinned.get("rule")),
            ("to_best", [trial for trial in finished if trial != best], best),
        )
    }
    return [
        _line(
            trial,
            measure=measure,
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
