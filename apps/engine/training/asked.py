"""What every job function of training is asked: a candidate, its settings, its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.engine.splitting.folds import fold_indices, read_split
from apps.engine.training.rows import Rows, load_rows, specs
from apps.engine.training.task import Task
from apps.engine.types import Problem


@dataclass(frozen=True)
class Asked:
    """The arguments that all job functions of training share, as JSON tells them."""

    development: str
    """Path of the typed development rows."""
    split_file: str
    method: str
    candidate: str
    target: str
    features: list[dict[str, Any]]
    """Column specs."""
    problem: str
    positive: str | None
    seed: int
    params: dict[str, Any] | None = None
    balanced: bool = False
    most_rows: int | None = None
    choices: Sequence[Mapping[str, Any]] = ()
    level: float | None = None
    """``balanced``, ``most_rows``, ``choices`` and ``level`` as in ``task.Task``."""

    @property
    def kind(self) -> Problem:
        """Of the problem."""
        return Problem(self.problem)

    @property
    def task(self) -> Task:
        """What is fitted on each fold."""
        return Task(
            self.candidate,
            self.features,
            self.kind,
            self.positive,
            self.seed,
            self.params,
            self.balanced,
            self.most_rows,
            self.choices,
            self.level,
        )

    def rows(self) -> Rows:
        """Read the development rows. Raises as ``rows.load_rows``."""
        return load_rows(
            self.development, target=self.target, spec=specs(self.features), problem=self.kind
        )

    def folds(self) -> Sequence[tuple[Any, Any]]:
        """Positions that train and validate, a pair for each fold."""
        return fold_indices(read_split(self.split_file), method=self.method)
