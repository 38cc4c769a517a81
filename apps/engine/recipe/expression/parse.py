"""Text to a tree of columns, constants and calls. Python's grammar reads it, nothing is run."""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from apps.engine.errors import BadParameter

LONGEST = 2_000
DEEPEST = 40
Value = str | int | float | bool | datetime | None


@dataclass(frozen=True)
class Column:
    """A column of the table."""

    name: str


@dataclass(frozen=True)
class Constant:
    """A value that is written out; None is missing."""

    value: Value


@dataclass(frozen=True)
class Call:
    """A function of the language on trees."""

    name: str
    inputs: tuple["Tree", ...]


Tree = Column | Constant | Call

WORDS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("abs", "floor", "ceil", "sqrt", "log", "exp", "is_missing"), (1, 1)),
    **dict.fromkeys(("lower", "upper", "trim", "length", "text", "number"), (1, 1)),
    **dict.fromkeys(("year", "month", "day", "weekday", "hour"), (1, 1)),
    **dict.fromkeys(("contains", "starts_with", "ends_with", "days_between"), (2, 2)),
    "round": (1, 2),
    "replace": (3, 3),
    **dict.fromkeys(("min", "max", "coalesce"), (2, 20)),
}
"""Functions that can be written, with the least and the most of their arguments."""

_SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_PARTS = re.compile(r"\"[^\"]*\"|'[^']*'|`([^`]+)`")


def parse(text: str) -> Tree:
    """The tree of an expression such as ``price * 2 if `unit sold` == "pair" else price``.

    A name that Python could not read stands between backticks. Raises BadParameter in words.
    """
    if len(text) > LONGEST:
        raise BadParameter(f"The expression has {len(text):,} characters; {LONGEST:,} are allowed.")
    plain = _PARTS.sub(lambda part: f"col({part[1]!r})" if part[1] else part[0], text.strip())
    try:
        read = ast.parse(plain, mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        where = getattr(error, "offset", None)
        at = f" at character {where}" if where else ""
        raise BadParameter(
            f"The expression cannot be read{at}: check brackets, quotes and signs."
        ) from error
    return _tree(read.body, depth=0)


def columns_of(tree: Tree) -> tuple[str, ...]:
    """Names of the columns in it, each once, in their order."""
    if isinstance(tree, Column):
        return (tree.name,)
    if isinstance(tree, Constant):
        return ()
    return tuple(dict.fromkeys(name for each in tree.inputs for name in columns_of(each)))


def _tree(node: ast.AST, *, depth: int) -> Tree:
    reader = _READERS.get(type(node))
    if reader is None or depth > DEEPEST:
        what = type(node).__name__ if reader is None else "such deep nesting"
        raise BadParameter(
            f"An expression cannot hold {what}: use columns, values, + - * / // % **, comparisons, "
            f"and, or, not, in, if … else and the functions {', '.join(sorted(WORDS))}."
        )
    return reader(node, depth + 1)


def _constant(node: ast.Constant, depth: int) -> Tree:
    del depth
    if node.value is None or type(node.value) in (str, int, float, bool):
        if type(node.value) is int and abs(node.value) >= 2**63:
            raise BadParameter(f"{node.value} is beyond 64 bits.")
        return Constant(node.value)  # type: ignore[arg-type]
    raise BadParameter(f"{node.value!r} is no value that a table holds.")


def _name(node: ast.Name, depth: int) -> Tree:
    del depth
    words: dict[str, Value] = {"missing": None, "true": True, "false": False}
    return Constant(words[node.id]) if node.id in words else Column(node.id)


def _binary(node: ast.BinOp, depth: int) -> Tree:
    sign = _SIGNS.get(type(node.op))
    if sign is None:
        raise BadParameter(f"The sign {type(node.op).__name__} is not part of an expression.")
    return Call(sign, (_tree(node.left, depth=depth), _tree(node.right, depth=depth)))


def _unary(node: ast.UnaryOp, depth: int) -> Tree:
    inner = _tree(node.operand, depth=depth)
    if isinstance(node.op, ast.Not):
        return Call("not", (inner,))
    if not isinstance(node.op, ast.USub):
        raise BadParameter("Before a value only - and not can stand.")
    if isinstance(inner, Constant) and type(inner.value) in (int, float):
        return Constant(-inner.value)  # type: ignore[operator]
    return Call("negative", (inner,))


def _joined(name: str, parts: list[Tree]) -> Tree:
    tree = parts[0]
    for part in parts[1:]:
        tree = Call(name, (tree, part))
    return tree


def _logic(node: ast.BoolOp, depth: int) -> Tree:
    name = "and" if isinstance(node.op, ast.And) else "or"
    return _joined(name, [_tree(each, depth=depth) for each in node.values])


def _compare(node: ast.Compare, depth: int) -> Tree:
    parts, left = [], node.left
    for sign, right in zip(node.ops, node.comparators, strict=True):
        parts.append(_compared(left, sign, right, depth))
        left = right
    return _joined("and", parts)


def _compared(left: ast.expr, sign: ast.cmpop, right: ast.expr, depth: int) -> Tree:
    one = _tree(left, depth=depth)
    if isinstance(sign, (ast.In, ast.NotIn)):
        if not isinstance(right, (ast.List, ast.Tuple, ast.Set)) or not right.elts:
            raise BadParameter('After “in” stands a list of values, such as ["a", "b"].')
        same = [Call("==", (one, _tree(each, depth=depth))) for each in right.elts]
        found = _joined("or", list(same))
        return Call("not", (found,)) if isinstance(sign, ast.NotIn) else found
    name = _SIGNS.get(type(sign))
    if name is None:
        raise BadParameter("Compare with == != < <= > >= or in; ask is_missing(column) for gaps.")
    return Call(name, (one, _tree(right, depth=depth)))


def _if(node: ast.IfExp, depth: int) -> Tree:
    parts = (node.test, node.body, node.orelse)
    return Call("if", tuple(_tree(each, depth=depth) for each in parts))


def _call(node: ast.Call, depth: int) -> Tree:
    if not isinstance(node.func, ast.Name) or node.keywords:
        raise BadParameter("A function is called by its name, with values in brackets.")
    name = node.func.id
    if name in ("col", "date"):
        return _named(name, node.args)
    if name not in WORDS:
        known = ", ".join(sorted(WORDS))
        raise BadParameter(f"There is no function {name!r}: there are {known} and date.")
    least, most = WORDS[name]
    if not least <= len(node.args) <= most:
        count = str(least) if least == most else f"{least} to {most}"
        raise BadParameter(f"{name} takes {count} values in brackets, and got {len(node.args)}.")
    inputs = [_tree(each, depth=depth) for each in node.args]
    if name == "round":
        inputs += [Constant(0)] * (2 - len(inputs))
    if name in ("min", "max"):
        return _joined(name, inputs)
    return Call(name, tuple(inputs))


def _named(name: str, args: list[ast.expr]) -> Tree:
    first = args[0] if len(args) == 1 else None
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        raise BadParameter(f'{name} takes one text, such as {name}("2024-05-31").')
    if name == "col":
        return Column(first.value)
    try:
        moment = datetime.fromisoformat(first.value)
    except ValueError as error:
        raise BadParameter(f"{first.value!r} is no date such as 2024-05-31.") from error
    if moment.tzinfo is not None:
        raise BadParameter("A date in an expression carries no time zone: times are in UTC.")
    return Constant(moment)


_READERS: dict[type[ast.AST], Callable[..., Tree]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _logic,
    ast.Compare: _compare,
    ast.IfExp: _if,
    ast.Call: _call,
}
