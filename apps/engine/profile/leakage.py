"""Does one feature alone nearly give the target away?"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.profile.marks import Marks

NEAR_PERFECT_AUC = 0.97
NEAR_PERFECT_EFFECT = 0.98


def auc_of_sum(total: float, *, hits: int, rows: int) -> float | None:
    """Chance that a positive row ranks above a negative one, ties count half (0 to 1).

    ``total`` is the sum of ``doubled_ranks`` over the ``hits`` positive ones of ``rows``. None
    when all rows hold one class. Source: Mann and Whitney (1947), Annals of Mathematical
    Statistics 18(1), 50-60.
    """
    if hits in {0, rows}:
        return None
    beaten = (total + hits * (rows - 1)) / 2 - hits * (hits - 1) / 2
    return beaten / (hits * (rows - hits))


def in_halves(positive: NDArray[np.bool_]) -> Marks:
    """Marks 0 to 3: twice whether a row is positive, and the half that it is in.

    Halves are drawn with a fixed seed.
    """
    return Marks(positive.view(np.uint8) * np.uint8(2) + _halves(len(positive)), 4)


def held_out_auc(counts: NDArray[np.int64]) -> float | None:
    """AUC of the positive rate by category, learned on one half and scored on the other.

    Both halves serve both purposes and the mean is told, so that a column of unique values
    scores 0.5 and not 1. ``counts``, shape (n_categories, 4), are rows by the marks of
    ``in_halves``. None when a half holds one class.
    """
    counts = counts.reshape(-1, 2, 2)
    aucs = []
    for learns, scores in ((0, 1), (1, 0)):
        negatives, positives = counts[:, 0, learns], counts[:, 1, learns]
        total = counts[:, :, learns].sum()
        prior = positives.sum() / total if total else 0.0
        rate = (positives + prior) / (negatives + positives + 1)
        auc = _auc_of_counts(counts[:, 1, scores], negatives=counts[:, 0, scores], score=rate)
        if auc is None:
            return None
        aucs.append(auc)
    return float(np.mean(aucs))


@lru_cache(maxsize=1)
def _halves(rows: int) -> NDArray[np.uint8]:
    """0 or 1 for every row, the same for every column."""
    return np.random.default_rng(0).integers(0, 2, rows).astype(np.uint8)


def told_target(relation: dict[str, Any]) -> str:
    """What a relation is about; of sets one label, which is not named: it may be sensitive."""
    return f"a label of “{relation['target']}”" if "of" in relation else f"“{relation['target']}”"


def leak(relation: dict[str, Any]) -> str | None:
    """One sentence when a relation to the target is too good to be true, else None."""
    auc, effect = relation["auc"], relation["effect"]
    if auc is not None and auc >= NEAR_PERFECT_AUC:
        return f"alone tells {told_target(relation)} nearly always (AUC {auc:.3f} of at most 1)"
    value = effect["value"]
    if relation["kind"] == "mean" and value is not None and abs(value) >= NEAR_PERFECT_EFFECT:
        return f"goes with “{relation['target']}” nearly always ({abs(value):.3f} of at most 1)"
    return None


def _auc_of_counts(
    positives: NDArray[np.int64], *, negatives: NDArray[np.int64], score: NDArray[np.float64]
) -> float | None:
    if not positives.sum() or not negatives.sum():
        return None
    _, place = np.unique(score, return_inverse=True)
    above = np.bincount(place, weights=positives)
    below = np.bincount(place, weights=negatives)
    beaten = np.cumsum(below) - below / 2
    return float((above * beaten).sum() / (positives.sum() * negatives.sum()))
