"""Out-of-fold answers as a Parquet file: what a candidate said of rows that did not train it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from apps.engine.errors import BadFile
from apps.engine.evaluation.metrics import Predictions

CHANCE = "chance: "
"""Start of the name of a column with the probability of a class."""
LEVEL = b"level"
"""Of the quantile that numbers are meant as, beside the columns; without it they are means."""
SETS = {"answers": "sets of labels"}
"""Written into the file where they are."""


@dataclass(frozen=True)
class Answers:
    """Answers of n development rows, ascending by ``row``.

    ``row``: (n,) position in the development table; ``fold``: (n,) the fold it validated;
    ``truth``: (n,) class names or numbers.
    """

    row: Any
    fold: Any
    truth: Any
    told: Predictions

    def take(self, rows: Any) -> "Answers":
        """The same for some rows (positions or a mask)."""
        return Answers(self.row[rows], self.fold[rows], self.truth[rows], self.told.take(rows))


def pooled(folds: list[tuple[Any, Any, Predictions]]) -> Answers:
    """Join (positions, truth, predictions) of the folds; classes that one never saw get 0."""
    row = np.concatenate([positions for positions, _, _ in folds])
    fold = np.concatenate([np.full(len(item[0]), number) for number, item in enumerate(folds)])
    truth = np.concatenate([values for _, values, _ in folds])
    order = np.argsort(row, kind="stable")
    names = sorted({name for _, _, told in folds for name in told.classes})
    whole = [told.covering(names) for _, _, told in folds]
    told = Predictions(np.concatenate([item.labels for item in whole]), level=whole[0].level)
    if names:
        chances = np.concatenate([np.asarray(item.probabilities) for item in whole])
        told = Predictions(told.labels, chances, tuple(names), folds[0][2].sets)
    return Answers(row[order], fold[order], truth[order], told.take(order))


def write_answers(answers: Answers, path: str | Path) -> None:
    """Write them; equal answers give equal bytes. The file appears whole or not at all."""
    numbers = answers.told.probabilities is None
    kind = pa.float64() if numbers else pa.string()
    columns: dict[str, Any] = {
        "row": pa.array(answers.row.astype("int64")),
        "fold": pa.array(answers.fold.astype("int8")),
        "truth": pa.array(answers.truth, type=kind),
        "label": pa.array(answers.told.labels, type=kind),
    }
    if answers.told.probabilities is not None:
        for index, name in enumerate(answers.told.classes):
            columns[CHANCE + name] = pa.array(answers.told.probabilities[:, index])
    table, part = pa.table(columns), Path(f"{path}.part")
    told: dict[Any, str] = dict(SETS) if answers.told.sets else {}
    if answers.told.level is not None:
        told = {LEVEL: repr(answers.told.level)}
    pq.write_table(table.replace_schema_metadata(told), part)
    os.replace(part, path)


def read_answers(path: str | Path) -> Answers:
    """Read what ``write_answers`` wrote. Raises BadFile when it is something else."""
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise BadFile("The file of answers cannot be read; train the candidate again.") from error
    if table.column_names[:4] != ["row", "fold", "truth", "label"]:
        raise BadFile("The file holds no answers of a candidate; train it again.")
    classes = [name for name in table.column_names if name.startswith(CHANCE)]
    label = table["label"].to_numpy()
    level = (table.schema.metadata or {}).get(LEVEL)
    told = Predictions(label, level=None if level is None else float(level))
    if classes:
        chances = np.column_stack([table[name].to_numpy() for name in classes])
        names = tuple(name.removeprefix(CHANCE) for name in classes)
        sets = b"answers" in (table.schema.metadata or {})
        told = Predictions(label.astype(object), chances, names, sets)
    return Answers(
        table["row"].to_numpy(), table["fold"].to_numpy(), table["truth"].to_numpy(), told
    )
