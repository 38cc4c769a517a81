"""One rule of a data contract: its fields, its sentence, and whether it fits a table."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from apps.engine.errors import BadParameter, EngineError
from apps.engine.percent import percent
from apps.engine.recipe.expression.evaluate import kind_in, names_in
from apps.engine.types import Kind, TableSpec

REFUSE, WARN = "refuse", "warn"
SEVERITIES = (REFUSE, WARN)
MOST_RULES = 400
MOST_VALUES = 200
LONGEST_VALUE = 200
SHOWN_VALUES = 12
Bound = float | str | None
"""A number, a moment as ISO 8601, or no bound."""

KIND_WORDS: dict[Kind, str] = {
    Kind.INTEGER: "whole numbers",
    Kind.NUMBER: "numbers",
    Kind.BOOLEAN: "true or false",
    Kind.DATETIME: "dates",
    Kind.TEXT: "text",
}
RULE_KINDS: dict[str, str] = {
    "kind": "is there and holds values of one kind",
    "between": "lies between two values",
    "one_of": "is one of some values",
    "filled": "is filled",
    "unique": "stands only once",
    "fresh": "is fresh",
    "holds": "a relation of columns holds in every row",
}
_ONE_COLUMN = frozenset({"kind", "between", "one_of", "filled", "fresh"})
_ORDERED = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.DATETIME})
_QUOTED = re.compile(r"(\"[^\"]*\"|'[^']*'|`[^`]*`)")
_SINGLE = re.compile(r"(?<![=!<>])=(?!=)")


@dataclass(frozen=True)
class Rule:
    """``kind`` is a key of RULE_KINDS and says which of the other fields are read.

    ``share`` is the largest share of missing values (0 to 1), ``days`` the largest age of the
    newest value. ``why`` is where the rule comes from, for the one who accepts it.
    """

    kind: str
    columns: tuple[str, ...]
    severity: str = WARN
    of: str = ""
    low: Bound = None
    high: Bound = None
    values: tuple[str, ...] = ()
    share: float = 0.0
    days: float = 0.0
    expression: str = ""
    why: str = ""

    def __post_init__(self) -> None:
        """Refuse in words what no table could be held against. Raises BadParameter."""
        if self.kind not in RULE_KINDS:
            raise BadParameter(f"There is no rule “{self.kind}”.")
        if self.severity not in SEVERITIES:
            raise BadParameter("A rule refuses or warns.")
        if self.kind in _ONE_COLUMN and len(self.columns) != 1:
            raise BadParameter(f"The rule “{RULE_KINDS[self.kind]}” is about one column.")
        if not self.columns:
            raise BadParameter("A rule is about a column at least.")
        if self.kind in _CHECKS:
            _CHECKS[self.kind](self)

    @property
    def column(self) -> str:
        """The first of its columns."""
        return self.columns[0]

    @property
    def refuses(self) -> bool:
        """A breach refuses the rows; else it is told."""
        return self.severity == REFUSE

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form, without fields that say nothing."""
        kept = {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if getattr(self, item.name) != item.default
        }
        listed = {"values": list(self.values)} if self.values else {}
        return {**kept, "severity": self.severity, "columns": list(self.columns), **listed}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Rule":
        """Rebuild from ``as_dict``. Raises BadParameter for what is no rule."""
        try:
            return cls(
                **{
                    **data,
                    "columns": tuple(data["columns"]),
                    "values": tuple(data.get("values", ())),
                }
            )
        except (KeyError, TypeError) as error:
            raise BadParameter(f"This is no rule of a contract: {error}.") from error

    def sentence(self) -> str:
        """The rule as a person reads it."""
        return _SENTENCES[self.kind](self)

    def short(self) -> str:
        """The rule in a few words, beside the name of its column."""
        return _SHORT[self.kind](self)

    def misfit(self, spec: TableSpec) -> str:
        """Why the rule cannot be asked of a table of this shape; empty when it can."""
        for name in self.columns:
            if name not in spec.names:
                return f"The table has no column “{name}”."
        kind = spec.kind_of(self.column)
        if self.kind == "between":
            return _misfit_of_bounds(self, kind)
        if self.kind == "fresh" and kind is not Kind.DATETIME:
            return f"“{self.column}” holds no dates, so nothing of it is old."
        if self.kind == "one_of" and kind is not Kind.TEXT:
            return f"“{self.column}” holds no text: say between which values it lies."
        return _misfit_of_expression(self, spec) if self.kind == "holds" else ""


