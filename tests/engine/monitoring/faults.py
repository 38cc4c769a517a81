"""A small world with faults to plant: rows, a model that knows them, what it lost before."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from apps.engine.evaluation.metrics import Predictions
from apps.engine.evaluation.weak_spots import loss_of_rows
from apps.engine.monitoring.cause import Recent, causes
from apps.engine.monitoring.sketch import sketch_of

COLUMNS = ("amount", "age", "visits", "region", "channel")


def rows(count: int, random: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "amount": random.lognormal(3, 0.6, count),
            "age": random.normal(45, 12, count),
            "visits": random.poisson(4, count).astype("float64"),
            "region": random.choice(["north", "south", "west"], count),
            "channel": random.choice(["web", "shop", "phone"], count),
        }
    )


def odds(frame: pd.DataFrame) -> Any:
    """What the model computes: missing is the mean, an unknown category counts nothing."""
    return (
        1.8 * (np.log(frame["amount"].fillna(20.0).clip(lower=0.01)) - 3)
        - 0.06 * (frame["age"].fillna(45) - 45)
        + 0.3 * (frame["visits"].fillna(4) - 4)
        + frame["region"].map({"north": 1.5, "south": -1.5}).fillna(0.0)
        + frame["channel"].map({"web": 0.8, "shop": -0.8}).fillna(0.0)
    ).to_numpy()


def answered(frame: pd.DataFrame) -> Predictions:
    chance = 1 / (1 + np.exp(-odds(frame)))
    return Predictions(
        np.where(chance >= 0.5, "yes", "no").astype(object),
        np.column_stack([1 - chance, chance]),
        ("no", "yes"),
    )


def happened(frame: pd.DataFrame, random: np.random.Generator) -> Any:
    chance = 1 / (1 + np.exp(-odds(frame)))
    return np.where(random.random(len(frame)) < chance, "yes", "no").astype(object)


@dataclass(frozen=True)
class World:
    """Development rows as the release keeps them."""

    sketch: dict[str, Any]
    reference: dict[str, Any]


def world(*, seed: int = 0, count: int = 3_000) -> World:
    random = np.random.default_rng(seed)
    frame = rows(count, random)
    told, truth = answered(frame), happened(frame, random)
    loss = pd.Series(loss_of_rows(truth, told))
    groups = {
        name: {str(key): float(mean) for key, mean in loss.groupby(frame[name]).mean().items()}
        for name in ("region", "channel")
    }
    reference = {"mean": loss.mean(), "deviation": loss.std(), "rows": count, "groups": groups}
    chance = told.chance_of("yes")
    return World(sketch_of(frame, prediction=pd.Series(chance)), reference)


FAULTS = {
    "null spike": "amount",
    "unit change": "age",
    "renamed category": "region",
    "label delay": "labels",
    "one segment": "channel is web",
}
BEGINS = 0.4  # share of the recent rows that are still sound


def planted(fault: str, *, seed: int, count: int = 1_500, known: bool = True) -> Recent:
    """Recent rows that break at BEGINS; the world behind them stays as it was."""
    random = np.random.default_rng(1_000 + seed)
    frame = rows(count, random)
    truth = happened(frame, random)
    is_late = np.arange(count) >= BEGINS * count
    asked = frame.copy()
    if fault == "null spike":
        asked["amount"] = asked["amount"].mask(is_late & (random.random(count) < 0.6))
    if fault == "unit change":
        asked["age"] = asked["age"].where(~is_late, asked["age"] * 12)
    if fault == "renamed category":
        asked["region"] = asked["region"].mask(is_late & (asked["region"] == "north"), "North")
    if fault == "one segment":
        wrong = is_late & (asked["channel"] == "web").to_numpy()
        truth = np.where(wrong, np.where(truth == "yes", "no", "yes"), truth).astype(object)
    loss = loss_of_rows(truth, answered(asked))
    is_told = random.random(count) < 0.9
    if fault == "label delay":
        is_told &= ~is_late | (random.random(count) < 0.1)
    if not known:
        is_told[:] = False
    return Recent(asked, np.where(is_told, loss, np.nan), None, np.ones(count, dtype=bool))


def suspects(recent: Recent, world: World) -> list[dict[str, Any]]:
    return causes(recent, sketch=world.sketch, reference=world.reference)
