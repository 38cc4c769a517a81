"""What the language can compute. Needs numpy only: a recipe's script carries this file along.

A column is a pair of arrays (data, missing) of one length, or of length 1 for a constant. What data
holds where missing is arbitrary. The dtypes are int64, float64, bool, datetime64[us] and object.
"""

import re
from collections.abc import Callable
from typing import Any

import numpy as np

Pair = tuple[Any, Any]
Function = Callable[..., Pair]

MICROSECONDS_A_DAY = 86_400_000_000
DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def _floats(column: Pair) -> Any:
    data = column[0]
    return data if data.dtype == np.float64 else data.astype(np.float64)


def _either(columns: Any) -> Any:
    missing = columns[0][1]
    for column in columns[1:]:
        missing = missing | column[1]
    return missing


def _finite(data: Any, missing: Any) -> Pair:
    """Infinite and undefined results, such as of a division by 0, are missing."""
    fine = np.isfinite(data)
    return np.where(fine, data, 0.0), missing | ~fine


def _nothing(columns: Any) -> Pair:
    """What a function gives when one of its columns has no value at all, of whatever kind."""
    size = max(len(column[1]) for column in columns)
    return np.full(size, "", dtype=object), np.ones(size, dtype=bool)


def strict(compute: Any) -> Function:
    """A function that gives nothing where one of its inputs is missing."""

    def run(*columns: Pair) -> Pair:
        if any(column[1].all() for column in columns):
            return _nothing(columns)
        return compute(*columns)

    return run


def arithmetic(compute: Any) -> Function:
    """A function on numbers that gives a number."""

    @strict
    def run(*columns: Pair) -> Pair:
        with np.errstate(all="ignore"):
            data = compute(*(_floats(column) for column in columns))
        return _finite(data, _either(columns))

    return run


def comparison(compute: Any) -> Function:
    """A function on two columns of one kind that gives true or false."""

    @strict
    def run(a: Pair, b: Pair) -> Pair:
        left, right = a[0], b[0]
        if left.dtype != right.dtype:
            left, right = _floats(a), _floats(b)
        return np.asarray(compute(left, right), dtype=bool), a[1] | b[1]

    return run


def on_texts(compute: Any, dtype: Any) -> Function:
    """A function on single texts."""
    called = np.frompyfunc(compute, compute.__code__.co_argcount, 1)

    @strict
    def run(*columns: Pair) -> Pair:
        made = called(*(np.where(missing, "", data) for data, missing in columns))
        return np.asarray(made, dtype=dtype), np.broadcast_to(_either(columns), np.shape(made))

    return run


def _truth(column: Pair) -> Pair:
    """True where it is known to be true; a column without any value may be of any kind."""
    data = column[0] if column[0].dtype == bool else np.zeros(column[0].shape, dtype=bool)
    return data & ~column[1], column[1]


def both(a: Pair, b: Pair) -> Pair:
    """Kleene's and: false with anything is false."""
    a, b = _truth(a), _truth(b)
    false = (~a[1] & ~a[0]) | (~b[1] & ~b[0])
    return a[0] & b[0], (a[1] | b[1]) & ~false


def either(a: Pair, b: Pair) -> Pair:
    """Kleene's or: true with anything is true."""
    a, b = _truth(a), _truth(b)
    true = a[0] | b[0]
    return true, (a[1] | b[1]) & ~true


def opposite(a: Pair) -> Pair:
    """Not."""
    a = _truth(a)
    return ~a[0], a[1]


def is_missing(a: Pair) -> Pair:
    """Whether there is no value."""
    return a[1], np.zeros_like(a[1])


def _one_kind(columns: Any) -> list[Pair]:
    """Whole numbers beside numbers become numbers; what has no value takes the others' kind."""
    kinds = {column[0].dtype for column in columns if not column[1].all()}
    if len(kinds) == 2:
        kinds = {np.dtype(np.float64)}
    if not kinds:
        return list(columns)
    kind = kinds.pop()
    fill: Any = "" if kind.kind == "O" else np.zeros(1, dtype=kind)[0]
    return [
        (np.full(column[0].shape, fill, kind), column[1])
        if column[1].all()
        else (column[0].astype(kind), column[1])
        for column in columns
    ]


def choose(condition: Pair, yes: Pair, no: Pair) -> Pair:
    """``yes`` where the condition is true, ``no`` where it is false, missing where unknown."""
    yes, no = _one_kind([yes, no])
    holds, unknown = _truth(condition)
    return np.where(holds, yes[0], no[0]), np.where(holds, yes[1], no[1]) | unknown


