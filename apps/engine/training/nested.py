"""Nested cross-validation: what choosing the best candidate gives on rows that did not choose.

The folds that compare candidates flatter the one that they choose. Here each fold in turn is set
aside (the outer fold); the others alone choose (the inner folds), and the chosen one, fitted on
all of them, is judged on the fold set aside. Its mean is an estimate of the whole procedure.
Sources: Varma and Simon (2006), BMC Bioinformatics 7:91; Cawley and Talbot (2010), Journal of
Machine Learning Research 11, 2079-2107.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from apps.engine.evaluation.comparison import Gain, gain_over_folds
from apps.engine.evaluation.intervals import mean_interval
from apps.engine.evaluation.metrics import Measure, measure_of, score
from apps.engine.evaluation.payoff import Payoff
from apps.engine.training.answers import Answers, pooled, read_answers
from apps.engine.training.asked import Asked
from apps.engine.training.blend import as_params
from apps.engine.training.kept import FoldFit, Kept
from apps.engine.training.rows import Rows, labelled
from apps.engine.training.search import Search, search_folds, searched_measure
from apps.engine.training.task import versions
from apps.engine.training.trial import Choice, fit_folds, kept_of, scores_of_folds
from apps.engine.types import Interval, Problem, Report

Folds = Sequence[tuple[Any, Any]]
LEAST_FOLDS = 3
"""With two, nothing is left to train on when both are set aside."""


def inner_folds(folds: Folds) -> dict[tuple[int, int], Any]:
    """Rows that train where fold ``outer`` is set aside and ``inner`` validates: by (outer, inner).

    They train in both folds, so groups stay together and time goes forward as the split has it.
    Where folds go forward in time only earlier ones are inner, and the first has none.
    """
    found = {}
    count = 1 + max(int(part.max(initial=0)) for pair in folds for part in pair)
    for outer, (trains, _) in enumerate(folds):
        here = np.zeros(count, dtype=bool)
        here[trains] = True
        for inner, (before, valid) in enumerate(folds):
            train = before[here[before]]
            if inner != outer and here[valid].all() and len(train):
                found[outer, inner] = train
    return found


def fits_of(folds: int, *, method: str) -> int:
    """How many fits a candidate with fixed settings takes: one for each two folds set aside.

    None where folds go forward in time: it was fitted on the earlier folds already.
    """
    return 0 if method == "time" else folds * (folds - 1) // 2


def outer_folds(folds: int, *, method: str) -> int:
    """How many folds are set aside."""
    return folds - 1 if method == "time" else folds


def validate_nested(
    *,
    metrics: Sequence[str | Mapping[str, Any]],
    answers: str,
    report: Report,
    search_s: float | None = None,
    payoff: dict[str, Any] | None = None,
    fixed_threshold: float | None = None,
    kept_folder: str | None = None,
    **arguments: Any,
) -> dict[str, Any]:
    """Score one candidate with each fold set aside. Job function.

    ``answers``: path of its out-of-fold answers, whose folds are not fitted again. With
    ``search_s`` its settings are searched anew for so many seconds without each fold set aside.
    ``arguments`` are those of ``asked.Asked``, the others those of ``trial.cross_validate``.

    Returns ``folds``: of each outer fold its number ``fold``, the mean score ``inner`` on the inner
    folds and ``outer`` on the one set aside, by the first metric, labels by the threshold that the
    inner folds ask for; ``fit_s``, seconds of the fits that it took; ``train_rows`` and
    ``test_rows``, means of the outer folds.
    """
    asked = Asked(**arguments)
    rows, folds = asked.rows(), asked.folds()
    binary = asked.kind == Problem.BINARY
    choice = Choice(
        asked.positive if binary else None,
        Payoff.from_dict(payoff) if payoff and binary else None,
        fixed_threshold,
    )
    if search_s is None:
        fitted = _fitted(asked, rows, folds, read_answers(answers), kept_folder, report)
    else:
        fitted = _searched(asked, rows, folds, metrics[0], search_s, kept_folder, report)
    judge = _Judge(measure_of(metrics[0]), choice, rows)
    outers = [folds[outer] for outer in fitted]
    return {
        "folds": [{"fold": outer, **judge.of(*fits)} for outer, fits in fitted.items()],
        "fit_s": sum(fit.fit_s for inner, outer in fitted.values() for fit in (*inner, outer)),
        "train_rows": float(np.mean([len(train) for train, _ in outers])),
        "test_rows": float(np.mean([len(valid) for _, valid in outers])),
    }


Fitted = dict[int, tuple[list[FoldFit], FoldFit]]
"""Of each outer fold: the answers to its inner folds, and to itself."""


def _fitted(
    asked: Asked, rows: Rows, folds: Folds, known: Answers, kept_folder: str | None, report: Report
) -> Fitted:
    """A candidate with fixed settings: two folds are set aside at a time, and one fit answers both.

    Where the inner fold trains on all its rows (in time), its answer is there already.
    """
    trains = inner_folds(folds)
    pairs = sorted(
        {
            (min(key), max(key))
            for key, train in trains.items()
            if len(train) < len(folds[key[1]][0])
        }
    )
    wanted = [
        (trains[pair], np.sort(np.concatenate([folds[n][1] for n in pair]))) for pair in pairs
    ]

    def tell(done: int, of: int, _: str) -> None:
        report(done, of, f"Without folds {pairs[done][0] + 1} and {pairs[done][1] + 1}")

    fits = fit_folds(asked.task, rows, wanted, kept=kept_of(asked, kept_folder), report=tell)
    both = dict(zip(pairs, fits, strict=True))
    alone = [_known_fold(known, number) for number in range(len(folds))]
    found: Fitted = {}
    for outer, inner in trains:
        pair = (min(outer, inner), max(outer, inner))
        fit = _part(both[pair], folds[inner][1]) if pair in both else alone[inner]
        found.setdefault(outer, ([], alone[outer]))[0].append(fit)
    return found


def _known_fold(known: Answers, number: int) -> FoldFit:
    mine = known.take(known.fold == number)
    return FoldFit(mine.row, mine.told, 0.0, 0.0)


def _part(fit: FoldFit, valid: Any) -> FoldFit:
    """What a fit answered of some of its rows; each half stands for half of the time."""
    mine = np.isin(fit.valid, valid)
    return FoldFit(fit.valid[mine], fit.told.take(mine), fit.fit_s / 2, fit.predict_s / 2)


def _searched(
    asked: Asked,
    rows: Rows,
    folds: Folds,
    metric: Any,
    search_s: float,
    kept_folder: str | None,
    report: Report,
) -> Fitted:
    """A search looks for its settings once more without each fold set aside; no warm start.

    An earlier search, from which it could start, has seen that fold.
    """
    trains = inner_folds(folds)
    outers = sorted({outer for outer, _ in trains})
    measure = searched_measure(metric, asked.kind, asked.level)
    found: Fitted = {}
    for place, outer in enumerate(outers):
        inner = [(train, folds[j][1]) for (i, j), train in trains.items() if i == outer]
        folder = f"{kept_folder}/outer-{outer}" if kept_folder else None

        def tell(_: int, __: int, says: str, place: int = place, outer: int = outer) -> None:
            report(place, len(outers), f"Without fold {outer + 1}: {says}")

        members = _members(asked, rows, inner, measure, search_s, folder, tell)
        task = replace(asked.task, params={"members": members})
        wanted = [*inner, folds[outer]]
        about = {**asdict(task), "of": asked.split_file.rpartition("/")[2], **versions()}
        kept = Kept(f"{folder}/folds" if folder else None, about)
        *fits, last = fit_folds(task, rows, wanted, kept=kept, report=tell)
        found[outer] = (fits, last)
    return found


def _members(
    asked: Asked,
    rows: Rows,
    inner: Folds,
    measure: Measure,
    search_s: float,
    folder: str | None,
    report: Report,
) -> list[dict[str, Any]]:
    """The blend that a search finds on the inner folds; kept, so that it is sought once."""
    task = replace(asked.task, candidate="lightgbm", params=None)
    about = {**asdict(task), "of": asked.split_file.rpartition("/")[2], **versions()}
    kept = Kept(f"{folder}/search" if folder else None, about)
    found: list[dict[str, Any]] | None = kept.read("found")
    if found is None:
        compared = search_folds(inner, rows=len(rows.target))
        search = Search(
            task,
            rows,
            [(task.sampled(train), valid) for train, valid in compared],
            measure,
            deadline=time.monotonic() + search_s,
            refits=len(inner) + 1,
        )
        found = as_params(search.run(report=lambda done, says: report(done, done, says)))
        kept.write("found", found)
    return found


@dataclass(frozen=True)
class _Judge:
    measure: Measure
    choice: Choice
    rows: Rows

    def of(self, inner: list[FoldFit], outer: FoldFit) -> dict[str, float]:
        """``inner``, the mean over the inner folds, and ``outer``."""
        target, positive = self.rows.target, self.choice.positive
        answers = pooled([(fit.valid, target[fit.valid], fit.told) for fit in inner])
        told = scores_of_folds(
            inner, self.rows, answers, measures=[self.measure], choice=self.choice
        )
        at = self.choice.of(answers)
        said = labelled(outer.told, positive=positive, threshold=at)
        return {
            "inner": float(np.mean([fold["scores"][self.measure.key] for fold in told])),
            "outer": score(self.measure, target[outer.valid], said, positive=positive),
        }


@dataclass(frozen=True)
class OuterFold:
    """``chosen``: place of the candidate that the inner folds chose; scores of it, and the leader's
    own on the outer fold."""

    fold: int
    chosen: int
    inner: float
    outer: float
    leader: float


@dataclass(frozen=True)
class Selection:
    """What choosing the best gives. ``flattery``: how much better the leader looks on the same
    folds, above 0 whatever the metric's direction."""

    folds: list[OuterFold]
    mean: float
    interval: Interval
    flattery: Gain


def selection(
    told: Sequence[Mapping[str, Any]], leader: Sequence[float], *, measure: Measure
) -> Selection:
    """Choose in each outer fold among candidates (what ``validate_nested`` returned of each).

    ``leader``: its scores of all folds by the ``measure``. Of equal ones the first is chosen.
    """
    best = max if measure.direction == "up" else min
    folds = []
    for place, first in enumerate(told[0]["folds"]):
        here = [one["folds"][place] for one in told]
        chosen = here.index(best(here, key=lambda item: float(item["inner"])))
        mine, number = here[chosen], int(first["fold"])
        folds.append(OuterFold(number, chosen, mine["inner"], mine["outer"], leader[number]))
    rows = {name: float(told[0][name]) for name in ("train_rows", "test_rows")}
    scores = [item.outer for item in folds]
    low, high = np.clip(mean_interval(scores, **rows), *measure.bounds).tolist()
    naive = [item.leader for item in folds]
    return Selection(
        folds,
        float(np.mean(scores)),
        Interval(low, high),
        gain_over_folds(naive, scores, direction=measure.direction, **rows),
    )
