"""Columns that may give the target away: nobody should train on them without having asked."""

import numpy as np

from apps.engine.labels import SIGN
from apps.engine.profile.cells import Columns
from apps.engine.profile.explore import explore
from apps.engine.profile.radar import suspects
from apps.engine.profile.target import QUANTITY, SETS
from apps.engine.types import silent

MOST_ROWS = 20_000
GRAVE = "high"


def giveaways(
    development: str,
    target: str,
    *,
    clock: str | None = None,
    quantity: bool = False,
    sets: bool = False,
) -> list[dict[str, str]]:
    """Columns of the development rows that tell the target too well to be known before it.

    Parameters
    ----------
    development : str
        Path of the typed development rows (Parquet), sealed rows not among them.
    target : str
    clock : str or None
        The column that says when a row happened.
    quantity, sets : bool
        The target is read as a quantity however few its values are, or as sets of labels, in the
        notation of engine's ``labels``.

    Returns
    -------
    list of {"column", "says"}
        One for each column, in the order of the radar (``profile.radar.suspects``), the gravest
        kind only: alone it tells the target nearly perfectly, its gaps do, or it adds up to it.

    Notes
    -----
    On at most MOST_ROWS rows drawn with a fixed seed; O(rows x columns²).
    """
    source = Columns(development)
    if source.rows > MOST_ROWS:
        kept = np.zeros(source.rows, dtype=bool)
        kept[np.random.default_rng(0).choice(source.rows, MOST_ROWS, replace=False)] = True
        source.narrow(kept)
    reading = QUANTITY if quantity else f"{SETS} {SIGN}" if sets else ""
    told = explore(source, target=target, report=silent, reading=reading)
    found: dict[str, str] = {}
    for suspect in suspects(told["profile"], told["study"], clock=clock or ""):
        if suspect["severity"] == GRAVE and suspect["column"]:
            found.setdefault(suspect["column"], suspect["says"])
    return [{"column": column, "says": says} for column, says in found.items()]
