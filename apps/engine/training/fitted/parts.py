"""Chosen preparation as unfitted classes of scikit-learn; what was not chosen stays automatic."""

from collections.abc import Collection, Mapping
from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.experimental import enable_iterative_imputer  # noqa: F401  (opens sklearn.impute)
from sklearn.feature_selection import (
    SelectPercentile,
    VarianceThreshold,
    f_classif,
    f_regression,
)
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from apps.engine.recipe.values import value_of
from apps.engine.training.fitted import choices as offered
from apps.engine.training.fitted.choices import FillNumbers, Select
from apps.engine.training.fitted.settle import Group, Settled
from apps.engine.training.preparation import (
    MOST_ONE_HOT,
    OWN_MISSING,
    SCALED,
    few_part,
    many_part,
    number_part,
    preparation_of,
)
from apps.engine.types import Kind, Problem

QUANTILES = 200
MOST_DUMMIES = 200
"""Columns that one category becomes at most; the rarer ones are together in the last."""
USUAL_LEAST = 10
UNSCALED = "forest"
"""A candidate whose numbers are filled and nothing else."""
Steps = list[tuple[str, Any]]


def prepared(
    candidate: str,
    numbers: list[str],
    texts: list[str],
    distinct: Mapping[str, int],
    *,
    long: Collection[str],
    problem: Problem,
    seed: int,
    settled: Settled,
) -> Any:
    """Unfitted preparation: automatic parts, chosen parts behind them, then the selection.

    Arguments as those of ``preparation.preparation_of``.
    """
    named = {name for group in settled.groups if group.named for name in group.columns}
    words = [name for name in long if name not in named]
    groups = settled.takes(words)
    taken = {name for _, names in groups for name in names}
    select = settled.select
    automatic = preparation_of(
        candidate,
        [name for name in numbers if name not in taken],
        [name for name in texts if name not in taken],
        distinct,
        long=words,
        problem=problem,
        seed=seed,
        complete=needs_complete(select),
    )
    parts: list[tuple[str, Any, list[str]]] = list(automatic.transformers)
    there = {*numbers, *texts}
    for number, (group, names) in enumerate(groups, start=1):
        few, many = both_parts(group, candidate, problem=problem, seed=seed, select=select)
        left = [name for name in names if name in there]
        is_few = group.holds == "numbers"
        usual = [name for name in left if is_few or distinct[name] <= MOST_ONE_HOT]
        rest = [name for name in left if name not in usual]
        parts += [(f"chosen {number}", few, usual)] if usual else []
        parts += [(f"chosen {number} many", many, rest)] if rest else []
    columns = ColumnTransformer(parts, remainder="drop", verbose_feature_names_out=True)
    steps = selection(select, quantity=problem == Problem.REGRESSION)
    return Pipeline([("columns", columns), *steps]) if steps else columns


def needs_complete(select: Select | None) -> bool:
    """The F test takes no gaps, so that they are filled for every candidate."""
    return select is not None and select.method == offered.F_TEST


def selection(select: Select | None, *, quantity: bool) -> Steps:
    """Steps behind the prepared columns; none where nothing is selected."""
    if select is None:
        return []
    steps: Steps = [("vary", VarianceThreshold())]
    if select.method == offered.F_TEST:
        test = f_regression if quantity else f_classif
        steps.append(("best", SelectPercentile(test, percentile=select.percentile)))
    return steps


def both_parts(
    group: Group, candidate: str, *, problem: Problem, seed: int, select: Select | None = None
) -> tuple[Any, Any]:
    """What a group's columns of few, and of many categories become; numbers: the same twice."""
    if group.holds == "numbers":
        part = _numbers(group, candidate, seed=seed, complete=needs_complete(select))
        return part, part
    few, many = (
        _categories(group, candidate, many=is_many, problem=problem, seed=seed)
        for is_many in (False, True)
    )
    return few, many


