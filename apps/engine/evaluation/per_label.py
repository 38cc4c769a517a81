"""What is told of each label of a set: hits and misses at the threshold, ranks, calibration."""

from typing import Any

import numpy as np

from apps.engine.evaluation.calibration import calibration
from apps.engine.evaluation.curves import curves_of
from apps.engine.evaluation.metrics import Predictions
from apps.engine.labels import matrix_of


def labels_told(truth: Any, told: Predictions, *, threshold: float) -> list[dict[str, Any]]:
    """One entry for each label, the most frequent first.

    Parameters
    ----------
    truth : (n,) sets in the notation of engine's ``labels``
    told : sets with probabilities; ``threshold`` is the one that told them

    Returns
    -------
    list of dict
        ``name``; ``rows`` that have it; ``threshold``; counts ``found`` (true and told),
        ``false_alarms``, ``missed``, ``left_alone``; ``precision`` (None where it was never told),
        ``recall`` and ``f1`` (None where no row has it); ``roc_auc``, ``average_precision``, and
        ``roc`` and ``precision_recall`` as those of ``curves.binary_curves`` (None where all or
        none of the rows have it); ``calibration`` as ``calibration.calibration``.
    """
    true, said = matrix_of(truth, told.classes), matrix_of(told.labels, told.classes)
    found = [
        _label(name, true[:, place], said[:, place], told.chance_of(name), threshold)
        for place, name in enumerate(told.classes)
    ]
    return sorted(found, key=lambda item: -int(item["rows"]))


def _label(name: str, true: Any, said: Any, chance: Any, threshold: float) -> dict[str, Any]:
    hits, rows, called = int((true & said).sum()), int(true.sum()), int(said.sum())
    nothing = {"roc_auc": None, "average_precision": None, "roc": None, "precision_recall": None}
    return {
        "name": name,
        "rows": rows,
        "threshold": threshold,
        "found": hits,
        "false_alarms": called - hits,
        "missed": rows - hits,
        "left_alone": len(true) - rows - called + hits,
        "precision": hits / called if called else None,
        "recall": hits / rows if rows else None,
        "f1": 2 * hits / (rows + called) if rows else None,
        **(curves_of(true, chance) if 0 < rows < len(true) else nothing),
        "calibration": calibration(true, chance),
    }


def sizes_of_sets(truth: Any, told: Predictions) -> list[dict[str, int]]:
    """How many rows have, and how many were told, each number of labels: ``labels``, both."""
    true = matrix_of(truth, told.classes).sum(axis=1)
    said = matrix_of(told.labels, told.classes).sum(axis=1)
    most = int(max(true.max(initial=0), said.max(initial=0)))
    counts = (np.bincount(part, minlength=most + 1) for part in (true, said))
    return [
        {"labels": number, "true": int(one), "told": int(other)}
        for number, (one, other) in enumerate(zip(*counts, strict=True))
    ]
