"""A release for many rows at once: checked columns to answers, without a DataFrame.

The recipe is replayed on the columns it touches, encoders are asked once for each category, and
scikit-learn's own fitted steps and models do the rest on a ready matrix; boosted trees are added up
by bits (``compile_leaves``). As of the form for single rows: it serves only where it was proven to
answer as scikit-learn does, and what is not certain is left to scikit-learn (Unsure).
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from lightgbm import LGBMClassifier, LGBMRegressor
from scipy.special import expit, softmax
from sklearn import config_context
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import QuantileTransformer, RobustScaler, StandardScaler

from apps.engine.recipe.registry import step_from
from apps.engine.serving.columns import Columns
from apps.engine.serving.compile_leaves import Totals
from apps.engine.serving.compile_models import read_by_lightgbm, totals
from apps.engine.serving.compile_prepare import (
    ENCODERS,
    CannotCompile,
    Chain,
    asked_of,
    passes_through,
    selected_by,
)
from apps.engine.serving.compile_row import TIED_WITHIN, Unsure
from apps.engine.training.frame import LARGEST, date_parts
from apps.engine.types import ColumnSpec, Kind, Problem

Cells = Mapping[str, Any]
"""Columns of ``model_frame`` by name: float64 arrays, lists of texts; (n_rows,) each."""
Prepared = Callable[[Cells], Any]
"""Cells to the model's inputs, (n_rows, n_inputs) float64."""
Told = Callable[[Cells], Any]
"""Cells to (n_rows, n_classes) probabilities, or to (n_rows,) numbers."""
Warned = list[tuple[int, str]]
_NUMERIC = (SimpleImputer, StandardScaler, RobustScaler, QuantileTransformer)


class Many:
    """A release that answers many rows. Nothing in it changes after it was made. Thread-safe."""

    def __init__(
        self,
        pipeline: Any,
        *,
        spec: Sequence[ColumnSpec],
        steps: Sequence[Mapping[str, Any]],
        problem: Problem,
        positive: str | None,
        threshold: float,
    ) -> None:
        """Raise CannotCompile, whose message says what has no form of this kind."""
        self._replay = _replayer(steps)
        self._spec = spec
        self._quantity = problem == Problem.REGRESSION
        making = _Making(self._quantity)
        self._told = _estimator(pipeline, making)
        self.table_bytes = making.table_bytes
        self._classes = [] if self._quantity else [str(name) for name in pipeline.classes_]
        is_pair = problem == Problem.BINARY and len(self._classes) == 2
        self._positive = (
            self._classes.index(str(positive)) if is_pair and positive in self._classes else None
        )
        self._threshold = threshold

    def answer(
        self, columns: Columns, *, ids: Sequence[str] | None = None
    ) -> tuple[list[dict[str, Any]], Warned]:
        """Answers of checked rows, and sentences of the recipe's filters with rows from 1.

        With ``ids``, one for each row, each answer begins with its own. A class that hangs on the
        last digits is None: scikit-learn has to name it. Raises Unsure, or another EngineError of
        the recipe: then it has to answer all.
        """
        after, warned = self._replay(columns)
        told = self._told(_cells(after, columns, self._spec))
        if self._quantity:
            labels, chances = told.tolist(), [None] * len(told)
        else:
            labels, chances = self._labels(told), _named(self._classes, told.tolist())
        pairs = zip(labels, chances, strict=True)
        if ids is None:
            return [{"prediction": one, "probabilities": other} for one, other in pairs], warned
        return [
            {"id": key, "prediction": one, "probabilities": other}
            for key, (one, other) in zip(ids, pairs, strict=True)
        ], warned

    def _labels(self, chances: Any) -> list[str | None]:
        """Names of the classes; None where the last digits would decide."""
        if self._positive is None:
            upper = np.partition(chances, -2, axis=1)[:, -2:]
            tied = upper[:, 1] - upper[:, 0] <= TIED_WITHIN
            labels: list[str | None] = [
                self._classes[place] for place in chances.argmax(axis=1).tolist()
            ]
        else:
            above = chances[:, self._positive] - self._threshold
            tied = np.abs(above) <= TIED_WITHIN
            yes, no = self._classes[self._positive], self._classes[1 - self._positive]
            labels = [yes if is_yes else no for is_yes in (above > 0).tolist()]
        for place in np.flatnonzero(tied).tolist():
            labels[place] = None
        return labels


