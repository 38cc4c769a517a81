"""Other circumstances: later rows, other seeds, worse measurements. A sound model hardly moves."""

from typing import Any

import numpy as np
import pandas as pd

from apps.engine.training.adversary.bench import Bench, Folds, mean
from apps.engine.training.adversary.lines import HOLDS, WEIGH, Line, dropped, skipped
from apps.engine.training.rows import specs
from apps.engine.training.task import LEAST_ROWS
from apps.engine.types import Kind

CUTS = (0.55, 0.7, 0.85)
WINDOW = 0.15
SEEDS = 10
SEED_ROWS = 0.9
NOISE_SD, SWAPPED, DRAWS = 0.1, 0.05, 3
KEPT = 0.8


def forward_in_time(bench: Bench) -> Line:
    """Train on the past and judge on what follows, beside mixed rows of the same number."""
    key, title = "forward_in_time", "Forward in time"
    if bench.method == "time":
        says = "The folds of this split run forward in time: every score here already does."
        return Line(key, title, HOLDS, bench.whole, "forward folds", says)
    name = bench.time or _first_date(bench.rows.table)
    if not name:
        return skipped(key, title, "The table has no date.")
    moments = pd.to_datetime(bench.rows.table[name]).to_numpy(dtype="datetime64[us]")
    order = np.argsort(moments, kind="stable")[: int((~np.isnat(moments)).sum())]
    if len(order) < 4 * LEAST_ROWS:
        return skipped(key, title, f"Too few rows have a date in “{name}”.")
    bench.tell(f"forward along “{name}”")
    mixed = np.random.default_rng(bench.task.seed).permutation(order)
    forward = bench.scores(folds=_windows(order))
    usual = bench.scores(folds=_windows(mixed))
    fall, falls = dropped(usual, forward, edge=bench.edge)
    says = f"Trained on the past along “{name}” it reaches {mean(forward):.3f} on what follows, "
    says += f"{mean(usual):.3f} when times are mixed. "
    says += (
        "The world moves: expect the lower number in use, and split by time."
        if falls
        else "It holds on later rows."
    )
    outcome = WEIGH if falls else HOLDS
    expected = f"about {mean(usual):.3f}"
    return Line(key, title, outcome, mean(forward), expected, says, {"date": name, "fall": fall})


def _windows(order: Any) -> Folds:
    count, found = len(order), []
    for cut in CUTS:
        end = min(count, int((cut + WINDOW) * count))
        start = int(cut * count)
        found.append((np.sort(order[:start]), np.sort(order[start:end])))
    return found


def _first_date(table: pd.DataFrame) -> str:
    return next(
        (
            str(name)
            for name, values in table.items()
            if pd.api.types.is_datetime64_any_dtype(values.dtype)
        ),
        "",
    )


def seed_lottery(bench: Bench) -> Line:
    """Ten seeds, each with its own nine tenths of the training rows: how much is luck?"""
    key, title = "seed_lottery", "Ten seeds"
    found = []
    for seed in range(SEEDS):
        bench.tell(f"seed {seed + 1} of {SEEDS}")
        generator = np.random.default_rng(seed)
        folds = [
            (np.sort(generator.choice(train, int(SEED_ROWS * len(train)), replace=False)), valid)
            for train, valid in bench.folds
        ]
        found.append(mean(bench.scores(folds=folds, seed=seed)))
    spread = max(found) - min(found)
    bar = max(0.02, bench.edge / 2)
    says = f"From {min(found):.3f} to {max(found):.3f} over {SEEDS} seeds, each with its own nine "
    says += "tenths of the rows. "
    says += (
        "The lot decides as much as the model: no comparison in the last digits holds."
        if spread > bar
        else f"A difference below {spread:.3f} between two candidates is luck."
    )
    return Line(
        key,
        title,
        WEIGH if spread > bar else HOLDS,
        spread,
        f"a spread below {bar:.3f}",
        says,
        {"scores": found, "standard_deviation": float(np.std(found, ddof=1))},
    )


def noisy_features(bench: Bench) -> Line:
    """Numbers a tenth of their standard deviation off, one text in twenty another one."""
    key, title = "noisy_features", "Noise in the features"
    bench.tell("noise in the features")
    generator = np.random.default_rng(bench.task.seed)
    noisy = []
    for pipeline, (_, valid) in zip(bench.fitted, bench.folds, strict=True):
        part = bench.rows.features.take(valid)
        drawn = [
            bench.judged(pipeline, bench.rows, valid, features=_noisy(bench, part, generator))
            for _ in range(DRAWS)
        ]
        noisy.append(float(np.mean(drawn)))
    reached, bar = mean(noisy), bench.guess + KEPT * bench.edge
    weak = reached < bar
    says = f"With numbers a tenth of their spread off it reaches {reached:.3f} "
    says += f"instead of {bench.whole:.3f}. "
    says += (
        "It hangs on decimals: a small change of a measurement turns its answers."
        if weak
        else "Small errors of measurement do it little harm."
    )
    return Line(key, title, WEIGH if weak else HOLDS, reached, f"at least {bar:.3f}", says)


def _noisy(bench: Bench, part: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    changed: dict[str, Any] = {}
    for column in specs(bench.task.features):
        if column.kind in {Kind.NUMBER, Kind.INTEGER}:
            spread = float(np.nanstd(bench.rows.features[column.name].to_numpy()))
            noise = generator.normal(scale=NOISE_SD, size=len(part))
            changed[column.name] = part[column.name] + spread * noise
        elif column.kind != Kind.DATETIME:
            drawn = generator.choice(bench.rows.features[column.name].to_numpy(), len(part))
            swap = generator.random(len(part)) < SWAPPED
            changed[column.name] = part[column.name].where(~swap, drawn)
    return part.assign(**changed)
