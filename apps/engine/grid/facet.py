"""How often each value of a column stands in some rows; of numbers and dates, each range."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from apps.engine.grid.rows import MOST_WORDS, Rows
from apps.engine.profile.slices import Condition
from apps.engine.profile.years import holds_years
from apps.engine.types import Kind

MOST_VALUES = 12
RANGES = 10
LONGEST_VALUE = 200


@dataclass(frozen=True)
class FacetLine:
    """A value or range, the rows that hold it, and the condition that keeps only those."""

    says: str
    rows: int
    condition: Condition | None


@dataclass(frozen=True)
class Facet:
    """Counts of one column. ``other_values`` are those beyond the most frequent ones.

    ``is_too_many``: texts of more than MOST_WORDS different values are not counted.
    """

    column: str
    lines: tuple[FacetLine, ...] = ()
    missing: int = 0
    filled: int = 0
    other_values: int = 0
    other_rows: int = 0
    is_too_many: bool = False


def facet(rows: Rows, column: str, *, kept: NDArray[np.bool_] | None) -> Facet:
    """Count a column's values in the rows that are ``kept`` (None: all). O(rows).

    Whole numbers of few values, texts and yes/no are told value by value, the most frequent first;
    other numbers and dates in ranges of equal width.
    """
    kind = rows.kinds[column]
    if kind in {Kind.TEXT, Kind.BOOLEAN}:
        return _values(rows, column, kept=kept)
    return _ranges(rows, column, kind, kept=kept)


def _values(rows: Rows, column: str, *, kept: NDArray[np.bool_] | None) -> Facet:
    counts: dict[str, int] = {}
    missing = 0
    for piece, span in rows.pieces:
        cells = rows.cells(column, piece)
        if pa.types.is_string(cells.type):  # laid out as it is: it has too many words
            return Facet(column, is_too_many=True)
        if kept is not None:
            cells = cells.filter(pa.array(kept[span]))
        missing += cells.null_count
        for value, count in _counted(cells):
            counts[value] = counts.get(value, 0) + count
        if len(counts) > MOST_WORDS:
            return Facet(column, is_too_many=True)
    shown = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    first, rest = shown[:MOST_VALUES], shown[MOST_VALUES:]
    return Facet(
        column,
        tuple(FacetLine(value, count, _is(column, value)) for value, count in first),
        missing=missing,
        filled=sum(counts.values()),
        other_values=len(rest),
        other_rows=sum(count for _, count in rest),
    )


def _is(column: str, value: str) -> Condition | None:
    """The rows of one value; none for a text that an address should not carry."""
    return Condition("is", column, (value,)) if len(value) <= LONGEST_VALUE else None


def _counted(cells: pa.Array) -> list[tuple[str, int]]:
    if pa.types.is_boolean(cells.type):
        yes = cells.true_count
        found = {"True": yes, "False": len(cells) - cells.null_count - yes}
        return [(value, count) for value, count in found.items() if count]
    codes = cells.indices.drop_null().to_numpy()
    counts = np.bincount(codes, minlength=len(cells.dictionary))
    there = np.flatnonzero(counts)
    values = cells.dictionary.take(pa.array(there)).to_pylist()
    return list(zip(values, counts[there].tolist(), strict=True))


def _ranges(rows: Rows, column: str, kind: Kind, *, kept: NDArray[np.bool_] | None) -> Facet:
    parts, missing = [], 0
    for piece, span in rows.pieces:
        cells = rows.cells(column, piece)
        if kept is not None:
            cells = cells.filter(pa.array(kept[span]))
        missing += cells.null_count
        cells = cells.drop_null() if cells.null_count else cells
        cells = cells if pa.types.is_floating(cells.type) else cells.cast(pa.int64())
        parts.append(cells.to_numpy())
    values: NDArray[Any] = np.concatenate(parts) if parts else np.empty(0)
    lines: tuple[FacetLine, ...] = ()
    if len(values):
        low, high = values.min(), values.max()
        is_short = kind is Kind.INTEGER and int(high) - int(low) < MOST_VALUES
        if is_short:
            lines = _single(column, int(low), np.bincount(values - low))
        else:
            lines = _lines(column, kind, values)
    return Facet(column, lines, missing=missing, filled=len(values))


def _single(column: str, low: int, counts: NDArray[np.int64]) -> tuple[FacetLine, ...]:
    return tuple(
        FacetLine(str(low + place), int(count), Condition("is", column, (str(low + place),)))
        for place, count in enumerate(counts)
        if count
    )


def _lines(column: str, kind: Kind, values: NDArray[Any]) -> tuple[FacetLine, ...]:
    """Ranges of equal width: the low end belongs to each, the high end to the last alone."""
    low, high = values.min(), values.max()
    # Halves, since the distance between the ends may be beyond a float.
    edges: NDArray[Any] = 2 * np.linspace(float(low) / 2, float(high) / 2, RANGES + 1)
    if kind is not Kind.NUMBER:
        edges = np.round(edges).clip(-(2.0**63), 2.0**63 - 1_024).astype(np.int64)
    edges[0], edges[-1] = low, high
    edges = np.unique(edges)
    if len(edges) < 2 or low == high:
        texts = [_edge(low, kind)] * 2
        return (FacetLine(texts[0], len(values), Condition("between", column, tuple(texts))),)
    counts, _ = np.histogram(values, edges)
    texts = [_edge(edge, kind) for edge in edges]
    told = {"name": column, "kind": kind, "minimum": int(low), "maximum": int(high)}
    say = str if holds_years(told) else _short
    last = len(counts) - 1
    return tuple(
        FacetLine(
            f"{say(texts[place])} to {say(texts[place + 1])}",
            int(count),
            Condition(
                "between" if place == last else "below", column, (texts[place], texts[place + 1])
            ),
        )
        for place, count in enumerate(counts)
    )


def _edge(value: Any, kind: Kind) -> str:
    """An end of a range as a condition takes it: exactly what was counted with."""
    if kind is Kind.DATETIME:
        return str(np.datetime64(int(value), "us"))
    return repr(float(value)) if kind is Kind.NUMBER else str(int(value))


def _short(text: str) -> str:
    """For people: at most ten digits, a time to the second."""
    if "T" in text:
        return text.replace("T", " ")[:19].removesuffix(" 00:00:00")
    try:
        return f"{float(text):,.6g}"
    except ValueError:
        return text
