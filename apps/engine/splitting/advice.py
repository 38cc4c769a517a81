"""Advise a split method from what the table holds."""

from typing import Any

import pandas as pd

from apps.engine.splitting.entities import entity_columns, time_columns
from apps.engine.splitting.target import (
    is_class_target,
    label_rows,
    looks_like_sets,
    usable_target,
    with_quantity,
    with_sets,
)

FEW_OF_A_CLASS = 100


def advise(
    frame: pd.DataFrame,
    *,
    target: str,
    quantity: bool = False,
    sets: bool = False,
    sign: str = "",
) -> dict[str, Any]:
    """The method that fits the table best, and why.

    Parameters
    ----------
    frame : DataFrame, shape (n_rows, n_columns)
        Typed table, not changed.
    target : str
        Name of the column to be predicted.
    quantity, sets, sign : as ``draw.draw_split`` takes them

    Returns
    -------
    dict, JSON-ready
        ``method``, ``why`` (one sentence), ``group`` and ``time`` (column names or None)
        and ``warnings`` (sentences). Repeated entities weigh more than dates, dates more
        than class shares. O(rows * columns).

    Raises
    ------
    ColumnMissing, NotEnoughData
        If the target is absent, incomplete or has one value only.
    """
    if sets:
        frame, _ = with_sets(frame, target=target, sign=sign)
    judged = with_quantity(frame, target=target) if quantity else frame
    column = usable_target(judged, target=target)
    groups = entity_columns(frame, target=target)
    times = time_columns(frame, target=target)
    advice: dict[str, Any] = {
        "method": "random",
        "why": "The target is a number, and no column names a repeated entity or a time.",
        "group": groups[0] if groups else None,
        "time": times[0] if times else None,
        "warnings": _warnings(column, groups=groups, times=times, sets=sets),
    }
    if groups:
        distinct = frame[groups[0]].nunique()
        return advice | {
            "method": "group",
            "why": f"“{groups[0]}” has {distinct} different values in {len(frame)} rows: rows of "
            "one of them must not be on both sides.",
        }
    if times:
        return advice | {"method": "time", "why": _why_time(frame[times[0]])}
    if sets:
        return advice | {
            "method": "stratified",
            "why": "Rows are dealt within the rarest label of each: every part gets its share of "
            "the rare labels, as far as they have the rows.",
        }
    if is_class_target(column):
        counts = column.value_counts()
        return advice | {
            "method": "stratified",
            "why": f"The rarest class “{counts.index[-1]}” has {counts.iloc[-1]} of {len(frame)} "
            "rows: stratifying gives every part its share.",
        }
    return advice


def _why_time(moments: pd.Series) -> str:
    return (
        f"“{moments.name}” runs from {moments.min():%Y-%m-%d} to {moments.max():%Y-%m-%d}: a test "
        "on the latest rows is closest to using the model tomorrow."
    )


def _warnings(column: pd.Series, *, groups: list[str], times: list[str], sets: bool) -> list[str]:
    warnings = [] if sets else looks_like_sets(column)
    if groups and times:
        warnings.append(
            f"“{times[0]}” is a date too: choose the time split instead if the model will "
            "predict later rows of the same entities."
        )
    if len(groups) > 1:
        others = ", ".join(f"“{name}”" for name in groups[1:4])
        warnings.append(f"{others} repeat as well; the group split keeps only one column apart.")
    if is_class_target(column):
        counts = label_rows(column) if sets else column.value_counts()
        word = "label" if sets else "class"
        if counts.iloc[-1] < FEW_OF_A_CLASS:
            warnings.append(
                f"The {word} “{counts.index[-1]}” has only {counts.iloc[-1]} rows: scores on it "
                "will have wide intervals."
            )
    return warnings
