"""How one table is joined to another, as a frozen value that is read from JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from apps.engine.errors import BadParameter


class JoinKind(StrEnum):
    """What becomes of the rows on both sides."""

    LEFT = "left"
    INNER = "inner"
    RIGHT = "right"
    OUTER = "outer"
    SEMI = "semi"
    ANTI = "anti"
    NEAREST = "nearest"
    GROUP = "group"
    WINDOW = "window"
    UNION = "union"


TITLES = {
    JoinKind.LEFT: "Left join",
    JoinKind.INNER: "Inner join",
    JoinKind.RIGHT: "Right join",
    JoinKind.OUTER: "Outer join",
    JoinKind.SEMI: "Semi join",
    JoinKind.ANTI: "Anti join",
    JoinKind.NEAREST: "As-of join",
    JoinKind.GROUP: "Aggregate, then join",
    JoinKind.WINDOW: "Look-back window",
    JoinKind.UNION: "Union",
}
EQUAL = frozenset(
    {
        JoinKind.LEFT,
        JoinKind.INNER,
        JoinKind.RIGHT,
        JoinKind.OUTER,
        JoinKind.SEMI,
        JoinKind.ANTI,
    }
)
FILTERS = frozenset({JoinKind.SEMI, JoinKind.ANTI})
TIMED = frozenset({JoinKind.NEAREST, JoinKind.WINDOW})
AGGREGATING = frozenset({JoinKind.GROUP, JoinKind.WINDOW})
COMPARES = ("exact", "number", "text", "loose")
DIRECTIONS = ("backward", "forward", "nearest")
GROUP_FUNCTIONS = (
    "count",
    "sum",
    "mean",
    "median",
    "std",
    "min",
    "max",
    "distinct",
    "most frequent",
    "first",
    "last",
)
WINDOW_FUNCTIONS = ("count", "sum", "mean", "std", "min", "max", "last")
ROWS = "*"
"""In place of a column: the rows themselves are counted."""


@dataclass(frozen=True)
class JoinHow:
    """One join.

    ``compare`` is how keys are held against each other: "exact"; "number" (text that reads as the
    same number, "007" = 7); "text" (7 = "7"); "loose" (as text, without case and outer spaces).
    ``prefix`` stands before names of the joined table that are taken; before all of them when it
    is aggregated. ``agreed_rows`` are the most rows that a person agreed to where rows multiply.
    ``tolerance``, ``window`` and ``delay`` are seconds beside times, else units of the column.
    """

    kind: JoinKind
    left_on: tuple[str, ...] = ()
    right_on: tuple[str, ...] = ()
    prefix: str = ""
    compare: str = "exact"
    leave_out: tuple[str, ...] = ()
    agreed_rows: int | None = None
    left_time: str = ""
    right_time: str = ""
    direction: str = "backward"
    tolerance: float | None = None
    window: float | None = None
    delay: float = 0.0
    aggregates: tuple[tuple[str, str], ...] = ()
    matching: tuple[tuple[str, str], ...] | None = None
    """For a union: names of the other table and what they are called in this one; equal names
    match where nobody chose."""
    origin: str = ""
    """For a union: a column that says from which table a row came; none when empty."""
    origin_names: tuple[str, str] = ("table", "other")

    def __post_init__(self) -> None:
        self._check_keys()
        _among(self.compare, COMPARES, says="Keys are compared")
        _among(self.direction, DIRECTIONS, says="The direction is")
        if self.kind in TIMED and not (self.left_time and self.right_time):
            raise BadParameter("Choose the time column on both sides.")
        for name, length in (("tolerance", self.tolerance), ("window", self.window)):
            if length is not None and not length > 0:
                raise BadParameter(f"The {name} has to be longer than 0.")
        if not self.delay >= 0:
            raise BadParameter("The delay cannot be negative: that would look forward.")
        self._check_aggregates()

    def _check_keys(self) -> None:
        if len(self.left_on) != len(self.right_on):
            raise BadParameter("A join needs as many key columns on the right as on the left.")
        if not self.left_on and self.kind not in {JoinKind.UNION, JoinKind.NEAREST}:
            raise BadParameter("Choose at least one key column on each side.")
        for side in (self.left_on, self.right_on):
            if len(set(side)) < len(side):
                raise BadParameter("A key column is chosen twice: take one of them out.")

    def _check_aggregates(self) -> None:
        if self.kind not in AGGREGATING:
            return
        known = WINDOW_FUNCTIONS if self.kind is JoinKind.WINDOW else GROUP_FUNCTIONS
        if not self.aggregates:
            raise BadParameter("Choose at least one column and what is computed of it.")
        for column, function in self.aggregates:
            _among(function, known, says="What is computed is")
            if column == ROWS and function != "count":
                raise BadParameter(f"Rows can be counted only: choose a column for {function!r}.")
        if len(set(self.aggregates)) < len(self.aggregates):
            raise BadParameter("One column is computed twice in the same way.")

    @property
    def title(self) -> str:
        """The term for this kind of join."""
        return TITLES[self.kind]

    def line(self, name: str) -> str:
        """What it is called on the way from the base to the table."""
        verb = "Join" if self.kind is JoinKind.LEFT else f"{self.title}:"
        return f"{verb} “{name}”"

    @property
    def keys(self) -> str:
        """The keys as people write them: "dest = faa", or one name where both are called alike."""
        pairs = zip(self.left_on, self.right_on, strict=True)
        return ", ".join(a if a == b else f"{a} = {b}" for a, b in pairs)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "JoinHow":
        """From ``{"kind", "left_on", "right_on", "prefix", "options": {...}}``.

        Without "kind" it is a left join. Raises BadParameter for what is not known.
        """
        options = dict(data.get("options") or {})
        try:
            kind = JoinKind(data.get("kind") or "left")
            for name in {"aggregates", "matching"} & set(options):
                options[name] = tuple((str(a), str(b)) for a, b in options[name])
            options["leave_out"] = tuple(options.get("leave_out", ()))
            options["origin_names"] = tuple(options.get("origin_names", cls.origin_names))
            return cls(
                kind=kind,
                left_on=_names(data.get("left_on", ())),
                right_on=_names(data.get("right_on", ())),
                prefix=str(data.get("prefix", "")),
                **options,
            )
        except (TypeError, ValueError) as error:
            raise BadParameter("This join cannot be read: make it anew.") from error


def _names(keys: Any) -> tuple[str, ...]:
    return (keys,) if isinstance(keys, str) else tuple(str(key) for key in keys)


def _among(word: str, words: tuple[str, ...], *, says: str) -> None:
    if word not in words:
        raise BadParameter(f"{says} one of {', '.join(words)}, not {word!r}.")