def _named(classes: Sequence[str], chances: Sequence[Sequence[float]]) -> list[Any]:
    if len(classes) == 2:  # as below, in half of the time
        one, other = classes
        return [{one: first, other: second} for first, second in chances]
    return [dict(zip(classes, row, strict=True)) for row in chances]


def _replayer(
    steps: Sequence[Mapping[str, Any]],
) -> Callable[[Columns], tuple[dict[str, list[Any]] | None, Warned]]:
    """The recipe on the columns that it names: texts and booleans once for each combination.

    None stands for "as they are". A step that looks at a row does not look at what it does not name
    (``Step.uses`` and ``flow``), so a row of the named columns is enough.
    """
    made = [step for step in map(step_from, steps) if step.row_wise]
    named = {name for step in made for name in step.uses()}
    for step in made:
        for to, sources in step.flow().items():
            named |= {to, *sources}

    def replay(columns: Columns) -> tuple[dict[str, list[Any]] | None, Warned]:
        touched = {name: cells for name, cells in columns.values.items() if name in named}
        if not touched:
            return None, []
        keys: list[Any] = list(zip(*touched.values(), strict=True))
        if not all(set(map(type, cells)) <= _ONCE for cells in touched.values()):
            keys = list(enumerate(keys))  # a number may equal another one that is not the same
            rows = {key: dict(zip(touched, key[1], strict=True)) for key in keys}
        else:
            rows = {key: dict(zip(touched, key, strict=True)) for key in set(keys)}
        done = {key: _replayed(made, row) for key, row in rows.items()}
        names = {name for row, _ in done.values() for name in row}
        told = {}
        for name in names:
            cells = {key: row.get(name) for key, (row, _) in done.items()}
            told[name] = list(map(cells.__getitem__, keys))
        gone = {name: [None] * len(keys) for name in named - names}
        return {**gone, **told}, _warned(keys, done)

    return replay


def _warned(keys: Sequence[Any], done: Mapping[Any, tuple[Any, list[str]]]) -> Warned:
    if not any(says for _, says in done.values()):
        return []
    return [(number, each) for number, key in enumerate(keys, start=1) for each in done[key][1]]


_ONCE = frozenset((str, bool, type(None)))


def _replayed(steps: Sequence[Any], row: dict[str, Any]) -> tuple[Mapping[str, Any], list[str]]:
    now, told = dict(row), []
    for step in steps:
        if says := step.warn(now):
            told.append(says)
        now = step.replay(now)
    return now, told


def _cells(
    after: Mapping[str, list[Any]] | None, columns: Columns, spec: Sequence[ColumnSpec]
) -> Cells:
    """What ``model_frame`` makes, from columns."""
    made: dict[str, Any] = {}
    changed = after or {}
    for column in spec:
        name = column.name
        values = changed[name] if name in changed else columns.values.get(name)
        if values is None:
            values = [None] * len(columns)
        if column.kind == Kind.TEXT:
            _only(values, str)
            made[name] = values
        elif column.kind == Kind.DATETIME:
            if any(value is not None and value.tzinfo is not None for value in values):
                raise Unsure("A moment with a zone.")
            made.update(date_parts(name, np.array(values, dtype="datetime64[us]")))
        elif name not in changed and name in columns.numbers:
            made[name] = _within(columns.numbers[name])
        else:
            _only(values, *((bool,) if column.kind == Kind.BOOLEAN else (float, int)))
            made[name] = _within(np.array(values, dtype="float64"))
    return made


def _only(values: Sequence[Any], *types: type) -> None:
    if not set(map(type, values)) <= {*types, type(None)}:
        raise Unsure("A value of another type.")


def _within(numbers: Any) -> Any:
    if np.any(np.abs(numbers) > LARGEST):
        raise Unsure("A number beyond what models take.")  # scikit-learn's path words the refusal
    return numbers


