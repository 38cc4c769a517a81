"""Several labels of one row: one notation for a set of labels, and its matrix.

A split writes the target of development and test in this notation, whatever sign the table has
between the labels; what comes after reads no other one.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from apps.engine.errors import BadParameter, NotEnoughData

SIGN, NONE = ";", "(none)"
"""What stands between the labels of a set, and how the empty set is written."""
SEPARATORS = (";", "|", ",", "/", "+")
"""Signs that are looked for, in this order."""
MOST_LABELS = 50
LEAST_JOINED = 0.05
"""Share of the rows that hold more than one label, for a target to be taken for sets."""
LEAST_REPEATED = 0.5
"""Share of the labels that are found in more than one different cell."""
LONGEST_SIGN = 5


def labels_in(text: Any, sign: str = SIGN) -> tuple[str, ...]:
    """The labels of a cell, sorted, each once; none of an empty cell or of “(none)”."""
    parts = {part.strip() for part in str(text).split(sign)} - {"", NONE}
    return tuple(sorted(parts))


def joined(labels: Iterable[str]) -> str:
    """A set of labels as it is written: “billing; outage”, or “(none)”."""
    return f"{SIGN} ".join(sorted(labels)) or NONE


def names_in(texts: Any) -> tuple[str, ...]:
    """All labels of (n,) sets, sorted."""
    return tuple(sorted({name for text in set(texts) for name in labels_in(text)}))


def matrix_of(texts: Any, names: Sequence[str]) -> Any:
    """(n, n_labels) booleans: does the set of the row hold the label? Other labels are left out."""
    place = {name: number for number, name in enumerate(names)}
    distinct, row = np.unique(np.asarray(texts, dtype=object).astype(str), return_inverse=True)
    known = np.zeros((len(distinct), len(place)), dtype=bool)
    for number, text in enumerate(distinct):
        known[number, [place[name] for name in labels_in(text) if name in place]] = True
    return known[row]


def sets_of(matrix: Any, names: Sequence[str]) -> Any:
    """(n,) sets in the notation, of (n, n_labels) booleans."""
    kinds, row = np.unique(np.asarray(matrix, dtype=bool), axis=0, return_inverse=True)
    chosen = [
        joined(name for name, held in zip(names, kind, strict=True) if held) for kind in kinds
    ]
    return np.array(chosen, dtype=object)[np.ravel(row)]


def rarest_label(texts: Any) -> Any:
    """(n,) the label of each set that the fewest rows have; “(none)” for the empty set."""
    names = names_in(texts)
    matrix = matrix_of(texts, names)
    order = np.argsort(matrix.sum(axis=0), kind="stable")
    first = matrix[:, order].argmax(axis=1)
    found = np.array(names, dtype=object)[order][first]
    return np.where(matrix.any(axis=1), found, NONE).astype(str)


def sign_in(target: pd.Series) -> tuple[str, str] | None:
    """The sign that joins labels in a column of text, with the reason; None where none does.

    A target is taken for sets where a sign is in LEAST_JOINED of its rows, its cells are made of
    at most MOST_LABELS parts, and half of these are found in more than one different cell: the
    parts of names or sentences are not.
    """
    if pd.api.types.is_numeric_dtype(target.dtype) or pd.api.types.is_bool_dtype(target.dtype):
        return None
    cells = target.dropna().astype(str)
    counts = cells.value_counts()
    for sign in SEPARATORS:
        has = counts.index.str.contains(re.escape(sign))
        rows = int(counts[has].sum())
        if has.sum() < 2 or rows < LEAST_JOINED * len(cells):
            continue
        found = [part for cell in counts.index for part in labels_in(cell, sign)]
        names, times = np.unique(found, return_counts=True)
        if 2 <= len(names) <= MOST_LABELS and np.mean(times > 1) >= LEAST_REPEATED:
            example = counts.index[has][0]
            return sign, (
                f"“{sign}” joins several of {len(names)} labels in {rows:,} of {len(cells):,} "
                f"rows, such as “{example}”."
            )
    return None


def in_notation(target: pd.Series, sign: str) -> pd.Series:
    """The column with each cell as a set in the one notation; a missing cell stays missing.

    Raises
    ------
    BadParameter
        The sign is no sign, or a label holds the sign of the notation itself.
    NotEnoughData
        Fewer than two labels, or more than MOST_LABELS.
    """
    if not sign.strip() or len(sign) > LONGEST_SIGN or re.search(r"\w", sign):
        raise BadParameter(
            f"“{sign}” cannot stand between labels: name a sign such as ; or | in the plan."
        )
    sign, cells = sign.strip(), target.astype("string")
    found = {cell: labels_in(cell, sign) for cell in cells.dropna().unique()}
    names = sorted({name for labels in found.values() for name in labels})
    _refuse_bad(names, target=str(target.name), sign=sign)
    return cells.map({cell: joined(labels) for cell, labels in found.items()}).astype("string")


def _refuse_bad(names: Collection[str], *, target: str, sign: str) -> None:
    holding = [name for name in names if SIGN in name]
    if holding:
        raise BadParameter(
            f"The label “{holding[0]}” of “{target}” holds a semicolon, which stands between "
            "labels. Replace it in a wrangling step."
        )
    if len(names) < 2:
        raise NotEnoughData(
            f"The target “{target}” holds {len(names)} label{'' if len(names) == 1 else 's'} when "
            f"its cells are cut at “{sign}”; at least two are needed. Name another sign in the "
            "plan, or none where each case has one class."
        )
    if len(names) > MOST_LABELS:
        raise NotEnoughData(
            f"The target “{target}” holds {len(names):,} labels when its cells are cut at "
            f"“{sign}”; at most {MOST_LABELS} can be learnt. Group the rare ones in a wrangling "
            "step."
        )
