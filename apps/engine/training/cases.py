"""Single answers as a person tells them: what was so, what was said, what is unusual about it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from apps.engine.evaluation.metrics import Predictions
from apps.engine.evaluation.weak_spots import loss_of_rows
from apps.engine.labels import matrix_of
from apps.engine.percent import percent
from apps.engine.training.answers import Answers
from apps.engine.types import ColumnSpec, Kind

WORST_ROWS = 6
WRONG_ROWS = 5
SHOWN_COLUMNS = 6
FAR = 0.9
"""A quantity is called wrong when its error is beyond this share of all errors."""


class Cases:
    """The answers of n development rows beside their table (n, n_columns), in the same order."""

    def __init__(
        self, answers: Answers, told: Predictions, table: pd.DataFrame, spec: Sequence[ColumnSpec]
    ) -> None:
        self.answers, self.told, self.table = answers, told, table
        self.spec = [column for column in spec if column.name in table.columns]
        self.loss = loss_of_rows(answers.truth, told)

    def worst(self) -> list[dict[str, Any]]:
        """The rows with the greatest loss: truth, answer, its probability, the first columns."""
        places = np.argsort(-self.loss, kind="stable")[:WORST_ROWS]
        return [{**self.one(place), "values": self._values(place)} for place in places]

    def wrong(self, *, seed: int) -> list[dict[str, Any]]:
        """WRONG_ROWS wrong answers by lot, each with what is unusual about its row."""
        if self.told.probabilities is None:
            mistaken = self.loss >= np.quantile(self.loss, FAR)
        else:
            mistaken = np.asarray(self.told.labels) != np.asarray(self.answers.truth)
        places = np.flatnonzero(mistaken)
        drawn = np.random.default_rng(seed).permutation(places)[:WRONG_ROWS]
        return [self.told_of(place) for place in np.sort(drawn)]

    def told_of(self, place: int) -> dict[str, Any]:
        """One answer with ``unusual``: columns, the most unusual first, see ``_unusual``."""
        found = [self._unusual(column, place) for column in self.spec]
        found.sort(key=lambda item: float(item["usual"]))
        return {**self.one(place), "unusual": found[:SHOWN_COLUMNS]}

    def one(self, place: int) -> dict[str, Any]:
        """``row`` (1 is the first), ``truth``, ``told``, ``chance`` of what was said, ``loss``.

        Of a set of labels the chance is the mean over the labels.
        """
        told, chance = self.told, None
        if told.probabilities is not None and told.sets:
            said = matrix_of([told.labels[place]], told.classes)[0]
            chances = told.probabilities[place]
            chance = float(np.mean(np.where(said, chances, 1 - chances)))
        elif told.probabilities is not None:
            chance = float(told.probabilities[place, told.classes.index(str(told.labels[place]))])
        return {
            "row": int(self.answers.row[place]) + 1,
            "truth": plain(self.answers.truth[place]),
            "told": plain(told.labels[place]),
            "chance": chance,
            "loss": float(self.loss[place]),
        }

    def _values(self, place: int) -> dict[str, Any]:
        shown = self.spec[:SHOWN_COLUMNS]
        return {column.name: plain(self.table[column.name].iloc[place]) for column in shown}

    def _unusual(self, column: ColumnSpec, place: int) -> dict[str, Any]:
        """``column``, ``value``, ``usual`` (0 to 1, small is unusual) and ``says``."""
        values = self.table[column.name]
        value = values.iloc[place]
        told: dict[str, Any] = {"column": column.name, "value": plain(value)}
        if pd.isna(value):
            share = float(values.isna().mean())
            says = f"missing, as in {percent(share, 0)} of the rows"
            return {**told, "usual": share, "says": says}
        if column.kind in {Kind.TEXT, Kind.BOOLEAN}:
            share = float((values == value).mean())
            return {**told, "usual": share, "says": f"as in {_share(share)} of the rows"}
        below, above = float((values < value).mean()), float((values > value).mean())
        side = "higher" if below >= above else "lower"
        says = f"{side} than in {_share(max(below, above))} of the rows"
        return {**told, "usual": min(1.0, 2 * min(1 - below, 1 - above)), "says": says}


def _share(share: float) -> str:
    if share < 0.01:
        return "less than 1 %"
    return "more than 99 %" if share > 0.99 else percent(share, 0)


def plain(value: Any) -> Any:
    """A value as JSON takes it."""
    if value is None or pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat(sep=" ")
    return value.item() if hasattr(value, "item") else value
