"""One thing that is wrong with a table, with the steps that would mend it."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

SEVERITIES = ("high", "medium", "low")
EXAMPLES = 5
LONGEST_EXAMPLE = 60


@dataclass(frozen=True)
class Suggestion:
    """A step to look at, as the registry takes it. ``names_values``: a value stands in it."""

    says: str
    step: str
    params: dict[str, Any]
    names_values: bool = False


@dataclass(frozen=True)
class Issue:
    """``says`` and ``why`` name columns and counts, never a value: values are in ``examples``.

    ``column`` is empty when it is about rows or several columns (``others``). ``rows`` counts the
    rows that are concerned.
    """

    key: str
    title: str
    severity: str
    rows: int
    says: str
    why: str
    column: str = ""
    others: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    suggests: tuple[Suggestion, ...] = field(default=())
    groups: tuple[dict[str, Any], ...] = ()
    """Values that look like one, each group with ``how``, ``words`` and their ``rows``."""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(self)


def shown(values: Iterable[Any]) -> tuple[str, ...]:
    """The first few values as examples, short enough for a line."""
    found: list[str] = []
    for value in values:
        text = str(value)
        found.append(text if len(text) <= LONGEST_EXAMPLE else text[:LONGEST_EXAMPLE] + "…")
        if len(found) == EXAMPLES:
            break
    return tuple(found)


def count(number: int, word: str = "row") -> str:
    """A number with its word: 1 row, 1,200 rows."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def in_order(issues: Iterable[Issue], *, names: list[str]) -> list[Issue]:
    """The gravest first, then in the order of the columns; rows and whole table come first."""
    place = {name: at for at, name in enumerate(names)}
    return sorted(
        issues,
        key=lambda issue: (SEVERITIES.index(issue.severity), place.get(issue.column, -1)),
    )


def leave_out(*names: str) -> Suggestion:
    """Leave out columns."""
    what = f"“{names[0]}”" if len(names) == 1 else "these columns"
    return Suggestion(f"Leave out {what}", "drop_columns", {"columns": list(names)})


def veil(issues: list[dict[str, Any]], *, sensitive: Collection[str]) -> list[dict[str, Any]]:
    """The issues without any value of sensitive columns, and of those that look personal.

    They keep counts, and the steps that name no value.
    """
    hidden = {*sensitive, *(one["column"] for one in issues if one["key"] == "personal")}
    return [
        {
            **one,
            "examples": [],
            "groups": [],
            "suggests": [each for each in one["suggests"] if not each["names_values"]],
            "veiled": True,
        }
        if {one["column"], *one["others"]} & hidden
        else {**one, "veiled": False}
        for one in issues
    ]
