"""What a candidate does to its features before the model: all of it fitted on training rows."""

from collections.abc import Collection, Mapping
from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder

from apps.engine.training.texts import text_encoder
from apps.engine.types import Problem

MOST_ONE_HOT = 30
OWN_MISSING = frozenset({"boosting", "lightgbm", "xgboost", "catboost"})
"""They have a way of their own with missing numbers."""
SCALED = frozenset({"linear", "chain", "elastic_net", "bayes", "neighbours", "svm", "mlp"})
"""They add up or measure distances: scaled numbers, a column for each category."""
WIDE = frozenset({"linear", "chain", "elastic_net"})
"""They take each hashed word by itself; the others take themes."""


def preparation_of(
    candidate: str,
    numbers: list[str],
    texts: list[str],
    distinct: Mapping[str, int],
    *,
    long: Collection[str],
    problem: Problem,
    seed: int,
    complete: bool = False,
) -> ColumnTransformer:
    """Unfitted. ``long``: those of ``texts`` that are read as texts, not as categories.

    ``complete``: gaps are filled for every candidate, since something behind cannot take them.
    """
    told = [name for name in texts if name in long]
    few = [name for name in texts if name not in long and distinct[name] <= MOST_ONE_HOT]
    many = [name for name in texts if name not in long and distinct[name] > MOST_ONE_HOT]
    parts: list[tuple[str, Any, list[str]]] = []
    if numbers:
        parts.append(("numbers", number_part(candidate, complete=complete), numbers))
    if few:
        parts.append(("few", few_part(candidate), few))
    if many:
        parts.append(("many", many_part(candidate, problem=problem, seed=seed), many))
    parts += [(f"text {name}", text_part(candidate, seed=seed), [name]) for name in told]
    return ColumnTransformer(parts, remainder="drop", verbose_feature_names_out=True)


def number_part(candidate: str, *, complete: bool = False) -> Any:
    """The median and an indicator where one is missing; boosting takes them as they are."""
    if candidate in OWN_MISSING and not complete:
        return "passthrough"
    impute = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    if candidate in SCALED:
        return Pipeline([("impute", impute), ("scale", StandardScaler())])
    return impute


def few_part(candidate: str) -> Any:
    """Trees take categories as numbers; the scaled ones a column for each, rare ones together."""
    if candidate in SCALED:
        return OneHotEncoder(
            handle_unknown="infrequent_if_exist", min_frequency=10, sparse_output=False
        )
    return OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2
    )


def many_part(candidate: str, *, problem: Problem, seed: int) -> Any:
    """The mean target of a category, with inner folds: no row tells its own answer.

    A model of all labels at once has no one target: the commonest categories get a column each.
    """
    if problem == Problem.MULTILABEL:
        columns = OneHotEncoder(
            handle_unknown="infrequent_if_exist", max_categories=MOST_ONE_HOT, sparse_output=False
        )
        return Pipeline([("encode", columns)])
    kind = {
        Problem.BINARY: "binary",
        Problem.MULTICLASS: "multiclass",
        Problem.REGRESSION: "continuous",
    }[problem]
    folds: Any = KFold if problem == Problem.REGRESSION else StratifiedKFold
    encoder = TargetEncoder(target_type=kind, cv=folds(5, shuffle=True, random_state=seed))
    steps: list[tuple[str, Any]] = [("encode", encoder)]
    if candidate in SCALED:
        steps.append(("scale", StandardScaler()))
    return Pipeline(steps)


def text_part(candidate: str, *, seed: int) -> Any:
    """Hashed words of one column, weighted; condensed but for linear models."""
    return text_encoder(condensed=candidate not in WIDE, seed=seed)