def coalesce(*columns: Pair) -> Pair:
    """The first that is not missing."""
    same = _one_kind(columns)
    data, missing = same[0]
    for other, absent in same[1:]:
        data, missing = np.where(missing, other, data), missing & absent
    return data, missing


def _days(column: Pair) -> Any:
    return column[0].astype(np.int64)


def calendar(compute: Any) -> Function:
    """A function on moments, given as microseconds since 1970, that gives a whole number."""

    @strict
    def run(column: Pair) -> Pair:
        return compute(column[0], _days(column)).astype(np.int64), column[1]

    return run


@strict
def days_between(a: Pair, b: Pair) -> Pair:
    """Days from the first moment to the second, with fractions."""
    return (_days(b) - _days(a)) / MICROSECONDS_A_DAY, a[1] | b[1]


def _written(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))  # float64 of numpy is a float
    if isinstance(value, np.datetime64):
        return value.item().isoformat(sep=" ")
    return str(value.item() if isinstance(value, np.generic) else value)


@strict
def text(column: Pair) -> Pair:
    """A value as a text, as the recipe writes it."""
    data, missing = column
    made = ["" if gone else _written(value) for value, gone in zip(data, missing, strict=True)]
    return np.array(made, dtype=object), missing


@strict
def number(column: Pair) -> Pair:
    """A text as a number; missing when it is none."""
    data, missing = column
    if data.dtype != object:
        return _floats(column), missing
    made = np.array(
        [
            float(value) if not gone and DECIMAL.fullmatch(value) else np.nan
            for value, gone in zip(data, missing, strict=True)
        ],
        dtype=np.float64,
    )
    return _finite(made, missing)


def rounded(value: Any, places: Any) -> Any:
    """Round half to even, at a number of decimals."""
    factor = 10.0**places
    return np.rint(value * factor) / factor


def plus(a: Pair, b: Pair) -> Pair:
    """Numbers are added, texts are put behind each other."""
    if a[0].dtype == object and b[0].dtype == object:
        return _join(a, b)
    return _add(a, b)


_add = arithmetic(np.add)
_join = on_texts(lambda a, b: a + b, object)
FUNCTIONS: dict[str, Function] = {
    "+": plus,
    "-": arithmetic(np.subtract),
    "*": arithmetic(np.multiply),
    "/": arithmetic(np.divide),
    "//": arithmetic(np.floor_divide),
    "%": arithmetic(np.mod),
    "**": arithmetic(np.power),
    "negative": arithmetic(np.negative),
    "abs": arithmetic(np.abs),
    "round": arithmetic(rounded),
    "floor": arithmetic(np.floor),
    "ceil": arithmetic(np.ceil),
    "sqrt": arithmetic(np.sqrt),
    "log": arithmetic(np.log),
    "exp": arithmetic(np.exp),
    "min": arithmetic(np.minimum),
    "max": arithmetic(np.maximum),
    "==": comparison(np.equal),
    "!=": comparison(np.not_equal),
    "<": comparison(np.less),
    "<=": comparison(np.less_equal),
    ">": comparison(np.greater),
    ">=": comparison(np.greater_equal),
    "and": both,
    "or": either,
    "not": opposite,
    "is_missing": is_missing,
    "if": choose,
    "coalesce": coalesce,
    "lower": on_texts(lambda a: a.lower(), object),
    "upper": on_texts(lambda a: a.upper(), object),
    "trim": on_texts(lambda a: a.strip(), object),
    "replace": on_texts(lambda a, b, c: a.replace(b, c), object),
    "length": on_texts(lambda a: len(a), np.int64),
    "contains": on_texts(lambda a, b: b in a, bool),
    "starts_with": on_texts(lambda a, b: a.startswith(b), bool),
    "ends_with": on_texts(lambda a, b: a.endswith(b), bool),
    "year": calendar(lambda at, us: at.astype("datetime64[Y]").astype(np.int64) + 1970),
    "month": calendar(lambda at, us: at.astype("datetime64[M]").astype(np.int64) % 12 + 1),
    "day": calendar(lambda at, us: us // MICROSECONDS_A_DAY - _month_start(at) + 1),
    "weekday": calendar(lambda at, us: (us // MICROSECONDS_A_DAY + 3) % 7),
    "hour": calendar(lambda at, us: us % MICROSECONDS_A_DAY // 3_600_000_000),
    "days_between": days_between,
    "text": text,
    "number": number,
}


def _month_start(moments: Any) -> Any:
    """The first of the month, in days since 1970."""
    return moments.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
