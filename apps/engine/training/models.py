"""Unfitted models of the catalogue, of scikit-learn's, LightGBM's and our own rule's classes."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import ElasticNetCV, LogisticRegression, QuantileRegressor, Ridge
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.multioutput import ClassifierChain
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from apps.engine.errors import BadParameter
from apps.engine.training.named import NamedClasses
from apps.engine.training.rule import RuleClassifier, RuleRegressor

INNER_FOLDS = 3
"""Folds inside of a training fold, where a model calibrates or stacks."""


def model_of(
    candidate: str,
    *,
    quantity: bool,
    seed: int,
    params: Mapping[str, Any] | None = None,
    balanced: bool = False,
    level: float | None = None,
) -> Any:
    """The unfitted model of a candidate that is not made of others.

    ``params`` differ from our settings. ``balanced``: each class counts alike, where the model can.
    ``level``: of the quantile that it answers; None: the mean. Raises BadParameter for a candidate
    that answers no quantile.
    """
    model = (
        _MODELS[candidate](quantity, seed) if level is None else _quantile(candidate, level, seed)
    )
    if balanced:
        weights = [name for name in model.get_params() if name.endswith("class_weight")]
        model.set_params(**dict.fromkeys(weights, "balanced"))
    return model.set_params(**params) if params else model


def inner_folds(*, quantity: bool, seed: int) -> Any:
    """Shuffled folds inside of the training rows; stratified for classes."""
    folds: Any = KFold if quantity else StratifiedKFold
    return folds(INNER_FOLDS, shuffle=True, random_state=seed)


def _dummy(quantity: bool, seed: int) -> Any:
    return DummyRegressor() if quantity else DummyClassifier(strategy="prior")


def _rule(quantity: bool, seed: int) -> Any:
    return RuleRegressor() if quantity else RuleClassifier()


def _linear(quantity: bool, seed: int) -> Any:
    return Ridge(random_state=seed) if quantity else LogisticRegression(max_iter=2000, C=1.0)


def _chain(quantity: bool, seed: int) -> Any:
    return ClassifierChain(_linear(False, seed), order="random", random_state=seed)


def _elastic_net(quantity: bool, seed: int) -> Any:
    if quantity:
        folds = inner_folds(quantity=True, seed=seed)
        return ElasticNetCV(l1_ratio=[0.2, 0.5, 0.9], alphas=30, cv=folds, max_iter=5000)
    return LogisticRegression(
        l1_ratio=0.5, solver="saga", C=0.3, max_iter=500, tol=1e-3, random_state=seed
    )


def _tree(quantity: bool, seed: int) -> Any:
    tree: Any = DecisionTreeRegressor if quantity else DecisionTreeClassifier
    return tree(max_leaf_nodes=16, min_samples_leaf=5, random_state=seed)


def _bayes(quantity: bool, seed: int) -> Any:
    return GaussianNB(var_smoothing=1e-6)


def _neighbours(quantity: bool, seed: int) -> Any:
    return (KNeighborsRegressor if quantity else KNeighborsClassifier)(n_neighbors=10)


def _forest(quantity: bool, seed: int) -> Any:
    forest: Any = RandomForestRegressor if quantity else RandomForestClassifier
    return forest(n_estimators=200, min_samples_leaf=3, random_state=seed)


def _extra_trees(quantity: bool, seed: int) -> Any:
    forest: Any = ExtraTreesRegressor if quantity else ExtraTreesClassifier
    return forest(n_estimators=200, min_samples_leaf=3, random_state=seed)


def _boosting(quantity: bool, seed: int) -> Any:
    boosting: Any = HistGradientBoostingRegressor if quantity else HistGradientBoostingClassifier
    return boosting(learning_rate=0.06, max_iter=200, max_leaf_nodes=15, random_state=seed)


def _small_boosting(quantity: bool, seed: int) -> Any:
    boosting: Any = GradientBoostingRegressor if quantity else GradientBoostingClassifier
    return boosting(
        learning_rate=0.06, n_estimators=150, max_depth=3, subsample=0.8, random_state=seed
    )


def _lightgbm(quantity: bool, seed: int) -> Any:
    light: Any = LGBMRegressor if quantity else LGBMClassifier
    return light(
        learning_rate=0.05,
        n_estimators=200,
        num_leaves=15,
        random_state=seed,
        n_jobs=1,
        verbosity=-1,
        deterministic=True,
        force_row_wise=True,
    )


def _svm(quantity: bool, seed: int) -> Any:
    if quantity:
        return TransformedTargetRegressor(SVR(), transformer=StandardScaler())
    folds = inner_folds(quantity=False, seed=seed)
    return CalibratedClassifierCV(SVC(random_state=seed), cv=folds, ensemble=False)


def _mlp(quantity: bool, seed: int) -> Any:
    usual: dict[str, Any] = {
        "hidden_layer_sizes": (48,),
        "alpha": 0.01,
        "learning_rate_init": 0.003,
        "max_iter": 150,
        "n_iter_no_change": 5,
        "tol": 1e-3,
        "random_state": seed,
    }
    if quantity:
        return TransformedTargetRegressor(MLPRegressor(**usual), transformer=StandardScaler())
    return MLPClassifier(**usual)


def _xgboost(quantity: bool, seed: int) -> Any:
    package = import_module("xgboost")
    made = package.XGBRegressor if quantity else package.XGBClassifier
    model = made(n_estimators=200, learning_rate=0.06, max_depth=5, n_jobs=1, random_state=seed)
    return model if quantity else NamedClasses(model)


def _catboost(quantity: bool, seed: int) -> Any:
    package = import_module("catboost")
    made = package.CatBoostRegressor if quantity else package.CatBoostClassifier
    return made(
        iterations=400, thread_count=1, random_seed=seed, verbose=False, allow_writing_files=False
    )


def _quantile(candidate: str, level: float, seed: int) -> Any:
    """The model of a candidate that is fitted by the pinball loss of this level.

    The linear one is fitted on a scaled target, so that its small penalty means the same in any
    unit: a quantile moves along with a rising straight line. Source: Koenker (2005), Quantile
    Regression, section 2.2.
    """
    if candidate not in _AIMED:
        raise BadParameter(f'The candidate "{candidate}" answers no quantile.')
    if candidate == "dummy":
        return DummyRegressor(strategy="quantile", quantile=level)
    if candidate == "linear":
        line = QuantileRegressor(quantile=level, alpha=LINE_PENALTY, solver="highs")
        return TransformedTargetRegressor(line, transformer=StandardScaler())
    return _MODELS[candidate](True, seed).set_params(**_AIMED[candidate](level))


LINE_PENALTY = 1e-4
"""On the weights of the linear quantile (L1), for a target of deviation 1."""
_AIMED: dict[str, Callable[[float], dict[str, Any]]] = {
    "dummy": lambda level: {},
    "rule": lambda level: {},
    "linear": lambda level: {},
    "boosting": lambda level: {"loss": "quantile", "quantile": level},
    "small_boosting": lambda level: {"loss": "quantile", "alpha": level},
    "lightgbm": lambda level: {"objective": "quantile", "alpha": level},
    "xgboost": lambda level: {"objective": "reg:quantileerror", "quantile_alpha": level},
    "catboost": lambda level: {"loss_function": f"Quantile:alpha={level:g}"},
}
"""Candidates that answer a quantile, and the settings that aim them at a level."""

_MODELS: dict[str, Callable[[bool, int], Any]] = {
    "dummy": _dummy,
    "rule": _rule,
    "linear": _linear,
    "chain": _chain,
    "elastic_net": _elastic_net,
    "tree": _tree,
    "bayes": _bayes,
    "neighbours": _neighbours,
    "forest": _forest,
    "extra_trees": _extra_trees,
    "boosting": _boosting,
    "lightgbm": _lightgbm,
    "small_boosting": _small_boosting,
    "svm": _svm,
    "mlp": _mlp,
    "xgboost": _xgboost,
    "catboost": _catboost,
}
