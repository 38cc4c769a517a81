"""Which columns a join brings, how clashing ones are called, and taking rows by their places."""

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from apps.engine.errors import BadParameter
from apps.engine.joining.how import AGGREGATING, FILTERS, ROWS, JoinHow


def brought(other: Sequence[str], how: JoinHow) -> list[str]:
    """Columns of the joined table that come along: not its keys, not what is left out."""
    if how.kind in FILTERS:
        return []
    away = {*how.right_on, *how.leave_out}
    return [name for name in other if name not in away]


def names_after(base: Collection[str], names: Sequence[str], *, prefix: str) -> list[str]:
    """What the names are called beside those of ``base``; BadParameter when one stays taken."""
    called = [f"{prefix}{name}" if name in base else name for name in names]
    for name in called:
        if name in base or called.count(name) > 1:
            raise BadParameter(f"The name {name!r} is taken too: choose another prefix.")
    return called


def aggregate_names(how: JoinHow) -> list[str]:
    """Names of what is computed: prefix, column and function, in the order of ``aggregates``."""
    assert how.kind in AGGREGATING, "only these compute"
    return [
        f"{how.prefix}rows" if column == ROWS else f"{how.prefix}{column}_{function}"
        for column, function in ((a, b.replace(" ", "_")) for a, b in how.aggregates)
    ]


def taken(frame: pd.DataFrame, places: npt.NDArray[np.int64]) -> pd.DataFrame:
    """Rows by place, missing where it is -1; kinds stay. O(cells)."""
    return frame.reset_index(drop=True).reindex(places).reset_index(drop=True)
