"""How far a ranking gets: cumulative gain and lift, and how the scores of two classes lie."""

from typing import Any

import numpy as np

MOST_POINTS = 200
TENTHS = np.linspace(0.1, 1.0, 10)
BINS = 20


def gain_curve(is_positive: Any, scores: Any) -> dict[str, Any]:
    """Share of the positives among the rows with the highest scores.

    Parameters
    ----------
    is_positive : (n,) bool, at least one of them true; scores : (n,), higher is likelier

    Returns
    -------
    dict
        ``rows`` and ``found``: at most MOST_POINTS points from 0 to 1, shares of all rows and of
        all positives; ``tenths``: for the best tenth, two tenths ... of the rows ``rows``,
        ``found`` and ``lift`` = found / rows, how many times more than by lot. Rows of equal
        scores count as if in random order: straight between the distinct scores.

    Notes
    -----
    Source: Witten, Frank, Hall (2011), Data Mining, 3rd edition, section 5.7; Fawcett (2006),
    Pattern Recognition Letters 27, 861-874, for equal scores.
    """
    truth = np.asarray(is_positive, dtype=bool)
    ranked = np.asarray(scores, dtype="float64")
    order = np.argsort(-ranked, kind="stable")
    last = np.flatnonzero(np.append(np.diff(ranked[order]) != 0, True))
    rows = np.append(0.0, (last + 1) / len(truth))
    found = np.append(0.0, np.cumsum(truth[order])[last] / truth.sum())
    keep = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), MOST_POINTS)).astype(int))
    at_tenths = np.interp(TENTHS, rows, found)
    return {
        "rows": rows[keep].tolist(),
        "found": found[keep].tolist(),
        "tenths": [
            {"rows": float(share), "found": float(hit), "lift": float(hit / share)}
            for share, hit in zip(TENTHS, at_tenths, strict=True)
        ],
    }


def score_bins(is_positive: Any, scores: Any) -> dict[str, Any]:
    """How many of each class lie in each of BINS equal steps from the lowest to the highest score.

    Returns ``edges`` (BINS + 1), ``positives`` and ``negatives`` (BINS counts each).
    """
    truth, chance = np.asarray(is_positive, dtype=bool), np.asarray(scores, dtype="float64")
    edges = np.linspace(
        float(chance.min()), max(float(chance.max()), chance.min() + 1e-9), BINS + 1
    )
    return {
        "edges": edges.tolist(),
        "positives": np.histogram(chance[truth], edges)[0].tolist(),
        "negatives": np.histogram(chance[~truth], edges)[0].tolist(),
    }


def errors_by_size(truth: Any, predicted: Any) -> list[dict[str, float]]:
    """Absolute error in each tenth of the predictions, smallest predictions first.

    Each has ``low`` and ``high`` (ends of its predictions), ``rows``, ``middle`` (median absolute
    error) and ``nine`` (nine of ten are smaller), in the target's unit. By prediction, not by
    truth: a large truth is always predicted too small, by any model.
    """
    said = np.asarray(predicted, dtype="float64")
    error = np.abs(said - np.asarray(truth, dtype="float64"))
    order = np.argsort(said, kind="stable")
    return [
        {
            "low": float(said[part].min()),
            "high": float(said[part].max()),
            "rows": len(part),
            "middle": float(np.median(error[part])),
            "nine": float(np.quantile(error[part], 0.9)),
        }
        for part in np.array_split(order, 10)
        if len(part)
    ]
