"""The rules that a prediction request can be held against, and holding a row against them.

A rule is asked of a request when all its columns come in a request, or are made by the recipe of
what comes; then it is asked of what those steps make of the row (``after``). Whether a value stands
only once or is fresh, and how large a share is missing, no single row can tell.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from apps.engine.contract.rule import Rule, moment_of
from apps.engine.errors import EngineError
from apps.engine.recipe.expression.quick import quick
from apps.engine.recipe.lineage import changed_by, origins, steps_behind
from apps.engine.serving.fields import Field
from apps.engine.types import ColumnSpec, Kind, TableSpec

Row = Mapping[str, Any]
Test = Callable[[Row], bool]
"""Whether a checked row breaks a rule; the row has its columns. Missing breaks only ``filled``."""


def why_not(rule: Rule, *, has: Collection[str], changed: Collection[str]) -> str:
    """Why a rule is not asked of requests; empty when it is.

    ``has``: columns that a request has after the recipe; ``changed``: those that the recipe makes
    or changes.
    """
    if rule.kind in ("unique", "fresh") or (rule.kind == "filled" and rule.share):
        return "A single row cannot tell."
    if rule.kind == "kind":
        return "A request always has to fit the kinds."
    for name in rule.columns:
        if name not in has and name in changed:
            return f"The recipe makes “{name}” of columns that a request does not have."
        if name not in has:
            return f"A request does not have “{name}”."
    return ""


@dataclass(frozen=True)
class Asked:
    """The rules that requests are held against: of what comes, and of what is made of it.

    ``steps`` are those of the recipe that make the columns of ``made``, and no others.
    """

    direct: tuple[Rule, ...] = ()
    made: tuple[Rule, ...] = ()
    steps: tuple[Mapping[str, Any], ...] = ()


def rules_of_requests(
    rules: Iterable[Rule],
    fields: Sequence[Field],
    steps: Sequence[Mapping[str, Any]],
    *,
    after: TableSpec,
) -> Asked:
    """The rules that requests of these fields are held against, in their order.

    ``after``: the shape of the table after the recipe.
    """
    changed, has = changed_by(steps), origins([item.name for item in fields], steps)
    before = TableSpec(0, tuple(ColumnSpec(item.name, item.kind) for item in fields))
    direct: list[Rule] = []
    made: list[Rule] = []
    for rule in rules:
        is_made = bool(changed & set(rule.columns))
        if why_not(rule, has=has, changed=changed) or rule.misfit(after if is_made else before):
            continue
        (made if is_made else direct).append(rule)
    behind = steps_behind({name for rule in made for name in rule.columns}, steps)
    return Asked(tuple(direct), tuple(made), behind)


def narrowed(fields: Sequence[Field], rules: Sequence[Rule]) -> list[Field]:
    """The fields with spans and categories that no rule on one column objects to.

    What lies in them needs no other look at these rules: the quick check stays as quick.
    """
    found = {item.name: item for item in fields}
    for rule in rules:
        if rule.kind in _NARROW:
            found[rule.column] = _NARROW[rule.kind](found[rule.column], rule)
    return list(found.values())


def _narrow_span(item: Field, rule: Rule) -> Field:
    if item.kind is Kind.DATETIME or item.low is None or item.high is None:
        return item
    low = item.low if rule.low is None else max(item.low, float(rule.low))
    high = item.high if rule.high is None else min(item.high, float(rule.high))
    return replace(item, low=low, high=high)


def _narrow_values(item: Field, rule: Rule) -> Field:
    if item.categories is None:
        return replace(item, categories=rule.values)
    return replace(item, categories=tuple(set(item.categories) & set(rule.values)))


def _narrow_missing(item: Field, rule: Rule) -> Field:
    return replace(item, nullable=False)


_NARROW = {"between": _narrow_span, "one_of": _narrow_values, "filled": _narrow_missing}


def left_to_ask(fields: Sequence[Field], rules: Sequence[Rule]) -> list[Test]:
    """Tests of the rules that ``narrowed`` does not cover: relations and bounds of dates."""
    kinds = {item.name: item.kind for item in fields}
    return [
        test_of(rule)
        for rule in rules
        if rule.kind == "holds" or (rule.kind == "between" and kinds[rule.column] is Kind.DATETIME)
    ]


def test_of(rule: Rule) -> Test:
    """Whether a row breaks the rule."""
    return _TESTS[rule.kind](rule)


def _between(rule: Rule) -> Test:
    name = rule.column
    low, high = (
        moment_of(each) if isinstance(each, str) else each for each in (rule.low, rule.high)
    )

    def breaks(row: Row) -> bool:
        value = row[name]
        if value is None:
            return False
        return (low is not None and value < low) or (high is not None and value > high)

    return breaks


def _one_of(rule: Rule) -> Test:
    name, allowed = rule.column, frozenset(rule.values)
    return lambda row: row[name] is not None and row[name] not in allowed


def _filled(rule: Rule) -> Test:
    name = rule.column
    return lambda row: row[name] is None


def _holds(rule: Rule) -> Test:
    holds = quick(rule.expression)
    return lambda row: holds(row) is False


_TESTS: dict[str, Callable[[Rule], Test]] = {
    "between": _between,
    "one_of": _one_of,
    "filled": _filled,
    "holds": _holds,
}
_CODES = {
    "between": "contract_range",
    "one_of": "contract_value",
    "filled": "contract_missing",
    "holds": "contract_relation",
}
CODE = "contract_"
"""How the codes of breaches begin."""


@dataclass(frozen=True)
class Breach:
    """A rule that a row breaks; ``field`` is the column to look at first."""

    rule: Rule
    field: str
    code: str
    message: str


def breaches_of(row: Row, asked: Sequence[tuple[Rule, Test]]) -> list[Breach]:
    """The rules that a row breaks, of those whose columns it has."""
    found = []
    for rule, breaks in asked:
        if not all(name in row for name in rule.columns):
            continue
        try:
            if not breaks(row):
                continue
        except EngineError as error:  # an expression that does not fit the values of this row
            found.append(Breach(rule, rule.column, _CODES[rule.kind], str(error)))
            continue
        found.append(Breach(rule, rule.column, _CODES[rule.kind], _says(rule, row)))
    return found


def _says(rule: Rule, row: Row) -> str:
    if rule.kind == "holds":
        return f"The data contract says: {rule.expression}. Here {told(row, rule.columns)}."
    had = "it is missing" if row[rule.column] is None else f"it is {_value(row[rule.column])}"
    return f"The data contract says: {rule.sentence()} Here {had}."


def told(row: Row, names: Sequence[str]) -> str:
    """Some values of a row as a message has them: ``a = 1, b = missing``."""
    return ", ".join(f"{name} = {_value(row[name])}" for name in names[:6])


def _value(value: Any) -> str:
    if value is None:
        return "missing"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        plain = "".join(letter if letter.isprintable() else "�" for letter in value[:40])
        return f'"{plain}"'
    return f"{value:.10g}" if isinstance(value, float) else str(value).lower()
