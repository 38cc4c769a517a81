"""What is fitted, the same for every fold: a candidate with its features, problem and settings."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from platform import python_version
from typing import Any

import numpy as np

from apps.engine.errors import BadParameter, NotEnoughData
from apps.engine.labels import matrix_of, names_in
from apps.engine.training.candidates import CANDIDATES
from apps.engine.training.given import GIVEN, given_pipeline
from apps.engine.training.models import INNER_FOLDS
from apps.engine.training.pipeline import build_pipeline
from apps.engine.training.rows import Rows, distinct_values, specs
from apps.engine.training.several import LEAST_LABEL_ROWS
from apps.engine.training.texts import long_texts
from apps.engine.types import Problem

LEAST_ROWS = 10
LEAST_CLASS_ROWS = 5
"""The encoder of texts has as many inner folds: the largest class must fill them."""
INNER = frozenset({"svm", "calibrated", "stack"})


@dataclass(frozen=True)
class Task:
    """What is fitted: the same for every fold."""

    candidate: str
    features: Sequence[Mapping[str, Any]]
    problem: Problem
    positive: str | None
    seed: int
    params: Mapping[str, Any] | None = None
    balanced: bool = False
    most_rows: int | None = None
    """At most so many of the rows given are fitted on, drawn by the seed; None: all."""
    choices: Sequence[Mapping[str, Any]] = ()
    """What a person chose instead of the automatic preparation (see fitted.choices)."""
    level: float | None = None
    """A quantity is answered by its quantile at this level, 0 to 1; None: by its mean."""

    def fit(self, rows: Rows, positions: Any) -> tuple[Any, float]:
        """Fit on these rows; return the pipeline and the seconds it took.

        Raises NotEnoughData where there are too few rows, or rows of one class only.
        """
        positions = self.sampled(positions)
        self._refuse_too_few(rows.target[positions])
        part = rows.features.iloc[positions]
        pipeline = self.pipeline(part)
        began = time.perf_counter()
        try:
            pipeline.fit(part, rows.target[positions])
        except (ValueError, TypeError, KeyError) as error:
            if self.candidate == GIVEN:
                raise BadParameter(
                    f"The pipeline of the notebook cannot be fitted on these rows: {error}. It is "
                    "given the model columns as the notebook makes them, texts and gaps included."
                ) from error
            if not self.choices or not isinstance(error, ValueError):
                raise
            raise BadParameter(
                f"{CANDIDATES[self.candidate].title} cannot be fitted with the fitted choices of "
                f"the wrangle page ({error}). Change or switch off one of them."
            ) from error
        return pipeline, time.perf_counter() - began

    def pipeline(self, part: Any) -> Any:
        """Unfitted; ``part``: the features of the rows that train."""
        if self.candidate == GIVEN:
            return given_pipeline(self.params, problem=self.problem)
        return build_pipeline(
            self.candidate,
            spec=specs(self.features),
            distinct=distinct_values(part),
            problem=self.problem,
            seed=self.seed,
            params=self.params,
            long=long_texts(part),
            balanced=self.balanced,
            choices=self.choices,
            level=self.level,
        )

    def sampled(self, positions: Any) -> Any:
        """The rows that are fitted on: all, or ``most_rows`` of them in their order."""
        if self.most_rows is None or len(positions) <= self.most_rows:
            return positions
        generator = np.random.default_rng(self.seed)
        return np.sort(generator.choice(positions, self.most_rows, replace=False))

    @property
    def _least_of_each_class(self) -> int:
        """Models with inner folds need every class in each of them."""
        members = (self.params or {}).get("members", [])
        kinds = {self.candidate, *(member["candidate"] for member in members)}
        return INNER_FOLDS if kinds & INNER else 1

    def _refuse_too_few(self, target: Any) -> None:
        if len(target) < LEAST_ROWS:
            raise NotEnoughData(
                f"There are {len(target)} rows to learn from; at least {LEAST_ROWS} are needed."
            )
        if self.problem == Problem.REGRESSION:
            return
        if self.problem == Problem.MULTILABEL:
            _refuse_rare_labels(target)
            return
        names, counts = np.unique(target, return_counts=True)
        if len(names) < 2:
            raise NotEnoughData(f'All rows to learn from are of the class "{names[0]}".')
        if counts.min() < self._least_of_each_class:
            raise NotEnoughData(
                f'The class "{names[counts.argmin()]}" has {counts.min()} rows to learn from; '
                f"{CANDIDATES[self.candidate].title} needs {INNER_FOLDS}. Take another candidate, "
                "or group the rare classes in a wrangling step."
            )
        if counts.max() < LEAST_CLASS_ROWS:
            raise NotEnoughData(
                f"No class has {LEAST_CLASS_ROWS} rows to learn from. Add rows, or group the rare "
                "classes in a wrangling step."
            )


def _refuse_rare_labels(target: Any) -> None:
    """One label at least has to be learnt."""
    rows = matrix_of(target, names_in(target)).sum(axis=0)
    if np.minimum(rows, len(target) - rows).max(initial=0) < LEAST_LABEL_ROWS:
        raise NotEnoughData(
            f"No label is in {LEAST_LABEL_ROWS} of the rows to learn from and missing in as many. "
            "Add rows, or group the rare labels in a wrangling step."
        )


def versions() -> dict[str, str]:
    """Versions of what a fit depends on."""
    names = ("scikit-learn", "numpy", "lightgbm", "skops")
    return {"python": python_version(), **{name: version(name) for name in names}}
