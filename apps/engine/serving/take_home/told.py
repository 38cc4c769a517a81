"""Steps of a recipe and rules of a contract as plain data for ``steps.py`` and ``rules.py``: values
are typed here, nothing is parsed there.

What a bundle cannot do as the endpoint does is refused here, in words.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from apps.engine.contract.rule import Rule, moment_of
from apps.engine.errors import EngineError
from apps.engine.recipe.expression.evaluate import tree_of
from apps.engine.recipe.expression.parse import Column, Constant, Tree, columns_of
from apps.engine.recipe.registry import step_from
from apps.engine.recipe.steps import (
    cap_values,
    merge_columns,
    normalise_text,
    parse_type,
    replace_text,
    row_id,
)
from apps.engine.recipe.steps.trim_text import WHITE_SPACE
from apps.engine.recipe.values import value_beside, value_of, values_that_fit
from apps.engine.serving.take_home.steps import DIGITS
from apps.engine.types import Kind

EXAMPLES: dict[Kind, Any] = {
    Kind.TEXT: "",
    Kind.INTEGER: 0,
    Kind.NUMBER: 0.0,
    Kind.BOOLEAN: False,
    Kind.DATETIME: datetime(1970, 1, 1),  # noqa: DTZ001
}
ALIKE = re.compile(
    r"\^?(?:"
    r"\\[^A-Za-z0-9\s]|\\[dw]"  # an escaped sign, a digit, a letter of ASCII
    r"|\[\^?[A-Za-z0-9 _.,;:/%+#@'\"-]+\]"
    r"|\((?!\?)|\)|\|"
    r"|(?<![*+?}])(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})\??"
    r"|[^\\\[\](){}*+?^$|]"
    r")*"
)
"""Patterns that RE2, which the recipe uses, and Python's ``re`` read alike."""


class CannotTakeHome(EngineError):
    """The release does something that a bundle cannot do."""


def told(step: Mapping[str, Any]) -> dict[str, Any] | None:
    """A step as data; None for one that leaves requests alone. Raises CannotTakeHome."""
    made: Any = step_from(step)
    if made.drops_rows or not made.row_wise:
        return None  # it leaves rows out of development; a request is answered all the same
    if made.key not in TELLERS:
        raise CannotTakeHome(
            f"The recipe has a step that a bundle cannot do: {made.sentence()}. Ask the endpoint."
        )
    return {"step": made.key, **TELLERS[made.key](made)}


def told_rule(rule: Rule, *, made: bool) -> dict[str, Any]:
    """A rule as data. ``made``: it is about what the recipe makes of a row."""
    low, high = (
        _plain(moment_of(each)) if isinstance(each, str) else each for each in (rule.low, rule.high)
    )
    return {
        "says": f"{rule.expression}." if rule.kind == "holds" else rule.sentence(),
        "kind": rule.kind,
        "columns": list(rule.columns),
        "refuses": rule.refuses,
        "made": made,
        "low": low,
        "high": high,
        "values": list(rule.values),
        "tree": _tree(tree_of(rule.expression)) if rule.kind == "holds" else None,
    }


def _plain(value: Any) -> Any:
    return {"moment": value.isoformat()} if isinstance(value, datetime) else value


def _by_kind(text: str) -> dict[str, Any]:
    """A text as the value that it stands for beside a value of each kind."""
    found = {}
    for kind, example in EXAMPLES.items():
        try:
            found[kind.value] = _plain(value_beside(text, value=example))
        except EngineError:
            continue
    return found


def _mapping(made: Any) -> dict[str, Any]:
    pairs: dict[str, list[Any]] = {kind.value: [] for kind in EXAMPLES}
    for source, to in made.mapping:
        sources, targets = _by_kind(source), _by_kind(to) if to is not None else {}
        for kind, value in sources.items():
            if to is None or kind in targets:
                pairs[kind].append([value, targets.get(kind)])
    return {"column": made.column, "mapping": pairs}


def _set_missing(made: Any) -> dict[str, Any]:
    values = {
        kind.value: [_plain(value) for value in values_that_fit(made.tokens, kind=kind)]
        for kind in EXAMPLES
    }
    return {"columns": list(made.columns), "values": values}


def _fill(made: Any) -> dict[str, Any]:
    value = _plain(value_of(made.value, kind=Kind(made.kind))) if made.value else None
    return {"column": made.column, "other": made.other, "value": value}


def _cap(made: Any) -> dict[str, Any]:
    low, high = (_by_kind(text) if text else None for text in (made.low, made.high))
    return {"column": made.column, "low": low, "high": high, "cap": made.beyond == cap_values.CAP}


