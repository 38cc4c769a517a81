"""Proof that a compiled release answers as scikit-learn: on real rows and on made-up extremes."""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from apps.engine.errors import EngineError
from apps.engine.serving.columns import columns_of
from apps.engine.serving.compile import Compiled
from apps.engine.serving.compile_prepare import CannotCompile
from apps.engine.serving.contract import Contract
from apps.engine.serving.fields import Field
from apps.engine.serving.score import Scorer
from apps.engine.training.frame import LARGEST
from apps.engine.types import Kind

EQUAL_WITHIN = 1e-9
MADE_UP_ROWS = 200
MOST_COMPILED_ROWS = 500
_TIMED_ROWS = 100
_MOMENTS = (
    datetime(1, 1, 1),  # noqa: DTZ001  (moments of a row carry no zone)
    datetime(1969, 12, 31, 23, 59, 59, 999_999),  # noqa: DTZ001
    datetime(2000, 2, 29, 12),  # noqa: DTZ001
    datetime(9999, 12, 31, 23, 59, 59, 999_999),  # noqa: DTZ001
)
_NUMBERS = (0.0, -0.0, 5e-324, -1e-35, 1e-9, -1.0, 1e6, -1e15, LARGEST, -LARGEST)
_TEXTS = ("", " ", "never seen", "É", "nan", "None", "x" * 10_000)


Expected = Sequence[Mapping[str, Any] | None]
"""What scikit-learn answers to rows; None where it refuses one."""


@dataclass(frozen=True)
class Verdict:
    """What is compiled and how it was proven; part of the release's record.

    ``serves``: up to ``rows_up_to`` rows of a request are answered by it. ``why_not``: else why
    scikit-learn answers all. ``left``: rows of the comparison that it passed on to scikit-learn.
    ``largest_difference``: of probabilities; of numbers, relative to the larger of 1 and number.
    ``many``: why many rows are answered by scikit-learn's own way; empty: they are, by columns.
    """

    serves: bool
    what: str = ""
    why_not: str = ""
    compared: int = 0
    left: int = 0
    largest_difference: float = 0.0
    rows_up_to: int = 0
    row_us: float = 0.0
    many: str = ""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(self)


def compile_and_verify(scorer: Scorer, rows: Sequence[Mapping[str, Any]]) -> Verdict:
    """Compile a scorer's release for single rows and for many; each serves when all is equal.

    Parameters
    ----------
    rows : checked development rows; MADE_UP_ROWS extreme ones are added to them

    Notes
    -----
    Alike means: every probability within EQUAL_WITHIN (a number within that share of itself) and
    the same class. From how many rows on scikit-learn is quicker is measured, not assumed.
    """
    asked = [*rows, *made_up(scorer.contract, rows)]
    expected = _expected(scorer, asked)
    verdict = _singly(scorer, rows, asked, expected)
    return replace(verdict, many=verify_many(scorer, asked, expected))


def verify_many(
    scorer: Scorer, rows: Sequence[Mapping[str, Any]], expected: Expected | None = None
) -> str:
    """Let the form for many rows serve where it answers these alike; else why it does not.

    ``expected``: what scikit-learn answers, where it was asked already.
    """
    try:
        many = scorer.by_columns()
    except CannotCompile as reason:
        return f"they cannot be answered by columns: {reason}"
    pairs = zip(rows, _expected(scorer, rows) if expected is None else expected, strict=True)
    answered = [(row, other) for row, other in pairs if other is not None]
    if not answered:
        return "no row could be compared"
    try:
        columns = columns_of([row for row, _ in answered], scorer.contract)
        told, _ = scorer.answers_of(many, columns)
    except EngineError as reason:
        return f"they cannot be answered by columns: {reason}"
    _, unequal = unlike(told, [other for _, other in answered])
    if not unequal:
        scorer.use_many(many)
    return unequal


def _expected(scorer: Scorer, rows: Sequence[Mapping[str, Any]]) -> Expected:
    """What scikit-learn answers to each row: of all at once, by halves where one is refused."""
    try:
        return scorer.by_pipeline(rows)[0]
    except EngineError:
        if len(rows) < 2:
            return [None] * len(rows)
        half = len(rows) // 2
        return [*_expected(scorer, rows[:half]), *_expected(scorer, rows[half:])]


