"""What is known of a table before training, and what each candidate would cost on it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.engine.training.candidates import AT_ONCE
from apps.engine.training.preparation import MOST_ONE_HOT, SCALED
from apps.engine.training.space import quantile_line_s
from apps.engine.types import ColumnSpec, Kind, Problem

CHILD_BYTES = 800 * 1024**2
"""Address space of a child with its libraries, before it has read a row (measured)."""
USUAL_DISTINCT = 10


@dataclass(frozen=True)
class TableFacts:
    """What the choice of a candidate depends on.

    ``rows`` of development; ``distinct``: values of each text column, as far as known; ``rarest``:
    share of the rarest class, None for a quantity; ``latency_ms``: the plan's bar or None;
    ``must_explain``: somebody may have to explain single answers; ``level``: of the quantile that
    is to be answered, None for the mean and for classes.
    """

    problem: Problem
    rows: int
    columns: tuple[ColumnSpec, ...]
    distinct: Mapping[str, int]
    classes: int = 2
    rarest: float | None = None
    folds: int = 5
    latency_ms: float | None = None
    must_explain: bool = False
    level: float | None = None

    @property
    def texts(self) -> list[str]:
        """Names of the text columns."""
        return [column.name for column in self.columns if column.kind == Kind.TEXT]

    @property
    def many(self) -> list[str]:
        """Text columns with more values than are given a column each."""
        return [name for name in self.texts if self.distinct.get(name, 0) > MOST_ONE_HOT]

    @property
    def missing(self) -> float:
        """Share of missing cells, 0 to 1."""
        cells = self.rows * len(self.columns)
        return min(1.0, sum(column.missing for column in self.columns) / cells) if cells else 0.0

    def width(self, *, one_hot: bool) -> int:
        """Numbers that a row becomes."""
        width = 0
        for column in self.columns:
            if column.kind == Kind.DATETIME:
                width += 3
            elif column.kind != Kind.TEXT or not one_hot or column.name in self.many:
                width += 1
            else:
                width += self.distinct.get(column.name, USUAL_DISTINCT)
        return max(1, width)


def facts_of(
    *, report: Mapping[str, Any], columns: Sequence[ColumnSpec], **known: Any
) -> TableFacts:
    """From the report of ``draw_split`` and the features; ``known`` as in TableFacts."""
    parts = report.get("balance", {}).get("parts", [{}])
    shares = [item["share"] for item in parts[0].get("classes", [])]
    return TableFacts(
        problem=Problem(report["problem"]),
        rows=int(report["development_rows"]),
        columns=tuple(columns),
        distinct=report.get("distinct", {}),
        classes=max(1, len(report.get("classes", []))),
        rarest=min(shares) if shares else None,
        folds=int(report["folds"]),
        **known,
    )


_MANY_OF_A_QUANTITY = 5_000
_SLOWER_USUAL = 5.0


def usual_params(candidate: str, facts: TableFacts) -> dict[str, Any]:
    """Settings that the size of the table asks for; {} where those of ``models`` are right.

    A quantity tells more in each row than a class does: from some thousand rows on, 200 small
    trees leave a tenth of the error on the table (``tests/engine/training/test_open_tables.py``).
    """
    is_quantity = facts.problem == Problem.REGRESSION
    if candidate == "lightgbm" and is_quantity and facts.rows >= _MANY_OF_A_QUANTITY:
        return {"n_estimators": 400, "num_leaves": 63, "learning_rate": 0.06}
    return {}


@dataclass(frozen=True)
class Cost:
    """Rough cost of cross-validating a candidate on one thread: seconds, and greatest bytes."""

    fit_s: float
    memory_bytes: int


_CELL_S: dict[str, float] = {
    "linear": 6e-7,
    "elastic_net": 1e-6,
    "tree": 7e-7,
    "bayes": 3e-7,
    "neighbours": 3e-7,
    "forest": 4e-5,
    "extra_trees": 1.5e-5,
    "boosting": 3e-6,
    "lightgbm": 2e-6,
    "small_boosting": 5e-5,
    "mlp": 6e-6,
    "xgboost": 4e-6,
    "catboost": 4e-5,
}
"""Seconds for a row and column, measured on 10,000 rows of 16 numbers and a category."""
_SLOWER_NUMBERS = {"forest": 4.0, "extra_trees": 2.5}
_EACH_CLASS = frozenset({"boosting", "lightgbm", "small_boosting", "xgboost", "catboost"})
_PAIR_S = 6e-8
"""A support vector machine, for each pair of rows."""
_NODE_BYTES = 10_000
"""A forest of 200 trees with leaves of three rows, for each row."""


def cost_of(candidate: str, facts: TableFacts) -> Cost:
    """What to expect; within a factor of three of what was measured, so that it can warn."""
    rows, width = facts.rows, facts.width(one_hot=candidate in SCALED)
    train = rows * (facts.folds - 1) / facts.folds if facts.folds > 1 else rows
    seconds = 0.3 + _seconds(candidate, train, width, facts)
    bytes_of_rows = 5 * 8 * rows * width
    extra: dict[str, Callable[[], float]] = {
        "forest": lambda: _NODE_BYTES * train,
        "extra_trees": lambda: _NODE_BYTES * train,
        "svm": lambda: 200 * 1024**2 + 8 * train * width,
    }
    more = extra.get(candidate, lambda: 0.0)()
    return Cost(facts.folds * seconds, int(CHILD_BYTES + bytes_of_rows + more))


def _seconds(candidate: str, train: float, width: int, facts: TableFacts) -> float:
    if candidate == "svm":
        return _PAIR_S * train**2 * max(1.0, width / 17)
    if candidate == "linear" and facts.level is not None:
        return quantile_line_s(train, width)
    cells = train * width * _CELL_S.get(candidate, 2e-7)
    if usual_params(candidate, facts):
        cells *= _SLOWER_USUAL
    if facts.problem == Problem.REGRESSION:
        return cells * _SLOWER_NUMBERS.get(candidate, 1.0)
    turns = facts.classes if candidate in _EACH_CLASS and facts.classes > 2 else 1
    if facts.problem == Problem.MULTILABEL:  # a model for each label, or one for all of them
        turns = 1 if candidate in AT_ONCE else facts.classes
    return cells * turns


def rows_within(
    candidate: str, facts: TableFacts, *, memory_bytes: int, wall_s: float
) -> int | None:
    """The most training rows that stay within both limits; None when all do, 0 when none do."""

    def fits(rows: int) -> bool:
        whole = facts.folds / max(1, facts.folds - 1)
        part = TableFacts(**{**vars(facts), "rows": int(rows * whole)})
        cost = cost_of(candidate, part)
        # The table itself is read whole, whatever is fitted on.
        table = 2 * 8 * facts.rows * facts.width(one_hot=False)
        return cost.memory_bytes + table <= memory_bytes and cost.fit_s <= wall_s

    told = cost_of(candidate, facts)
    if told.memory_bytes <= memory_bytes and told.fit_s <= wall_s:
        return None
    low, high = 0, facts.rows
    while high - low > max(1, facts.rows // 1000):
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
