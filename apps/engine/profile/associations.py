"""How strongly two columns go together, whatever their kinds."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.profile.gram import PairSums, Scaled, pair_sums
from apps.engine.profile.ordering import Sorted
from apps.engine.profile.sample import Excerpt

MOST_COLUMNS = 60
MOST_LEVELS = 50
STRONGEST = 20


@dataclass(frozen=True)
class Trait:
    """One column reduced to what associations need: scaled ranks, or codes of its values.

    A column that is not compared has neither.
    """

    name: str
    levels: int  # different values
    ranks: Scaled | None = None  # -1 to 1
    codes: NDArray[np.int8] | None = None  # shape (n_compared_rows,), -1 when missing

    @property
    def rows(self) -> int:
        """Rows on which it is compared."""
        kept = self.ranks.values if self.ranks is not None else self.codes
        return 0 if kept is None else len(kept)

    @property
    def is_comparable(self) -> bool:
        """It varies, and has not too many texts."""
        return self.ranks is not None or self.codes is not None


def cramers_v(counts: NDArray[np.int64]) -> float | None:
    """Bias-corrected Cramer's V of a contingency table, 0 (independent) to 1.

    ``counts`` has shape (n_row_levels, n_column_levels). None when fewer than two levels
    have rows on either side. Source: Bergsma (2013), Journal of the Korean Statistical
    Society 42(3), 323-328.
    """
    table = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0].astype(np.float64)
    rows, columns = table.shape
    n = table.sum()
    if min(rows, columns) < 2 or n < 2:
        return None
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    phi2 = ((table - expected) ** 2 / expected).sum() / n
    phi2 = max(0.0, phi2 - (rows - 1) * (columns - 1) / (n - 1))
    rows_corrected = rows - (rows - 1) ** 2 / (n - 1)
    columns_corrected = columns - (columns - 1) ** 2 / (n - 1)
    most = min(rows_corrected, columns_corrected) - 1
    return float(min(1.0, np.sqrt(phi2 / most))) if most > 0 else None


def correlation_ratio(values: NDArray[Any], *, codes: NDArray[np.int32]) -> float | None:
    """Correlation ratio (eta) of numbers by category, 0 to 1, over rows that have both.

    Eta squared is the share of the variance that lies between categories. None when the
    numbers do not vary. O(n). Source: Fisher (1925), Statistical Methods, ch. 8.
    """
    both = (codes >= 0) & np.isfinite(values)
    if both.all():
        numbers, groups = values.astype(np.float64), codes
    else:
        numbers, groups = values[both].astype(np.float64), codes[both]
    if not len(numbers):
        return None
    centred = numbers - numbers.mean()
    total = float(centred @ centred)
    if total <= 0:
        return None
    sums = np.bincount(groups, weights=centred)
    sizes = np.bincount(groups)
    between = float((sums[sizes > 0] ** 2 / sizes[sizes > 0]).sum())
    return float(np.sqrt(min(1.0, between / total)))


def rank_correlations(pairs: PairSums) -> NDArray[np.float64]:
    """Spearman's correlation of every pair of numbers, NaN where it does not exist.

    The sums are of scaled average ranks. A pair is compared on the rows that have both, with
    the ranks of the whole columns: with missing values this is close to, but not the same
    as, ranking anew for each pair. Source: Spearman (1904), American Journal of Psychology
    15(1), 72-101.
    """
    wide = len(pairs.products)
    n, sums, squares = pairs.rows[:, :wide], pairs.sums[:, :wide], pairs.squares[:, :wide]
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = squares - sums**2 / n
        covariance = pairs.products - sums * sums.T / n
        tiny = variance <= 1e-6 * np.maximum(n, 1)
        variance[tiny] = np.nan
        return np.clip(covariance / np.sqrt(variance * variance.T), -1, 1)


def rank_ratios(pairs: PairSums) -> list[NDArray[np.float64]]:
    """For each category the correlation ratio (see above) of every number's ranks, or NaN."""
    wide = len(pairs.products)
    found = []
    for place, (sums, rows) in enumerate(pairs.levels):
        squares, n = pairs.squares[:, wide + place], rows.sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            centre = sums.sum(axis=0) ** 2 / n
            total = squares - centre
            between = np.where(rows > 0, sums**2 / rows, 0).sum(axis=0) - centre
            total[total <= 1e-6 * np.maximum(n, 1)] = np.nan
            found.append(np.sqrt(np.clip(between / total, 0, 1)))
    return found


