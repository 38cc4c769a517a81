"""The rows behind each mark of a picture of two columns, as slices that the grid opens."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from apps.eda.slices import Slice
from apps.engine.profile.slices import Condition

Found = Sequence[Condition | None]
"""What the rows behind a mark have in common; None where it cannot be said in one condition."""


def links(address: str, where: Slice, found: Iterable[Found]) -> list[str]:
    """One address for each row of the picture's table; empty where there is none."""
    told = []
    for conditions in found:
        slice_ = where
        for condition in filter(None, conditions):
            slice_ = slice_.plus(condition)
        told.append(address + slice_.tail if all(conditions) else "")
    return told


def point_links(address: str, where: Slice, told: dict[str, Any], names: Sequence[str]) -> Any:
    """The same for points, short: thousands of whole addresses would outweigh the picture.

    ``values`` holds, for each point, the exact value on each axis; the page makes the address of
    the rows between a value and itself.
    """
    values = [
        [exact(x, told["kinds"][0]), exact(y, told["kinds"][1])]
        for x, y in zip(told["x"], told["y"], strict=True)
    ]
    return {
        "address": address + where.tail,
        "parts": [["between", name] for name in names],
        "values": values,
    }


def behind_pair(told: dict[str, Any]) -> list[Found]:
    """Conditions behind the boxes, cells or tiles of ``pair_of``, in the order of the table."""
    a, b = told["a"], told["b"]
    if told["picture"] == "cells":
        return behind_cells(told, told["counts"], names=(a, b))
    if told["picture"] == "boxes":
        return [(_read(box["is"]), Condition("filled", a)) for box in told["boxes"]]
    return [
        (_read(one), _read(other))
        for one, counts in zip(told["across_is"], told["counts"], strict=True)
        for other, rows in zip(told["up_is"], counts, strict=True)
        if rows
    ]


def behind_picture(told: dict[str, Any]) -> list[Found]:
    """The same for the groups or cells of ``picture_of``."""
    picture, conditions = told["picture"], told["conditions"]
    if "groups" in told:
        parts = [
            (name, f"{name}s")
            for name in ("panel", "colour", "x", "y")
            if f"{name}s" in told and told[f"{name}s"] != [""]
        ]
        return [
            [_read(conditions[many][one[name]]) for name, many in parts] for one in told["groups"]
        ]
    panels = conditions["panels"] if picture["facet"] else [None]
    return [
        (*([_read(panel)] if picture["facet"] else []), *found)
        for panel, part in zip(panels, told["cells"], strict=True)
        for found in behind_cells(told, part, names=(picture["x"], picture["y"]))
    ]


def behind_cells(
    told: dict[str, Any], counts: list[list[int]], *, names: tuple[str, str]
) -> list[Found]:
    """Conditions behind the cells of a grid that hold rows, line by line."""
    across = spans(names[0], told["x_edges"], told["kinds"][0])
    up = spans(names[1], told["y_edges"], told["kinds"][1])
    return [
        (across[one], up[other])
        for other, line in enumerate(counts)
        for one, rows in enumerate(line)
        if rows
    ]


def spans(name: str, edges: Sequence[float], kind: str) -> list[Condition]:
    """A condition for each step between edges; the last edge belongs to its step."""
    texts = [exact(edge, kind) for edge in edges]
    last = len(texts) - 2
    return [
        Condition("between" if place == last else "below", name, pair)
        for place, pair in enumerate(pairwise(texts))
    ]


def exact(value: float, kind: str) -> str:
    """A value of an axis as a condition holds it; ``value`` of a date is in milliseconds."""
    if kind == "date":
        return str(np.datetime64(round(value * 1_000), "us"))
    return repr(float(value))


def _read(told: list[str] | None) -> Condition | None:
    return Condition.from_list(told) if told else None