def _numbers(group: Group, candidate: str, *, seed: int, complete: bool) -> Any:
    steps: Steps = []
    if fill := group.of("fill"):
        steps.append(("fill", filler(fill, seed=seed)))
    elif complete or candidate not in OWN_MISSING:
        steps.append(("fill", number_part(UNSCALED, complete=True)))
    if scale := group.of("scale"):
        steps += scaler(scale.method, seed=seed)
    elif candidate in SCALED:
        steps += scaler(offered.STANDARD, seed=seed)
    return _joined(steps)


def filler(fill: FillNumbers, *, seed: int) -> Any:
    """The imputer of a choice."""
    mark = fill.mark == offered.YES
    if fill.method == offered.MODEL:  # with keep_empty_features 1.9.1 writes into its input
        return IterativeImputer(random_state=seed, add_indicator=mark)
    common: dict[str, Any] = {"add_indicator": mark, "keep_empty_features": True}
    if fill.method == offered.NEAREST:
        return KNNImputer(**common)
    if fill.method == offered.CONSTANT:
        value = float(value_of(fill.value, kind=Kind.NUMBER))
        return SimpleImputer(strategy="constant", fill_value=value, **common)
    strategy = {offered.FREQUENT: "most_frequent"}.get(fill.method, fill.method)
    return SimpleImputer(strategy=strategy, **common)


def scaler(method: str, *, seed: int) -> Steps:
    """The scaler of a choice as a step; none when numbers stay on their own scale."""
    made = {
        offered.STANDARD: StandardScaler(),
        offered.ROBUST: RobustScaler(),
        offered.QUANTILE: QuantileTransformer(n_quantiles=QUANTILES, random_state=seed),
    }
    return [("scale", made[method])] if method in made else []


def _categories(group: Group, candidate: str, *, many: bool, problem: Problem, seed: int) -> Any:
    steps: Steps = []
    if fill := group.of("fill"):
        steps.append(("fill", category_filler(fill)))
    rare, encode = group.of("rare"), group.of("encode")
    least = rare.limit if rare else None
    if encode is None and least is None:  # automatic but for the gaps
        usual = many_part(candidate, problem=problem, seed=seed) if many else few_part(candidate)
        return _joined([*steps, *(usual.steps if many else [("encode", usual)])])
    method = encode.method if encode else _usual_encoding(candidate, many=many)
    if method == offered.TARGET:
        usual = many_part(candidate, problem=problem, seed=seed)
        grouped = [("rare", ordinal(least))] if least is not None else []
        return _joined([*steps, *grouped, *usual.steps])
    if method == offered.ONE_HOT:
        return _joined([*steps, ("encode", dummies(least))])
    steps.append(("encode", ordinal(least)))
    return _joined([*steps, *(scaler(offered.STANDARD, seed=seed) if candidate in SCALED else [])])


def _usual_encoding(candidate: str, *, many: bool) -> str:
    if many:
        return offered.TARGET
    return offered.ONE_HOT if candidate in SCALED else offered.ORDINAL


def category_filler(fill: Any) -> SimpleImputer:
    """The imputer of a choice about categories."""
    if fill.method == offered.CONSTANT:
        return SimpleImputer(strategy="constant", fill_value=fill.value)
    return SimpleImputer(strategy="most_frequent")


def ordinal(least: float | None) -> OrdinalEncoder:
    """Numbers of categories; those with fewer rows than ``least`` (or its share) have the last."""
    return OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=-1,
        encoded_missing_value=-2,
        min_frequency=least,
    )


def dummies(least: float | None) -> OneHotEncoder:
    """A column for each category; the rare ones share one, and so do unknown ones."""
    return OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        min_frequency=USUAL_LEAST if least is None else least,
        max_categories=MOST_DUMMIES,
        sparse_output=False,
    )


def _joined(steps: Steps) -> Any:
    if not steps:
        return "passthrough"
    return steps[0][1] if len(steps) == 1 else Pipeline(steps)
