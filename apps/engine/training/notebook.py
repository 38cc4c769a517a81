"""An experiment as a notebook of plain pandas and scikit-learn, which gives the same answers."""

import inspect
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.engine.training import named, notebook_scores, rule, texts
from apps.engine.training.fitted.parts import both_parts, needs_complete, selection
from apps.engine.training.fitted.settle import AUTOMATIC, Settled, settle
from apps.engine.training.models import inner_folds, model_of
from apps.engine.training.pipeline import BLENDS, MEANS, USUAL_MEMBERS, blend_of
from apps.engine.training.preparation import few_part, many_part, number_part, text_part
from apps.engine.training.rows import specs
from apps.engine.types import Problem

_LONGEST_REPR = 100_000
_BASES = (
    "BaseEstimator",
    "ClassifierMixin",
    "MetaEstimatorMixin",
    "RegressorMixin",
    "TransformerMixin",
    "clone",
)
_LIBRARIES = ("sklearn.", "lightgbm.", "xgboost.", "catboost.")


@dataclass(frozen=True)
class Entry:
    """A candidate of the notebook: title, key, settings, and the rows of its sample or None."""

    title: str
    candidate: str
    params: Mapping[str, Any]
    most_rows: int | None = None


@dataclass(frozen=True)
class Setting:
    """What all candidates of the experiment share; ``extra``: columns for the rule only.

    ``choices``: preparation that a person chose (see fitted.choices). ``level``: of the quantile
    that is answered, None for the mean.
    """

    title: str
    says: str
    target: str
    features: Sequence[Mapping[str, Any]]
    problem: Problem
    seed: int
    method: str
    balanced: bool
    extra: Sequence[Mapping[str, Any]] = ()
    choices: Sequence[Mapping[str, Any]] = ()
    level: float | None = None

    @property
    def quantity(self) -> bool:
        """A number is predicted, not a class."""
        return self.problem == Problem.REGRESSION


def notebook_of(setting: Setting, entries: Sequence[Entry]) -> dict[str, Any]:
    """The notebook as JSON (nbformat 4.5). It reads development.parquet and split.parquet beside
    it and leaves ``answers``: title of a candidate to its out-of-fold answers, a DataFrame."""
    makers = [_maker(number, entry, setting) for number, entry in enumerate(entries, start=1)]
    used = [estimator for _, estimators in makers for estimator in estimators]
    cells = [
        _markdown(f"# {setting.title}\n\n{setting.says}\n\n{_HOW}"),
        _code(_imports(used, setting)),
        _code(_constants(setting)),
        _code(_FRAME),
        _code(_own_classes(entries)),
        _code(_FOLDS),
        *(_code(text) for text, _ in makers),
        _code(_scores(setting)),
    ]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


_HOW = (
    "Put `development.parquet` and `split.parquet` of the same page beside this file. Every step "
    "that learns is fitted on the training rows of a fold only; the sealed test is not here. The "
    "answers are the same numbers as in the product when the versions and the one thread are."
)


def _markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}


def _code(text: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": text.strip("\n").splitlines(keepends=True),
    }


def _imports(estimators: Sequence[Any], setting: Setting) -> str:
    """One line for each public module that the estimators come from."""
    found: dict[str, set[str]] = {
        "sklearn.base": set(_BASES),
        "sklearn.compose": {"ColumnTransformer"},
        "sklearn.pipeline": {"Pipeline"},
        "typing": {"Any", "Self"},
    }
    scores = {"r2_score", "root_mean_squared_error"} if setting.quantity else {"log_loss"}
    found["sklearn.metrics"] = scores if setting.level is None else {"mean_pinball_loss"}
    if any(type(part).__name__ == "IterativeImputer" for part in estimators):
        found["sklearn.experimental"] = {"enable_iterative_imputer"}
    if any(type(part).__name__ == "SelectPercentile" for part in estimators):
        found["sklearn.feature_selection"] = {"f_classif", "f_regression"}
    for estimator in estimators:
        for part in [estimator, *estimator.get_params(deep=True).values()]:
            module = type(part).__module__
            if module.startswith(_LIBRARIES):
                found.setdefault(_public(module), set()).add(type(part).__name__)
    folds = type(inner_folds(quantity=setting.quantity, seed=0)).__name__
    found.setdefault("sklearn.model_selection", set()).update({folds, "KFold", "StratifiedKFold"})
    lines = [f"from {module} import {', '.join(sorted(found[module]))}" for module in sorted(found)]
    return "\n".join(
        [
            "import os",
            "",
            'os.environ.setdefault("OMP_NUM_THREADS", "1")  # before the libraries are read',
            "",
            "import numpy as np",
            "import pandas as pd",
            *lines,
        ]
    )


def _public(module: str) -> str:
    """Where a class is imported from: of ``sklearn.svm._classes`` it is ``sklearn.svm``."""
    package, *names = module.split(".")
    if package != "sklearn":
        return package
    hidden = [place for place, name in enumerate(names) if name.startswith("_")]
    return ".".join([package, *names[: min(hidden, default=len(names))]])


