"""Ready the target column, so that features can be related to it."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apps.engine.errors import EngineError
from apps.engine.labels import SIGN, in_notation, labels_in, matrix_of, sign_in
from apps.engine.profile.categorical import code_values
from apps.engine.profile.cells import Cells, cells_of
from apps.engine.profile.lookup import taken
from apps.engine.profile.relation import ClassTarget, LabelsTarget, NumberTarget
from apps.engine.splitting.target import as_quantity, is_class_target, label_rows
from apps.engine.types import Kind

SHOWN_CLASSES = 6
YES = frozenset({"true", "yes", "y", "1", "positive"})

QUANTITY, SETS = "quantity", "sets"
"""How a plan says that its target is read: as a number however few values it has, or as sets of
labels ("sets", or "sets |" with the sign between them)."""

Target = ClassTarget | LabelsTarget | NumberTarget


def has_target(column: pd.Series) -> NDArray[np.bool_]:
    """Rows whose target is there and finite."""
    usable = column.notna().to_numpy(dtype=bool)
    if pd.api.types.is_float_dtype(column.dtype):
        usable = usable & np.isfinite(column.to_numpy(dtype=np.float64, na_value=np.nan))
    return usable


def prepare_target(
    present: pd.Series, *, rows: int, positive: str | None, reading: str = ""
) -> tuple[Target | None, dict[str, Any]]:
    """The target ready for relations, and what is to be said about it.

    ``present`` holds the rows that have a target, ``rows`` counts all. ``reading`` is "" (found
    out), QUANTITY or SETS. The target is None when it has fewer than two different values or
    labels, or is no set that could be told; ``unusable`` then says so. Of sets ``labels`` lists
    all of them, the most frequent first, and ``size`` is their mean number in a row.
    """
    kind, _, sign = reading.partition(" ")
    if kind == QUANTITY:
        present = as_quantity(present)
    says: dict[str, Any] = {
        "name": str(present.name),
        "missing": rows - len(present),
        "kind": "classes" if is_class_target(present) else "numbers",
        "shown": [],
        "rarest": None,
        "commonest": None,
        "unusable": None,
    }
    distinct = present.nunique()
    if distinct < 2:
        says["unusable"] = f"{distinct} different values are not enough: learning needs two."
        return None, says
    if kind == SETS:
        try:
            return _labels_target(in_sets(present, sign), says)
        except EngineError as error:
            return None, {**says, "unusable": str(error)}
    if says["kind"] == "numbers":
        return NumberTarget(str(present.name), present.to_numpy(dtype=np.float64)), says
    target = class_target(present, positive=positive)
    counts = np.bincount(target.codes)
    says["shown"] = [target.labels[code] for code in target.shown]
    for key, place in (("commonest", 0), ("rarest", -1)):
        rows = int(counts[place])
        value = target.labels[place]
        says[key] = {"value": value, "rows": rows, "share": rows / len(present)}
    return target, says


def in_sets(present: pd.Series, sign: str) -> pd.Series:
    """The column in the one notation of sets; "" finds the sign out, as the split does.

    Raises BadParameter or NotEnoughData.
    """
    return in_notation(present, sign or (sign_in(present) or (SIGN, ""))[0])


def _labels_target(sets: pd.Series, says: dict[str, Any]) -> tuple[Target, dict[str, Any]]:
    counts = label_rows(sets)
    names = [str(name) for name in counts.index]
    shown = names[:SHOWN_CLASSES]
    held = matrix_of(sets, shown)
    each = [
        ClassTarget(name, held[:, place].astype(np.int32), [f"without {name}", name], [1])
        for place, name in enumerate(shown)
    ]
    told = [
        {"value": name, "rows": int(rows), "share": int(rows) / len(sets)}
        for name, rows in zip(names, counts, strict=True)
    ]
    return LabelsTarget(str(sets.name), each), {
        **says,
        "kind": "labels",
        "shown": shown,
        "rarest": told[-1],
        "labels": told,
        "size": float(np.mean([len(labels_in(cell)) for cell in sets])),
    }


def class_target(column: pd.Series, *, positive: str | None) -> ClassTarget:
    """Prepare a complete column of classes; ``positive`` names the class that is told.

    Without it, of two classes the one that says yes is told, else the rarer one; of more
    classes the most frequent SHOWN_CLASSES.
    """
    codes, different = pd.factorize(column)
    words = cells_of(pd.Series(different).astype("string"))
    assert words.words is not None
    order = words.data.astype(np.int32)
    cells = Cells(Kind.TEXT, taken(order, codes), np.ones(len(codes), dtype=bool), words.words)
    coded = code_values(cells)
    labels = coded.labels
    if positive in labels:
        shown = [labels.index(positive)]
    elif len(labels) > 2:
        shown = list(range(min(SHOWN_CLASSES, len(labels))))
    else:
        yes = [code for code, label in enumerate(labels) if label.casefold() in YES]
        shown = yes[:1] or [len(labels) - 1]
    return ClassTarget(str(column.name), coded.codes, labels, shown)
