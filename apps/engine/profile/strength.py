"""Intervals of one number that says how strongly a column tells the target."""

from typing import Any

import numpy as np

from apps.engine.profile.effects import Z_95

Told = dict[str, Any]
LEAST_ROWS = 5
GUESSING = 0.5


def auc_interval(auc: float, *, positives: int, negatives: int) -> tuple[float, float]:
    """95 % interval of an AUC from its standard error, within 0 and 1.

    Source: Hanley, McNeil (1982), The meaning and use of the area under a receiver operating
    characteristic curve, Radiology 143(1), 29-36.
    """
    one, other = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (positives - 1) * (one - auc**2) + (negatives - 1) * (other - auc**2)
    reach = Z_95 * max(0.0, spread / (positives * negatives)) ** 0.5
    return max(0.0, auc - reach), min(1.0, auc + reach)


def spearman_interval(value: float, *, rows: int) -> tuple[float, float] | None:
    """95 % interval of a rank correlation; None on fewer than five rows.

    Source: Bonett, Wright (2000), Sample size requirements for estimating Pearson, Kendall and
    Spearman correlations, Psychometrika 65(1), 23-28.
    """
    if rows < LEAST_ROWS or abs(value) >= 1:
        return None
    reach = Z_95 * ((1 + value**2 / 2) / (rows - 3)) ** 0.5
    low, high = np.tanh(np.arctanh(value) + np.array([-reach, reach]))
    return float(low), float(high)


def told_series(relation: Told) -> Told:
    """The series that AUC and effect are about: of sets, that of the label that is told best."""
    found: Told = next(
        (one for one in relation["series"] if one["name"] == relation.get("of")),
        relation["series"][0],
    )
    return found


def strength(relation: Told, *, kind: str) -> Told:
    """Intervals of a relation to the target: ``auc`` and ``effect``, each (low, high) or None.

    Of a target with more than two classes the AUC is a mean and has none.
    """
    kept = [
        (rows, point)
        for label, rows, point in zip(
            relation["labels"], relation["rows"], told_series(relation)["points"], strict=True
        )
        if label != "missing" or kind in {"text", "boolean"}
    ]
    n = sum(rows for rows, _ in kept)
    auc, effect = relation["auc"], relation["effect"]
    told: Told = {"auc": None, "effect": None}
    if auc is not None and ("of" in relation or len(relation["series"]) == 1):
        positives = sum(round(rows * (point["value"] or 0.0)) for rows, point in kept)
        if 0 < positives < n:
            told["auc"] = auc_interval(auc, positives=positives, negatives=n - positives)
    told["effect"] = _effect_interval(effect, rows=n, auc=auc, of_auc=told["auc"])
    return told


def _effect_interval(
    effect: Told, *, rows: int, auc: float | None, of_auc: tuple[float, float] | None
) -> tuple[float, float] | None:
    if effect["value"] is None:
        return None
    if effect["name"] == "spearman":
        return spearman_interval(effect["value"], rows=rows)
    if effect["name"] == "correlation_ratio" and auc and of_auc and auc > GUESSING:
        # Of the ranks of two classes, the ratio and the AUC are one number on two scales.
        scale = effect["value"] / (auc - GUESSING)
        low, high = (max(0.0, bound - GUESSING) * scale for bound in of_auc)
        return low, min(1.0, high)
    return effect.get("interval")
