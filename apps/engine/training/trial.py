"""Job function of training: cross-validate a candidate on the folds of the development rows."""

import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from apps.engine.errors import BadParameter, NotEnoughData
from apps.engine.evaluation.intervals import mean_interval
from apps.engine.evaluation.metrics import Measure, measure_of, score
from apps.engine.evaluation.payoff import Payoff
from apps.engine.training.answers import Answers, pooled, write_answers
from apps.engine.training.asked import Asked
from apps.engine.training.diagnosis import USUAL_THRESHOLD, diagnose, threshold_for
from apps.engine.training.footprint import footprint
from apps.engine.training.kept import FoldFit, Kept
from apps.engine.training.rows import Rows, labelled, predict, specs
from apps.engine.training.task import Task, versions
from apps.engine.types import Problem, Report

logger = logging.getLogger(__name__)


def cross_validate(
    *,
    metrics: Sequence[str | Mapping[str, Any]],
    report: Report,
    payoff: dict[str, Any] | None = None,
    fixed_threshold: float | None = None,
    answers_file: str | None = None,
    kept_folder: str | None = None,
    **arguments: Any,
) -> dict[str, Any]:
    """Fit and score one candidate on every fold of the development rows. Job function.

    ``metrics`` as ``measure_of`` takes them; scores are kept under ``Measure.key``. With a
    ``payoff`` (payoff.Payoff) the labels of a fold follow the threshold that is best on the
    answers of the *other* folds: no row has a say in the threshold it is scored with. A
    ``fixed_threshold`` is the plan's own and goes before it. A rule decides by itself.
    ``arguments``: those of ``asked.Asked``. Finished folds are kept in ``kept_folder`` and not
    fitted again when the same is asked once more.

    Returns
    -------
    dict
        ``folds``: per fold its scores, threshold, fit seconds, milliseconds per predicted row,
        rows; ``scores``: per metric mean and 95 % interval (see intervals.mean_interval; None
        where it is unbounded); ``train_rows`` and ``test_rows`` (means); ``fit_s`` in all;
        ``predict_ms_per_row``; ``one_row_ms`` and ``size_bytes`` of the last fold's model (see
        footprint.footprint); ``threads``; ``threshold`` that all the answers ask for;
        ``diagnosis`` (see diagnosis.diagnose). The answers themselves go to ``answers_file``.
    """
    asked = Asked(**arguments)
    rows, folds = asked.rows(), asked.folds()
    _refuse_constant(rows)
    fitted = fit_folds(asked.task, rows, folds, kept=kept_of(asked, kept_folder), report=report)
    report(len(folds), len(folds), "Looking at where it errs")
    return judged(
        asked,
        rows,
        folds,
        fitted,
        metrics=metrics,
        payoff=payoff,
        fixed_threshold=fixed_threshold,
        answers_file=answers_file,
    )


def _refuse_constant(rows: Rows) -> None:
    columns = rows.features
    if columns.shape[1] and all(columns[name].nunique(dropna=False) < 2 for name in columns):
        raise BadParameter(
            "Every feature holds one value only, or none, so there is nothing to learn from: "
            "choose one that varies."
        )


def kept_of(asked: Asked, folder: str | None) -> Kept:
    """What is kept of the folds of this candidate on these rows."""
    of = [Path(asked.development).name, Path(asked.split_file).name]
    return Kept(folder, {**asdict(asked.task), "of": of, **versions()})


def judged(
    asked: Asked,
    rows: Rows,
    folds: Sequence[tuple[Any, Any]],
    fitted: list[FoldFit],
    *,
    metrics: Sequence[str | Mapping[str, Any]],
    payoff: dict[str, Any] | None,
    fixed_threshold: float | None,
    answers_file: str | None,
) -> dict[str, Any]:
    """Scores and diagnosis of fitted folds, as ``cross_validate`` returns them."""
    kind = asked.kind
    worth = Payoff.from_dict(payoff) if payoff and kind == Problem.BINARY else None
    binary = asked.positive if kind == Problem.BINARY else None
    answers = pooled([(fold.valid, rows.target[fold.valid], fold.told) for fold in fitted])
    measures = [measure_of(metric) for metric in metrics]
    choice = Choice(
        binary, worth, USUAL_THRESHOLD if asked.candidate == "rule" else fixed_threshold
    )
    told = scores_of_folds(fitted, rows, answers, measures=measures, choice=choice)
    threshold = choice.of(answers)
    if answers_file:
        write_answers(answers, answers_file)
    return {
        "folds": told,
        **_over_folds(told, folds, measures=measures),
        "fit_s": sum(fold["fit_s"] for fold in told),
        "predict_ms_per_row": float(np.mean([fold["predict_ms_per_row"] for fold in told])),
        **fitted[-1].cost,
        "threads": int(os.environ.get("OMP_NUM_THREADS", "0")) or os.cpu_count(),
        "rows": len(rows.target),
        "threshold": threshold,
        "versions": versions(),
        "diagnosis": diagnose(
            answers,
            rows,
            spec=specs(asked.features),
            problem=kind,
            positive=binary,
            payoff=worth,
            threshold=threshold,
        ),
    }


