"""The fitted preparation of ``training.pipeline`` as plain Python: cells to the model's inputs.

Encoders are asked rather than rebuilt: each category, a missing and an unknown one is sent through
the fitted encoder once, and what it answers is kept in a table.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectPercentile, VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

from apps.engine.serving.compile_row import Cells

Inputs = list[float]
Part = Callable[[Cells], Inputs]
Change = Callable[[Inputs], Inputs]

_UNKNOWN = "\x00"  # no request can hold it: the contract refuses this character


class CannotCompile(Exception):
    """The pipeline holds something that has no plain form here; the message names it."""


def compile_preparation(prepared: Any, places: Mapping[str, int]) -> Part:
    """A function from cells to the inputs of the model. Raises CannotCompile."""
    if type(prepared) is Pipeline:  # with features selected behind the prepared columns
        first, *rest = [step for _, step in prepared.steps]
        part = compile_preparation(first, places)
        for step in rest:
            part = _chained(part, _selecting(step))
        return part
    if type(prepared) is not ColumnTransformer:
        raise CannotCompile(f"the preparation is a {type(prepared).__name__}")
    parts = [
        _part(transformer, [places[name] for name in names], names)
        for name, transformer, names in prepared.transformers_
        if len(names) and not (isinstance(transformer, str) and transformer == "drop")
    ]
    if len(parts) == 1:
        return parts[0]

    def prepare(cells: Cells) -> Inputs:
        inputs: Inputs = []
        for part in parts:
            inputs += part(cells)
        return inputs

    return prepare


def _part(transformer: Any, at: Sequence[int], names: Sequence[str]) -> Part:
    if type(transformer) is Pipeline:
        steps = [step for _, step in transformer.steps]
        if any(type(step) in ENCODERS for step in steps):
            return _encoding(Chain(steps), at, names)
        first, *rest = steps
        part = _part(first, at, names)
        for step in rest:
            part = _chained(part, _scaling(step))
        return part
    if passes_through(transformer):
        return lambda cells: [cells[place] for place in at]
    if type(transformer) is SimpleImputer:
        return _filling(transformer, at, names)
    if type(transformer) in ENCODERS:
        return _encoding(Chain([transformer]), at, names)
    if type(transformer) in (StandardScaler, RobustScaler, QuantileTransformer):
        change = _scaling(transformer)
        return lambda cells: change([cells[place] for place in at])
    raise CannotCompile(f"the preparation holds a {type(transformer).__name__}")


def _chained(part: Part, change: Change) -> Part:
    return lambda cells: change(part(cells))


def passes_through(transformer: Any) -> bool:
    """Whether it leaves its columns as they are."""
    if isinstance(transformer, str):
        return transformer == "passthrough"
    return type(transformer) is FunctionTransformer and transformer.func is None


def _scaling(scaler: Any) -> Change:
    if type(scaler) is QuantileTransformer:
        return _ranking(scaler)
    if type(scaler) not in (StandardScaler, RobustScaler):
        raise CannotCompile(f"the preparation holds a {type(scaler).__name__}")
    width = scaler.n_features_in_
    middle = scaler.mean_ if type(scaler) is StandardScaler else scaler.center_
    middles = np.zeros(width) if middle is None else middle
    scales = np.ones(width) if scaler.scale_ is None else scaler.scale_
    pairs = list(zip(middles.tolist(), scales.tolist(), strict=True))
    return lambda inputs: [
        (value - mean) / scale for value, (mean, scale) in zip(inputs, pairs, strict=True)
    ]


def _ranking(scaler: QuantileTransformer) -> Change:
    """Quantiles to ranks as scikit-learn has it: the mean of interpolating from both ends."""
    if scaler.output_distribution != "uniform":
        raise CannotCompile("the preparation ranks numbers on a normal scale")
    ranks = scaler.references_.tolist()
    columns = [column.tolist() for column in scaler.quantiles_.T]

    def rank(value: float, known: list[float]) -> float:
        if value != value:
            return value
        if value == known[0] or value == known[-1]:
            return 1.0 if value == known[-1] else 0.0
        return 0.5 * (_forth(value, known, ranks) - _back(value, known, ranks))

    return lambda inputs: [rank(value, known) for value, known in zip(inputs, columns, strict=True)]


def _forth(value: float, known: list[float], ranks: list[float]) -> float:
    """As ``numpy.interp(value, known, ranks)`` computes it, to the last digit."""
    at = bisect_right(known, value) - 1
    if at < 0 or at >= len(known) - 1:
        return ranks[0] if at < 0 else ranks[-1]
    slope = (ranks[at + 1] - ranks[at]) / (known[at + 1] - known[at])
    return slope * (value - known[at]) + ranks[at]


def _back(value: float, known: list[float], ranks: list[float]) -> float:
    """As ``numpy.interp`` of the negated value among the negated quantiles, read backwards."""
    at = bisect_left(known, value)
    if at <= 0 or at >= len(known):
        return -ranks[0] if at <= 0 else -ranks[-1]
    if known[at] == value:
        return -ranks[at]
    slope = (ranks[at] - ranks[at - 1]) / (known[at] - known[at - 1])
    return slope * (known[at] - value) - ranks[at]


def _selecting(step: Any) -> Change:
    kept = selected_by(step)
    return lambda inputs: [inputs[place] for place in kept]


def selected_by(step: Any) -> list[int]:
    """Places of the inputs that a fitted selection keeps. Raises CannotCompile."""
    if type(step) not in (VarianceThreshold, SelectPercentile):
        raise CannotCompile(f"the preparation holds a {type(step).__name__}")
    kept: list[int] = np.flatnonzero(step.get_support()).tolist()
    return kept


def _filling(imputer: SimpleImputer, at: Sequence[int], names: Sequence[str]) -> Part:
    nothing = pd.DataFrame({name: [np.nan] for name in names}, dtype="float64")
    filled = imputer.transform(nothing)[0].tolist()[: len(at)]
    if len(filled) != len(at):
        raise CannotCompile("the preparation leaves out a column that is always missing")
    fills = list(zip(at, filled, strict=True))
    marked = imputer.indicator_.features_.tolist() if imputer.indicator_ is not None else []
    marks = [at[place] for place in marked]

    def fill(cells: Cells) -> Inputs:
        inputs = [
            value if (value := cells[place]) == value else instead for place, instead in fills
        ]
        return inputs + [0.0 if cells[place] == cells[place] else 1.0 for place in marks]

    return fill


ENCODERS = (OneHotEncoder, OrdinalEncoder, TargetEncoder)
_BEHIND = (StandardScaler, RobustScaler, QuantileTransformer)


class Chain:
    """Fitted steps that turn categories into numbers, asked as one: fill, group, encode, scale."""

    def __init__(self, steps: Sequence[Any]) -> None:
        """Raise CannotCompile for a step that is not known."""
        for step in steps:
            if type(step) not in (SimpleImputer, *ENCODERS, *_BEHIND):
                raise CannotCompile(f"the preparation holds a {type(step).__name__}")
        self.steps = steps
        encoders = [step for step in steps if type(step) in ENCODERS]
        self.first, self.last = encoders[0], encoders[-1]
        self.categories_ = self.first.categories_

    def transform(self, table: Any) -> Any:
        """What the steps make of it, one after the other."""
        for step in self.steps:
            table = step.transform(table)
        return table


def _encoding(encoder: Chain, at: Sequence[int], names: Sequence[str]) -> Part:
    tables = [(place, *table) for place, table in zip(at, asked_of(encoder, names), strict=True)]
    if all(len(unknown) == 1 for _, _, unknown in tables):
        single = [
            (place, {key: told[0] for key, told in table.items()}, unknown[0])
            for place, table, unknown in tables
        ]
        return lambda cells: [table.get(cells[place], unknown) for place, table, unknown in single]

    def encode(cells: Cells) -> Inputs:
        inputs: Inputs = []
        for place, table, unknown in tables:
            inputs += table.get(cells[place], unknown)
        return inputs

    return encode


def asked_of(encoder: Chain, names: Sequence[str]) -> list[tuple[dict[Any, Inputs], Inputs]]:
    """Per column: what the encoder makes of each category and of a missing cell; of an unknown."""
    seen = [
        [value for value in values.tolist() if isinstance(value, str)]
        for values in encoder.categories_
    ]
    if any(_UNKNOWN in values for values in seen):
        raise CannotCompile("a category is a zero character")
    longest = max(map(len, seen))
    asked = {
        name: values + [np.nan, _UNKNOWN] + [_UNKNOWN] * (longest - len(values))
        for name, values in zip(names, seen, strict=True)
    }
    told = np.asarray(encoder.transform(pd.DataFrame(asked, dtype=object)), dtype="float64")
    found, start = [], 0
    for values, width in zip(seen, _widths(encoder.last, told.shape[1]), strict=True):
        block = told[:, start : start + width].tolist()
        start += width
        table: dict[Any, Inputs] = dict(zip([*values, None], block, strict=False))
        found.append((table, block[len(values) + 1]))
    return found


def _widths(encoder: Any, total: int) -> list[int]:
    """How many inputs each column of an encoder becomes."""
    count = len(encoder.categories_)
    if type(encoder) is not OneHotEncoder:
        return [total // count] * count
    if encoder.drop is not None or encoder.sparse_output:
        raise CannotCompile("a one-hot encoder leaves out columns or is sparse")
    rare = getattr(encoder, "infrequent_categories_", [None] * count)
    return [
        len(values) - (0 if few is None else len(few) - 1)
        for values, few in zip(encoder.categories_, rare, strict=True)
    ]
