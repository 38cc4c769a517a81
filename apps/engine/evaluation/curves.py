"""Points of the usual curves, and counts of right and wrong, ready for a chart."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn import metrics as sk

MOST_POINTS = 200
CLASS_POINTS = 60
MOST_CLASSES = 20
ERROR_SHARES = np.linspace(0.01, 0.99, 50)


def _thin(*columns: Any, most: int = MOST_POINTS) -> list[list[float]]:
    """At most ``most`` of the points, ends kept."""
    count = len(columns[0])
    keep = np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))
    return [np.asarray(column)[keep].astype(float).tolist() for column in columns]


def binary_curves(is_positive: Any, scores: Any) -> dict[str, Any]:
    """ROC, precision-recall and calibration points of a binary classifier.

    Parameters
    ----------
    is_positive : (n,) bool
    scores : (n,) probability of the positive class, 0 to 1

    Returns
    -------
    dict
        ``roc``: false and true positive rate; ``precision_recall``: recall and precision;
        ``calibration``: mean score, share of positives and n per tenth of the rows.
    """
    false, true, _ = sk.roc_curve(is_positive, scores)
    precision, recall, _ = sk.precision_recall_curve(is_positive, scores)
    fpr, tpr = _thin(false, true)
    recalls, precisions = _thin(recall, precision)
    order = np.argsort(scores, kind="stable")
    bins = [part for part in np.array_split(order, 10) if len(part)]
    return {
        "roc": {"false_positive_rate": fpr, "true_positive_rate": tpr},
        "precision_recall": {"recall": recalls, "precision": precisions},
        "calibration": {
            "score": [float(np.mean(scores[part])) for part in bins],
            "share": [float(np.mean(is_positive[part])) for part in bins],
            "n": [len(part) for part in bins],
        },
    }


def class_curves(
    truth: Any, probabilities: Any, *, classes: tuple[str, ...]
) -> list[dict[str, Any]]:
    """ROC and precision-recall points of each class against the rest, the most frequent first.

    Parameters
    ----------
    truth : (n,) class names
    probabilities : (n, n_classes) in the order of ``classes``

    Returns
    -------
    list of dict
        Of at most MOST_CLASSES classes: ``name``, ``rows``, ``roc_auc``, ``average_precision``,
        ``roc`` and ``precision_recall`` as those of ``binary_curves``. A class that none or all
        of the rows are of has no curve and is left out.
    """
    found: list[dict[str, Any]] = []
    for place, name in enumerate(classes):
        is_it, scores = np.asarray(truth) == name, np.asarray(probabilities)[:, place]
        rows = int(is_it.sum())
        if not 0 < rows < len(is_it):
            continue
        found.append({"name": name, "rows": rows, **curves_of(is_it, scores)})
    return sorted(found, key=lambda item: -int(item["rows"]))[:MOST_CLASSES]


def curves_of(is_it: Any, scores: Any) -> dict[str, Any]:
    """``roc_auc``, ``average_precision`` and points of both curves of one class or label."""
    false, true, _ = sk.roc_curve(is_it, scores)
    precision, recall, _ = sk.precision_recall_curve(is_it, scores)
    fpr, tpr = _thin(false, true, most=CLASS_POINTS)
    recalls, precisions = _thin(recall, precision, most=CLASS_POINTS)
    return {
        "roc_auc": float(sk.roc_auc_score(is_it, scores)),
        "average_precision": float(sk.average_precision_score(is_it, scores)),
        "roc": {"false_positive_rate": fpr, "true_positive_rate": tpr},
        "precision_recall": {"recall": recalls, "precision": precisions},
    }


def confusion(truth: Any, labels: Any, *, classes: tuple[str, ...]) -> dict[str, Any]:
    """Counts by true class (rows) and predicted class (columns)."""
    # Hashing names is some ten times as fast as sorting them, as scikit-learn does.
    names = pd.Index(classes, dtype=object)
    cells = len(classes) * names.get_indexer(truth) + names.get_indexer(labels)
    counts = np.bincount(cells, minlength=len(classes) ** 2)
    return {"classes": list(classes), "counts": counts.reshape(-1, len(classes)).tolist()}


def regression_points(truth: Any, predicted: Any, *, level: float | None = None) -> dict[str, Any]:
    """Mean truth per twentieth of the predictions, and quantiles of the error.

    With ``level``, where a quantile is predicted: that quantile of the truth instead of its mean.
    ``errors``: the error (predicted less true) that each ``share`` of the rows stays below.
    """
    order = np.argsort(predicted, kind="stable")
    bins = [part for part in np.array_split(order, 20) if len(part)]
    error = np.asarray(predicted) - np.asarray(truth)
    middle = np.mean if level is None else partial(np.quantile, q=level)
    return {
        "level": level,
        "predicted": [float(np.mean(predicted[part])) for part in bins],
        "truth": [float(middle(truth[part])) for part in bins],
        "n": [len(part) for part in bins],
        "errors": {
            "share": ERROR_SHARES.tolist(),
            "error": np.quantile(error, ERROR_SHARES).tolist(),
        },
        "error_quantiles": {
            str(share): float(np.quantile(error, share)) for share in (0.05, 0.25, 0.5, 0.75, 0.95)
        },
    }
