"""Conditions on columns as they stand in an address or are typed into a form."""

import json
from collections.abc import Collection, Iterable

from django.http import QueryDict

from apps.engine.errors import BadParameter
from apps.engine.profile.slices import MOST_CONDITIONS, MOST_VALUES, Condition
from apps.engine.reading.convert import FALSE_WORDS, TRUE_WORDS
from apps.engine.types import Kind, TableSpec


def written(condition: Condition) -> str:
    """As it stands in an address."""
    return json.dumps(condition.as_list(), ensure_ascii=False, separators=(",", ":"))


def conditions_of(
    texts: Iterable[str], *, spec: TableSpec, hidden: Collection[str]
) -> tuple[Condition, ...]:
    """The conditions of an address, each once.

    Raises BadParameter when one cannot be read, names a column that is not there, or picks rows by
    a sensitive column: two such slices that differ by one person would tell about that person.
    """
    conditions = []
    for text in texts:
        try:
            condition = Condition.from_list(json.loads(text))
        except (ValueError, RecursionError) as error:
            raise BadParameter(
                "The slice in the address cannot be read: choose its rows again."
            ) from error
        conditions.append(checked(condition, spec=spec, hidden=hidden))
    if len(conditions) > MOST_CONDITIONS:
        raise BadParameter(f"A slice has at most {MOST_CONDITIONS} conditions; take some away.")
    return tuple(dict.fromkeys(conditions))


def checked(condition: Condition, *, spec: TableSpec, hidden: Collection[str]) -> Condition:
    """The condition, when rows may be picked by it."""
    if condition.column in hidden:
        raise BadParameter(
            f"“{condition.column}” is marked as sensitive: rows are not picked by it, since two "
            "slices that differ by one person would tell about that person."
        )
    kind = spec.kind_of(condition.column)
    if kind is None:
        raise BadParameter(
            f"The table has no column “{condition.column}” any more: take the condition away."
        )
    condition.check(kind)
    return condition


_TRUTHS = dict.fromkeys(TRUE_WORDS, "True") | dict.fromkeys(FALSE_WORDS, "False")


def _truth(typed: str, column: str) -> str:
    """As profiles and charts write it; raises BadParameter for another word."""
    told = _TRUTHS.get(typed.casefold())
    if told is None:
        raise BadParameter(f"“{column}” is True or False, not “{typed}”.")
    return told


def typed_condition(typed: QueryDict, *, spec: TableSpec) -> Condition:
    """What the filter bar adds: values are parted by semicolons for "is"."""
    column, operation = typed.get("add_column", ""), typed.get("add_is", "is")
    value, to = typed.get("add_value", "").strip(), typed.get("add_to", "").strip()
    if operation in {"missing", "filled"}:
        return Condition(operation, column)
    if operation == "between":
        return Condition(operation, column, (value, to))
    values = tuple(dict.fromkeys(part.strip() for part in value.split(";") if part.strip()))
    if not values:
        raise BadParameter(f"Type the value that “{column}” has to be; several with “;” between.")
    if len(values) > MOST_VALUES:
        raise BadParameter(f"Type at most {MOST_VALUES} values for “{column}”.")
    if spec.kind_of(column) == Kind.BOOLEAN:
        values = tuple(_truth(one, column) for one in values)
    return Condition(operation, column, values)
