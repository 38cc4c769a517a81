"""Which values are missing together, and what their absence tells about the target."""

from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from apps.engine.evaluation.intervals import rate_interval
from apps.engine.profile.effects import Z_95
from apps.engine.profile.lookup import blocks
from apps.engine.profile.relation import ClassTarget, LabelsTarget, NumberTarget
from apps.engine.profile.target import Target

MOST_COLUMNS = 60
"""Columns whose gaps are compared: one bit each in the code of a row."""
MOST_PATTERNS = 25
MOST_TOGETHER = 30
TOGETHER, AS_ONE = 0.3, 0.9
"""Phi from which two columns are told of, and from which columns are told of as one group."""
Z_SURE = 3.2905267314919255
"""Two-sided 99.9 %: with many columns a 95 % interval misses 0 by chance too often."""
LEAST_SIDE = 10
PURE = 0.95
COMMON = 0.9
PURE_BY_CHANCE = 1e-6


def rate_difference(
    hits: int, rows: int, other_hits: int, other_rows: int, *, confidence: float = 0.95
) -> tuple[float, float, float]:
    """Difference of two rates, and its interval from the two Wilson intervals.

    Source: Newcombe (1998), Interval estimation for the difference between independent
    proportions, Statistics in Medicine 17(8), 873-890, method 10.
    """
    one, other = hits / rows, other_hits / other_rows
    low, high = rate_interval(hits, rows, confidence=confidence)
    other_low, other_high = rate_interval(other_hits, other_rows, confidence=confidence)
    difference = one - other
    below = ((one - low) ** 2 + (other_high - other) ** 2) ** 0.5
    above = ((high - one) ** 2 + (other - other_low) ** 2) ** 0.5
    return difference, difference - below, difference + above


@dataclass(frozen=True)
class Gap:
    """The missing cells of one column."""

    told: dict[str, Any]
    bits: NDArray[np.uint8]  # shape (n_rows / 8,), 1 where nothing is