@dataclass
class _Making:
    """Whether a number is answered, and the bytes of the tables that were made."""

    quantity: bool
    table_bytes: int = 0

    def answers(self, sums: Sequence[Totals]) -> Callable[[Any], Any]:
        """From the sums of trees, one or one of each class, to numbers or probabilities."""
        self.table_bytes += sum(total.table_bytes for total in sums)
        only = sums[0].of
        if self.quantity:
            return only
        if len(sums) == 1:

            def pair(inputs: Any) -> Any:
                chances = expit(only(inputs))
                return np.column_stack([1.0 - chances, chances])

            return pair
        return lambda inputs: softmax(np.column_stack([total.of(inputs) for total in sums]), axis=1)


def _estimator(model: Any, making: _Making) -> Told:
    if type(model) is Pipeline and [name for name, _ in model.steps] == ["prepare", "model"]:
        prepare = _preparation(model.named_steps["prepare"])
        answer = _model(model.named_steps["model"], making)
        return lambda cells: answer(prepare(cells))
    if type(model) in (VotingClassifier, VotingRegressor):
        if type(model) is VotingClassifier and model.voting != "soft":
            raise CannotCompile("the blend counts votes")
        members = [_estimator(member, making) for member in model.estimators_]
        weights = model._weights_not_none
        return lambda cells: np.average(
            [member(cells) for member in members], axis=0, weights=weights
        )
    raise CannotCompile(f"the model is a {type(model).__name__}")


def _preparation(prepared: Any) -> Prepared:
    if type(prepared) is Pipeline:  # with features selected behind the prepared columns
        first, *rest = [step for _, step in prepared.steps]
        part = _preparation(first)
        for step in rest:
            part = _selecting(part, selected_by(step))
        return part
    if type(prepared) is not ColumnTransformer:
        raise CannotCompile(f"the preparation is a {type(prepared).__name__}")
    parts = [
        _part(transformer, list(names))
        for _, transformer, names in prepared.transformers_
        if len(names) and not (isinstance(transformer, str) and transformer == "drop")
    ]
    return lambda cells: np.hstack([part(cells) for part in parts])


def _selecting(part: Prepared, kept: Sequence[int]) -> Prepared:
    return lambda cells: part(cells)[:, kept]


def _part(transformer: Any, names: Sequence[str]) -> Prepared:
    steps = [transformer]
    if type(transformer) is Pipeline:
        steps = [step for _, step in transformer.steps]
    if any(type(step) in ENCODERS for step in steps):
        return _encoding(Chain(steps), names)
    if all(map(passes_through, steps)):
        return lambda cells: np.column_stack([cells[name] for name in names])
    for step in steps:
        if type(step) not in _NUMERIC:
            raise CannotCompile(f"the preparation holds a {type(step).__name__}")
    nameless = [_without_names(step) for step in steps]

    def through(cells: Cells) -> Any:
        matrix = np.column_stack([cells[name] for name in names])
        for step in nameless:
            matrix = step.transform(matrix)
        return matrix

    return through


def _without_names(step: Any) -> Any:
    """A fitted step that takes a matrix and does not ask for its columns' names."""
    plain = copy.copy(step)
    if hasattr(plain, "feature_names_in_"):
        del plain.feature_names_in_
    return plain


def _encoding(chain: Chain, names: Sequence[str]) -> Prepared:
    tables = []
    for name, (known, unknown) in zip(names, asked_of(chain, names), strict=True):
        places = {text: place for place, text in enumerate(known)}
        tables.append((name, places, len(known), np.array([*known.values(), unknown])))

    def encode(cells: Cells) -> Any:
        return np.hstack(
            [
                lines[[places.get(text, other) for text in cells[name]]]
                for name, places, other, lines in tables
            ]
        )

    return encode


def _model(model: Any, making: _Making) -> Callable[[Any], Any]:
    """A function from inputs to probabilities or numbers: by bits, or the model's own."""
    try:
        if type(model) in (HistGradientBoostingClassifier, HistGradientBoostingRegressor):
            return making.answers(totals(model))
        if type(model) in (LGBMClassifier, LGBMRegressor):
            answer = making.answers(totals(model))
            return lambda inputs: answer(read_by_lightgbm(inputs))
    except CannotCompile:
        pass  # its own way is right, only slower
    own = _without_names(model)
    ask = own.predict if making.quantity else own.predict_proba

    def by_itself(inputs: Any) -> Any:
        with config_context(assume_finite=True):
            return np.asarray(ask(inputs), dtype="float64")

    return by_itself
