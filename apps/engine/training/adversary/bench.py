"""Where attacks are carried out: few rows and folds, a cheaper make of the candidate, one scale."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from sklearn import metrics as sk

from apps.engine.errors import NotEnoughData
from apps.engine.evaluation.metrics import Predictions
from apps.engine.evaluation.metrics.quantities import explained_share
from apps.engine.labels import matrix_of, names_in, rarest_label
from apps.engine.training.rows import Rows, predict
from apps.engine.training.task import Task
from apps.engine.types import ColumnSpec, Kind, Problem

MOST_ROWS = 4_000
MOST_FOLDS = 3
FEWER: Mapping[str, Mapping[str, Any]] = {
    "forest": {"n_estimators": 60},
    "extra_trees": {"n_estimators": 60},
    "boosting": {"max_iter": 60, "learning_rate": 0.1},
    "lightgbm": {"n_estimators": 60, "learning_rate": 0.1},
}
"""What makes a candidate cheap to fit again some hundred times; others are cheap on few rows."""
PROBE = {"n_estimators": 40, "num_leaves": 8, "learning_rate": 0.1}
"""LightGBM of few shallow trees: finds any simple shape, costs hundredths of a second."""

Folds = Sequence[tuple[Any, Any]]


def cheaper(task: Task) -> Task:
    """The same candidate with fewer trees; of a blend its heaviest member."""
    candidate, params = task.candidate, dict(task.params or {})
    members = params.pop("members", None)
    if members:
        heaviest = max(members, key=lambda member: float(member["weight"]))
        candidate, params = heaviest["candidate"], dict(heaviest["params"])
    return replace(task, candidate=candidate, params={**params, **FEWER.get(candidate, {})})


def goodness(truth: Any, told: Predictions, *, problem: Problem, positive: str | None) -> float:
    """One scale for every attack: area under the ROC curve (several classes: mean of each against
    the rest), or R² of a quantity, D² of its quantile. NaN where the rows hold one class only.
    """
    if problem == Problem.REGRESSION:
        return explained_share(truth, told) if np.ptp(truth) > 0 else float("nan")
    names = told.classes if positive is None else (positive,)
    chances = told.covering(truth)
    found = []
    for name in names:
        of_class = matrix_of(truth, [name])[:, 0] if told.sets else truth == name
        if of_class.any() and not of_class.all() and chances.probabilities is not None:
            scores = chances.probabilities[:, chances.classes.index(str(name))]
            found.append(float(sk.roc_auc_score(of_class, scores)))
    return float(np.mean(found)) if found else float("nan")


def sampled(rows: Rows, folds: Folds, *, problem: Problem, seed: int) -> tuple[Rows, Folds]:
    """At most MOST_ROWS rows and the last MOST_FOLDS folds; a rare class keeps what it can.

    The folds keep their meaning: a row that validated a fold still does, and none moves to it.
    """
    folds = list(folds)[-MOST_FOLDS:]
    count = len(rows.target)
    if count <= MOST_ROWS:
        return rows, folds
    lots = np.random.default_rng(seed).random(count)
    if problem != Problem.REGRESSION:
        classes = rarest_label(rows.target) if problem == Problem.MULTILABEL else rows.target
        names = np.unique(classes)
        for name in names:
            of_class = np.flatnonzero(classes == name)
            first = np.argsort(lots[of_class])[: MOST_ROWS // (2 * len(names))]
            lots[of_class[first]] -= 1  # before everybody else
    keep = np.sort(np.argsort(lots, kind="stable")[:MOST_ROWS])
    return taken(rows, keep), moved(folds, keep, count)


def taken(rows: Rows, keep: Any) -> Rows:
    """Some rows, in this order."""
    return Rows(
        rows.features.iloc[keep].reset_index(drop=True),
        rows.target[keep],
        rows.table.iloc[keep].reset_index(drop=True),
    )


def moved(folds: Folds, keep: Any, count: int) -> Folds:
    """The folds with the positions that the ``keep`` of ``count`` rows have among themselves."""
    place = np.full(count, -1)
    place[keep] = np.arange(len(keep))
    found = []
    for pair in folds:
        train, valid = (place[part] for part in pair)
        found.append((train[train >= 0], valid[valid >= 0]))
    return found


@dataclass(frozen=True)
class Bench:
    """Rows, folds and the cheaper candidate, and what it reaches when nobody attacks it.

    ``all_rows`` and ``all_folds`` are those before sampling. ``tell`` says what is being fitted.
    ``target`` and ``time`` name columns of the table, ``time`` is empty when the split knows none;
    ``method`` drew the split.
    """

    task: Task
    rows: Rows
    folds: Folds
    all_rows: Rows
    all_folds: Folds
    target: str
    time: str
    method: str
    tell: Callable[[str], None]

    @property
    def guess(self) -> float:
        """What guessing reaches."""
        return 0.0 if self.task.problem == Problem.REGRESSION else 0.5

    @property
    def scale(self) -> str:
        """Name of the scale."""
        if self.task.level is not None:
            return "D² of the pinball loss"
        return "R²" if self.task.problem == Problem.REGRESSION else "ROC AUC"

    @cached_property
    def fitted(self) -> list[Any]:
        """The candidate fitted on each fold."""
        found = []
        for number, (train, _) in enumerate(self.folds):
            self.tell(f"the candidate itself, fold {number + 1}")
            found.append(self.task.fit(self.rows, train)[0])
        return found

    @cached_property
    def usual(self) -> list[float]:
        """Its score in each fold, unattacked."""
        return [
            self.judged(pipeline, self.rows, valid)
            for pipeline, (_, valid) in zip(self.fitted, self.folds, strict=True)
        ]

    @property
    def whole(self) -> float:
        """Mean of ``usual``."""
        return mean(self.usual)

    @property
    def noise(self) -> float:
        """What a ranking by lot seldom (0.6 %) reaches above guessing on the rows of the folds.

        2.5 standard errors of the Mann-Whitney statistic: Hanley and McNeil (1982), Radiology
        143, 29-36. A lot explains next to nothing of a quantity.
        """
        if self.task.problem == Problem.REGRESSION:
            return 0.0
        judged = self.rows.target[np.concatenate([valid for _, valid in self.folds])]
        count = len(judged)
        if self.task.problem == Problem.MULTILABEL:
            rows = matrix_of(judged, names_in(judged)).sum(axis=0)
            counts = np.minimum(rows, count - rows)[rows < count]  # of the rarest label
        else:
            _, counts = np.unique(judged, return_counts=True)
        least = int(counts.min())
        return float(2.5 * np.sqrt((count + 1) / (12 * least * max(1, count - least))))

    @property
    def edge(self) -> float:
        """What it gains over guessing, at least 0."""
        return max(0.0, self.whole - self.guess)

    def judged(self, pipeline: Any, rows: Rows, valid: Any, *, features: Any = None) -> float:
        """Score of a fitted pipeline on some rows, of ``features`` if others are given."""
        asked = rows.features.iloc[valid] if features is None else features
        task = self.task
        told = predict(
            pipeline, asked, problem=task.problem, positive=task.positive, level=task.level
        )
        return goodness(rows.target[valid], told, problem=task.problem, positive=task.positive)

    def scores(
        self, rows: Rows | None = None, folds: Folds | None = None, *, seed: int | None = None
    ) -> list[float]:
        """Scores of the candidate fitted anew on other rows, folds or with another seed."""
        rows = self.rows if rows is None else rows
        task = self.task if seed is None else replace(self.task, seed=seed)
        return self._scores(task, rows, self.folds if folds is None else folds)

    def probed(self, columns: Mapping[str, Any], folds: Folds | None = None) -> list[float]:
        """Scores of the probe that sees nothing but these (n,) columns of numbers or texts."""
        frame = pd.DataFrame(dict(columns))
        spec = [
            ColumnSpec(str(name), Kind.TEXT if values.dtype == object else Kind.NUMBER)
            for name, values in frame.items()
        ]
        task = replace(
            self.task,
            candidate="lightgbm",
            params=PROBE,
            features=[asdict(column) for column in spec],
        )
        rows = Rows(frame, self.rows.target, self.rows.table)
        return self._scores(task, rows, self.folds if folds is None else folds)

    def _scores(self, task: Task, rows: Rows, folds: Folds) -> list[float]:
        return [self.judged(task.fit(rows, train)[0], rows, valid) for train, valid in folds]


def mean(scores: Sequence[float]) -> float:
    """Mean of the scores that could be computed. Raises NotEnoughData when none could."""
    there = [score for score in scores if np.isfinite(score)]
    if not there:
        raise NotEnoughData("The rows of every fold are of one kind only: nothing can be scored.")
    return float(np.mean(there))