def _convert_unit(made: Any) -> dict[str, Any]:
    factor, plus = made.numbers()
    names = {name: getattr(made, name) for name in ("column", "unit_column", "unit")}
    return {**names, "factor": factor, "plus": plus}


def _parse_type(made: Any) -> dict[str, Any]:
    marks = re.findall(r"%(.?)", made.date_format)
    if made.kind == Kind.DATETIME and made.date_format:
        is_plain = {"Y", "m", "d"} <= set(marks) <= set(DIGITS) and len(set(marks)) == len(marks)
        if not is_plain:
            raise CannotTakeHome(
                f"The recipe reads times as {made.date_format}; a bundle reads %Y %m %d %H %M %S "
                "only, with a whole date. Ask the endpoint."
            )
    return {
        "column": made.column,
        "kind": made.kind,
        "date_format": made.date_format,
        "must": made.on_failure == parse_type.REFUSE,
    }


def _replace_text(made: Any) -> dict[str, Any]:
    how = {replace_text.PART: "part", replace_text.WHOLE: "whole"}.get(made.how, "pattern")
    if how == "pattern" and not is_alike(made.find, made.to):
        raise CannotTakeHome(
            f"The recipe replaces by the pattern {made.find!r}, which the reader of patterns in a "
            "bundle may understand otherwise. Ask the endpoint."
        )
    return {"columns": list(made.columns), "find": made.find, "to": made.to, "how": how}


def is_alike(pattern: str, to: str) -> bool:
    """Whether Python surely replaces what RE2 replaces."""
    if not ALIKE.fullmatch(pattern):
        return False
    try:
        compiled = re.compile(pattern, re.ASCII)
    except re.error:
        return False
    repeats_group = re.search(r"\)[*+?{]", pattern) is not None
    names_group = re.search(r"\\[1-9]", to) is not None
    return (
        compiled.search("") is None
        and not _may_be_empty(compiled)
        and not (repeats_group and names_group)
    )


def _may_be_empty(compiled: "re.Pattern[str]") -> bool:
    """Whether it can fit nothing in the middle of a text."""
    return any(found[0] == "" for found in compiled.finditer("a0 Z-\u00e9"))


def _normalise(made: Any) -> dict[str, Any]:
    case = {
        normalise_text.LOWER: "lower",
        normalise_text.UPPER: "upper",
        normalise_text.FIRST: "first",
    }.get(made.case, "")
    return {
        "columns": list(made.columns),
        "case": case,
        "remove_accents": made.accents == normalise_text.REMOVE,
        "single_blanks": made.blanks == normalise_text.SINGLE,
    }


def _derive(made: Any) -> dict[str, Any]:
    tree = tree_of(made.expression)
    return {"to": made.to, "uses": list(columns_of(tree)), "tree": _tree(tree)}


def _tree(tree: Tree) -> list[Any]:
    if isinstance(tree, Column):
        return ["column", tree.name]
    if isinstance(tree, Constant):
        return ["value", _plain(tree.value)]
    return ["call", tree.name, *map(_tree, tree.inputs)]


def _fields(*names: str) -> Callable[[Any], dict[str, Any]]:
    """A teller of a step whose parameters are told as they are."""

    def tell(made: Any) -> dict[str, Any]:
        values = {name: getattr(made, name) for name in names}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
        }

    return tell


TELLERS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "cap_values": _cap,
    "convert_unit": _convert_unit,
    "date_parts": lambda made: {
        "column": made.column,
        "parts": [[part, made.name_of(part)] for part in made.parts],
    },
    "derive_column": _derive,
    "drop_columns": _fields("columns"),
    "fill_missing": _fill,
    "flag_missing": lambda made: {"names": [[name, made.name_of(name)] for name in made.columns]},
    "map_values": _mapping,
    "merge_columns": lambda made: {
        **_fields("columns", "to", "separator")(made),
        "skip": made.when_missing == merge_columns.SKIP,
    },
    "normalise_text": _normalise,
    "parse_type": _parse_type,
    "rename_column": _fields("column", "to"),
    "replace_text": _replace_text,
    "row_id": lambda made: {**_fields("columns", "to")(made), "digits": row_id.DIGITS},
    "set_missing": _set_missing,
    "split_column": _fields("column", "separator", "names"),
    "trim_text": lambda made: {"columns": list(made.columns), "white_space": WHITE_SPACE},
}
"""How each step is told. Pseudonyms are not here: they need a key that does not leave the house."""
