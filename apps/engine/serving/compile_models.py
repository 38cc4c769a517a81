"""Fitted models as plain Python: inputs to the probability of each class, or to a number."""

import math
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import ElasticNetCV, LogisticRegression, QuantileRegressor, Ridge
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from apps.engine.serving.compile_leaves import Totals, totals_of
from apps.engine.serving.compile_prepare import CannotCompile, Inputs
from apps.engine.serving.compile_row import Unsure
from apps.engine.serving.compile_trees import (
    Sum,
    Tree,
    of_boosting,
    of_forest,
    of_lightgbm,
    sum_of,
    sums_by_levels,
)

Answer = list[float]
"""Probability of each class in the model's order; of a quantity the number alone."""
_LARGEST_TERMS = 1e5  # beyond, the rounding of a sum may show in the ninth place
_LIGHTGBM_ZERO = float(np.float32(1e-35))


@dataclass(frozen=True)
class Plain:
    """A model in plain form, and in words what it is."""

    answer: Callable[[Inputs], Answer]
    says: str


def compile_model(model: Any) -> Plain:
    """The plain form of a fitted model. Raises CannotCompile for a kind that has none."""
    for kinds, make in _MAKERS:
        if type(model) in kinds:
            return make(model)
    raise CannotCompile(f"the model is a {type(model).__name__}")


def _dummy(model: Any) -> Plain:
    if type(model) is DummyRegressor:
        told = [float(model.constant_.ravel()[0])]
    elif model.strategy == "prior":
        told = model.class_prior_.tolist()
    else:
        raise CannotCompile("the baseline answers at random")
    return Plain(lambda inputs: told, "a constant")


def _line(weights: Any, start: float) -> Sum:
    """A weighted sum; Unsure where terms are so large that their order of adding may show."""
    factors = weights.tolist()
    sizes = [abs(factor) for factor in factors]

    def line(inputs: Inputs) -> float:
        told = math.sumprod(factors, inputs) + start
        terms = math.sumprod(sizes, [abs(value) for value in inputs])
        if not terms <= _LARGEST_TERMS * max(1.0, abs(told)):
            raise Unsure("The terms of a sum are too large.")
        return told

    return line


def _linear(model: Any) -> Plain:
    rows, starts = np.atleast_2d(model.coef_), np.ravel(model.intercept_).tolist()
    lines = [_line(row, start) for row, start in zip(rows, starts, strict=True)]
    says = f"a linear model of {rows.shape[1]} inputs"
    if type(model) in (Ridge, ElasticNetCV, QuantileRegressor):
        return Plain(lambda inputs: [lines[0](inputs)], says)
    return Plain(_chances(lines), says)


def _scaled_back(model: Any) -> Plain:
    """A model of a target that was scaled, and its answer in the target's unit."""
    scaler = model.transformer_
    if type(scaler) is not StandardScaler:
        raise CannotCompile(f"the target is changed by a {type(scaler).__name__}")
    inner = compile_model(model.regressor_)
    answer, mean, scale = inner.answer, float(scaler.mean_[0]), float(scaler.scale_[0])
    return Plain(lambda inputs: [answer(inputs)[0] * scale + mean], inner.says)


def _forest(model: Any) -> Plain:
    if model.n_outputs_ != 1:
        raise CannotCompile("the forest answers several questions")
    trees = of_forest(model)
    count = len(trees)
    says = _trees_in_words(trees, "a forest" if count > 1 else "a tree")
    is_pair = trees[0].value.shape[1] == 2
    if trees[0].value.shape[1] > 2:
        sums = sums_by_levels(trees)
        return Plain(lambda inputs: (sums(_single(inputs)) / count).tolist(), says)
    flat = [replace(tree, value=tree.value[:, -1]) for tree in trees]
    total = sum_of(flat, start=0.0, width=model.n_features_in_)

    def answer(inputs: Inputs) -> Answer:
        told = total(_single(inputs)) / count
        return [1.0 - told, told] if is_pair else [told]

    return Plain(answer, says)


def _single(inputs: Inputs) -> Inputs:
    """In single precision, in which scikit-learn's trees compare."""
    return array("f", inputs).tolist()


Group = tuple[list[Tree], float]
"""The trees of one score, and what they are added to."""


