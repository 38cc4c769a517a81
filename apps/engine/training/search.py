"""Tries settings until the time is up, the usual ones first, and chooses a blend of the best."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from itertools import count
from threading import Lock
from typing import Any

import numpy as np
from lightgbm import callback, early_stopping

from apps.engine.evaluation.metrics import Measure, Predictions, measure_of, score
from apps.engine.training.blend import Member, Tried, blended
from apps.engine.training.candidates import CANDIDATES
from apps.engine.training.rows import Rows, predict
from apps.engine.training.space import FIRST, RANGES, fit_seconds, place_of, settings_at
from apps.engine.training.task import Task
from apps.engine.types import Problem

MANY_ROWS = 20_000
"""From here on one fold tells settings apart; below it three do."""
MOST_TREES = 4_000
PATIENCE = 40
BEHIND = 1.03
"""Settings whose first fold loses by more than 3 % are not tried on the others."""
BEFORE_WARM = 2
"""Usual settings that are tried before those of earlier searches: something to fall back on."""
FINAL_SHARE = 0.35
"""At most this share of the budget is kept for fitting the blend."""
MARGIN = 1.3
MOST_OF_ONE = 0.15


@dataclass
class Search:
    """Tries settings on the search folds until the time is up."""

    task: Task
    rows: Rows
    folds: Sequence[tuple[Any, Any]]
    measure: Measure
    deadline: float
    """Seconds of ``time.monotonic`` by which the blend is to be fitted ``refits`` times."""
    refits: int
    wraps_up: Callable[[], bool] = bool
    workers: int = 1
    """Settings that are tried at once, each on a thread of its own."""
    slowed: float = 1.0
    """How many times slower than idle the machine seems to be."""
    starts: Sequence[Mapping[str, Any]] = ()
    """Settings of LightGBM that were best before: tried after the first usual ones."""
    tried: list[Tried] = field(default_factory=list)
    prepared: dict[int, Any] = field(default_factory=dict)
    until: float = float("inf")
    """By then the settings that are tried now are to be fitted."""
    _preparing: Lock = field(default_factory=Lock)

    def run(self, *, report: Callable[[int, str], None]) -> list[Member]:
        """The members of the best blend. At least one setting is tried, however short the time."""
        budget_s = self.deadline - time.monotonic()
        proposals = self._proposals(budget_s)
        running: set[Future[Tried | None]] = set()
        with ThreadPoolExecutor(self.workers) as pool:
            while True:
                self.until = self.deadline - self._kept(budget_s)
                while len(running) < self.workers and not self._is_over():
                    running.add(pool.submit(self._try, *next(proposals)))
                if not running:
                    return self._blend()
                done, running = wait(running, return_when=FIRST_COMPLETED)
                self.tried += [found for found in (item.result() for item in done) if found]
                report(len(self.tried), self._says())

    def _is_over(self) -> bool:
        return bool(self.tried) and (self.wraps_up() or time.monotonic() >= self.until)

    def _says(self) -> str:
        if not self.tried:
            return "Trying the first settings"
        best = min(self.tried, key=lambda item: item.loss)
        shown = -best.loss if self.measure.direction == "up" else best.loss
        return f"{len(self.tried)} settings tried, best {self.measure.title} {shown:.4g}"

    def _kept(self, budget_s: float) -> float:
        """Seconds that fitting a blend of the three best would take."""
        best = sorted(self.tried, key=lambda item: item.loss)[:3]
        wanted = MARGIN * self.refits * sum(item.fit_s for item in best)
        return min(wanted, FINAL_SHARE * budget_s)

    def _affords(self, candidate: str, budget_s: float) -> bool:
        """A fit that cannot be ended takes at most MOST_OF_ONE of the budget, refits counted.

        A candidate that answers no quantile is none where one is asked for.
        """
        if self.task.level is not None and CANDIDATES[candidate].no_quantile:
            return False
        rows, columns = self.rows.features.shape
        cost_s = fit_seconds(candidate, rows, columns, level=self.task.level)
        if cost_s is None:
            return True
        fits = self.refits + len(self.folds)
        return fits * self.slowed * (0.3 + cost_s) < MOST_OF_ONE * budget_s

    def _proposals(self, budget_s: float) -> Iterator[tuple[str, dict[str, Any]]]:
        """First the usual ones, then steps from the best ones that grow smaller, and leaps."""
        warm = [("lightgbm", dict(params)) for params in self.starts]
        for candidate, params in (*FIRST[:BEFORE_WARM], *warm, *FIRST[BEFORE_WARM:]):
            if self._affords(candidate, budget_s):
                yield candidate, params
        generator = np.random.default_rng(self.task.seed)
        for number in count(1):
            good = [item for item in self.tried if item.candidate == "lightgbm"]
            good.sort(key=lambda item: item.loss)
            if not good or generator.random() < 0.25:
                place = generator.random(len(RANGES))
            else:
                start = good[int(generator.integers(0, min(3, len(good))))]
                size = 0.25 / (1 + number / 25)
                place = place_of(start.params) + generator.normal(0, size, len(RANGES))
            yield "lightgbm", settings_at(np.clip(place, 0, 1))

    def _try(self, candidate: str, params: dict[str, Any]) -> Tried | None:
        """Fit on each search fold; None when it falls behind on the first or time runs out."""
        told, losses, rounds, spent = [], [], [], 0.0
        for number in range(len(self.folds)):
            began = time.monotonic()
            answer, trees = self._fit(number, candidate, params)
            spent += time.monotonic() - began
            told.append(answer)
            rounds.append(trees)
            losses.append(self._loss(number, answer))
            if number == 0 and self._is_behind(losses[0]):
                return None
        if candidate == "lightgbm":
            params = {**params, "n_estimators": max(10, round(float(np.mean(rounds))))}
        return Tried(candidate, params, float(np.mean(losses)), told, spent / len(self.folds))

    def _is_behind(self, loss: float) -> bool:
        if len(self.folds) == 1 or len(self.tried) < len(FIRST):
            return False
        best = min(self._loss(0, item.told[0]) for item in self.tried)
        return loss > best + (BEHIND - 1) * abs(best)

    def _loss(self, number: int, told: Predictions) -> float:
        truth = self.rows.target[self.folds[number][1]]
        positive = self.task.positive if self.task.problem == Problem.BINARY else None
        value = score(self.measure, truth, told, positive=positive)
        return -value if self.measure.direction == "up" else value

    def _fit(self, number: int, candidate: str, params: dict[str, Any]) -> tuple[Predictions, int]:
        train, valid = self.folds[number]
        if candidate != "lightgbm":
            task = replace(self.task, candidate=candidate, params=params)
            pipeline, _ = task.fit(self.rows, train)
            return self._answer(pipeline, self.rows.features.iloc[valid]), 0
        prepared_train, prepared_valid = self._prepared(number)
        model = self._pipeline(params, number).named_steps["model"]
        model.set_params(n_estimators=MOST_TREES)
        names, truth, target, known = self._coded(train, valid)
        model.fit(
            prepared_train,
            truth,
            eval_X=prepared_valid[known],
            eval_y=target[known],
            callbacks=[early_stopping(PATIENCE, verbose=False), self._stop_in_time],
        )
        trees = int(model.best_iteration_ or model.n_estimators_)
        if self.task.problem == Problem.REGRESSION:
            numbers = np.asarray(model.predict(prepared_valid))
            return Predictions(numbers, level=self.task.level), trees
        chances = np.asarray(model.predict_proba(prepared_valid))
        labels = np.asarray(names, dtype=object)[chances.argmax(axis=1)]
        return Predictions(labels, chances, tuple(names)), trees

    def _stop_in_time(self, env: Any) -> None:
        """Add no more trees when the time is up; what is there is used. A callback of LightGBM."""
        if time.monotonic() > self.until and env.iteration > 0:
            raise callback.EarlyStopException(env.iteration, env.evaluation_result_list)

    def _coded(self, train: Any, valid: Any) -> tuple[list[str], Any, Any, Any]:
        """Classes of the training rows, both targets as their numbers, rows of known classes."""
        truth, target = self.rows.target[train], self.rows.target[valid]
        if self.task.problem == Problem.REGRESSION:
            return [], truth, target, np.ones(len(target), dtype=bool)
        names, codes = np.unique(truth.astype(str), return_inverse=True)
        found = np.searchsorted(names, target.astype(str)).clip(max=len(names) - 1)
        return names.tolist(), codes, found, names[found] == target.astype(str)

    def _answer(self, model: Any, features: Any) -> Predictions:
        task = self.task
        return predict(
            model, features, problem=task.problem, positive=task.positive, level=task.level
        )

    def _pipeline(self, params: dict[str, Any], number: int) -> Any:
        part = self.rows.features.iloc[self.folds[number][0]]
        return replace(self.task, candidate="lightgbm", params=params).pipeline(part)

    def _prepared(self, number: int) -> Any:
        """Encoded rows of a fold: the same for all settings of LightGBM, so made once."""
        with self._preparing:
            if number not in self.prepared:
                train, valid = self.folds[number]
                prepare = self._pipeline({}, number).named_steps["prepare"]
                features, target = self.rows.features, self.rows.target
                first = prepare.fit_transform(features.iloc[train], target[train])
                self.prepared[number] = (first, prepare.transform(features.iloc[valid]))
            return self.prepared[number]

    def _blend(self) -> list[Member]:
        left_s = (self.deadline - time.monotonic()) / (MARGIN * self.refits)
        return blended(self.tried, loss=self._loss_of, left_s=left_s)

    def _loss_of(self, told: list[Predictions]) -> float:
        """Mean over the search folds."""
        return float(np.mean([self._loss(number, item) for number, item in enumerate(told)]))


def search_folds(folds: Sequence[tuple[Any, Any]], *, rows: int) -> list[tuple[Any, Any]]:
    """The folds that settings are compared on: the last ones, which train on most rows in time."""
    return list(folds)[-1:] if rows > MANY_ROWS else list(folds)[-3:]


def searched_measure(
    metric: str | Mapping[str, Any], problem: Problem, level: float | None = None
) -> Measure:
    """What settings are chosen by: labels hang on a threshold, so never their metrics.

    A quantile is chosen by its pinball loss, whatever is promised of it.
    """
    if level is not None:
        return measure_of({"metric": "pinball", "parameter": level})
    measure = measure_of(metric)
    if measure.needs == "labels" or problem not in measure.of.problems:
        return measure_of("log_loss")
    return measure