def _constants(setting: Setting) -> str:
    def pairs(features: Sequence[Mapping[str, Any]]) -> str:
        lines = [
            f"    ({json.dumps(item['name'], ensure_ascii=False)}, {str(item['kind'])!r}),"
            for item in features
        ]
        return "\n".join(["[", *lines, "]"])

    return "\n".join(
        [
            "nan = np.nan  # as estimators write it",
            f"TARGET = {setting.target!r}",
            f"FEATURES = {pairs(setting.features)}",
            f"FOR_THE_RULE = {pairs(setting.extra)}",
            f"SEED = {setting.seed}",
            f"METHOD = {setting.method!r}  # of the split",
            f"QUANTITY = {setting.quantity}  # a number is predicted, not a class",
            *([] if setting.level is None else [f"LEVEL = {setting.level}  # of its quantile"]),
        ]
    )


_FRAME = '''
def features_of(table, features):
    """Numbers as floats, dates as day, hour and weekday, texts as they are; missing is NaN."""
    made = {}
    for name, kind in features:
        column = table[name]
        if kind == "text":
            made[name] = column.astype(object).where(column.notna(), np.nan)
        elif kind == "datetime":
            moments = column.to_numpy(dtype="datetime64[us]")
            micros = moments.astype("int64").astype("float64")
            days = micros / 86_400_000_000
            hours = np.floor((micros % 86_400_000_000) / 3_600_000_000)
            parts = {"day": days, "hour": hours, "weekday": (np.floor(days) + 3) % 7}
            for part, values in parts.items():
                made[f"{name}: {part}"] = np.where(np.isnat(moments), np.nan, values)
        else:
            made[name] = column.to_numpy(dtype="float64", na_value=np.nan)
    return pd.DataFrame(made, index=pd.RangeIndex(len(table)))


table = pd.read_parquet("development.parquet")
split = pd.read_parquet("split.parquet").sort_values("row", kind="stable")
fold = split.loc[split["fold"] != -1, "fold"].to_numpy()
if QUANTITY:
    target = table[TARGET].to_numpy(dtype="float64")
else:
    target = table[TARGET].astype("string").to_numpy(dtype=object)
frame = features_of(table, FEATURES)
'''

_FOLDS = '''
def prepared(train, number, few, many, text, chosen=(), select=()):
    """Columns by what the training rows hold: numbers, few categories, many, long texts.

    Chosen parts (columns, were they named?, for few, for many categories) go before all of that.
    """
    named = {name for columns, is_named, *_ in chosen if is_named for name in columns}
    there = [name for name in train.columns if train[name].notna().any()]
    told = [name for name in long_texts(train) if name not in named]
    taken = {name for columns, *_ in chosen for name in columns} - set(told)
    free = [name for name in there if name not in taken]
    numbers = [name for name in there if train[name].dtype != object]
    short = [name for name in there if train[name].nunique() <= MOST_CATEGORIES]
    texts = [name for name in free if name not in numbers and name not in told]
    parts = [
        ("numbers", number, [name for name in free if name in numbers]),
        ("few", few, [name for name in texts if name in short]),
        ("many", many, [name for name in texts if name not in short]),
        *((f"text {name}", text, [name]) for name in told),
    ]
    for place, (columns, _, of_few, of_many) in enumerate(chosen, start=1):
        left = [name for name in columns if name in there and name not in told]
        usual = [name for name in left if name in numbers or name in short]
        rest = [name for name in left if name not in usual]
        parts += [(f"chosen {place}", of_few, usual), (f"chosen {place} many", of_many, rest)]
    columns = ColumnTransformer([part for part in parts if part[2]], remainder="drop")
    return Pipeline([("columns", columns), *select]) if select else columns


def out_of_fold(make, frame, most_rows=None):
    """Answers of rows that did not train: a column for each class, or one of numbers."""
    told = []
    for number in sorted(set(fold[fold >= 0].tolist())):
        train = np.flatnonzero(fold < number if METHOD == "time" else fold != number)
        valid = np.flatnonzero(fold == number)
        if most_rows and len(train) > most_rows:
            generator = np.random.default_rng(SEED)
            train = np.sort(generator.choice(train, most_rows, replace=False))
        model = make(frame.iloc[train]).fit(frame.iloc[train], target[train])
        if QUANTITY:
            part = pd.DataFrame({"number": model.predict(frame.iloc[valid])}, index=valid)
        else:
            chances = model.predict_proba(frame.iloc[valid])
            part = pd.DataFrame(chances, columns=model.classes_, index=valid)
        told.append(part)
    return pd.concat(told).sort_index().fillna(0.0)


answers = {}
'''


def _scores(setting: Setting) -> str:
    if setting.level is not None:
        return notebook_scores.OF_QUANTILES
    return notebook_scores.OF_NUMBERS if setting.quantity else notebook_scores.OF_CLASSES


