"""Where each trial of an experiment stands, in narrow form, and whom it is held against."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from apps.engine.evaluation.comparison import Gain, gains_over_folds, outcomes_over_folds
from apps.engine.evaluation.metrics import Measure
from apps.engine.training.candidates import CANDIDATES
from apps.modeling.models import Trial

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


def family_of(candidate: str) -> str:
    """Family of a candidate by its key."""
    known = CANDIDATES.get(candidate)
    return known.family if known else "other"


class Standing(NamedTuple):
    """What the board knows of each trial, however many there are: read from an index alone."""

    pk: int
    candidate: str
    title: str
    is_baseline: bool
    score: float | None
    low: float | None
    high: float | None
    fit_s: float | None
    one_row_ms: float | None
    size_bytes: float | None

    @property
    def family(self) -> str:
        """Family of the candidate."""
        return family_of(self.candidate)

    @property
    def simplicity(self) -> int:
        """Place in the catalogue, the simplest first."""
        return SIMPLEST_FIRST.get(self.candidate, len(SIMPLEST_FIRST))


def standings_in(trials: QuerySet[Trial]) -> list[Standing]:
    """Of these trials, in their order."""
    return list(map(Standing._make, trials.values_list(*Standing._fields)))


def fold_scores_in(trials: QuerySet[Trial]) -> dict[int, list[float]]:
    """The score of each fold of each of these trials. All are parsed at once, for speed."""
    rows = list(trials.values_list("pk", Cast("fold_scores", TextField())))
    scores = json.loads(f"[{','.join(told for _, told in rows)}]")
    return {pk: told for (pk, _), told in zip(rows, scores, strict=True)}


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


@dataclass(frozen=True)
class Rivals:
    """The leader, today's rule and the usual answer; None where there is none yet."""

    measure: Measure
    trials: Mapping[str, Trial | None]

    def over(self, trials: Sequence[Trial]) -> dict[str, dict[int, Gain]]:
        """Gains of each trial over each rival; a baseline is held against the leader only."""
        own = [trial for trial in trials if not trial.is_baseline]
        best = self.trials["to_best"]
        asked = {
            name: [trial for trial in trials if trial != best] if name == "to_best" else own
            for name in self.trials
        }
        return {
            name: gains(asked[name], rival, measure=self.measure)
            for name, rival in self.trials.items()
        }

    def outcomes(
        self, standings: Sequence[Standing], name: str, *, scores: Mapping[int, list[float]]
    ) -> list[str]:
        """Of each, beside a rival: better, worse, or not to be told; "" where nothing compares.

        ``scores``: of the folds, by primary key.
        """
        rival = self.trials[name]
        found = [""] * len(standings)
        if rival is None or "train_rows" not in rival.result:
            return found
        usual = rival.fold_scores
        alike = [n for n, item in enumerate(standings) if len(scores[item.pk]) == len(usual) > 0]
        told = outcomes_over_folds(
            [scores[standings[number].pk] for number in alike],
            usual,
            direction=self.measure.direction,
            train_rows=rival.result["train_rows"],
            test_rows=rival.result["test_rows"],
        )
        for number, outcome in zip(alike, told, strict=True):
            found[number] = outcome
        return found
