"""What one more step would do: cells, columns and rows before and after, and whom it concerns."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from apps.engine.reading.tables import kind_of_series, spec_of
from apps.engine.recipe.registry import step_from
from apps.engine.recipe.run import (
    StepData,
    apply_recipe,
    changes_in,
    effect_of,
    name_before,
)
from apps.engine.recipe.step import Step
from apps.engine.recipe.values import text_of_value
from apps.engine.splitting.target import is_class_target
from apps.engine.types import Kind, silent

EXAMPLES = 20
NEW = "new column"
MOST_COLUMNS = 4
MOST_VALUES = 8
BINS = 8
MOST_CLASSES = 6
MOST_COMPARED = 20_000
"""Different values, before and after together, that are held against each other one by one."""
_ORDERED = (Kind.INTEGER, Kind.NUMBER, Kind.DATETIME)


def columns_needed(
    steps: Sequence[StepData], step: StepData, *, target: str = ""
) -> frozenset[str] | None:
    """Columns without which ``preview`` could not tell what a step does; None: all of them."""
    made = [step_from(each) for each in [*steps, step]]
    if any(each.looks_at_all() for each in made):
        return None
    return frozenset({target, *(name for each in made for name in each.uses())}) - {""}


def preview(
    frame: pd.DataFrame, steps: Sequence[StepData], step: StepData, *, target: str = ""
) -> dict[str, Any]:
    """What one more step would do after ``steps``. O(cells) per step.

    Returns
    -------
    dict, JSON-ready
        "sentence", "rows_before", "rows_after", "rows_touched" (changed or left out),
        "cells_changed", "examples": up to 20 of {"row" (from 1), "column", "before", "after"};
        for a row that is left out, column, before and after are None. "columns": for at most
        MOST_COLUMNS touched or new columns their distribution (see ``distribution``). "target":
        rows of each class before and after when rows are left out, else empty.
    """
    before, _ = apply_recipe(frame, steps, report=silent)
    chosen = step_from(step)
    chosen.check(spec_of(before))
    after = chosen.apply(before)
    changes = changes_in(chosen, before, after)
    made = [name for name in chosen.flow() if name_before(chosen, name) not in before.columns]
    gone = _left_out(before, after)
    touched = np.zeros(len(after), bool)
    for mask in changes.values():
        touched |= mask
    return {
        **effect_of(chosen, before, after),
        "rows_touched": len(gone) + int(np.count_nonzero(touched)),
        "examples": _examples(chosen, before, after, changes, made=made, gone=gone),
        "columns": [
            distribution(before.get(name_before(chosen, name)), after[name])
            for name in [*changes, *made][:MOST_COLUMNS]
        ],
        "target": _classes(before, after, target=target) if len(after) < len(before) else [],
    }


def _left_out(before: pd.DataFrame, after: pd.DataFrame) -> "np.ndarray":
    """Labels of the rows that are not there afterwards. Labels are places in the first table."""
    if len(before) == len(after):
        return np.empty(0, np.int64)
    stays = np.zeros(int(before.index[-1]) + 1, bool)
    stays[after.index] = True
    labels = before.index.to_numpy()
    return labels[~stays[labels]]


def _examples(
    step: Step,
    before: pd.DataFrame,
    after: pd.DataFrame,
    changes: Mapping[str, "np.ndarray"],
    *,
    made: list[str],
    gone: "np.ndarray",
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"row": int(at) + 1, "column": None, "before": None, "after": None}
        for at in gone[:EXAMPLES]
    ]
    new = {name: after[name].notna().to_numpy() for name in made}
    for name, mask in [*changes.items(), *new.items()]:
        was = before.get(name_before(step, name))
        found += [
            {
                "row": int(at) + 1,
                "column": name,
                "before": NEW if was is None else text_of_value(was.loc[at]),
                "after": text_of_value(after[name].loc[at]),
            }
            for at in after.index[mask][: EXAMPLES - len(found)]
        ]
    return found


def distribution(before: "pd.Series | None", after: "pd.Series") -> dict[str, Any]:
    """Rows of each value, or of each of BINS equal ranges, before and after. O(rows log rows).

    Returns {"column", "lines": [{"says", "before", "after"}]}; before is None for a new column.
    Numbers and dates of one kind before and after are told by ranges of one scale, anything else
    by its most frequent values. The last line counts the missing cells.
    """
    parts = [part for part in (before, after) if part is not None]
    kinds = {kind_of_series(part) for part in parts}
    is_ordered = len(kinds) == 1 and kinds <= set(_ORDERED)
    ranged = is_ordered and any(_has_many(part) for part in parts)
    lines = _ranges(before, after) if ranged else _values(before, after)
    gaps = {
        "says": "missing",
        "before": None if before is None else int(before.isna().sum()),
        "after": int(after.isna().sum()),
    }
    return {"column": str(after.name), "lines": [*lines, gaps]}


def _has_many(series: "pd.Series") -> bool:
    """Whether it holds more than MOST_VALUES values; often a few rows tell."""
    first = series.iloc[:10_000]
    return first.nunique() > MOST_VALUES or series.nunique() > MOST_VALUES


def veil_preview(told: dict[str, Any], *, sensitive: Collection[str]) -> dict[str, Any]:
    """A preview without any value of sensitive columns: counts stay."""
    return {
        **told,
        "examples": [one for one in told["examples"] if one["column"] not in sensitive],
        "columns": [one for one in told["columns"] if one["column"] not in sensitive],
        "veiled": any(one["column"] in sensitive for one in told["columns"]),
    }


def _values(before: "pd.Series | None", after: "pd.Series") -> list[dict[str, Any]]:
    now = after.value_counts()
    was = None if before is None else before.value_counts()
    values = len(now) + (0 if was is None else len(was))
    return _few_values(was, now) if values <= MOST_COMPARED else _frequent(was, now)


def _frequent(was: "pd.Series | None", now: "pd.Series") -> list[dict[str, Any]]:
    """The most frequent values of very many: the others are not told apart."""
    before = [] if was is None else list(was.index[:MOST_VALUES])
    first = list(dict.fromkeys([*before[: MOST_VALUES // 2], *now.index[:MOST_VALUES]]))
    lines: list[dict[str, Any]] = [
        {
            "says": str(text_of_value(value)),
            "before": None if was is None else int(was.get(value, 0)),
            "after": int(now.get(value, 0)),
        }
        for value in first[:MOST_VALUES]
    ]
    rest: dict[str, Any] = {"says": "other values"}
    for side, counts in (("before", was), ("after", now)):
        told = sum(line[side] or 0 for line in lines)
        rest[side] = None if counts is None else int(counts.sum()) - told
    return [*lines, rest]


def _few_values(was_counts: "pd.Series | None", now_counts: "pd.Series") -> list[dict[str, Any]]:
    now = _texts_of(now_counts)
    was = {} if was_counts is None else _texts_of(was_counts)
    sizes = {name: max(was.get(name, 0), now.get(name, 0)) for name in [*was, *now]}
    shown = sorted(sizes, key=lambda name: -sizes[name])
    changed = [name for name in shown if was.get(name, 0) != now.get(name, 0)]
    first = list(dict.fromkeys([*changed[:MOST_VALUES], *shown]))[:MOST_VALUES]
    lines = [
        {"says": name, "before": _told(was.get(name, 0), was_counts), "after": now.get(name, 0)}
        for name in sorted(first, key=lambda name: -sizes[name])
    ]
    rest = len(sizes) - len(first)
    if rest:
        others = [name for name in sizes if name not in first]
        lines.append(
            {
                "says": f"{rest:,} other values",
                "before": _told(sum(was.get(name, 0) for name in others), was_counts),
                "after": sum(now.get(name, 0) for name in others),
            }
        )
    return lines


def _told(count: int, before: "pd.Series | None") -> int | None:
    return None if before is None else count


def _texts_of(counts: "pd.Series") -> dict[str, int]:
    return {str(text_of_value(value)): int(rows) for value, rows in counts.items()}


def _ranges(before: "pd.Series | None", after: "pd.Series") -> list[dict[str, Any]]:
    kind = kind_of_series(after)
    numbers = [None if part is None else _numbers(part) for part in (before, after)]
    there = np.concatenate([part for part in numbers if part is not None])
    edges = np.linspace(there.min(), there.max(), BINS + 1)
    counts = [None if part is None else np.histogram(part, edges)[0] for part in numbers]
    return [
        {
            "says": f"{_edge(edges[place], kind)} to {_edge(edges[place + 1], kind)}",
            "before": None if counts[0] is None else int(counts[0][place]),
            "after": int(counts[1][place]) if counts[1] is not None else 0,
        }
        for place in range(BINS)
    ]


def _numbers(series: "pd.Series") -> "np.ndarray":
    filled = series.dropna()
    if kind_of_series(series) is Kind.DATETIME:
        return filled.to_numpy("datetime64[us]").astype(np.int64).astype(np.float64)
    values = filled.to_numpy(dtype=np.float64)
    return values[np.isfinite(values)]


def _edge(value: float, kind: Kind | None) -> str:
    if kind is Kind.DATETIME:
        return str(np.datetime64(int(value), "us").astype("datetime64[D]"))
    return f"{value:,.4g}"


def _classes(before: pd.DataFrame, after: pd.DataFrame, *, target: str) -> list[dict[str, Any]]:
    if target not in before.columns or target not in after.columns:
        return []
    was, now = before[target], after[target]
    if not was.notna().any() or not is_class_target(was):
        return []
    counts, left = was.value_counts(), now.value_counts()
    return [
        {
            "value": str(text_of_value(value)),
            "before": int(rows),
            "after": int(left.get(value, 0)),
            "share_before": int(rows) / len(was),
            "share_after": int(left.get(value, 0)) / len(now) if len(now) else None,
        }
        for value, rows in counts.head(MOST_CLASSES).items()
    ]
