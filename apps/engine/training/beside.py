"""Scores of several candidates on the same groups of rows, from their out-of-fold answers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from apps.engine.errors import BadParameter
from apps.engine.evaluation.slices import FEW_ROWS, groups_of, score_of_rows
from apps.engine.evaluation.weak_spots import rows_where
from apps.engine.reading.tables import read_table
from apps.engine.training.answers import read_answers
from apps.engine.training.rows import labelled, specs

MOST_FOUND = 8
SEED = 0
"""Of the bootstrap: the same intervals for everybody who looks."""


def scores_by_slice(
    *,
    answers: Sequence[str],
    thresholds: Sequence[float],
    positive: str | None,
    metric: str | Mapping[str, Any],
    development: str,
    features: Sequence[Mapping[str, Any]],
    planned: Sequence[str],
    found: Sequence[list[dict[str, str]]],
) -> list[dict[str, Any]]:
    """The score of each candidate on every slice, what differs most first.

    Parameters
    ----------
    answers, thresholds, positive, development : as ``disagreement.disagreements`` takes them
    features : column specs; ``planned``: columns whose groups are slices (see slices.groups_of)
    found : ``parts`` of groups that a search found (see weak_spots); the first MOST_FOUND are used

    Returns
    -------
    list, JSON-ready
        ``where`` (words), ``is_planned``, ``rows``, ``few`` (fewer than FEW_ROWS), ``told``: of
        each candidate ``score``, ``low`` and ``high`` at 95 %; ``apart``: greatest less least
        score, None where one is not known. O(slices x rows x resamplings).

    Raises BadParameter when they did not answer the same rows.
    """
    read = [read_answers(path) for path in answers]
    if any(not np.array_equal(one.row, read[0].row) for one in read[1:]):
        raise BadParameter("These candidates answered different rows and cannot be compared.")
    told = [
        labelled(one.told, positive=positive, threshold=at)
        for one, at in zip(read, thresholds, strict=True)
    ]
    there = set(pq.read_schema(development).names)
    wanted = {*planned, *(part["column"] for parts in found for part in parts)} & there
    table = read_table(development, columns=sorted(wanted)).iloc[read[0].row].reset_index(drop=True)
    lines = []
    for where, is_planned, rows in _slices(table, features, planned=planned, found=found):
        scores = [
            score_of_rows(metric, read[0].truth[rows], one.take(rows), positive=positive, seed=SEED)
            for one in told
        ]
        values = [one["score"] for one in scores if one["score"] is not None]
        apart = max(values) - min(values) if len(values) == len(scores) else None
        line = {"where": where, "is_planned": is_planned, "rows": len(rows)}
        lines.append({**line, "few": len(rows) < FEW_ROWS, "told": scores, "apart": apart})
    return sorted(lines, key=lambda line: (line["apart"] is None, -(line["apart"] or 0.0)))


def _slices(
    table: pd.DataFrame,
    features: Sequence[Mapping[str, Any]],
    *,
    planned: Sequence[str],
    found: Sequence[list[dict[str, str]]],
) -> Iterator[tuple[str, bool, Any]]:
    """Words, whether the plan asks for it, and positions of the rows of each slice."""
    for column in planned:
        if column not in table.columns:
            continue
        values = groups_of(table[column])
        for value in sorted(values.unique()):
            yield f"{column} is {value}", True, np.flatnonzero((values == value).to_numpy())
    for parts in found[:MOST_FOUND]:
        if all(part["column"] in table.columns for part in parts):
            where = " and ".join(f"{part['column']} is {part['label']}" for part in parts)
            rows = np.flatnonzero(rows_where(table, specs(features), parts))
            if len(rows):
                yield where, False, rows
