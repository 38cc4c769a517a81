"""A candidate's pipeline: preparation and model, of scikit-learn's and LightGBM's own classes only.

Everything that is learnt from data (medians, scales, categories, encodings) is inside, so that
it is fitted on training rows only.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder

from apps.engine.errors import BadParameter
from apps.engine.training.candidates import CANDIDATES
from apps.engine.training.frame import model_columns
from apps.engine.types import ColumnSpec, Problem

MOST_ONE_HOT = 30
USUAL_MEMBERS = (
    {"candidate": "linear", "params": {}, "weight": 0.5},
    {"candidate": "lightgbm", "params": {}, "weight": 0.5},
)
"""The blend of a search that has not been made."""


def build_pipeline(
    candidate: str,
    *,
    spec: Sequence[ColumnSpec],
    distinct: Mapping[str, int],
    problem: Problem,
    seed: int,
    params: Mapping[str, Any] | None = None,
) -> Any:
    """Unfitted pipeline over the columns that ``frame.model_frame`` makes.

    Parameters
    ----------
    candidate : a key of CANDIDATES
    spec : the features
    distinct : per column of ``model_frame`` its distinct values in the training rows: a column
        with none is left out; a text with more than MOST_ONE_HOT is target-encoded (with inner
        folds) instead of one-hot encoded
    seed : same seed, same rows, one thread: same model
    params : settings of the model that differ from ours; of the candidate "search" its
        ``members``, each with ``candidate``, ``params`` and ``weight``

    Raises
    ------
    BadParameter
        Unknown candidate, no feature at all, or two of the same name.
    """
    if candidate not in CANDIDATES:
        raise BadParameter(f'There is no candidate "{candidate}".')
    if candidate == "search":
        members = (params or {}).get("members") or USUAL_MEMBERS
        return _blend(members, spec=spec, distinct=distinct, problem=problem, seed=seed)
    numbers, texts = (
        [name for name in names if distinct[name] > 0] for names in model_columns(spec)
    )
    if not numbers and not texts:
        raise BadParameter(
            "There is no feature to learn from: choose at least one in the plan that is not empty."
        )
    if len({*numbers, *texts}) < len(numbers) + len(texts):
        raise BadParameter(
            "Two features have the same name, counting the parts of a date such as "
            '"seen: day". Rename one in a wrangling step.'
        )
    model = _model(candidate, problem=problem, seed=seed)
    if params:
        model.set_params(**params)
    preparation = _preparation(candidate, numbers, texts, distinct, problem=problem, seed=seed)
    return Pipeline([("prepare", preparation), ("model", model)])


def _blend(members: Sequence[Mapping[str, Any]], **common: Any) -> Any:
    """Weighted mean of the members' probabilities or numbers; a single member stands alone."""
    built = [
        (
            f"{number} {member['candidate']}",
            build_pipeline(member["candidate"], params=member["params"], **common),
        )
        for number, member in enumerate(members, start=1)
    ]
    if len(built) == 1:
        return built[0][1]
    weights = [float(member["weight"]) for member in members]
    if common["problem"] == Problem.REGRESSION:
        return VotingRegressor(built, weights=weights)
    return VotingClassifier(built, voting="soft", weights=weights)


def _model(candidate: str, *, problem: Problem, seed: int) -> Any:
    quantity = problem == Problem.REGRESSION
    if candidate == "dummy":
        return DummyRegressor() if quantity else DummyClassifier(strategy="prior")
    if candidate == "linear":
        return Ridge(random_state=seed) if quantity else LogisticRegression(max_iter=2000, C=1.0)
    if candidate == "forest":
        forest: Any = RandomForestRegressor if quantity else RandomForestClassifier
        return forest(n_estimators=200, min_samples_leaf=3, random_state=seed)
    if candidate == "boosting":
        boosting: Any = (
            HistGradientBoostingRegressor if quantity else HistGradientBoostingClassifier
        )
        return boosting(learning_rate=0.06, max_iter=200, max_leaf_nodes=15, random_state=seed)
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


def _preparation(
    candidate: str,
    numbers: list[str],
    texts: list[str],
    distinct: Mapping[str, int],
    *,
    problem: Problem,
    seed: int,
) -> ColumnTransformer:
    few = [name for name in texts if distinct[name] <= MOST_ONE_HOT]
    many = [name for name in texts if name not in few]
    parts: list[tuple[str, Any, list[str]]] = []
    if numbers:
        parts.append(("numbers", _numbers(candidate), numbers))
    if few:
        parts.append(("few", _few(candidate), few))
    if many:
        encoder = _target_encoder(problem=problem, seed=seed)
        steps: list[tuple[str, Any]] = [("encode", encoder)]
        if candidate == "linear":
            steps.append(("scale", StandardScaler()))
        parts.append(("many", Pipeline(steps), many))
    return ColumnTransformer(parts, remainder="drop", verbose_feature_names_out=True)


def _target_encoder(*, problem: Problem, seed: int) -> TargetEncoder:
    kind = {
        Problem.BINARY: "binary",
        Problem.MULTICLASS: "multiclass",
        Problem.REGRESSION: "continuous",
    }[problem]
    folds: Any = KFold if problem == Problem.REGRESSION else StratifiedKFold
    return TargetEncoder(target_type=kind, cv=folds(5, shuffle=True, random_state=seed))


def _numbers(candidate: str) -> Any:
    """Boosting handles missing numbers itself; the others get the median and an indicator."""
    if candidate in {"boosting", "lightgbm"}:
        return "passthrough"
    impute = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    if candidate == "linear":
        return Pipeline([("impute", impute), ("scale", StandardScaler())])
    return impute


def _few(candidate: str) -> Any:
    """Trees take categories as numbers; a linear model needs a column for each."""
    if candidate == "linear":
        return OneHotEncoder(
            handle_unknown="infrequent_if_exist", min_frequency=10, sparse_output=False
        )
    return OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2
    )
