"""How trials of an experiment are ordered, in narrow form, and whom each is held against."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Case, F, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast

from apps.engine.evaluation.comparison import Gain, gains_over_folds, outcomes_over_folds
from apps.engine.evaluation.metrics import Measure
from apps.engine.training.candidates import CANDIDATES
from apps.modeling.models import Trial
from apps.web.ordering import Alphabetical

SIMPLEST_FIRST = {key: place for place, key in enumerate(CANDIDATES)}
"""The catalogue stands in this order: a tie goes to what is easier to explain and to run."""

SORTS = {
    "": "score",
    "name": "name",
    "simple": "simplicity",
    "fit_s": "fit time",
    "one_row_ms": "time of a row",
    "size_bytes": "size",
}
"""Orders of the leaderboard: value in the address -> words."""
NARROW = ("experiment", "candidate", "title", "is_baseline", "score", "size_bytes")
"""What is read of a trial that is only listed: from an index alone."""


def simplicity_of(candidate: str) -> int:
    """Place in the catalogue, the simplest first."""
    return SIMPLEST_FIRST.get(candidate, len(SIMPLEST_FIRST))


BY_SIMPLICITY = Case(
    *(When(candidate=key, then=Value(place)) for key, place in SIMPLEST_FIRST.items()),
    default=Value(len(SIMPLEST_FIRST)),
)
ORDERS = {
    "name": Alphabetical("title"),
    "simple": BY_SIMPLICITY,
    **{name: F(name).asc(nulls_last=True) for name in ("fit_s", "one_row_ms", "size_bytes")},
}
"""The same for the database; those that are equal stay in the order of their scores."""


def family_of(candidate: str) -> str:
    """Family of a candidate by its key."""
    known = CANDIDATES.get(candidate)
    return known.family if known else OTHER


OTHER = "other"
"""The family of what the catalogue does not know, too."""


def in_family(family: str) -> Q:
    """Trials whose candidate is of a family."""
    if family == OTHER:
        return ~Q(candidate__in=[key for key in CANDIDATES if family_of(key) != OTHER])
    return Q(candidate__in=[key for key in CANDIDATES if family_of(key) == family])


class Standing(NamedTuple):
    """What is held against others of each trial, however many there are."""

    pk: int
    candidate: str
    score: float
    folds: list[float]
    """The score of each fold."""


def standings_in(trials: QuerySet[Trial]) -> list[Standing]:
    """Of these trials, in no order, from an index alone. Scores are parsed at once, for speed."""
    told = trials.order_by().values_list(
        "pk", "candidate", "score", Cast("fold_scores", TextField())
    )
    rows = list(told)
    scores = json.loads(f"[{','.join(row[-1] for row in rows)}]")
    return [Standing(*row[:-1], folds) for row, folds in zip(rows, scores, strict=True)]


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

    def outcomes(self, standings: Sequence[Standing], name: str) -> list[str]:
        """Of each, beside a rival: better, worse, or not to be told; "" where nothing compares."""
        rival = self.trials[name]
        found = [""] * len(standings)
        if rival is None or "train_rows" not in rival.result:
            return found
        usual = rival.fold_scores
        alike = [n for n, item in enumerate(standings) if len(item.folds) == len(usual) > 0]
        told = outcomes_over_folds(
            [standings[number].folds for number in alike],
            usual,
            direction=self.measure.direction,
            train_rows=rival.result["train_rows"],
            test_rows=rival.result["test_rows"],
        )
        for number, outcome in zip(alike, told, strict=True):
            found[number] = outcome
        return found