def _own_classes(entries: Sequence[Entry]) -> str:
    """Source of the few things that scikit-learn does not have."""
    wanted: list[Any] = [texts.FilledText, texts.long_texts]
    if any(entry.candidate == "rule" for entry in entries):
        wanted += [rule.Rule, rule.RuleClassifier, rule.RuleRegressor]
    if any(entry.candidate == "xgboost" for entry in entries):
        wanted.append(named.NamedClasses)
    limits = [
        f"{name} = {getattr(texts, name)}" for name in ("WORDS", "MOST_CATEGORIES", "LOOKED_AT")
    ]
    return "\n\n\n".join(["\n".join(limits), *(inspect.getsource(item) for item in wanted)])


def _maker(number: int, entry: Entry, setting: Setting) -> tuple[str, list[Any]]:
    """A function that makes the candidate for training rows, its call, and the estimators in it."""
    if entry.candidate in BLENDS:
        made, estimators = _blend(entry, setting)
    else:
        made, estimators = _single(entry.candidate, entry.params, setting)
    name = f"candidate_{number}"
    rows = f", most_rows={entry.most_rows}" if entry.most_rows else ""
    frame = "features_of(table, FEATURES + FOR_THE_RULE)" if entry.candidate == "rule" else "frame"
    text = (
        f"def {name}(train):\n    # {entry.title}\n    return {made}\n\n\n"
        f"answers[{entry.title!r}] = out_of_fold({name}, {frame}{rows})"
    )
    return text, estimators


def _single(candidate: str, params: Mapping[str, Any], setting: Setting) -> tuple[str, list[Any]]:
    model = model_of(
        candidate,
        quantity=setting.quantity,
        seed=setting.seed,
        params=params,
        balanced=setting.balanced,
        level=setting.level,
    )
    if candidate == "rule":
        return _repr(model), []
    settled = (
        AUTOMATIC if candidate == "dummy" else settle(setting.choices, specs(setting.features))
    )
    parts = {
        "number": number_part(candidate, complete=needs_complete(settled.select)),
        "few": few_part(candidate),
        "many": many_part(candidate, problem=setting.problem, seed=setting.seed),
        "text": text_part(candidate, seed=setting.seed),
    }
    shown = [f"{name}={_repr(part)}" for name, part in parts.items()]
    used = [model, *parts.values()]
    for text, estimators in (_chosen(settled, candidate, setting), _selected(settled, setting)):
        shown += [text] if text else []
        used += estimators
    prepare = f"prepared(train, {', '.join(shown)})"
    text = f'Pipeline([("prepare", {prepare}), ("model", {_repr(model)})])'
    return text, [part for part in used if not isinstance(part, str)]


def _chosen(settled: Settled, candidate: str, setting: Setting) -> tuple[str, list[Any]]:
    """Chosen parts as the argument of ``prepared``; "" where nothing was chosen."""
    lines: list[str] = []
    used: list[Any] = []
    for group in settled.groups:
        pair = both_parts(
            group,
            candidate,
            problem=setting.problem,
            seed=setting.seed,
            select=settled.select,
        )
        parts = ", ".join(map(_repr, pair))
        lines.append(f"({list(group.columns)!r}, {group.named}, {parts})")
        used += pair
    return f"chosen=[{', '.join(lines)}]" if lines else "", used


def _selected(settled: Settled, setting: Setting) -> tuple[str, list[Any]]:
    """The selection as the argument of ``prepared``; "" where there is none."""
    steps = selection(settled.select, quantity=setting.quantity)
    shown = ", ".join(f"({name!r}, {_repr(step)})" for name, step in steps)
    return f"select=[{shown}]" if steps else "", [step for _, step in steps]


def _blend(entry: Entry, setting: Setting) -> tuple[str, list[Any]]:
    members: Sequence[Mapping[str, Any]] = entry.params.get("members") or USUAL_MEMBERS
    made = [_single(item["candidate"], item["params"], setting) for item in members]
    used = [estimator for _, estimators in made for estimator in estimators]
    if len(made) == 1 and entry.candidate in MEANS:
        return made[0]
    weights = [float(member["weight"]) for member in members]
    shell = blend_of(
        entry.candidate,
        [],
        weights=weights,
        quantity=setting.quantity,
        seed=setting.seed,
        level=setting.level,
    )
    used.append(shell)
    if entry.candidate == "calibrated":
        return _repr(shell).replace("(", f"(estimator={made[0][0]}, ", 1), used
    names = [f"{number} {item['candidate']}" for number, item in enumerate(members, start=1)]
    inside = ", ".join(f"({name!r}, {text})" for name, (text, _) in zip(names, made, strict=True))
    return _repr(shell).replace("estimators=[]", f"estimators=[{inside}]", 1), used


def _repr(estimator: Any) -> str:
    """An estimator as the call that makes it, in one line."""
    if isinstance(estimator, str):
        return repr(estimator)
    text = (
        estimator.__repr__(N_CHAR_MAX=_LONGEST_REPR)
        if hasattr(estimator, "get_params")
        else repr(estimator)
    )
    return re.sub(r"<function (\w+) at 0x\w+>", r"\1", " ".join(text.split()))
