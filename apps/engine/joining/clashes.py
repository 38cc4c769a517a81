"""Columns called alike in both tables: what they will be called, and whether they agree."""

from typing import Any

from apps.engine.joining.columns import brought
from apps.engine.joining.how import JoinHow
from apps.engine.joining.matching import Places, comparable, key_values
from apps.engine.reading.tables import kind_of_series, read_rows, read_table

MOST_PAIRS = 20_000_000
"""Beyond so many matched rows it is not asked whether clashing columns agree."""
SAME, OTHER = 0.999, 0.5


def clashes(
    left: str, right: str, how: JoinHow, pairs: tuple[Places, Places]
) -> list[dict[str, Any]]:
    """Each name that both tables have, beside its new name and how often both say the same.

    Returns
    -------
    list of dict
        "name", "called", "agrees": share (0 to 1) of the matched rows in which both are present
        and equal (as texts where the kinds differ), None where there is no such row; "means":
        "same", "other" or "unsure".

    Notes
    -----
    O(matched rows) for each such name.
    """
    names = [
        [str(name) for name in read_rows(path, first=0, count=0).columns] for path in (left, right)
    ]
    told = []
    for name in brought(names[1], how):
        if name in names[0] and name != how.right_time:
            share = _agreement(left, right, name, pairs)
            told.append(
                {
                    "name": name,
                    "called": f"{how.prefix}{name}",
                    "agrees": share,
                    "means": _meaning(share),
                }
            )
    return told


def _agreement(left: str, right: str, name: str, pairs: tuple[Places, Places]) -> float | None:
    ours = read_table(left, columns=[name])[name]
    others = read_table(right, columns=[name])[name]
    if not comparable(kind_of_series(ours), kind_of_series(others)):
        ours, others = (key_values(each, compare="text") for each in (ours, others))
    first = ours.iloc[pairs[0]].reset_index(drop=True)
    second = others.iloc[pairs[1]].reset_index(drop=True)
    both = (first.notna() & second.notna()).to_numpy()
    if not both.any():
        return None
    equal = (first == second).fillna(False).to_numpy(bool)
    return float(equal[both].mean())


def _meaning(share: float | None) -> str:
    if share is None:
        return "unsure"
    return "same" if share >= SAME else "other" if share < OTHER else "unsure"
