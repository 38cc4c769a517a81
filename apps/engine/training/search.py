"""Search for settings within a time budget, and a blend of the best. Cheap ones come first."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from lightgbm import callback, early_stopping

from apps.engine.evaluation.metrics import Measure, Predictions, measure_of, score
from apps.engine.splitting.folds import fold_indices, read_split
from apps.engine.training.kept import Kept, wraps_up
from apps.engine.training.rows import Rows, load_rows, predict, specs
from apps.engine.training.task import Task, versions
from apps.engine.training.trial import cross_validate
from apps.engine.types import Problem, Report

logger = logging.getLogger(__name__)

MANY_ROWS = 20_000
"""From here on one fold tells settings apart; below it three do."""
MOST_TREES = 4_000
PATIENCE = 40
MOST_MEMBERS = 6
BLENDED = 12
ROUNDS = 24
BEHIND = 1.03
"""Settings whose first fold loses by more than 3 % are not tried on the others."""
FINAL_SHARE = 0.35
"""At most this share of the budget is kept for fitting the blend."""
MARGIN = 1.3

RANGES: dict[str, tuple[float, float]] = {
    "num_leaves": (4, 192),
    "min_child_samples": (3, 160),
    "learning_rate": (0.02, 0.2),
    "colsample_bytree": (0.4, 1.0),
    "subsample": (0.6, 1.0),
    "reg_alpha": (1e-3, 10.0),
    "reg_lambda": (1e-3, 30.0),
}
"""Settings of LightGBM, all searched on a logarithmic scale."""
WHOLE = {"num_leaves", "min_child_samples"}
FIRST: tuple[tuple[str, dict[str, Any]], ...] = (
    ("linear", {}),
    ("lightgbm", {"learning_rate": 0.1}),
    ("lightgbm", {"learning_rate": 0.05, "num_leaves": 63, "colsample_bytree": 0.7}),
    ("forest", {}),
    ("lightgbm", {"learning_rate": 0.05, "num_leaves": 7, "min_child_samples": 5}),
)


@dataclass(frozen=True)
class Tried:
    """One setting: its mean loss (lower is better), its answers on the search folds, seconds."""

    candidate: str
    params: dict[str, Any]
    loss: float
    told: list[Predictions]
    fit_s: float

    def member(self, weight: float) -> dict[str, Any]:
        """As the candidate "search" takes it."""
        return {"candidate": self.candidate, "params": self.params, "weight": weight}


@dataclass
class Search:
    """Tries settings on the search folds until the time is up. ``refits``: fits that follow it."""

    task: Task
    rows: Rows
    folds: Sequence[tuple[Any, Any]]
    measure: Measure
    deadline: float
    refits: int
    wraps_up: Callable[[], bool] = bool
    tried: list[Tried] = field(default_factory=list)
    prepared: dict[int, Any] = field(default_factory=dict)

    def run(self, *, report: Callable[[int, str], None]) -> list[dict[str, Any]]:
        """The members of the best blend. At least one setting is tried, however short the time."""
        began = time.monotonic()
        left = self.deadline - began
        for candidate, params in self._proposals():
            if self.tried and self._is_over(left):
                break
            if candidate == "forest" and not self._affords_forest(left):
                continue
            found = self._try(candidate, params)
            if found is not None:
                self.tried.append(found)
            report(len(self.tried), self._says())
        return self._blend()

    def _is_over(self, budget_s: float) -> bool:
        return self.wraps_up() or time.monotonic() >= self.deadline - self._kept(budget_s)

    def _says(self) -> str:
        best = min(self.tried, key=lambda item: item.loss)
        shown = -best.loss if self.measure.direction == "up" else best.loss
        return f"{len(self.tried)} settings tried, best {self.measure.title} {shown:.4g}"

    def _kept(self, budget_s: float) -> float:
        """Seconds that fitting a blend of the three best would take."""
        best = sorted(self.tried, key=lambda item: item.loss)[:3]
        wanted = MARGIN * self.refits * sum(item.fit_s for item in best)
        return min(wanted, FINAL_SHARE * budget_s)

    def _affords_forest(self, budget_s: float) -> bool:
        """A forest costs about 20 µs a row and column; not more than a tenth of the budget."""
        guess_s = 2e-5 * self.rows.features.size * len(self.folds)
        return self.refits * guess_s < 0.1 * budget_s

    def _proposals(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """First the usual ones, then steps from the best ones that grow smaller, and leaps."""
        yield from FIRST
        generator = np.random.default_rng(self.task.seed)
        for number in range(1, 100_000):
            good = [item for item in self.tried if item.candidate == "lightgbm"]
            good.sort(key=lambda item: item.loss)
            if not good or generator.random() < 0.25:
                place = generator.random(len(RANGES))
            else:
                start = good[int(generator.integers(0, min(3, len(good))))]
                size = 0.25 / (1 + number / 25)
                place = _place(start.params) + generator.normal(0, size, len(RANGES))
            yield "lightgbm", _settings(np.clip(place, 0, 1))

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
            callbacks=[early_stopping(PATIENCE, verbose=False), _until(self.deadline)],
        )
        trees = int(model.best_iteration_ or model.n_estimators_)
        if self.task.problem == Problem.REGRESSION:
            return Predictions(np.asarray(model.predict(prepared_valid))), trees
        chances = np.asarray(model.predict_proba(prepared_valid))
        labels = np.asarray(names, dtype=object)[chances.argmax(axis=1)]
        return Predictions(labels, chances, tuple(names)), trees

    def _coded(self, train: Any, valid: Any) -> tuple[list[str], Any, Any, Any]:
        """Classes of the training rows, both targets as their numbers, rows of known classes."""
        truth, target = self.rows.target[train], self.rows.target[valid]
        if self.task.problem == Problem.REGRESSION:
            return [], truth, target, np.ones(len(target), dtype=bool)
        names, codes = np.unique(truth.astype(str), return_inverse=True)
        found = np.searchsorted(names, target.astype(str)).clip(max=len(names) - 1)
        return names.tolist(), codes, found, names[found] == target.astype(str)

    def _answer(self, model: Any, features: Any) -> Predictions:
        return predict(model, features, problem=self.task.problem, positive=self.task.positive)

    def _pipeline(self, params: dict[str, Any], number: int) -> Any:
        part = self.rows.features.iloc[self.folds[number][0]]
        return replace(self.task, candidate="lightgbm", params=params).pipeline(part)

    def _prepared(self, number: int) -> Any:
        """Encoded rows of a fold: the same for all settings of LightGBM, so made once."""
        if number not in self.prepared:
            train, valid = self.folds[number]
            prepare = self._pipeline({}, number).named_steps["prepare"]
            features, target = self.rows.features, self.rows.target
            first = prepare.fit_transform(features.iloc[train], target[train])
            self.prepared[number] = (first, prepare.transform(features.iloc[valid]))
        return self.prepared[number]

    def _blend(self) -> list[dict[str, Any]]:
        """Greedy selection with replacement: Caruana et al. (2004), ICML 21.

        Only what can still be fitted in the time that is left is taken in, the best one always.
        """
        pool = sorted(self.tried, key=lambda item: item.loss)
        best_of = {item.candidate: item for item in reversed(pool)}
        pool = list({id(item): item for item in [*pool[:BLENDED], *best_of.values()]}.values())
        left = (self.deadline - time.monotonic()) / (MARGIN * self.refits)
        counts, chosen = dict.fromkeys(range(len(pool)), 0), [0]
        counts[0] = 1
        best = pool[0].loss
        for _ in range(ROUNDS):
            options = [
                (self._blended([*(pool[i] for i in chosen), pool[index]]), index)
                for index in range(len(pool))
                if self._fits({*chosen, index}, pool, left)
            ]
            if not options or min(options)[0] >= best - 1e-12:
                break
            best, index = min(options)
            chosen.append(index)
            counts[index] += 1
        return [pool[index].member(count / len(chosen)) for index, count in counts.items() if count]

    def _fits(self, indices: set[int], pool: list[Tried], left_s: float) -> bool:
        if len(indices) > MOST_MEMBERS:
            return False
        return indices == {0} or sum(pool[index].fit_s for index in indices) <= left_s

    def _blended(self, members: list[Tried]) -> float:
        return float(
            np.mean(
                [
                    self._loss(number, _mean([item.told[number] for item in members]))
                    for number in range(len(self.folds))
                ]
            )
        )


def _mean(told: list[Predictions]) -> Predictions:
    first = told[0]
    if first.probabilities is None:
        return Predictions(np.mean([item.labels for item in told], axis=0))
    chances = np.mean([np.asarray(item.probabilities) for item in told], axis=0)
    names = np.asarray(first.classes, dtype=object)
    return Predictions(names[chances.argmax(axis=1)], chances, first.classes)


def _until(deadline: float) -> Callable[[Any], None]:
    """Stop adding trees when the time is up; what is there is used."""

    def check(env: Any) -> None:
        if time.monotonic() > deadline and env.iteration > 0:
            raise callback.EarlyStopException(env.iteration, env.evaluation_result_list)

    return check


def _settings(place: Any) -> dict[str, Any]:
    """Settings at a point of the unit cube."""
    found: dict[str, Any] = {"subsample_freq": 1}
    for (name, (low, high)), at in zip(RANGES.items(), place, strict=True):
        value = float(np.exp(np.log(low) + at * (np.log(high) - np.log(low))))
        found[name] = round(value) if name in WHOLE else float(f"{value:.4g}")
    return found


def _place(params: dict[str, Any]) -> Any:
    """The point of settings; where one is not named, the middle."""
    return np.array(
        [
            (np.log(params[name]) - np.log(low)) / (np.log(high) - np.log(low))
            if name in params
            else 0.5
            for name, (low, high) in RANGES.items()
        ]
    )


def search_folds(folds: Sequence[tuple[Any, Any]], *, rows: int) -> list[tuple[Any, Any]]:
    """The folds that settings are compared on: the last ones, which train on most rows in time."""
    return list(folds)[-1:] if rows > MANY_ROWS else list(folds)[-3:]


def searched_measure(metric: str | Mapping[str, Any], problem: Problem) -> Measure:
    """What settings are chosen by: labels hang on a threshold, so never their metrics."""
    measure = measure_of(metric)
    if measure.needs == "labels" or problem not in measure.of.problems:
        return measure_of("log_loss")
    return measure


def _found(
    search: Search, kept: Kept, *, began: float, budget_s: float, report: Report
) -> dict[str, Any]:
    """Search for what is left of the budget; ``members``, ``tried`` and ``search_s`` in all."""
    before_s, total = float(kept.read("spent_s") or 0.0), int(budget_s) + 1
    search.deadline = began + max(1.0, budget_s - before_s)

    def told(_: int, says: str) -> None:
        spent = before_s + time.monotonic() - began
        kept.write("spent_s", spent)
        logger.info("%.0f s: %s", spent, says)
        report(min(total - 1, int(spent)), total, says)

    members = search.run(report=told)
    search_s = before_s + time.monotonic() - began
    return {"members": members, "tried": len(search.tried), "search_s": search_s}


def search_and_validate(
    *,
    budget_s: float,
    report: Report,
    params: dict[str, Any] | None = None,
    kept_folder: str | None = None,
    **arguments: Any,
) -> dict[str, Any]:
    """Search settings for ``budget_s`` seconds, then cross-validate the blend found. Job function.

    ``arguments`` are those of ``trial.cross_validate``. What it returns, with ``params`` (the
    members of the blend, see pipeline), ``tried`` settings and ``search_s``. The budget covers
    the fits of the folds; reading the rows and the diagnosis come on top.

    What died goes on with the seconds that are left, or with the blend that it had found: that is
    kept in ``kept_folder``, where a file ``kept.WRAP_UP`` asks to end with what there is.

    The score over the folds is flattered a little: the settings were chosen on them. The
    trees themselves never see a row they validate on.
    """
    began = time.monotonic()
    kind = Problem(arguments["problem"])
    features = arguments["features"]
    rows = load_rows(
        arguments["development"], target=arguments["target"], spec=specs(features), problem=kind
    )
    count = len(rows.target)
    folds = fold_indices(read_split(arguments["split_file"]), method=arguments["method"])
    task = Task("lightgbm", features, kind, arguments["positive"], arguments["seed"])
    task = replace(
        task,
        balanced=arguments.get("balanced", False),
        most_rows=arguments.get("most_rows"),
        choices=arguments.get("choices") or (),
    )
    about = {**asdict(task), "budget_s": budget_s, "of": arguments["split_file"], **versions()}
    kept = Kept(f"{kept_folder}/search" if kept_folder else None, about)
    total = int(budget_s) + 1
    found = kept.read("found")
    if found is None:
        search = Search(
            task,
            rows,
            [(task.sampled(train), valid) for train, valid in search_folds(folds, rows=count)],
            searched_measure(arguments["metrics"][0], kind),
            deadline=0.0,
            refits=len(folds),
            wraps_up=lambda: wraps_up(kept_folder),
        )
        found = _found(search, kept, began=began, budget_s=budget_s, report=report)
        kept.write("found", found)
    blend = {"members": found["members"]}
    result = cross_validate(
        **{**arguments, "candidate": "search"},
        params=blend,
        kept_folder=f"{kept_folder}/folds" if kept_folder else None,
        report=lambda done, count, says: report(total - 1, total, f"The blend found: {says}"),
    )
    report(total, total, "Done")
    return {**result, "params": blend, "tried": found["tried"], "search_s": found["search_s"]}