@dataclass(frozen=True)
class Choice:
    """How the decision threshold is chosen: by the plan, else by the payoff, else a half."""

    positive: str | None
    payoff: Payoff | None
    fixed_threshold: float | None

    def of(self, answers: Answers) -> float:
        """The threshold that these answers ask for."""
        return threshold_for(
            answers,
            positive=self.positive,
            payoff=self.payoff,
            fixed_threshold=self.fixed_threshold,
        )

    @property
    def unseen(self) -> float:
        """The threshold where there are no answers to choose it on."""
        return USUAL_THRESHOLD if self.fixed_threshold is None else self.fixed_threshold


@contextmanager
def _naming(number: int, count: int) -> Iterator[None]:
    """Say which fold has too few rows."""
    try:
        yield
    except NotEnoughData as error:
        raise NotEnoughData(
            f"Fold {number + 1} of {count} cannot be used. {error} "
            "Draw the split with fewer folds or by another method."
        ) from error


def fit_folds(
    task: Task,
    rows: Rows,
    folds: Sequence[tuple[Any, Any]],
    *,
    kept: Kept,
    report: Report,
    only: Sequence[int] | None = None,
) -> list[FoldFit]:
    """Fit on each fold, or take what is kept of it. ``report`` may raise to stop in between.

    ``only``: numbers of the folds wanted, in this order; None: all.
    """
    fitted = []
    for place, number in enumerate(range(len(folds)) if only is None else only):
        (train, valid), says = folds[number], f"Fold {number + 1} of {len(folds)}"
        report(place, len(folds), says)
        found = kept.fold(number)
        if found is None:
            with _naming(number, len(folds)):
                found = _fit_fold(task, rows, train, valid, weigh=number == len(folds) - 1)
            kept.keep_fold(number, found, rows.target[valid])
            logger.info("%s: fitted on %s rows in %.2f s", says, f"{len(train):,}", found.fit_s)
        else:
            logger.info("%s: kept from before", says)
        fitted.append(found)
    return fitted


def _fit_fold(task: Task, rows: Rows, train: Any, valid: Any, *, weigh: bool) -> FoldFit:
    """Fit and ask; with ``weigh`` also what the model costs to use, see ``footprint``."""
    pipeline, fit_s = task.fit(rows, train)
    unseen = rows.features.iloc[valid]
    began = time.perf_counter()
    told = predict(pipeline, unseen, problem=task.problem, positive=task.positive, level=task.level)
    predict_s = time.perf_counter() - began
    cost: dict[str, float] = {}
    if weigh:
        cost = footprint(pipeline, unseen, problem=task.problem, positive=task.positive)
    return FoldFit(valid, told, fit_s, predict_s, cost)


def scores_of_folds(
    fitted: list[FoldFit],
    rows: Rows,
    answers: Answers,
    *,
    measures: Sequence[Measure],
    choice: Choice,
) -> list[dict[str, Any]]:
    """Scores of each fold, labels by the threshold of the other folds."""
    found = []
    for number, fold in enumerate(fitted):
        others = answers.take(answers.fold != number)
        threshold = choice.of(others) if len(fitted) > 1 else choice.unseen
        told = labelled(fold.told, positive=choice.positive, threshold=threshold)
        truth = rows.target[fold.valid]
        with _naming(number, len(fitted)):
            scores = {
                measure.key: score(measure, truth, told, positive=choice.positive)
                for measure in measures
            }
        found.append(
            {
                "fold": number,
                "scores": scores,
                "threshold": threshold,
                "fit_s": fold.fit_s,
                "predict_ms_per_row": 1000 * fold.predict_s / len(fold.valid),
                "rows": len(fold.valid),
            }
        )
    return found


def _over_folds(
    told: list[dict[str, Any]], folds: Sequence[tuple[Any, Any]], *, measures: Sequence[Measure]
) -> dict[str, Any]:
    train_rows = float(np.mean([len(train) for train, _ in folds]))
    test_rows = float(np.mean([len(valid) for _, valid in folds]))
    return {
        "train_rows": train_rows,
        "test_rows": test_rows,
        "scores": {
            measure.key: _summary(
                measure,
                [fold["scores"][measure.key] for fold in told],
                train_rows=train_rows,
                test_rows=test_rows,
            )
            for measure in measures
        },
    }


def _summary(
    measure: Measure, values: list[float], *, train_rows: float, test_rows: float
) -> dict[str, Any]:
    interval = mean_interval(values, train_rows=train_rows, test_rows=test_rows)
    if not np.isfinite(interval).all():
        return {"mean": float(np.mean(values)), "low": None, "high": None}
    # Student's t knows nothing of the metric's range: no interval ends at an AUC of 1.01.
    low, high = np.clip(interval, *measure.bounds).tolist()
    return {"mean": float(np.mean(values)), "low": low, "high": high}
