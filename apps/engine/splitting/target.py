"""What the split has to know about the target: is it usable, and is it balanced over parts."""

from typing import Any

import numpy as np
import pandas as pd

from apps.engine.errors import ColumnMissing, NotEnoughData
from apps.engine.labels import NONE, SIGN, in_notation, matrix_of, names_in, sign_in
from apps.engine.percent import percent
from apps.engine.splitting.folds import TEST, TRAIN_ONLY, Folds

FEW_CLASSES = 20
"""Whole numbers with at most this many different values are read as classes."""

SHOWN_CLASSES = 20
LARGE_GAP = 0.05
"""Class share that may differ between development and test before we say so."""


def is_class_target(target: pd.Series) -> bool:
    """Whether the target holds classes: text, yes/no, or whole numbers with few values."""
    if pd.api.types.is_bool_dtype(target.dtype) or not pd.api.types.is_numeric_dtype(target.dtype):
        return True
    return pd.api.types.is_integer_dtype(target.dtype) and target.nunique() <= FEW_CLASSES


def as_quantity(target: pd.Series) -> pd.Series:
    """Whole numbers as they are looked at when the plan promises a quantity; others unchanged."""
    return target.astype("Float64") if pd.api.types.is_integer_dtype(target.dtype) else target


def with_quantity(frame: pd.DataFrame, *, target: str) -> pd.DataFrame:
    """The table as it is looked at; what is written keeps its whole numbers."""
    if target not in frame.columns:
        return frame
    return frame.assign(**{target: as_quantity(frame[target])})


def with_sets(frame: pd.DataFrame, *, target: str, sign: str) -> tuple[pd.DataFrame, str]:
    """The table with the target as sets of labels in one notation, and why they are sets.

    ``sign`` stands between labels in a cell; "" is found out. A missing cell stays missing.
    Raises ColumnMissing, BadParameter or NotEnoughData.
    """
    if target not in frame.columns:
        raise ColumnMissing(f"The table has no column “{target}”; choose the target again.")
    if sign:
        why = f"The plan says that “{sign}” stands between labels."
    else:
        sign, why = sign_in(frame[target]) or (SIGN, "The plan promises a metric of sets.")
    return frame.assign(**{target: in_notation(frame[target], sign)}), why


def looks_like_sets(target: pd.Series) -> list[str]:
    """A sentence where a target of classes seems to hold several labels in a cell."""
    found = sign_in(target)
    if found is None:
        return []
    return [
        f"{found[1]} Here each different cell is a class of its own. To predict the labels of a "
        f"row instead, name the sign “{found[0]}” beside the target of the plan."
    ]


def usable_target(frame: pd.DataFrame, *, target: str) -> pd.Series:
    """The target column, complete and with at least two different values.

    Raises ColumnMissing or NotEnoughData with a sentence that says what to do.
    """
    if target not in frame.columns:
        raise ColumnMissing(f"The table has no column “{target}”; choose the target again.")
    column = frame[target]
    missing = int(column.isna().sum())
    if missing:
        raise NotEnoughData(
            f"{missing} of {len(frame)} rows have no value in the target “{target}”; fill or drop "
            f"them in a recipe step. Where it holds sets of labels, “{NONE}” is the empty set."
        )
    distinct = column.nunique()
    if distinct < 2:
        raise NotEnoughData(
            f"The target “{target}” has {distinct} different "
            f"value{'' if distinct == 1 else 's'}; a model needs at least two classes or numbers."
        )
    return column


def check_parts(target: pd.Series, *, fold: Folds) -> None:
    """Refuse a split in which a part or fold could not be scored.

    Raises NotEnoughData when the test, a fold or the training rows of the first time fold
    are fewer than two, or hold one class only.
    """
    classes = is_class_target(target)
    for number in np.unique(fold):
        values = target.to_numpy()[fold == number]
        if len(values) < 2:
            raise NotEnoughData(
                f"{_name(int(number))} would have {len(values)} row; use fewer folds, another "
                "share for the test or more rows."
            )
        if classes and len(pd.unique(values)) < 2:
            raise NotEnoughData(
                f"{_name(int(number))} would hold the target with one class only (“{values[0]}” "
                f"in all {len(values)} rows); use a stratified split, fewer folds or more rows."
            )


