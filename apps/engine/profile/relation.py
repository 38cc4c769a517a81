"""How one feature relates to the target: by group with intervals, and as one number."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from apps.engine.evaluation.intervals import rate_interval
from apps.engine.profile.associations import correlation_ratio, cramers_v
from apps.engine.profile.categorical import Coded
from apps.engine.profile.effects import (
    Z_95,
    correlation_ratio_interval,
    cramers_v_interval,
    power_sums,
)
from apps.engine.profile.groups import Groups
from apps.engine.profile.leakage import auc_of_sum, held_out_auc, in_halves
from apps.engine.profile.marks import Marked, Marks
from apps.engine.profile.ordering import Sorted

MOST_EFFECT_LEVELS = 1_000
"""More different values than this have no meaningful effect size."""


@dataclass(frozen=True)
class ClassTarget:
    """A target with classes, on the rows that have one."""

    name: str
    codes: NDArray[np.int32]  # shape (n_rows,), no -1
    labels: list[str]
    shown: list[int]  # codes of the classes whose rates are told

    @cached_property
    def marks(self) -> Marks:
        """The class of every row."""
        size = len(self.labels)
        return Marks(self.codes.astype(np.min_scalar_type(size)), size)

    @property
    def counts(self) -> NDArray[np.int64]:
        """Rows of every class."""
        return self.marks.counts

    @cached_property
    def _halves(self) -> list[Marks]:
        """For each shown class whether a row has it, and the half that it is in."""
        return [in_halves(self.codes == code) for code in self.shown]

    def relate(self, groups: Groups, *, feature: Sorted | Coded) -> dict[str, Any]:
        """Rate of each shown class by group, with Wilson intervals, AUC and effect size."""
        if isinstance(feature, Sorted):
            marked = feature.beside(self.marks)
            counts = _by_group(groups, marked)
            hits, sizes = [counts[:, code] for code in self.shown], counts.sum(axis=1)
            valued = counts[: groups.valued].sum(axis=0)
            aucs, effect = self._of_numbers(feature, marked, rows=valued)
        else:
            tables = [feature.marked(marks) for marks in self._halves]
            found = [groups.added_up(table) for table in tables]
            hits, sizes = [counts[:, 2:].sum(axis=1) for counts in found], found[0].sum(axis=1)
            aucs = [held_out_auc(table) for table in tables]
            effect = self._of_values(feature, tables)
        series = [
            {"name": self.labels[code], "points": rates(mine, sizes)}
            for code, mine in zip(self.shown, hits, strict=True)
        ]
        known = [auc for auc in aucs if auc is not None]
        return {
            "target": self.name,
            "kind": "rate",
            "labels": groups.labels,
            "rows": sizes.tolist(),
            "series": series,
            "auc": float(np.mean(known)) if known else None,
            "effect": effect,
        }

    def _of_numbers(
        self, feature: Sorted, marked: Marked, *, rows: NDArray[np.int64]
    ) -> tuple[list[float | None], dict[str, Any]]:
        """AUC of each shown class, at least 0.5, and the correlation ratio of the ranks.

        Both follow from the ranks that each class adds up to. ``rows`` are those of each class
        that have a value.
        """
        n = feature.size
        if len(self.labels) == 2:  # the ranks add up to 0
            of_one = marked.rank_sum(1)
            sums = np.array([-of_one, of_one])
        else:
            ranks = feature.doubled_ranks
            sums = np.bincount(self.codes, weights=ranks, minlength=len(self.labels))
        aucs = [auc_of_sum(float(sums[k]), hits=int(rows[k]), rows=n) for k in self.shown]
        held, total = rows > 0, feature.rank_squares
        between = float((sums[held] ** 2 / rows[held]).sum())
        ratio = float(np.sqrt(min(1.0, between / total))) if total > 0 else None
        sides = [None if auc is None else max(auc, 1 - auc) for auc in aucs]
        interval = None
        if len(self.labels) > 2 and n:  # of two classes it follows from the AUC
            there = slice(None) if feature.absent is None else ~feature.absent
            moments = power_sums(feature.doubled_ranks[there] / n, groups=self.codes[there])
            interval = correlation_ratio_interval(moments)
        return sides, {"name": "correlation_ratio", "value": ratio, "interval": interval}

    def _of_values(self, feature: Coded, tables: list[NDArray[np.int64]]) -> dict[str, Any]:
        if feature.distinct > MOST_EFFECT_LEVELS:
            return {"name": "cramers_v", "value": None, "interval": None}
        if len(self.labels) == 2:  # one table tells of both
            table = tables[0].reshape(-1, 2, 2).sum(axis=2)[:-1]
        else:
            table = feature.marked(self.marks)[:-1]
        interval = cramers_v_interval(table)
        return {"name": "cramers_v", "value": cramers_v(table), "interval": interval}


@dataclass(frozen=True)
class LabelsTarget:
    """A target with sets of labels, on the rows that have one: the frequent labels one by one."""

    name: str
    each: list[ClassTarget]  # of two classes: without the label, with it; the most frequent first

    def relate(self, groups: Groups, *, feature: Sorted | Coded) -> dict[str, Any]:
        """Rate of each label by group; AUC and effect size ``of`` the label that is told best."""
        told = [one.relate(groups, feature=feature) for one in self.each]
        best = max(told, key=lambda part: part["auc"] or 0.0)
        return {
            **best,
            "target": self.name,
            "series": [series for part in told for series in part["series"]],
            "of": best["series"][0]["name"],
        }


@dataclass(frozen=True)
class NumberTarget:
    """A target with numbers, on the rows that have one."""

    name: str
    numbers: NDArray[np.float64]  # shape (n_rows,), finite

    @cached_property
    def _centre(self) -> float:
        return float(self.numbers.mean())

    @cached_property
    def _away(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        away = self.numbers - self._centre
        return away, away * away

    @cached_property
    def _ranks(self) -> NDArray[np.float64]:
        return np.asarray(rankdata(self.numbers), dtype=np.float64)

    def relate(self, groups: Groups, *, feature: Sorted | Coded) -> dict[str, Any]:
        """Mean of the target by group with a 95 % interval, and the effect size."""
        places = len(groups.labels)
        sizes = np.bincount(groups.codes, minlength=places)
        away, squared = self._away
        sums = np.bincount(groups.codes, weights=away, minlength=places)
        squares = np.bincount(groups.codes, weights=squared, minlength=places)
        centre = self._centre
        return {
            "target": self.name,
            "kind": "mean",
            "labels": groups.labels,
            "rows": sizes.tolist(),
            "series": [{"name": "mean", "points": means(sizes, sums, squares, centre=centre)}],
            "auc": None,
            "effect": self._effect(feature),
        }

    def _effect(self, feature: Sorted | Coded) -> dict[str, Any]:
        if isinstance(feature, Coded):
            value = correlation_ratio(self.numbers, codes=feature.codes)
            both = feature.codes >= 0
            interval = None
            if value is not None and feature.distinct <= MOST_EFFECT_LEVELS:
                sums = power_sums(self.numbers[both], groups=feature.codes[both])
                interval = correlation_ratio_interval(sums)
            return {"name": "correlation_ratio", "value": value, "interval": interval}
        # Of the ranks of a part, the part is ranked again: the order is the same.
        mine, other = feature.doubled_ranks, self._ranks
        if feature.absent is not None:
            mine, other = mine[~feature.absent], rankdata(other[~feature.absent])
        varies = len(mine) > 1 and feature.distinct > 1 and bool((other != other[0]).any())
        value = float(np.corrcoef(mine, other)[0, 1]) if varies else None
        return {"name": "spearman", "value": value, "interval": None}


def _by_group(groups: Groups, marked: Marked) -> NDArray[np.int64]:
    """Rows of each group by class, shape (len(groups.labels), classes)."""
    counted = marked.rows(groups.cuts)
    return (counted if groups.valued else counted[1:])[: len(groups.labels)]


def rates(hits: NDArray[np.int64], sizes: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Rate of each group with its Wilson interval; None where a group has no rows."""
    points = []
    for hit, size in zip(hits.tolist(), sizes.tolist(), strict=True):
        if size:
            low, high = rate_interval(hit, size)
            points.append({"value": hit / size, "low": float(low), "high": float(high)})
        else:
            points.append({"value": None, "low": None, "high": None})
    return points


def means(
    sizes: NDArray[np.int64],
    sums: NDArray[np.float64],
    squares: NDArray[np.float64],
    *,
    centre: float,
) -> list[dict[str, Any]]:
    """Mean of each group from sums about ``centre``, with its 95 % normal interval."""
    points: list[dict[str, Any]] = []
    for size, total, square in zip(sizes.tolist(), sums.tolist(), squares.tolist(), strict=True):
        if not size:
            points.append({"value": None, "low": None, "high": None})
            continue
        mean = centre + total / size
        if size == 1:  # one row has no known error
            points.append({"value": mean, "low": None, "high": None})
            continue
        variance = max(0.0, square - total**2 / size) / (size - 1)
        error = Z_95 * (variance / size) ** 0.5
        points.append({"value": mean, "low": mean - error, "high": mean + error})
    return points