def written(text: str) -> str:
    """An expression as people write it, ``a + b = c``, as the language reads it (``==``)."""
    parts = _QUOTED.split(text.strip())
    return "".join(
        part if place % 2 else _SINGLE.sub("==", part) for place, part in enumerate(parts)
    )


def relation(text: str, *, severity: str = WARN, why: str = "") -> Rule:
    """The rule that an expression holds. Raises BadParameter when it cannot be read."""
    expression = written(text)
    names = names_in(expression)
    if not names:
        kind_in(expression, TableSpec(0, ()))  # words what is wrong with it
    return Rule("holds", names, severity, expression=expression, why=why)


def rules_from(data: Sequence[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """Stored rules. Raises BadParameter."""
    return tuple(map(Rule.from_dict, data))


def moment_of(bound: Bound) -> datetime:
    """A bound of a column of dates. Raises BadParameter."""
    try:
        found = datetime.fromisoformat(str(bound))
    except ValueError as error:
        raise BadParameter(f"“{bound}” is no date such as 2024-05-31.") from error
    if found.tzinfo is not None:
        raise BadParameter("A date in a rule carries no time zone: times are in UTC.")
    return found


def shown(bound: Bound) -> str:
    """A bound as people write it."""
    return f"{bound:,.10g}" if isinstance(bound, int | float) else str(bound)


def _misfit_of_bounds(rule: Rule, kind: Kind | None) -> str:
    if kind not in _ORDERED:
        return f"“{rule.column}” has no order: say which values it may hold."
    texts = [isinstance(bound, str) for bound in (rule.low, rule.high) if bound is not None]
    if (kind is Kind.DATETIME) != all(texts):
        word = "dates, such as 2024-05-31" if kind is Kind.DATETIME else "numbers"
        return f"“{rule.column}” lies between {word}."
    return ""


def _misfit_of_expression(rule: Rule, spec: TableSpec) -> str:
    try:
        kind = kind_in(rule.expression, spec)
    except EngineError as error:
        return str(error)
    if kind is not Kind.BOOLEAN:
        return f"“{rule.expression}” gives {kind.value}: a rule needs true or false."
    return ""


def _check_bounds(rule: Rule) -> None:
    bounds = [bound for bound in (rule.low, rule.high) if bound is not None]
    if not bounds:
        raise BadParameter(f"“{rule.column}” lies between what? Give one bound at least.")
    if len({isinstance(bound, str) for bound in bounds}) > 1:
        raise BadParameter("Both bounds are numbers, or both are dates.")
    for bound in bounds:
        if isinstance(bound, str):
            moment_of(bound)
        elif isinstance(bound, bool) or not math.isfinite(bound):
            raise BadParameter(f"“{bound}” is no number to compare with.")
    first, last = (moment_of(each) if isinstance(each, str) else each for each in _pair(bounds))
    if last < first:
        raise BadParameter(f"“{rule.column}” cannot lie between {bounds[0]} and {bounds[1]}.")


def _pair(bounds: list[Any]) -> tuple[Any, Any]:
    return bounds[0], bounds[-1]


def _check_values(rule: Rule) -> None:
    if not 1 <= len(rule.values) <= MOST_VALUES:
        raise BadParameter(f"Give 1 to {MOST_VALUES} values that “{rule.column}” may hold.")
    for value in rule.values:
        if not isinstance(value, str) or not value or len(value) > LONGEST_VALUE:
            raise BadParameter(
                f"A value of “{rule.column}” is a text of 1 to {LONGEST_VALUE} characters."
            )


def _check_share(rule: Rule) -> None:
    if not 0 <= rule.share < 1:
        raise BadParameter("The share of missing values is from 0 % to below 100 %.")


def _check_days(rule: Rule) -> None:
    if not 0 < rule.days <= 36_525:
        raise BadParameter("The newest value may be from more than 0 to 36,525 days old.")


def _check_kind(rule: Rule) -> None:
    if rule.of not in set(Kind):
        raise BadParameter(f"A column holds {', '.join(KIND_WORDS.values())}, not “{rule.of}”.")


def _check_expression(rule: Rule) -> None:
    if set(names_in(rule.expression)) != set(rule.columns):
        raise BadParameter(f"“{rule.expression}” is no relation of {', '.join(rule.columns)}.")


_CHECKS = {
    "kind": _check_kind,
    "between": _check_bounds,
    "one_of": _check_values,
    "filled": _check_share,
    "fresh": _check_days,
    "holds": _check_expression,
}


def _between(rule: Rule) -> str:
    if rule.low == rule.high:
        return f"“{rule.column}” is always {shown(rule.low)}."
    if rule.low is None:
        return f"“{rule.column}” is at most {shown(rule.high)}."
    if rule.high is None:
        return f"“{rule.column}” is at least {shown(rule.low)}."
    return f"“{rule.column}” lies between {shown(rule.low)} and {shown(rule.high)}."


def _one_of(rule: Rule) -> str:
    if len(rule.values) == 1:
        return f"“{rule.column}” is always “{rule.values[0]}”."
    few = ", ".join(rule.values[:SHOWN_VALUES])
    more = len(rule.values) - SHOWN_VALUES
    return f"“{rule.column}” is one of: {few}{f' and {more} more' if more > 0 else ''}."


def _filled(rule: Rule) -> str:
    if not rule.share:
        return f"“{rule.column}” is never missing."
    return f"“{rule.column}” is missing in at most {percent(rule.share, None)} of the rows."


def _unique(rule: Rule) -> str:
    names = " and ".join(f"“{name}”" for name in rule.columns)
    together = " together" if len(rule.columns) > 1 else ""
    return f"No two rows have the same {names}{together}."


_SENTENCES = {
    "kind": lambda rule: f"“{rule.column}” is there and holds {KIND_WORDS[Kind(rule.of)]}.",
    "between": _between,
    "one_of": _one_of,
    "filled": _filled,
    "unique": _unique,
    "fresh": lambda rule: f"The newest “{rule.column}” is at most {rule.days:,.4g} days old.",
    "holds": lambda rule: f"In every row: {rule.expression}.",
}


def _span(rule: Rule) -> str:
    if rule.low == rule.high:
        return f"always {shown(rule.low)}"
    if rule.low is None:
        return f"at most {shown(rule.high)}"
    if rule.high is None:
        return f"at least {shown(rule.low)}"
    return f"{shown(rule.low)} to {shown(rule.high)}"


_SHORT: dict[str, Callable[[Rule], str]] = {
    "kind": lambda rule: KIND_WORDS[Kind(rule.of)],
    "between": _span,
    "one_of": lambda rule: (
        f"always {rule.values[0]}"
        if len(rule.values) == 1 and len(rule.values[0]) <= 40
        else f"one of {len(rule.values)} values"
        if len(rule.values) > 4 or sum(map(len, rule.values)) > 40
        else " or ".join(rule.values)
    ),
    "filled": lambda rule: (
        f"at most {percent(rule.share, None)} missing" if rule.share else "never missing"
    ),
    "unique": lambda rule: "no two alike",
    "fresh": lambda rule: f"at most {rule.days:,.4g} days old",
    "holds": lambda rule: rule.expression,
}