def _singly(
    scorer: Scorer,
    rows: Sequence[Mapping[str, Any]],
    asked: Sequence[Mapping[str, Any]],
    expected: Expected,
) -> Verdict:
    try:
        compiled = scorer.compile()
    except CannotCompile as reason:
        return Verdict(serves=False, why_not=f"it cannot be compiled: {reason}")
    compared, largest, unequal = compare(compiled, scorer, asked, expected)
    told: dict[str, Any] = {
        "what": compiled.says,
        "compared": compared,
        "left": len(asked) - compared,
        "largest_difference": largest,
    }
    if unequal:
        return Verdict(serves=False, why_not=unequal, **told)
    up_to, row_us = _quicker_up_to(compiled, scorer, rows[:_TIMED_ROWS])
    if not up_to:
        return Verdict(serves=False, why_not="scikit-learn is quicker", row_us=row_us, **told)
    scorer.use(compiled, rows=up_to)
    return Verdict(serves=True, rows_up_to=up_to, row_us=row_us, **told)


def compare(
    compiled: Compiled,
    scorer: Scorer,
    rows: Sequence[Mapping[str, Any]],
    expected: Expected | None = None,
) -> tuple[int, float, str]:
    """Rows compared, largest difference, and in words what is not alike (empty: all is).

    Rows that the compiled form passes on are no part of it: scikit-learn answers them anyway.
    """
    mine, theirs = [], []
    others = _expected(scorer, rows) if expected is None else expected
    for row, other in zip(rows, others, strict=True):
        with suppress(EngineError):
            mine.append(compiled.answer(row)[0])
            theirs.append(other)
    if not mine:
        return 0, 0.0, "no row could be compared"
    if None in theirs:
        return len(mine), 0.0, "it answers a row that scikit-learn refuses"
    return len(mine), *unlike(mine, [other for other in theirs if other is not None])


def unlike(
    mine: Sequence[Mapping[str, Any]], expected: Sequence[Mapping[str, Any]]
) -> tuple[float, str]:
    """The largest difference, and in words what is not alike."""
    largest = max(map(_difference, mine, expected))
    if not largest <= EQUAL_WITHIN:
        return largest, f"its answers differ from scikit-learn's by {largest:.2g}"
    for one, other in zip(mine, expected, strict=True):
        if one["probabilities"] is not None and one["prediction"] != other["prediction"]:
            return largest, "it names another class or label than scikit-learn"
    return largest, ""


def _difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    if one["probabilities"] is None:
        number = float(other["prediction"])
        return abs(float(one["prediction"]) - number) / max(1.0, abs(number))
    if list(one["probabilities"]) != list(other["probabilities"]):
        return float("inf")
    return max(
        abs(chance - other["probabilities"][name]) for name, chance in one["probabilities"].items()
    )


def made_up(contract: Contract, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows that are unlike development: missing, never seen, extreme, mixed. Always the same."""
    chosen = random.Random(0)
    usual: Sequence[Mapping[str, Any]] = rows or [contract.typed_example()]
    pools = {item.name: list(_extremes(item)) for item in contract.fields}
    made = [dict.fromkeys(contract.names)]
    for number in range(MADE_UP_ROWS - 1):
        row = dict(chosen.choice(usual))
        share = (0.1, 0.5, 1.0)[number % 3]  # few, many or all fields are extreme
        for name, pool in pools.items():
            if chosen.random() < share:
                row[name] = chosen.choice(pool)
        made.append(row)
    return made


def _extremes(item: Field) -> Iterator[Any]:
    yield None
    if item.kind == Kind.BOOLEAN:
        yield from (True, False)
    elif item.kind == Kind.DATETIME:
        yield from _MOMENTS
    elif item.kind == Kind.TEXT:
        yield from _TEXTS
        yield from item.categories or ()
    else:
        low, high = item.low or 0.0, item.high or 0.0
        spread = (*_NUMBERS, low, high, low - 1.0, high + 1.0, (low + high) / 2)
        whole = item.kind == Kind.INTEGER
        for value in spread:
            yield int(max(-(2.0**62), min(2.0**62, value))) if whole else float(value)


def _quicker_up_to(
    compiled: Compiled, scorer: Scorer, rows: Sequence[Mapping[str, Any]]
) -> tuple[int, float]:
    """Rows of a request up to which the compiled form is quicker, and its µs a row."""
    if not rows:
        return MOST_COMPILED_ROWS, 0.0
    scorer.by_pipeline(rows[:1])
    whole_s = min(_took_s(lambda: scorer.by_pipeline(rows[:1])) for _ in range(5))
    row_s = min(_took_s(lambda: _answer_all(compiled, rows)) for _ in range(3)) / len(rows)
    return min(MOST_COMPILED_ROWS, int(whole_s / row_s)), 1e6 * row_s


def _answer_all(compiled: Compiled, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        with suppress(EngineError):
            compiled.answer(row)


def _took_s(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
