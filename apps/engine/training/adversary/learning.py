"""The learning curve: would more rows help?"""

from typing import Any

import numpy as np

from apps.engine.errors import NotEnoughData
from apps.engine.training.adversary.bench import Bench, mean
from apps.engine.training.adversary.lines import dropped

SHARES = (0.1, 0.25, 0.5)


def learning_curve(bench: Bench) -> dict[str, Any]:
    """Score on the folds by the number of training rows, the smaller parts inside the larger.

    Returns
    -------
    dict
        ``points``: per size ``rows`` (mean of the folds), ``score`` (mean), ``low`` and ``high``
        (least and greatest of the folds); ``rising``: the second half of the rows still helps by
        more than noise and a tenth of the edge; ``says``.
    """
    generator = np.random.default_rng(bench.task.seed)
    orders = [generator.permutation(train) for train, _ in bench.folds]
    points, last = [], bench.usual
    for number, share in enumerate(SHARES, start=1):
        bench.tell(f"learning curve, size {number} of {len(SHARES)}")
        folds = [
            (np.sort(order[: int(share * len(order))]), valid)
            for order, (_, valid) in zip(orders, bench.folds, strict=True)
        ]
        try:
            scores = bench.scores(folds=folds)
            points.append(_point(folds, scores))
            last = scores
        except NotEnoughData:  # too few rows of a class at this size: the curve begins later
            continue
    points.append(_point(bench.folds, bench.usual))
    gain, rising = dropped(bench.usual, last, edge=bench.edge)
    unsure = gain > max(0.01, 0.1 * bench.edge)
    says = _says(points, rising, unsure)
    tried, count = len(bench.rows.target), len(bench.all_rows.target)
    if tried < count:
        says += f" {tried:,} of the {count:,} development rows were used for it."
    return {"points": points, "rising": rising, "says": says}


def _point(folds: Any, scores: list[float]) -> dict[str, float]:
    there = [score for score in scores if np.isfinite(score)]
    return {
        "rows": float(np.mean([len(train) for train, _ in folds])),
        "score": mean(scores),
        "low": min(there, default=0.0),
        "high": max(there, default=0.0),
    }


def _says(points: list[dict[str, float]], rising: bool, unsure: bool) -> str:
    if len(points) < 2:
        return "There are too few rows for a learning curve."
    half, whole = points[-2:]
    told = f"{half['rows']:,.0f} rows reach {half['score']:.3f}, {whole['rows']:,.0f} reach "
    told += f"{whole['score']:.3f}. "
    if rising:
        return told + "It is still rising: more rows would help."
    if unsure:
        return told + "It may still be rising; the folds do not agree."
    return told + "It is nearly flat: more rows of this kind would help little."