def trait_of(name: str, excerpt: Excerpt) -> Trait:
    """What is kept of a column: four bytes a row of a number, one of a category."""
    feature, levels = excerpt.feature, excerpt.feature.distinct
    if levels < 2:
        return Trait(name, levels)
    if isinstance(feature, Sorted):
        ranks = feature.ranks_of(excerpt.codes)
        return Trait(name, levels, ranks=Scaled.of(ranks, absent=excerpt.absent))
    if levels > MOST_LEVELS:
        return Trait(name, levels)
    codes = excerpt.codes.astype(np.int8)
    if excerpt.absent is not None:
        codes[excerpt.absent] = -1
    return Trait(name, levels, codes=codes)


class Compared:
    """The columns that are compared with each other, at most MOST_COLUMNS, and those left out."""

    def __init__(self, *, reserved: str | None) -> None:
        self.traits: list[Trait] = []
        self.left_out: list[dict[str, str]] = []
        self.reserved = reserved  # a column whose place is kept free until it comes

    def add(self, trait: Trait) -> bool:
        """Keep a column, or note why not; whether it is kept."""
        if trait.name == self.reserved:
            self.reserved = None
        places = MOST_COLUMNS - (self.reserved is not None)
        if trait.is_comparable and len(self.traits) < places:
            self.traits.append(trait)
            return True
        if trait.is_comparable:
            why = f"only {MOST_COLUMNS} columns are compared"
        elif trait.levels < 2:
            why = "it does not vary"
        else:
            why = f"it has more than {MOST_LEVELS} different values"
        self.left_out.append({"column": trait.name, "why": why})
        return False

    def matrix(self) -> dict[str, Any]:
        """``association_matrix`` of the kept columns, whose rows are let go, and those left out."""
        traits, self.traits = self.traits, []
        return {**association_matrix(traits), "left_out": self.left_out}


def association_matrix(traits: list[Trait]) -> dict[str, Any]:
    """Association of every pair of columns.

    Two numbers: Spearman, -1 to 1. Two categories: Cramer's V, 0 to 1. A number and a
    category: correlation ratio of the ranks, 0 to 1, so that one far-out value does not
    decide. Returns the ``rows`` that were compared, ``columns``, ``kinds``, ``values`` (a square,
    None where undefined) and ``strongest`` pairs, JSON-ready. O(n_rows * n_columns ** 2).
    """
    square = _square(traits)
    names = [trait.name for trait in traits]
    kinds = ["number" if trait.ranks is not None else "category" for trait in traits]
    return {
        "rows": traits[0].rows if traits else 0,
        "columns": names,
        "kinds": kinds,
        "values": [[None if np.isnan(x) else round(float(x), 4) for x in row] for row in square],
        "strongest": _strongest(square, names=names, kinds=kinds),
    }


def _square(traits: list[Trait]) -> NDArray[np.float64]:
    square = np.full((len(traits), len(traits)), np.nan)
    numeric = [place for place, trait in enumerate(traits) if trait.ranks is not None]
    coded = [place for place, trait in enumerate(traits) if trait.codes is not None]
    if numeric:
        ranks = [ranks for trait in traits if (ranks := trait.ranks) is not None]
        codes = [(codes, t.levels) for t in traits if (codes := t.codes) is not None]
        pairs = pair_sums(ranks, codes)
        square[np.ix_(numeric, numeric)] = rank_correlations(pairs)
        for place, ratios in zip(coded, rank_ratios(pairs), strict=True):
            square[place, numeric] = square[numeric, place] = ratios
    for place, first in enumerate(coded):
        for second in coded[:place]:
            value = _contingency(traits[first], traits[second])
            square[first, second] = square[second, first] = np.nan if value is None else value
    np.fill_diagonal(square, 1.0)
    return square


def _contingency(one: Trait, other: Trait) -> float | None:
    assert one.codes is not None
    assert other.codes is not None
    wide = other.levels + 1  # a row and a column for missing values, dropped below
    cells = (one.codes + np.int16(1)) * np.int16(wide) + (other.codes + np.int16(1))
    counts = np.bincount(cells, minlength=(one.levels + 1) * wide)
    return cramers_v(counts.reshape(one.levels + 1, wide)[1:, 1:])


def _strongest(
    square: NDArray[np.float64], *, names: list[str], kinds: list[str]
) -> list[dict[str, Any]]:
    methods = {0: "correlation_ratio", 1: "cramers_v", 2: "spearman"}
    rows, columns = np.tril_indices(len(names), -1)
    strength = np.round(np.nan_to_num(np.abs(square[rows, columns])), 6)
    order = [place for place in np.argsort(-strength, kind="stable") if strength[place] > 0]
    pairs = []
    for place in order[:STRONGEST]:
        one, other = int(columns[place]), int(rows[place])
        alike = 0 if kinds[one] != kinds[other] else 2 if kinds[one] == "number" else 1
        pairs.append(
            {
                "a": names[one],
                "b": names[other],
                "method": methods[alike],
                "value": round(float(square[other, one]), 4),
            }
        )
    return pairs
