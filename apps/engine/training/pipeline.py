"""A candidate's pipeline: preparation and model, or several of them as one.

Everything that is learnt from data (medians, scales, categories, encodings) is inside, so that
it is fitted on training rows only.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.linear_model import LogisticRegression, QuantileRegressor, RidgeCV
from sklearn.pipeline import Pipeline

from apps.engine.errors import BadParameter
from apps.engine.training.candidates import AT_ONCE, CANDIDATES
from apps.engine.training.fitted.parts import prepared
from apps.engine.training.fitted.settle import AUTOMATIC, settle
from apps.engine.training.frame import model_columns
from apps.engine.training.models import inner_folds, model_of
from apps.engine.training.rule import RuleOfLabels
from apps.engine.training.several import LabelSets
from apps.engine.types import ColumnSpec, Problem

USUAL_MEMBERS = (
    {"candidate": "linear", "params": {}, "weight": 0.5},
    {"candidate": "lightgbm", "params": {}, "weight": 0.5},
)
"""What a blend is made of when nobody said."""
MEANS = frozenset({"vote", "search"})
BLENDS = frozenset(key for key, item in CANDIDATES.items() if item.family == "blend")


def build_pipeline(
    candidate: str,
    *,
    spec: Sequence[ColumnSpec],
    distinct: Mapping[str, int],
    problem: Problem,
    seed: int,
    params: Mapping[str, Any] | None = None,
    long: Collection[str] = (),
    balanced: bool = False,
    choices: Sequence[Mapping[str, Any]] = (),
    level: float | None = None,
) -> Any:
    """Unfitted pipeline over the columns that ``frame.model_frame`` makes.

    Parameters
    ----------
    candidate : a key of CANDIDATES
    spec : the features
    distinct : per column of ``model_frame`` its distinct values in the training rows: a column
        with none is left out; a text with more than MOST_ONE_HOT is target-encoded (with inner
        folds) instead of one-hot encoded
    problem : for sets of labels the pipeline stands inside of a ``several.LabelSets``
    seed : same seed, same rows, one thread: same model
    params : settings of the model that differ from ours; of a blend its ``members``, each with
        ``candidate``, ``params`` and ``weight``
    long : texts that are read word by word (see texts.long_texts)
    balanced : each class counts alike, however rare it is
    choices : what a person chose instead of the automatic preparation (see fitted.choices)
    level : the quantile of a quantity that is answered, 0 to 1; None: the mean

    Raises
    ------
    BadParameter
        Unknown candidate, or one that answers no quantile; no feature, or two of the same name.
    """
    if candidate not in CANDIDATES:
        raise BadParameter(f'There is no candidate "{candidate}".')
    common: dict[str, Any] = {
        "spec": spec,
        "distinct": distinct,
        "seed": seed,
        "params": params,
        "long": long,
        "balanced": balanced,
        "choices": choices,
        "level": level,
    }
    if problem != Problem.MULTILABEL:
        return _made(candidate, problem=problem, **common)
    if candidate == "rule":
        return RuleOfLabels(**(params or {}))
    at_once = learns_at_once(candidate, choices)
    inner = Problem.MULTILABEL if at_once else Problem.BINARY
    return LabelSets(_made(candidate, problem=inner, **common), at_once)


def learns_at_once(candidate: str, choices: Sequence[Mapping[str, Any]]) -> bool:
    """One model for all labels; a chosen preparation may ask for the answer, which is of one."""
    return candidate == "chain" or (candidate in AT_ONCE and not choices)


def _made(
    candidate: str,
    *,
    spec: Sequence[ColumnSpec],
    distinct: Mapping[str, int],
    problem: Problem,
    seed: int,
    params: Mapping[str, Any] | None,
    long: Collection[str],
    balanced: bool,
    choices: Sequence[Mapping[str, Any]],
    level: float | None,
) -> Any:
    """Unfitted pipeline of one class, one quantity, or the matrix of all labels."""
    if candidate in BLENDS:
        members = (params or {}).get("members") or USUAL_MEMBERS
        return _blend(
            candidate,
            members,
            spec=spec,
            distinct=distinct,
            problem=problem,
            seed=seed,
            long=long,
            balanced=balanced,
            choices=choices,
            level=level,
        )
    quantity = problem == Problem.REGRESSION
    model = model_of(
        candidate, quantity=quantity, seed=seed, params=params, balanced=balanced, level=level
    )
    if candidate == "rule":
        return model
    numbers, texts = _columns(spec, distinct)
    preparation = prepared(
        candidate,
        numbers,
        texts,
        distinct,
        long=long,
        problem=problem,
        seed=seed,
        settled=AUTOMATIC if candidate == "dummy" else settle(choices, spec),
    )
    return Pipeline([("prepare", preparation), ("model", model)])


def _columns(
    spec: Sequence[ColumnSpec], distinct: Mapping[str, int]
) -> tuple[list[str], list[str]]:
    """Names of the numeric and text columns that hold anything. Raises BadParameter."""
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
    return numbers, texts


def _blend(candidate: str, members: Sequence[Mapping[str, Any]], **common: Any) -> Any:
    """Several pipelines as one; of a vote or a search, a single member stands alone."""
    built = [
        (
            f"{number} {member['candidate']}",
            build_pipeline(member["candidate"], params=member["params"], **common),
        )
        for number, member in enumerate(members, start=1)
    ]
    if len(built) == 1 and candidate in MEANS:
        return built[0][1]
    return blend_of(
        candidate,
        built,
        weights=[float(member["weight"]) for member in members],
        quantity=common["problem"] == Problem.REGRESSION,
        seed=common["seed"],
        level=common["level"],
    )


def blend_of(
    candidate: str,
    built: Sequence[Any],
    *,
    weights: Sequence[float],
    quantity: bool,
    seed: int,
    level: float | None = None,
) -> Any:
    """Unfitted blend of named pipelines (pairs); calibrated: of the first one alone.

    Quantiles are stacked by a linear model of the same quantile: a regression of their mean would
    answer the mean again. Source: Granger and others (1989), Journal of Forecasting 8, 87-96.
    """
    members = list(built)
    if candidate in MEANS:
        if quantity:
            return VotingRegressor(members, weights=list(weights))
        return VotingClassifier(members, voting="soft", weights=list(weights))
    folds = inner_folds(quantity=quantity, seed=seed)
    if candidate == "calibrated":
        only = members[0][1] if members else None
        return CalibratedClassifierCV(only, cv=folds, ensemble=False)
    if quantity:
        last = RidgeCV() if level is None else QuantileRegressor(quantile=level, alpha=0.0)
        return StackingRegressor(members, final_estimator=last, cv=folds)
    return StackingClassifier(members, final_estimator=LogisticRegression(), cv=folds)