@dataclass
class Gaps:
    """The missing cells of a table, collected column by column; one bit a row and column."""

    rows: int
    target: Target | None
    usable: NDArray[np.bool_] | None  # rows that have a target; None when all have
    columns: list[dict[str, Any]] = field(default_factory=list)
    bits: dict[str, NDArray[np.uint8]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Columns whose rows are kept."""
        return list(self.bits)

    def absent(self, name: str) -> NDArray[np.bool_] | None:
        """Where a column has nothing, shape (n_rows,); None when its rows are not kept."""
        bits = self.bits.get(name)
        return None if bits is None else np.unpackbits(bits, count=self.rows).view(bool)

    def look(
        self, name: str, *, present: NDArray[np.bool_], is_target: bool, hidden: int = 0
    ) -> Gap | None:
        """What is missing of a column, None without gaps; keeps nothing, so threads may ask.

        ``hidden`` of its gaps are values such as a blank or "N/A" that mean nothing is there.
        """
        missing = len(present) - int(np.count_nonzero(present))
        if not missing:
            return None
        effect = None
        if self.target is not None and not is_target:
            away = ~present if self.usable is None else ~present[self.usable]
            effect = missing_effect(self.target, away=away)
        told: dict[str, Any] = {
            "name": name,
            "missing": missing,
            "share": missing / len(present),
            "hidden": hidden,
        }
        return Gap({**told, "effect": effect}, np.packbits(~present))

    def keep(self, gap: Gap) -> None:
        """Take a column in; the rows only of the first MOST_COLUMNS."""
        self.columns.append(gap.told)
        if len(self.bits) < MOST_COLUMNS:
            self.bits[gap.told["name"]] = gap.bits

    def told(self) -> dict[str, Any]:
        """Columns with gaps, patterns of rows, groups that miss together; JSON-ready."""
        codes = np.zeros(self.rows, dtype=np.uint64)
        for rows in blocks(self.rows):  # each begins a whole octet of bits
            octets = slice(rows.start // 8, -(-rows.stop // 8))
            for place, bits in enumerate(self.bits.values()):
                away = np.unpackbits(bits[octets], count=rows.stop - rows.start)
                codes[rows] |= away.astype(np.uint64) << np.uint64(place)
        patterns, counts = np.unique(codes, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        shown = [place for place in order if patterns[place]][:MOST_PATTERNS]
        complete = int(counts[patterns == 0].sum())
        kept = [self._pattern(int(patterns[place]), int(counts[place])) for place in shown]
        return {
            "rows": self.rows,
            "complete": complete,
            "columns": sorted(self.columns, key=lambda column: -column["missing"]),
            "patterns": kept,
            "rest": {
                "patterns": len(patterns) - bool(complete) - len(kept),
                "rows": self.rows - complete - sum(entry["rows"] for entry in kept),
            },
            "groups": self._groups(patterns, counts),
        }

    def _pattern(self, code: int, rows: int) -> dict[str, Any]:
        names = [name for place, name in enumerate(self.names) if code >> place & 1]
        return {"columns": names, "rows": rows}

    def _groups(
        self, patterns: NDArray[np.uint64], counts: NDArray[np.int64]
    ) -> list[dict[str, Any]]:
        """Columns that miss together, the closest first: each group once, not pair by pair.

        By the phi coefficient of their gaps: Yule (1912), JRSS 75(6), 579-652. Two groups of
        which some rows are the same are told by their first columns.
        """
        places = np.arange(len(self.names), dtype=np.uint64)
        bits = (patterns[:, None] >> places) & np.uint64(1) == 1
        both = bits.T.astype(np.float64) @ (bits * counts[:, None])
        alone, n = np.diag(both), float(self.rows)
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = np.sqrt(alone * (n - alone))
            phi = (both * n - np.outer(alone, alone)) / np.outer(spread, spread)
        phi = np.nan_to_num(phi, nan=0.0)
        groups = _linked(phi)
        first = [group[0] for group in groups]
        least = max(TOGETHER, 4 / max(n, 1) ** 0.5)
        found = [group for group in groups if len(group) > 1]
        found += [[a, b] for a, b in combinations(first, 2) if phi[a, b] >= least]
        told = [self._group(group, bits=bits, counts=counts, phi=phi) for group in found]
        return sorted(told, key=lambda group: -group["phi"])[:MOST_TOGETHER]

    def _group(
        self,
        group: list[int],
        *,
        bits: NDArray[np.bool_],
        counts: NDArray[np.int64],
        phi: NDArray[np.float64],
    ) -> dict[str, Any]:
        """Its columns, the rows in which all are missing and in which one is, the least phi."""
        mine = bits[:, group]
        return {
            "columns": [self.names[place] for place in group],
            "all": int(counts[mine.all(axis=1)].sum()),
            "any": int(counts[mine.any(axis=1)].sum()),
            "phi": round(float(phi[np.ix_(group, group)].min()), 4),
        }


def _linked(phi: NDArray[np.float64]) -> list[list[int]]:
    """Groups in which every two places have a phi of AS_ONE (complete linkage); some of one."""
    group_of = {place: [place] for place in range(len(phi))}
    pairs = [
        (one, other) for one, other in combinations(range(len(phi)), 2) if phi[one, other] >= AS_ONE
    ]
    for one, other in sorted(pairs, key=lambda pair: -phi[pair]):
        mine, others = group_of[one], group_of[other]
        if mine is not others and phi[np.ix_(mine, others)].min() >= AS_ONE:
            merged = sorted([*mine, *others])
            group_of |= dict.fromkeys(merged, merged)
    return sorted({id(group): group for group in group_of.values()}.values())


def missing_effect(target: Target, *, away: NDArray[np.bool_]) -> dict[str, Any] | None:
    """The target where a column is missing against where it is filled; None on too few rows.

    ``sure`` when the 99.9 % interval of the difference leaves out 0; ``tells`` when one side holds
    (nearly) one class that is not common elsewhere: such a gap is often written after the outcome.
    """
    missing = int(np.count_nonzero(away))
    if min(missing, len(away) - missing) < LEAST_SIDE:
        return None
    if isinstance(target, LabelsTarget):
        found = [_rate_effect(one, away=away) for one in target.each]
        return max(found, key=lambda one: (one["tells"] is not None, abs(one["difference"])))
    if isinstance(target, ClassTarget):
        return _rate_effect(target, away=away)
    return _mean_effect(target, away=away)


def _rate_effect(target: ClassTarget, *, away: NDArray[np.bool_]) -> dict[str, Any]:
    wide = len(target.labels)
    lost = np.bincount(target.codes[np.flatnonzero(away)], minlength=wide)
    kept = target.counts - lost
    rows, others = int(lost.sum()), int(kept.sum())
    place = max(target.shown, key=lambda code: abs(lost[code] / rows - kept[code] / others))
    hits, other_hits = int(lost[place]), int(kept[place])
    difference, low, high = rate_difference(hits, rows, other_hits, others)
    _, sure_low, sure_high = rate_difference(hits, rows, other_hits, others, confidence=0.999)
    return {
        "kind": "rate",
        "of": target.labels[place],
        "missing": hits / rows,
        "filled": other_hits / others,
        "difference": difference,
        "low": low,
        "high": high,
        "sure": not sure_low <= 0 <= sure_high,
        "tells": _tells(target.labels, lost=lost, kept=kept),
    }


def _tells(
    labels: list[str], *, lost: NDArray[np.int64], kept: NDArray[np.int64]
) -> dict[str, Any] | None:
    base = (lost + kept) / (lost + kept).sum()
    for where, counts in (("filled", kept), ("missing", lost)):
        code, rows = int(counts.argmax()), int(counts.sum())
        hits = int(counts[code])
        if hits < PURE * rows or base[code] > COMMON:
            continue
        if binom.sf(hits - 1, rows, base[code]) < PURE_BY_CHANCE:
            return {"where": where, "value": labels[code], "hits": hits, "rows": rows}
    return None


def _mean_effect(target: NumberTarget, *, away: NDArray[np.bool_]) -> dict[str, Any]:
    """Difference of two means with Welch's standard error (1947, Biometrika 34, 28-35)."""
    lost, kept = target.numbers[away], target.numbers[~away]
    error = float(np.sqrt(lost.var(ddof=1) / len(lost) + kept.var(ddof=1) / len(kept)))
    difference = float(lost.mean() - kept.mean())
    return {
        "kind": "mean",
        "of": target.name,
        "missing": float(lost.mean()),
        "filled": float(kept.mean()),
        "difference": difference,
        "low": difference - Z_95 * error,
        "high": difference + Z_95 * error,
        "sure": abs(difference) > Z_SURE * error,
        "tells": None,
    }
