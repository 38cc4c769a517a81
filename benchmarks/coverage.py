"""How often a 95 % interval of a verdict holds the truth: 1,000 simulated tables.

    make bench B=coverage ARGS="--tables 1000 --rows 500"

Each table is drawn from a process whose truth is known: its score on half a million rows. The
number of cases in a table is left to chance, as it is in a sealed test. ``--metrics edges`` are the
hard cases of the area under the ROC curve, whose truth is known exactly and whose interval needs no
resampling: a minute for all of them.
"""

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy.stats import norm

from apps.engine.evaluation.delong import auc_interval
from apps.engine.evaluation.intervals import metric_interval, rate_interval
from apps.engine.evaluation.metrics import Predictions, score
from benchmarks.rig import figures

LOW, HIGH = 0.93, 0.97
TRUTH_ROWS = 500_000
CASES = 0.2
Drawn = tuple[Any, Predictions]


def two_classes(generator: np.random.Generator, rows: int) -> Drawn:
    """A fifth are cases; the model's odds are right but for a bias and are 1.5 apart."""
    is_case = generator.random(rows) < CASES
    odds = generator.normal(np.where(is_case, 1.5, 0.0), 1.0) * 1.5 - 2.4
    chance = 1 / (1 + np.exp(-odds))
    names = np.array(["no", "yes"], dtype=object)
    truth = names[is_case.astype(int)]
    labels = names[(chance >= 0.4).astype(int)]
    return truth, Predictions(labels, np.column_stack([1 - chance, chance]), ("no", "yes"))


def three_classes(generator: np.random.Generator, rows: int) -> Drawn:
    """Shares of 0.6, 0.3 and 0.1; scores are noisy."""
    names = np.array(["a", "b", "c"], dtype=object)
    place = generator.choice(3, rows, p=[0.6, 0.3, 0.1])
    odds = generator.normal(0, 1, (rows, 3)) + np.log([0.6, 0.3, 0.1])
    odds[np.arange(rows), place] += 1.5
    chances = np.exp(odds)
    chances /= chances.sum(axis=1, keepdims=True)
    return names[place], Predictions(names[chances.argmax(axis=1)], chances, ("a", "b", "c"))


def quantity(generator: np.random.Generator, rows: int) -> Drawn:
    """Prices: errors grow with them."""
    said = np.exp(generator.normal(3, 0.5, rows))
    return said * np.exp(generator.normal(0, 0.2, rows)), Predictions(said)


ASKED: tuple[tuple[Callable[..., Drawn], str, str | None], ...] = (
    (two_classes, "roc_auc", "yes"),
    (two_classes, "average_precision", "yes"),
    (two_classes, "log_loss", "yes"),
    (two_classes, "brier", "yes"),
    (two_classes, "recall", "yes"),
    (two_classes, "precision", "yes"),
    (two_classes, "f1", "yes"),
    (two_classes, "accuracy", "yes"),
    (three_classes, "log_loss", None),
    (three_classes, "f1", None),
    (three_classes, "balanced_accuracy", None),
    (quantity, "mae", None),
    (quantity, "rmse", None),
    (quantity, "r2", None),
)


def held(draw: Callable[..., Drawn], metric: str, positive: str | None, options: Any) -> int:
    """Of how many tables the interval holds the truth."""
    truth, told = draw(np.random.default_rng(10**6), TRUTH_ROWS)
    wanted = score(metric, truth, told, positive=positive)
    found = 0
    for number in range(options.tables):
        truth, told = draw(np.random.default_rng(number), options.rows)
        low, high = metric_interval(
            metric, truth, told, positive=positive, seed=number, rounds=options.rounds
        )
        found += low <= wanted <= high
    return found


EDGES = (
    *((100, 0.8, 0.2), (100, 0.95, 0.2), (500, 0.8, 0.02), (500, 0.95, 0.02)),
    *((500, 0.95, 0.05), (500, 0.99, 0.05), (2000, 0.95, 0.02), (2000, 0.99, 0.02)),
)
"""Rows, area, share of cases."""


def edge_held(rows: int, area: float, share: float, *, tables: int) -> int:
    """Of how many tables of two normal distributions the interval of the area holds it."""
    apart, found = norm.ppf(area) * 2**0.5, 0
    for number in range(tables):
        generator = np.random.default_rng(number)
        is_case = generator.random(rows) < share
        if not 0 < is_case.sum() < rows:
            found += 1  # nothing is said of it
            continue
        low, high = auc_interval(is_case, generator.normal(0, 1, rows) + apart * is_case)
        found += low <= area <= high
    return found


def asked(options: Any) -> dict[str, Callable[[], int]]:
    """What is counted, by name."""
    wanted = options.metrics.split(",") if options.metrics else []
    found: dict[str, Callable[[], int]] = {
        f"{one[1]}, {one[0].__name__.replace('_', ' ')}": partial(held, *one, options)
        for one in ASKED
        if not wanted or one[1] in wanted
    }
    if not wanted or "edges" in wanted:
        for rows, area, share in EDGES:
            name = f"roc_auc {area:g}, {rows} rows, {share:.0%} cases"
            found[name] = partial(edge_held, rows, area, share, tables=options.tables)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=400, help="resamplings of a table")
    parser.add_argument("--metrics", default="", help="some of them, by comma")
    options = parser.parse_args()
    told, lines = {}, []
    for name, count in asked(options).items():
        began = time.monotonic()
        hits = count()
        noise = rate_interval(hits, options.tables)
        told[name] = hits / options.tables
        lines.append([name, f"{told[name]:.3f}", f"{noise.low:.3f} to {noise.high:.3f}"])
        print(f"{name}: {told[name]:.3f} in {time.monotonic() - began:.0f} s", flush=True)
    print(figures.table(["metric", "tables held", "95 % of that share"], lines))
    bars = {
        name: {"value": share, "at_least": LOW, "at_most": HIGH, "held": LOW <= share <= HIGH}
        for name, share in told.items()
    }
    sizes = {"tables": options.tables, "rows": options.rows, "rounds": options.rounds}
    print(figures.closing_line("coverage", figures={**sizes, "share_held": told}, bars=bars))
    return 0


if __name__ == "__main__":
    sys.exit(main())
