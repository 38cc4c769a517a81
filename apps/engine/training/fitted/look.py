"""Job function: what fitted choices make of the development rows, before anything is trained."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from apps.engine.errors import BadParameter
from apps.engine.labels import matrix_of, names_in
from apps.engine.training.fitted import choices as offered
from apps.engine.training.fitted.choices import sentences
from apps.engine.training.fitted.parts import (
    both_parts,
    category_filler,
    dummies,
    filler,
    ordinal,
    scaler,
)
from apps.engine.training.fitted.settle import Group, settle
from apps.engine.training.pipeline import build_pipeline
from apps.engine.training.rows import distinct_values, load_rows, specs
from apps.engine.training.texts import long_texts
from apps.engine.types import ColumnSpec, Problem, Report

MOST_ROWS = 20_000
MOST_SHOWN = 12
MOST_OUT = 60
PLACES = {
    "lowest": 0.0,
    "quarter": 0.25,
    "median": 0.5,
    "three quarters": 0.75,
    "highest": 1.0,
}
SHOWN_WITH = "linear"
"""The candidate whose preparation a selection is shown with."""


def look_at_choices(
    *,
    development: str,
    target: str,
    features: list[dict[str, Any]],
    problem: str,
    choices: Sequence[Mapping[str, Any]],
    report: Report,
) -> dict[str, Any]:
    """Fit the choices on development rows and tell before and after. Job function.

    Parameters
    ----------
    development : path of the typed development rows; sealed rows are never given to it
    features : column specs that a model may use
    problem : of sets of labels the choices are fitted as for the commonest label
    choices : see ``choices.choice_from``

    Returns
    -------
    dict
        ``rows`` looked at ``of`` all (at most MOST_ROWS, drawn with a fixed seed);
        ``columns``: per column ``column``, ``holds``, ``says`` (sentences that count for it),
        ``missing``, ``lines`` (see _numbers and _categories), ``filled``, ``out`` (names of what
        comes out of it) and for categories ``grouped`` (rare ones with their rows), ``encoded``;
        ``select``: None, or what the linear model's preparation keeps and leaves out.

    Raises
    ------
    BadParameter
        scikit-learn cannot fit a choice on these rows.
    """
    kind, spec = Problem(problem), specs(features)
    rows = load_rows(development, target=target, spec=spec, problem=kind)
    count = len(rows.target)
    drawn = np.arange(count)
    if count > MOST_ROWS:
        drawn = np.sort(np.random.default_rng(0).choice(count, MOST_ROWS, replace=False))
    table, truth = rows.features.iloc[drawn].reset_index(drop=True), rows.target[drawn]
    if kind == Problem.MULTILABEL:  # each label has a preparation of its own
        kind, truth = Problem.BINARY, _commonest(truth)
    try:
        columns, selected = _told(table, truth, spec, choices, problem=kind, report=report)
    except ValueError as error:
        raise BadParameter(
            f"The choices cannot be fitted on these rows ({error}). Change one of them."
        ) from error
    return {
        "rows": len(drawn),
        "of": count,
        "says": sentences(choices),
        "columns": columns,
        "select": selected,
    }


def _commonest(truth: Any) -> Any:
    """(n,) 1 where the set of a row has the label that most rows have, else 0."""
    names = names_in(truth)
    rows = matrix_of(truth, names)
    return rows[:, int(rows.sum(axis=0).argmax())].astype(int)


def _told(
    table: pd.DataFrame,
    truth: Any,
    spec: Sequence[ColumnSpec],
    choices: Sequence[Mapping[str, Any]],
    *,
    problem: Problem,
    report: Report,
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    settled, found = settle(choices, spec), []
    groups = settled.takes(long_texts(table))
    for number, (group, names) in enumerate(groups):
        report(number, len(groups) + 1, "Fitting on development rows")
        there = [name for name in names if table[name].notna().any()]
        if there:
            tell = _numbers if group.holds == "numbers" else _categories
            found += tell(group, table[there], truth, problem=problem)
    report(len(groups), len(groups) + 1, "Selecting")
    selected = _selected(table, truth, spec, choices, problem=problem) if settled.select else None
    report(len(groups) + 1, len(groups) + 1, "Done")
    return found, selected


def _of_column(group: Group, name: str, before: pd.Series) -> dict[str, Any]:
    return {
        "column": name,
        "holds": group.holds,
        "says": [each.sentence() for each in group.choices],
        "missing": int(before.isna().sum()),
        "filled": None,
        "grouped": [],
        "encoded": [],
    }


def _numbers(
    group: Group, table: pd.DataFrame, truth: Any, *, problem: Problem
) -> list[dict[str, Any]]:
    """Per column ``lines``: a place of the distribution, its value before and after."""
    del truth, problem
    after, marks = table.to_numpy(copy=True), set()
    if fill := group.of("fill"):
        imputer = filler(fill, seed=0)
        made = imputer.fit_transform(table)
        after = made[:, : table.shape[1]]
        if imputer.indicator_ is not None:
            marks = {table.columns[place] for place in imputer.indicator_.features_}
    if scale := group.of("scale"):
        for _, step in scaler(scale.method, seed=0):
            after = step.fit_transform(after)
    found = []
    for place, name in enumerate(table.columns):
        told = _of_column(group, name, table[name])
        told["filled"] = told["missing"] if fill else None
        told["lines"] = [
            {"says": says, "before": _at(table[name], share), "after": _at(after[:, place], share)}
            for says, share in PLACES.items()
        ]
        told["lines"].append(
            {
                "says": "mean",
                "before": float(np.nanmean(table[name])),
                "after": float(np.nanmean(after[:, place])),
            }
        )
        told["out"] = [name, *([f"{name} is missing"] if name in marks else [])]
        found.append(told)
    return found


def _at(values: Any, share: float) -> float:
    return float(np.nanquantile(np.asarray(values, dtype="float64"), share))


def _categories(
    group: Group, table: pd.DataFrame, truth: Any, *, problem: Problem
) -> list[dict[str, Any]]:
    """Per column ``lines``: a category, its rows before and after filling and grouping."""
    found = []
    for name in table.columns:
        column = table[[name]]
        told = _of_column(group, name, column[name])
        before = _counts(column[name])
        if fill := group.of("fill"):
            column = pd.DataFrame(
                {name: category_filler(fill).fit_transform(column)[:, 0]}, dtype=object
            )
            told["filled"] = told["missing"]
        after = _counts(column[name])
        if rare := group.of("rare"):
            told["grouped"] = _rare(column, rare.limit, after)
            together = {each["value"] for each in told["grouped"]}
            after = {value: rows for value, rows in after.items() if value not in together}
        told["lines"] = _category_lines(before, after)
        told |= _encoded(group, column, truth, problem=problem)
        found.append(told)
    return found


def _counts(values: pd.Series) -> dict[str, int]:
    return {str(value): int(rows) for value, rows in values.value_counts().items()}


def _rare(column: pd.DataFrame, limit: float, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    (few,) = ordinal(limit).fit(column).infrequent_categories_
    words = [] if few is None else [str(value) for value in few if isinstance(value, str)]
    lines = [{"value": word, "rows": counts.get(word, 0)} for word in words]
    return sorted(lines, key=lambda line: (-line["rows"], line["value"]))


def _category_lines(before: Mapping[str, int], after: Mapping[str, int]) -> list[dict[str, Any]]:
    names = sorted({*before, *after}, key=lambda name: (-after.get(name, 0), -before.get(name, 0)))
    return [
        {"says": name, "before": before.get(name, 0), "after": after.get(name, 0)}
        for name in names[:MOST_SHOWN]
    ]


def _encoded(group: Group, column: pd.DataFrame, truth: Any, *, problem: Problem) -> dict[str, Any]:
    """``out``: names that come out; ``encoded``: frequent categories with their numbers."""
    (name,) = column.columns
    encode, rare = group.of("encode"), group.of("rare")
    if encode is None:
        return {"out": []}
    if encode.method == offered.ONE_HOT:
        made = dummies(rare.limit if rare else None).fit(column)
        return {"out": [_in_words(out) for out in made.get_feature_names_out()]}
    one = Group(group.holds, (name,), (name,), True, tuple(c for c in (rare, encode) if c))
    part, _ = both_parts(one, "forest", problem=problem, seed=0)
    part.fit(column, truth)
    asked = list(_counts(column[name]))[:MOST_SHOWN]
    numbers = np.asarray(part.transform(pd.DataFrame({name: asked}, dtype=object)), dtype=float)
    classes = [f"{name}: {each}" for each in getattr(part, "classes_", [])]
    return {
        "out": classes if numbers.shape[1] > 1 else [name],
        "encoded": [
            {"value": value, "numbers": each}
            for value, each in zip(asked, numbers.tolist(), strict=True)
        ],
    }


def _selected(
    table: pd.DataFrame,
    truth: Any,
    spec: Sequence[ColumnSpec],
    choices: Sequence[Mapping[str, Any]],
    *,
    problem: Problem,
) -> dict[str, Any]:
    pipeline = build_pipeline(
        SHOWN_WITH,
        spec=spec,
        distinct=distinct_values(table),
        problem=problem,
        seed=0,
        long=long_texts(table),
        choices=choices,
    )
    prepare = pipeline.named_steps["prepare"].fit(table, truth)
    columns = prepare.named_steps["columns"]
    owners = _owners(columns)
    places = np.arange(len(owners))
    score = np.full(len(owners), np.nan)
    for name, step in prepare.steps[1:]:
        if name == "best":
            score[places] = step.scores_
        places = places[step.get_support()]
    kept = set(places.tolist())
    lines: list[dict[str, Any]] = [
        {
            "column": owner,
            "name": says,
            "score": None if np.isnan(score[place]) else float(score[place]),
            "kept": place in kept,
        }
        for place, (owner, says) in enumerate(owners)
    ]
    lines.sort(key=lambda line: (not line["kept"], -(line["score"] or 0.0), line["name"]))
    return {"kept": len(kept), "of": len(owners), "lines": lines[:MOST_OUT]}


def _in_words(name: Any) -> str:
    """scikit-learn's name of a prepared column, for people."""
    plain = str(name).replace("missingindicator_", "is missing: ")
    return plain.replace("_infrequent_sklearn", ": rare ones together")


def _owners(columns: Any) -> list[tuple[str, str]]:
    """For each prepared column the column it comes from, and how it is called."""
    found: list[tuple[str, str]] = []
    for name, _, own in columns.transformers_:
        block = columns.output_indices_[name]
        width = block.stop - block.start
        try:
            outs = columns.named_transformers_[name].get_feature_names_out(own)
        except AttributeError:
            outs = [f"{own[0]}, words {number + 1}" for number in range(width)]
        if not width:
            continue
        for out in outs:
            says = _in_words(out)
            fitting = [each for each in own if each in says]
            found.append((max(fitting, key=len, default=str(own[0])), says))
    return found
