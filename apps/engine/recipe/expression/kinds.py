"""What kind an expression gives, before it is computed; kinds have to go together."""

from collections.abc import Mapping
from datetime import datetime

from apps.engine.errors import BadParameter, ColumnMissing
from apps.engine.recipe.expression.parse import Call, Column, Constant, Tree
from apps.engine.types import Kind

_NUMERIC = (Kind.INTEGER, Kind.NUMBER)
_OF_NUMBERS = frozenset(
    {"-", "*", "/", "//", "%", "**", "negative", "abs", "round", "floor", "ceil", "sqrt", "log"}
    | {"exp", "min", "max", "+"}
)
_OF_TEXTS = {
    **dict.fromkeys(("lower", "upper", "trim", "replace"), Kind.TEXT),
    **dict.fromkeys(("contains", "starts_with", "ends_with"), Kind.BOOLEAN),
    "length": Kind.INTEGER,
}
_OF_MOMENTS = {
    **dict.fromkeys(("year", "month", "day", "weekday", "hour"), Kind.INTEGER),
    "days_between": Kind.NUMBER,
}
_ORDERINGS = ("<", "<=", ">", ">=")
_OF_ANY = {"text": Kind.TEXT, "is_missing": Kind.BOOLEAN}
Kinds = Mapping[str, Kind]


def kind_of(tree: Tree, kinds: Kinds) -> Kind | None:
    """Kind of what the tree gives; None for what is always missing.

    ``kinds``: kinds of the columns. Raises BadParameter when kinds do not go together.
    """
    if isinstance(tree, Column):
        if tree.name not in kinds:
            raise ColumnMissing(
                f"There is no column named {tree.name!r} at this step: a text stands in quotes, "
                "a name with blanks in backticks."
            )
        return kinds[tree.name]
    if isinstance(tree, Constant):
        return _kind_of_constant(tree)
    given = [kind_of(each, kinds) for each in tree.inputs]
    if tree.name == "+" and given == [Kind.TEXT, Kind.TEXT]:
        return Kind.TEXT
    if tree.name in ("if", "coalesce"):
        _need_one_type(tree, given)
    return _kind_of_call(tree.name, given)


def _need_one_type(tree: Call, given: list[Kind | None]) -> None:
    """Refuse whole numbers of a column beside numbers: large ones would lose digits."""
    for each, kind in zip(tree.inputs, given, strict=True):
        if kind is Kind.INTEGER and Kind.NUMBER in given and not isinstance(each, Constant):
            raise BadParameter(
                f"{tree.name!r} would mix whole numbers with numbers: write number(…) around the "
                "whole ones."
            )


def _kind_of_constant(constant: Constant) -> Kind | None:
    by_type = {
        bool: Kind.BOOLEAN,
        int: Kind.INTEGER,
        float: Kind.NUMBER,
        str: Kind.TEXT,
        datetime: Kind.DATETIME,
    }
    return by_type.get(type(constant.value))


def _kind_of_call(name: str, given: list[Kind | None]) -> Kind | None:
    if None in given and name not in ("if", "coalesce"):
        raise BadParameter(f"“missing” cannot stand in {name!r}: ask is_missing(…) instead.")
    if name in _OF_ANY:
        return _OF_ANY[name]
    if name in ("==", "!=", *_ORDERINGS):
        return _kind_of_comparison(name, given)
    if name == "if":
        _need(name, given[:1], (Kind.BOOLEAN,), "true or false")
        return _common(name, given[1:])
    if name == "coalesce":
        return _common(name, given)
    return _kind_by_table(name, given)


def _kind_by_table(name: str, given: list[Kind | None]) -> Kind:
    if name == "number":
        _need(name, given, (Kind.TEXT, *_NUMERIC), "texts or numbers")
        return Kind.NUMBER
    if name in _OF_NUMBERS:
        _need(name, given, _NUMERIC, "numbers")
        return Kind.NUMBER
    if name in _OF_TEXTS:
        _need(name, given, (Kind.TEXT,), "texts")
        return _OF_TEXTS[name]
    if name in _OF_MOMENTS:
        _need(name, given, (Kind.DATETIME,), "dates")
        return _OF_MOMENTS[name]
    _need(name, given, (Kind.BOOLEAN,), "true or false")
    return Kind.BOOLEAN


def _need(name: str, given: list[Kind | None], allowed: tuple[Kind, ...], words: str) -> None:
    for kind in given:
        if kind not in allowed:
            got = kind.value if kind else "missing"
            raise BadParameter(f"{name!r} needs {words}, and got {got}.")


def _kind_of_comparison(name: str, given: list[Kind | None]) -> Kind:
    one, other = given
    if one != other and not {one, other} <= set(_NUMERIC):
        raise BadParameter(f"{name!r} compares {one} with {other}: both must be of one kind.")
    if name in _ORDERINGS and one is Kind.BOOLEAN:
        raise BadParameter("True and false have no order: use == or !=.")
    return Kind.BOOLEAN


def _common(name: str, given: list[Kind | None]) -> Kind | None:
    kinds = {kind for kind in given if kind is not None}
    if len(kinds) > 1 and kinds == set(_NUMERIC):
        return Kind.NUMBER
    if len(kinds) > 1:
        words = " and ".join(sorted(kind.value for kind in kinds))
        raise BadParameter(f"{name!r} would give {words} in one column: make them one kind.")
    return next(iter(kinds), None)