def balance(target: pd.Series, *, fold: Folds, sets: bool = False) -> dict[str, Any]:
    """How the target lies over development and test, JSON-ready.

    Returns ``{"kind": "classes" | "labels" | "numbers", "parts": [...]}``. A part of classes, or
    of ``sets`` of labels, lists the most frequent ones with rows and share (0 to 1; those of
    labels add up to more than 1); a part of numbers has mean and standard deviation in the
    target's unit.
    """
    parts = {"development": fold != TEST, "test": fold == TEST}
    if sets:
        table = _by_label(target)
        names = label_rows(target).index[:SHOWN_CLASSES]
        return {
            "kind": "labels",
            "parts": [
                {"part": part, "rows": int(mask.sum()), "classes": _labels(table[mask], names)}
                for part, mask in parts.items()
            ],
        }
    if is_class_target(target):
        shown = target.value_counts().index[:SHOWN_CLASSES]
        return {
            "kind": "classes",
            "parts": [
                {"part": part, "rows": int(mask.sum()), "classes": _shares(target[mask], shown)}
                for part, mask in parts.items()
            ],
        }
    return {
        "kind": "numbers",
        "parts": [
            {
                "part": part,
                "rows": int(mask.sum()),
                "mean": _finite(target[mask].astype("float64").mean()),
                "std": _finite(target[mask].astype("float64").std()),
            }
            for part, mask in parts.items()
        ],
    }


def balance_warnings(target: pd.Series, *, fold: Folds, sets: bool = False) -> list[str]:
    """Sentences on classes that the test sees in another share, or for the first time."""
    if not is_class_target(target):
        return []
    if sets:
        table = _by_label(target)
        shares = table[fold != TEST].mean(), table[fold == TEST].mean()
        development, test = (part[part > 0] for part in shares)
    else:
        development = target[fold != TEST].value_counts(normalize=True)
        test = target[fold == TEST].value_counts(normalize=True)
    one, many = ("label", "labels") if sets else ("class", "classes")
    warnings = []
    unseen = test.index.difference(development.index)
    if len(unseen):
        warnings.append(
            f"{len(unseen)} {many} of the test are never seen in development, for example "
            f"“{unseen[0]}”."
        )
    gap = (test.reindex(development.index).fillna(0) - development).abs()
    if gap.max() > LARGE_GAP:
        worst = gap.idxmax()
        warnings.append(
            f"The {one} “{worst}” is {percent(development[worst])} of development but "
            f"{percent(test.get(worst, 0.0))} of the test."
        )
    return warnings


def label_rows(target: pd.Series) -> pd.Series:
    """Rows of each label, the most frequent first."""
    return _by_label(target).sum().sort_values(ascending=False, kind="stable")


def _by_label(target: pd.Series) -> pd.DataFrame:
    """(n, n_labels) booleans under the names of the labels."""
    names = names_in(target)
    return pd.DataFrame(matrix_of(target, names), columns=list(names))


def _labels(table: pd.DataFrame, shown: pd.Index) -> list[dict[str, Any]]:
    counts = table[shown].sum()
    return [
        {"value": str(name), "rows": int(rows), "share": int(rows) / len(table)}
        for name, rows in counts.items()
    ]


def _shares(values: pd.Series, shown: pd.Index) -> list[dict[str, Any]]:
    counts = values.value_counts().reindex(shown).fillna(0).astype(int)
    return [
        {"value": str(value), "rows": int(rows), "share": int(rows) / len(values)}
        for value, rows in counts.items()
    ]


def _finite(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None


def _name(number: int) -> str:
    if number == TEST:
        return "The test"
    return "The first training block" if number == TRAIN_ONLY else f"Fold {number + 1}"