def _groups(model: Any) -> list[Group]:
    """The scores of a fitted boosting: one, or one of each class where there are more than two."""
    quantity = type(model) in (HistGradientBoostingRegressor, LGBMRegressor)
    if type(model) in (LGBMClassifier, LGBMRegressor):
        return [(trees, 0.0) for trees in _light_trees(model, quantity=quantity)]
    if getattr(model, "_preprocessor", None) is not None:
        raise CannotCompile("the model encodes categories itself")
    if quantity and model.loss not in ("squared_error", "absolute_error", "quantile"):
        raise CannotCompile(f"the loss is {model.loss}")
    starts = np.ravel(model._baseline_prediction).tolist()
    return [(of_boosting(model, place), start) for place, start in enumerate(starts)]


def _light_trees(model: Any, *, quantity: bool) -> list[list[Tree]]:
    trees, told = of_lightgbm(model.booster_)
    turns = int(told["num_tree_per_iteration"])
    expected = {"regression", "quantile"} if quantity else {"binary sigmoid:1"}
    if turns > 1:
        expected = {f"multiclass num_class:{turns}"}
    if told["objective"] not in expected:
        raise CannotCompile(f"LightGBM's objective is {told['objective']}")
    return [trees[place::turns] for place in range(turns)]


_TOTALS: WeakKeyDictionary[Any, list[Totals]] = WeakKeyDictionary()


def totals(model: Any, groups: list[Group] | None = None) -> list[Totals]:
    """The scores of a fitted boosting by bits: the forms for one row and for many share them.

    Raises CannotCompile, also where its trees are too large for that.
    """
    if model not in _TOTALS:
        found = _groups(model) if groups is None else groups
        _TOTALS[model] = [totals_of(trees, start=start) for trees, start in found]
    return _TOTALS[model]


def _boosting(model: Any) -> Plain:
    groups = _groups(model)
    try:
        sums = [total.one for total in totals(model, groups)]
    except CannotCompile:
        width = model.n_features_in_
        sums = [sum_of(trees, start=start, width=width) for trees, start in groups]
    says = _trees_in_words([tree for trees, _ in groups for tree in trees], "gradient boosting")
    if type(model) in (HistGradientBoostingRegressor, LGBMRegressor):
        return Plain(lambda inputs: [sums[0](inputs)], says)
    return Plain(_chances(sums), says)


def read_by_lightgbm(inputs: Any) -> Any:
    """An array as LightGBM reads it: what is next to nothing is 0."""
    return np.where(np.abs(inputs) <= _LIGHTGBM_ZERO, 0.0, inputs)


def _lightgbm(model: Any) -> Plain:
    plain = _boosting(model)

    def answer(inputs: Inputs) -> Answer:
        # As ``read_by_lightgbm``, on a list.
        return plain.answer(
            [0.0 if -_LIGHTGBM_ZERO <= value <= _LIGHTGBM_ZERO else value for value in inputs]
        )

    return Plain(answer, plain.says.replace("gradient boosting", "LightGBM"))


def _trees_in_words(trees: Sequence[Tree], what: str) -> str:
    return f"{what} of {len(trees):,} trees with {sum(tree.nodes for tree in trees):,} nodes"


def _chances(sums: Sequence[Sum]) -> Callable[[Inputs], Answer]:
    """Probabilities from one score (of the second class), or from a score of each class."""
    if len(sums) == 1:
        only = sums[0]

        def pair(inputs: Inputs) -> Answer:
            chance = logistic(only(inputs))
            return [1.0 - chance, chance]

        return pair

    def each(inputs: Inputs) -> Answer:
        scores = [total(inputs) for total in sums]
        top = max(scores)
        parts = [math.exp(score - top) for score in scores]
        whole = math.fsum(parts)
        return [part / whole for part in parts]

    return each


def logistic(score: float) -> float:
    """1 / (1 + exp(-score)), without overflow."""
    if score >= 0:
        return 1.0 / (1.0 + math.exp(-score))
    small = math.exp(score)
    return small / (1.0 + small)


_MAKERS: tuple[tuple[tuple[type, ...], Callable[[Any], Plain]], ...] = (
    ((DummyClassifier, DummyRegressor), _dummy),
    ((LogisticRegression, Ridge, ElasticNetCV, QuantileRegressor), _linear),
    ((TransformedTargetRegressor,), _scaled_back),
    (
        (
            RandomForestClassifier,
            RandomForestRegressor,
            ExtraTreesClassifier,
            ExtraTreesRegressor,
            DecisionTreeClassifier,
            DecisionTreeRegressor,
        ),
        _forest,
    ),
    ((HistGradientBoostingClassifier, HistGradientBoostingRegressor), _boosting),
    ((LGBMClassifier, LGBMRegressor), _lightgbm),
)
