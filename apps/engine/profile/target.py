"""Ready the target column, so that features can be related to it."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apps.engine.profile.categorical import code_values
from apps.engine.profile.cells import cells_of
from apps.engine.profile.relation import ClassTarget, NumberTarget
from apps.engine.splitting.target import is_class_target

SHOWN_CLASSES = 6
YES = frozenset({"true", "yes", "y", "1", "positive"})

Target = ClassTarget | NumberTarget


def has_target(column: pd.Series) -> NDArray[np.bool_]:
    """Rows whose target is there and finite."""
    usable = column.notna().to_numpy(dtype=bool)
    if pd.api.types.is_float_dtype(column.dtype):
        usable = usable & np.isfinite(column.to_numpy(dtype=np.float64, na_value=np.nan))
    return usable


def prepare_target(
    present: pd.Series, *, rows: int, positive: str | None
) -> tuple[Target | None, dict[str, Any]]:
    """The target ready for relations, and what is to be said about it.

    ``present`` holds the rows that have a target, ``rows`` counts all. The target is None
    when it has fewer than two different values; ``unusable`` then says so.
    """
    says: dict[str, Any] = {
        "name": str(present.name),
        "missing": rows - len(present),
        "kind": "classes" if is_class_target(present) else "numbers",
        "shown": [],
        "rarest": None,
        "unusable": None,
    }
    distinct = present.nunique()
    if distinct < 2:
        says["unusable"] = f"{distinct} different values are not enough: learning needs two."
        return None, says
    if says["kind"] == "numbers":
        return NumberTarget(str(present.name), present.to_numpy(dtype=np.float64)), says
    target = class_target(present, positive=positive)
    rarest = int(np.bincount(target.codes)[-1])
    says["shown"] = [target.labels[code] for code in target.shown]
    says["rarest"] = {
        "value": target.labels[-1],
        "rows": rarest,
        "share": rarest / len(present),
    }
    return target, says


def class_target(column: pd.Series, *, positive: str | None) -> ClassTarget:
    """Prepare a complete column of classes; ``positive`` names the class that is told.

    Without it, of two classes the one that says yes is told, else the rarer one; of more
    classes the most frequent SHOWN_CLASSES.
    """
    coded = code_values(cells_of(column.astype("string")))
    labels = coded.labels
    if positive in labels:
        shown = [labels.index(positive)]
    elif len(labels) > 2:
        shown = list(range(min(SHOWN_CLASSES, len(labels))))
    else:
        yes = [code for code, label in enumerate(labels) if label.casefold() in YES]
        shown = yes[:1] or [len(labels) - 1]
    return ClassTarget(str(column.name), coded.codes, labels, shown)
