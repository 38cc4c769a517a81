"""A slice as it stands in an address: conditions on columns, none of them sensitive."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from apps.datasets.conditions import conditions_of, written
from apps.engine.profile.categorical import LONGEST_SHOWN
from apps.engine.profile.slices import Condition
from apps.engine.types import TableSpec


@dataclass(frozen=True)
class Slice:
    """Conditions that hold together; none of them: all rows."""

    conditions: tuple[Condition, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.conditions)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Names and values for an address or for hidden fields, shortest form."""
        return [("slice", written(condition)) for condition in self.conditions]

    @property
    def query(self) -> str:
        """As a part of an address."""
        return urlencode(self.pairs)

    @property
    def tail(self) -> str:
        """What is put behind an address: empty for all rows."""
        return f"?{self.query}" if self else ""

    @property
    def more(self) -> str:
        """What is put behind an address that has parameters already."""
        return f"&{self.query}" if self else ""

    @property
    def says(self) -> str:
        """In words."""
        return " and ".join(f"“{one.column}” {one.says}" for one in self.conditions) or "all rows"

    @property
    def before(self) -> str:
        """What goes before a sentence about these rows; nothing for all rows."""
        return f"Where {self.says}: " if self else ""

    def as_lists(self) -> list[list[str]]:
        """JSON-ready, as the engine takes it."""
        return [condition.as_list() for condition in self.conditions]

    def plus(self, condition: Condition) -> "Slice":
        """One condition more; the same one is not added twice."""
        kept = tuple(one for one in self.conditions if one != condition)
        return Slice((*kept, condition))

    def parts(self) -> list[dict[str, Any]]:
        """Each condition with the rest of the slice: what taking it away leads to."""
        return [
            {"condition": one, "rest": Slice(tuple(x for x in self.conditions if x != one))}
            for one in self.conditions
        ]


ALL_ROWS = Slice()


def slice_of(texts: Iterable[str], *, spec: TableSpec, hidden: Collection[str]) -> Slice:
    """The slice of an address; raises BadParameter as ``conditions_of`` does."""
    return Slice(conditions_of(texts, spec=spec, hidden=hidden))


def column_conditions(column: dict[str, Any]) -> list[Condition | None]:
    """What the rows of the distribution's table have in common, one for each; None: not told."""
    name, shape = column["name"], column.get("histogram")
    if shape:
        edges = [repr(edge) for edge in shape["edges"]]
        last = len(edges) - 2
        inside: list[Condition | None] = [
            Condition("between" if place == last else "below", name, (low, high))
            for place, (low, high) in enumerate(pairwise(edges))
        ]
        below = (
            [Condition("below", name, (repr(column["minimum"]), edges[0]))]
            if shape["below"]
            else []
        )
        # Values above the last edge have no condition of their own: that edge belongs to its bin.
        return [*below, *inside, *([None] if shape["above"] else [])]
    if column.get("over_time"):
        starts = [*column["over_time"]["starts"], ""]
        return [Condition("below", name, pair) for pair in pairwise(starts)]
    values = [one["value"] for one in column.get("top") or []]
    whole: list[Condition | None] = [
        Condition("is", name, (value,)) if len(value) < LONGEST_SHOWN else None for value in values
    ]
    return [*whole, None] if (column.get("rest") or {}).get("values") else whole


def links_to_rows(address: str, where: Slice, conditions: Iterable[Condition | None]) -> list[str]:
    """Addresses of the rows behind each mark of a chart; empty where there is none."""
    return [address + where.plus(one).tail if one else "" for one in conditions]
