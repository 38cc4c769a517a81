"""On which rows do candidates disagree, and who is right there? From their out-of-fold answers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from apps.engine.errors import BadParameter
from apps.engine.evaluation.weak_spots import loss_of_rows
from apps.engine.training.answers import Answers, read_answers
from apps.engine.training.rows import labelled

MOST_ROWS = 12
SHOWN_COLUMNS = 5


def disagreements(
    *,
    answers: Sequence[str],
    thresholds: Sequence[float],
    positive: str | None,
    development: str,
    columns: Sequence[str],
) -> dict[str, Any]:
    """Compare stored answers of two candidates or more, row by row.

    Parameters
    ----------
    answers : paths of ``answers.write_answers``; the first is the base
    thresholds : of each, for two classes with a ``positive`` one
    development : path of the development rows; ``columns``: the first SHOWN_COLUMNS are shown

    Returns
    -------
    dict, JSON-ready
        ``rows`` compared; ``is_numbers``; ``pairs``: for each other candidate against the base, for
        classes ``apart`` (rows with another answer), ``base_right``, ``other_right``,
        ``both_wrong``; for numbers ``mean_apart``, ``most_apart`` (target's unit), ``base_nearer``,
        ``other_nearer`` (rows with the smaller loss, see weak_spots.loss_of_rows); ``shown``: the
        MOST_ROWS rows on which they are farthest apart, with ``row`` (from 1), ``truth``, ``told``
        (text of each), ``values``. O(rows).

    Raises BadParameter when they did not answer the same rows.
    """
    read = [read_answers(path) for path in answers]
    if any(not np.array_equal(one.row, read[0].row) for one in read[1:]):
        raise BadParameter("These candidates answered different rows and cannot be compared.")
    is_numbers = read[0].told.probabilities is None
    if is_numbers:
        told = [one.told.labels.astype("float64") for one in read]
        pairs = [_numbers_apart(read[0], other) for other in read[1:]]
        spread = np.ptp(np.vstack(told), axis=0)
    else:
        told = [
            labelled(one.told, positive=positive, threshold=at).labels.astype(str)
            for one, at in zip(read, thresholds, strict=True)
        ]
        pairs = [_classes_apart(read[0].truth.astype(str), told[0], other) for other in told[1:]]
        spread = _spread(read, told)
    places = np.argsort(-spread, kind="stable")[:MOST_ROWS]
    places = places[spread[places] > 0]
    shown = _shown(read, told, places, positive)
    values = _values(development, read[0].row[places], columns[:SHOWN_COLUMNS])
    return {
        "rows": len(read[0].row),
        "is_numbers": is_numbers,
        "pairs": pairs,
        "columns": list(columns[:SHOWN_COLUMNS]),
        "shown": [{**row, "values": cells} for row, cells in zip(shown, values, strict=True)],
    }


def _classes_apart(truth: Any, base: Any, other: Any) -> dict[str, float]:
    apart = base != other
    return {
        "apart": int(apart.sum()),
        "base_right": int((apart & (base == truth)).sum()),
        "other_right": int((apart & (other == truth)).sum()),
        "both_wrong": int((apart & (base != truth) & (other != truth)).sum()),
    }


def _numbers_apart(base: Answers, other: Answers) -> dict[str, float]:
    gap = np.abs(base.told.labels - other.told.labels)
    errors = [loss_of_rows(one.truth, one.told) for one in (base, other)]
    return {
        "mean_apart": float(gap.mean()),
        "most_apart": float(gap.max()),
        "base_nearer": int((errors[0] < errors[1]).sum()),
        "other_nearer": int((errors[1] < errors[0]).sum()),
    }


def _spread(read: Sequence[Answers], told: Sequence[Any]) -> Any:
    """How far apart the probabilities of a row are, 0 where all give the same class."""
    classes = read[0].told.classes
    chances = [one.told for one in read if one.told.classes == classes]
    gap = np.max(np.ptp(np.stack([np.asarray(one.probabilities) for one in chances]), axis=0), 1)
    apart = np.any([labels != told[0] for labels in told[1:]], axis=0)
    return np.where(apart, 1e-9 + gap, 0.0)


def _shown(
    read: Sequence[Answers], told: Sequence[Any], places: Any, positive: str | None
) -> list[dict[str, Any]]:
    return [
        {
            "row": int(read[0].row[place]) + 1,
            "truth": _plain(read[0].truth[place]),
            "told": [
                _said(one, labels[place], place, positive)
                for one, labels in zip(read, told, strict=True)
            ],
        }
        for place in places
    ]


def _said(answers: Answers, label: Any, place: int, positive: str | None) -> dict[str, Any]:
    told, chance = answers.told, None
    name = positive if positive in told.classes else str(label)
    if told.probabilities is not None and name in told.classes:
        chance = float(told.probabilities[place, told.classes.index(str(name))])
    truth = answers.truth[place]
    is_right = None if told.probabilities is None else str(label) == str(truth)
    return {"label": _plain(label), "chance": chance, "is_right": is_right}


def _values(development: str, rows: Any, columns: Sequence[str]) -> list[list[Any]]:
    if not columns or not len(rows):
        return [[] for _ in rows]
    table = pq.read_table(development, columns=list(columns)).take(rows)
    lines: list[Mapping[str, Any]] = table.to_pylist()
    return [[_plain(line[name]) for name in columns] for line in lines]


def _plain(value: Any) -> Any:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, pd.Timestamp) or hasattr(value, "isoformat"):
        return value.isoformat(sep=" ")
    return value.item() if hasattr(value, "item") else value
