"""Which columns belong together: an order, groups that say the same, a ranked list of pairs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, leaves_list, linkage
from scipy.spatial.distance import squareform
from scipy.special import chdtri

REDUNDANT = 0.9
"""Every two columns of a redundancy group go together at least this strongly."""
WORTH_TELLING = 0.1
BY_CHANCE = 1e-5
"""A pair that unrelated columns would show this often is not told."""
MOST_PAIRS = 40

METHODS = {
    "spearman": "Spearman",
    "cramers_v": "Cramér's V",
    "correlation_ratio": "correlation ratio",
}


def clustered_order(square: NDArray[np.float64]) -> list[int]:
    """Positions in an order in which columns that go together stand side by side.

    Average linkage on 1 - |association| with the leaves ordered so that neighbours are closest:
    Bar-Joseph, Gifford, Jaakkola (2001), Bioinformatics 17(S1). O(p ** 3) at most.
    """
    if len(square) < 3:
        return list(range(len(square)))
    tree = linkage(_distances(square), method="average", optimal_ordering=True)
    return [int(place) for place in leaves_list(tree)]


def redundancy_groups(
    square: NDArray[np.float64], *, names: list[str], target: str | None = None
) -> list[dict[str, Any]]:
    """Groups in which all pairs go together at least REDUNDANT, the largest first, no target.

    Complete linkage: the weakest pair of a group decides (Sørensen 1948).
    """
    features = [place for place, name in enumerate(names) if name != target]
    square, names = square[np.ix_(features, features)], [names[place] for place in features]
    if len(names) < 2:
        return []
    tree = linkage(_distances(square), method="complete")
    labels = fcluster(tree, t=1 - REDUNDANT, criterion="distance")
    groups = []
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        if len(places) > 1:
            inside = np.abs(square[np.ix_(places, places)])
            groups.append(
                {"columns": [names[place] for place in places], "least": float(inside.min())}
            )
    return sorted(groups, key=lambda group: (-len(group["columns"]), -group["least"]))


def ranked_pairs(
    square: NDArray[np.float64],
    *,
    names: list[str],
    kinds: list[str],
    mutual: list[list[float | None]],
    levels: list[int],
    rows: list[int],
) -> list[dict[str, Any]]:
    """The strongest pairs with a sentence each, at most MOST_PAIRS, none that chance explains.

    A pair is as strong as its association or its mutual information says, whichever is more: a
    curve that rises and falls has no rank correlation and much mutual information. ``levels`` are
    the different values of the categories, ``rows`` those that have a value.
    """
    low, high = np.tril_indices(len(names), -1)
    told = np.nan_to_num(np.abs(square[low, high]))
    shared = np.array(
        [mutual[int(a)][int(b)] or 0.0 for a, b in zip(low, high, strict=True)], dtype=float
    )
    free = np.array(
        [1 if kind == "number" else n - 1 for kind, n in zip(kinds, levels, strict=True)]
    )
    n = np.minimum(np.array(rows)[low], np.array(rows)[high])
    both = np.array([kinds[a] == kinds[b] == "category" for a, b in zip(low, high, strict=True)])
    told[told < np.maximum(WORTH_TELLING, chance(free[low], free[high], rows=n, cramer=both))] = 0
    strength = np.maximum(told, np.where(shared > told + 0.2, shared, 0))
    order = np.argsort(-strength, kind="stable")[:MOST_PAIRS]
    return [
        _pair(
            int(high[place]),
            int(low[place]),
            square=square,
            names=names,
            kinds=kinds,
            shared=float(shared[place]),
        )
        for place in order
        if strength[place] >= WORTH_TELLING
    ]


def chance(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    *,
    rows: NDArray[np.int64],
    cramer: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """What unrelated columns exceed once in 1 / BY_CHANCE pairs, on the scale of the measure.

    ``a`` and ``b`` are degrees of freedom: 1 of a number, levels - 1 of a category. n r ** 2,
    n eta ** 2 and n phi ** 2 are about chi-squared with a * b of them: Cramér (1946), Mathematical
    Methods of Statistics, chapter 30. Cramér's V is told corrected: less what is expected.
    """
    free = np.maximum(a * b, 1)
    squared = chdtri(free, BY_CHANCE) / np.maximum(rows, 1)
    corrected = (squared - free / np.maximum(rows, 1)) / np.maximum(np.minimum(a, b), 1)
    level: NDArray[np.float64] = np.sqrt(np.where(cramer, corrected, squared))
    return level


def _pair(
    one: int,
    other: int,
    *,
    square: NDArray[np.float64],
    names: list[str],
    kinds: list[str],
    shared: float,
) -> dict[str, Any]:
    alike = kinds[one] == kinds[other]
    method = "correlation_ratio"
    if alike:
        method = "spearman" if kinds[one] == "number" else "cramers_v"
    raw = square[one, other]
    value = None if np.isnan(raw) else round(float(raw), 4)
    number, category = (one, other) if kinds[one] == "number" else (other, one)
    a, b = (one, other) if alike else (number, category)
    return {
        "a": names[a],
        "b": names[b],
        "method": method,
        "value": value,
        "mutual": round(shared, 4),
        "says": pair_sentence(names[a], names[b], method=method, value=value, shared=shared),
    }


def pair_in(relations: dict[str, Any], *, names: set[str]) -> dict[str, Any] | None:
    """What binds two columns of a study's ``relations``; None where they are not compared.

    A pair that is not among the ranked ones has its numbers and no claim.
    """
    columns = relations["columns"]
    if len(names) < 2 or not names <= set(columns):
        return None
    found = next((pair for pair in relations["pairs"] if {pair["a"], pair["b"]} == names), None)
    if found is not None:
        return found
    other, one = sorted(columns.index(name) for name in names)
    told = _pair(
        one,
        other,
        square=np.array(relations["rank"], dtype=np.float64),
        names=columns,
        kinds=relations["kinds"],
        shared=relations["mutual"][one][other] or 0.0,
    )
    says = "The two do not go together more than chance makes them."
    if len(relations["pairs"]) >= MOST_PAIRS:
        says = f"Not among the {MOST_PAIRS} strongest pairs of this table."
    return {**told, "says": says}


def pair_sentence(a: str, b: str, *, method: str, value: float | None, shared: float) -> str:
    """What binds two columns, in one sentence; ``a`` is the number of a mixed pair."""
    size = abs(value or 0.0)
    if shared > size + 0.2:
        return f"“{a}” and “{b}” depend on each other in a way that a plain correlation misses."
    how = "nearly always" if size >= 0.9 else "mostly" if size >= 0.5 else "a little"
    if method == "spearman":
        way = "rises" if (value or 0) > 0 else "falls"
        return f"As “{a}” rises, “{b}” {how} {way}."
    if method == "cramers_v":
        much = {"nearly always": "nearly all", "mostly": "much", "a little": "a little"}[how]
        return f"“{a}” tells {much} of “{b}”."
    much = {"nearly always": "almost only", "mostly": "much", "a little": "a little"}[how]
    return f"“{a}” differs {much} by “{b}”."


def _distances(square: NDArray[np.float64]) -> NDArray[np.float64]:
    away = 1 - np.nan_to_num(np.abs(square))
    np.fill_diagonal(away, 0)
    condensed: NDArray[np.float64] = squareform(np.clip((away + away.T) / 2, 0, 1), checks=False)
    return condensed
