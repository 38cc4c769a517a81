"""Candidates race on a growing number of folds: what cannot win any more is stopped early.

The budget of a round is a number of folds, since a finished fold is kept: no fit is done twice,
and whoever comes through has the same result as without a race. Source of the rounds: Jamieson
and Talwalkar (2016), AISTATS 51, successive halving; of going on without waiting for the whole
field: Li and others (2020), MLSys 2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.engine.errors import Outraced
from apps.engine.evaluation.comparison import WORSE, Gain, gain_over_rows
from apps.engine.evaluation.metrics import Measure, Predictions, measure_of, score
from apps.engine.evaluation.payoff import Payoff
from apps.engine.training.answers import Answers, pooled, read_answers, write_answers
from apps.engine.training.asked import Asked
from apps.engine.training.rows import labelled
from apps.engine.training.search import searched_measure
from apps.engine.training.trial import Choice, cross_validate, fit_folds, kept_of
from apps.engine.types import Problem, Report

KEPT_OF = 3
"""One of so many goes on after the first round whatever it loses, one of its square after the
second: a fold may be an odd one."""
CONFIDENCE = 0.98
"""Of the two-sided interval of what a candidate loses to the leader: 1 % lies beyond each end."""
DRAWS = 400
"""Of its bootstrap: enough for a bound that decides only whether more time is spent."""


def budgets(folds: int) -> list[int]:
    """Folds that are finished by the end of each round: 1, 2, 4 ... up to half of them, then all.

    >>> budgets(5), budgets(10), budgets(2)
    ([1, 2, 5], [1, 2, 4, 10], [1, 2])
    """
    found = [1]
    while 4 * found[-1] <= folds:
        found.append(2 * found[-1])
    return [*found, folds] if folds > 1 else [folds]


def run_round(
    *,
    until: int,
    standing: Mapping[str, Any] | None,
    metrics: Sequence[str | Mapping[str, Any]],
    answers_file: str,
    kept_folder: str | None,
    report: Report,
    payoff: dict[str, Any] | None = None,
    fixed_threshold: float | None = None,
    **arguments: Any,
) -> dict[str, Any]:
    """Fit folds until so many are finished, the last ones first. Job function of one round.

    ``standing``: see ``require_standing``; None in the first round. Others as in
    ``trial.cross_validate``. Returns ``folds`` finished, and on them the ``score`` by the
    ``metric`` (its title); the answers go to ``answers_file``. Raises Outraced.
    """
    asked = Asked(**arguments)
    judge = Judge.of(asked, metrics[0], payoff=payoff, fixed_threshold=fixed_threshold)
    judge.require_standing(standing)
    rows, folds = asked.rows(), asked.folds()
    numbers = list(range(len(folds)))[::-1][:until]
    kept = kept_of(asked, kept_folder)
    fitted = fit_folds(asked.task, rows, folds, kept=kept, report=report, only=numbers)
    answers = pooled([(fold.valid, rows.target[fold.valid], fold.told) for fold in fitted])
    write_answers(answers, answers_file)
    return {"folds": until, "score": judge.score_of(answers), "metric": judge.measure.title}


def finish_race(
    *,
    standing: Mapping[str, Any] | None,
    metrics: Sequence[str | Mapping[str, Any]],
    payoff: dict[str, Any] | None = None,
    fixed_threshold: float | None = None,
    answers_file: str | None = None,
    kept_folder: str | None = None,
    report: Report,
    **arguments: Any,
) -> dict[str, Any]:
    """The last round: ``trial.cross_validate``, with the folds of the rounds before. Job function.

    Raises Outraced.
    """
    worth: dict[str, Any] = {"payoff": payoff, "fixed_threshold": fixed_threshold}
    Judge.of(Asked(**arguments), metrics[0], **worth).require_standing(standing)
    files: dict[str, Any] = {"answers_file": answers_file, "kept_folder": kept_folder}
    return cross_validate(metrics=metrics, report=report, **worth, **files, **arguments)


@dataclass(frozen=True)
class Judge:
    """Compares answers of some folds: by the first promise, labels by the best threshold there."""

    measure: Measure
    choice: Choice

    @classmethod
    def of(
        cls,
        asked: Asked,
        metric: str | Mapping[str, Any],
        *,
        payoff: dict[str, Any] | None,
        fixed_threshold: float | None,
    ) -> "Judge":
        """By the metric, or what a search goes by where that one does not suit the answers."""
        measure = measure_of(metric)
        if asked.level is not None or asked.kind not in measure.of.problems:
            measure = searched_measure(metric, asked.kind, asked.level)
        is_binary = asked.kind == Problem.BINARY
        worth = Payoff.from_dict(payoff) if payoff and is_binary else None
        positive = asked.positive if is_binary else None
        return cls(measure, Choice(positive, worth, fixed_threshold))

    def require_standing(self, standing: Mapping[str, Any] | None) -> None:
        """Raise Outraced where a candidate cannot be expected to win.

        That is: it is not among the best of its round, and what it loses to the leader is more than
        chance explains, on the same rows. ``standing``: ``answers`` (a path), the ``folds`` and the
        ``round`` (from 1) that they are of, and ``rivals``, each with ``title`` and ``answers``;
        those that have not answered all of these rows do not count.
        """
        if standing is None:
            return
        mine = read_answers(standing["answers"])
        field = [(self.score_of(mine), "", mine)]
        for rival in standing["rivals"]:
            theirs = read_answers(rival["answers"])
            theirs = theirs.take(np.isin(theirs.row, mine.row))
            if len(theirs.row) == len(mine.row):
                field.append((self.score_of(theirs), rival["title"], theirs))
        field.sort(key=lambda item: item[0], reverse=self.measure.direction == "up")
        place = next(number for number, item in enumerate(field) if item[2] is mine)
        if place * KEPT_OF ** int(standing["round"]) < len(field):
            return
        gain = self._gain(mine, field[0][2])
        if gain.outcome == WORSE:
            raise Outraced(self._says(standing["folds"], field[place], field[0], gain))

    def score_of(self, answers: Answers) -> float:
        """Of these rows."""
        told = self._labelled(answers)
        return score(self.measure, answers.truth, told, positive=self.choice.positive)

    def _labelled(self, answers: Answers) -> Predictions:
        at = self.choice.of(answers)
        return labelled(answers.told, positive=self.choice.positive, threshold=at)

    def _gain(self, mine: Answers, best: Answers) -> Gain:
        return gain_over_rows(
            self.measure,
            mine.truth,
            self._labelled(mine),
            self._labelled(best),
            positive=self.choice.positive,
            rounds=DRAWS,
            confidence=CONFIDENCE,
        )

    def _says(self, folds: int, mine: Any, best: Any, gain: Gain) -> str:
        assert gain.high is not None, "resampling gives it"
        return (
            f"Stopped after {folds} fold{'s' if folds > 1 else ''}, since it cannot win: "
            f"{self.measure.title} {mine[0]:.4g} there, {best[1]} {best[0]:.4g}. It is behind by "
            f"{abs(gain.mean):.2g}, and by {abs(gain.high):.2g} at least."
        )
