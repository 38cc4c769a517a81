"""A recipe on a shape, on a table, and on one row of a prediction request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from apps.engine.errors import EngineError
from apps.engine.reading.tables import house_types, kind_of_series, spec_of
from apps.engine.recipe.registry import step_from
from apps.engine.recipe.step import Row, Step
from apps.engine.recipe.steps.rename_column import RenameColumn
from apps.engine.recipe.values import is_missing, text_of_value, values_that_fit
from apps.engine.types import Kind, Report, TableSpec

StepData = Mapping[str, Any]


def check_recipe(spec: TableSpec, steps: Sequence[StepData]) -> TableSpec:
    """Shape after all steps.

    Raises ColumnMissing or BadParameter, with the place of the step, when one cannot be applied.
    """
    for place, data in enumerate(steps, start=1):
        try:
            spec = step_from(data).check(spec)
        except EngineError as error:
            raise type(error)(f"Step {place}: {error}") from error
    return spec


@dataclass(frozen=True)
class Outcome:
    """The class of a column whose share is followed through the recipe."""

    column: str = ""
    value: str = ""

    def rows(self, frame: pd.DataFrame) -> int | None:
        """Rows of the class; None when the frame has no such column or class. O(rows)."""
        kind = kind_of_series(frame[self.column]) if self.column in frame.columns else None
        fitting = values_that_fit([self.value], kind=kind) if kind and self.value else []
        return int(frame[self.column].isin(fitting).sum()) if fitting else None


NOTHING = Outcome()


def apply_recipe(
    frame: pd.DataFrame, steps: Sequence[StepData], *, report: Report, outcome: Outcome = NOTHING
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Apply all steps in order. The given frame stays.

    Parameters
    ----------
    frame : DataFrame, shape (n_rows, n_columns)
        A typed table (see ``reading.tables``).
    steps : sequence of dict
        ``{"step": key, "params": {...}}``.
    outcome : Outcome
        Class whose rows are counted after each step.

    Returns
    -------
    frame : DataFrame; its index holds the positions in the given frame of the rows that stay
    effects : list of dict, one per step
        "step", "sentence", "rows_before", "rows_after", "cells_changed" (in rows that stay),
        "columns_before", "columns_after", "positives" (rows of the outcome, or None).

    Notes
    -----
    O(cells) per step. For workers, or for small tables in a request.
    """
    frame = house_types(frame)
    check_recipe(spec_of(frame), steps)
    effects = []
    for place, data in enumerate(steps, start=1):
        step = step_from(data)
        report(place - 1, len(steps), step.sentence())
        try:
            after = step.apply(frame)
        except EngineError as error:
            raise type(error)(f"Step {place}: {error}") from error
        told = effect_of(step, frame, after)
        effects.append({**told, "positives": outcome.rows(after)})
        frame = after
    report(len(steps), len(steps), "Recipe applied")
    return frame, effects


def effect_of(step: Step, before: pd.DataFrame, after: pd.DataFrame) -> dict[str, Any]:
    """What a step did, as ``apply_recipe`` tells it."""
    return {
        "step": step.key,
        "sentence": step.sentence(),
        "rows_before": len(before),
        "rows_after": len(after),
        "cells_changed": int(sum(mask.sum() for mask in changes_in(step, before, after).values())),
        "columns_before": before.shape[1],
        "columns_after": after.shape[1],
    }


def changes_in(step: Step, before: pd.DataFrame, after: pd.DataFrame) -> dict[str, "np.ndarray"]:
    """For each column of before that was touched: which of its cells have another value.

    Only columns that the step declares are compared: O(rows) for each.
    """
    masks = {}
    for name in step.flow():
        was = name_before(step, name)
        if was not in before.columns or name not in after.columns:
            continue
        old = before[was] if len(before) == len(after) else before[was].loc[after.index]
        mask = _differs(old, after[name])
        if mask.any():
            masks[str(name)] = mask
    return masks


def _differs(old: "pd.Series", new: "pd.Series") -> "np.ndarray":
    """Cells that differ. A cell of another kind differs when its text does."""
    was, now = old.isna().to_numpy(), new.isna().to_numpy()
    if kind_of_series(old) is not kind_of_series(new):
        other = _other_texts(old, new)
    else:
        other = (old != new).fillna(False).to_numpy(dtype=bool)
    return (was != now) | (~was & ~now & other)


def _other_texts(old: "pd.Series", new: "pd.Series") -> "np.ndarray":
    """Where the texts of two columns differ: each different pair of values is compared once."""
    first, olds = pd.factorize(old)
    second, news = pd.factorize(new)
    pairs, place = np.unique(first * (len(news) + 1) + second + 1, return_inverse=True)
    others = [
        was < 0 or now < 0 or text_of_value(olds[was]) != text_of_value(news[now])
        for was, now in ((pair // (len(news) + 1), pair % (len(news) + 1) - 1) for pair in pairs)
    ]
    return np.array(others, dtype=bool)[place]


def name_before(step: Step, name: str) -> str:
    """What a column was called before the step."""
    return step.column if isinstance(step, RenameColumn) and name == step.to else name


def typed_row(row: Row, spec: TableSpec) -> Row:
    """Values of a row as the table's kinds have them: None where missing, floats for numbers."""
    typed = {name: None if is_missing(value) else value for name, value in row.items()}
    for column in spec.columns:
        value = typed.get(column.name)
        if column.kind is Kind.NUMBER and isinstance(value, int) and not isinstance(value, bool):
            typed[column.name] = float(value)
    return typed


def replay_row(row: Row, steps: Sequence[StepData]) -> tuple[Row, list[str]]:
    """One row of a prediction request, changed as ``apply_recipe`` changes a table of it.

    Parameters
    ----------
    row : dict
        Column name to value of the column's kind (see ``typed_row``), None where missing.
    steps : sequence of dict

    Returns
    -------
    row : dict
    warnings : list of str
        One for each filter that would have left the row out.

    Raises
    ------
    BadParameter
        If a value does not convert, or cannot be compared.

    Notes
    -----
    O(steps), some tens of microseconds each: for requests. Passed over are steps that are not
    row-wise, and columns that are not in the row, such as the target: whether a row is complete
    is the question of the serving contract.
    """
    warnings = []
    for data in steps:
        step = step_from(data)
        if not step.row_wise:
            continue
        if says := step.warn(row):
            warnings.append(says)
        row = step.replay(row)
    return row, warnings
