"""Small trees over many rows, or over one: a row's leaf is found by bits, not by branching.

A tree's leaves are bits, from left to right. A question whose answer is "right" takes the leaves of
its left side away; the lowest bit that is left is the row's leaf (Lucchese et al. 2015,
"QuickScorer", SIGIR). All questions about one input are asked at once: what they take away depends
only on which thresholds the input exceeds, so a table has a line for each interval. A row then
costs a line of a table for each input: a third of the time of scikit-learn's own walk where rows
are many, a third to a sixth of that of a walk in Python where it is one (docs/decisions/0041).
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.engine.serving.compile_prepare import CannotCompile, Inputs
from apps.engine.serving.compile_trees import Sum, Tree

MOST_TABLE_BYTES = 32 * 1024**2
BLOCK_ROWS = 256
"""Rows at a time: what is worked on stays in the processor's cache."""


@dataclass(frozen=True)
class Totals:
    """The sum of the trees' leaves, of many rows and of one: from the same tables."""

    of: Callable[[Any], Any]  # from (n_rows, n_inputs) float64 to (n_rows,)
    one: Sum
    table_bytes: int


_WORDS = (
    (32, np.uint32, 0x077CB531, 27),
    (64, np.uint64, 0x03F79D71B4CB0A89, 58),
)
"""Bits, type, and a de Bruijn sequence with its shift: a single bit times it tells its place."""


@dataclass(frozen=True)
class _Word:
    """The integer that holds a tree's leaves."""

    bits: int
    kind: Any
    sequence: int
    shift: int

    @property
    def full(self) -> int:
        """All bits set."""
        return (1 << self.bits) - 1

    def key(self, place: int) -> int:
        """What a single bit at a place becomes."""
        return ((self.sequence << place) & self.full) >> self.shift


@dataclass(frozen=True)
class _Asked:
    """All questions about one input: thresholds, and what stays in each interval and of NaN."""

    feature: int
    thresholds: Any
    stays: Any  # (n_thresholds + 2, n_trees), part of the whole table; the last line is of NaN
    first: int  # its first line in the whole table

    def lines(self, column: Any) -> Any:
        """Which line of ``stays`` holds for each value."""
        found = np.searchsorted(self.thresholds, column, side="left")
        found[np.isnan(column)] = len(self.thresholds) + 1
        return found


def totals_of(trees: Sequence[Tree], *, start: float) -> Totals:
    """The sum of ``start`` and the leaves of all trees.

    Raises CannotCompile where a tree has more than 64 leaves or the tables would be very large.
    """
    leaves = max(int((tree.left < 0).sum()) for tree in trees)
    fitting = [_Word(*word) for word in _WORDS if leaves <= word[0]]
    if not fitting:
        raise CannotCompile(f"a tree has {leaves:,} leaves")
    word = fitting[0]
    value = np.zeros((len(trees), word.bits))
    questions: list[tuple[int, float, bool, int, int]] = []
    for number, tree in enumerate(trees):
        first, last, order = _spans(tree)
        for place, node in enumerate(order):
            value[number, word.key(place)] = tree.value[node]
        for node in np.flatnonzero(tree.left >= 0).tolist():
            side = tree.left[node]
            gone = (1 << (last[side] + 1)) - (1 << first[side])
            questions.append(
                (
                    int(tree.feature[node]),
                    float(tree.threshold[node]),
                    bool(tree.missing_left[node]),
                    number,
                    word.full & ~gone,
                )
            )
    table, asked = _tables(questions, len(trees), word)
    return Totals(
        _summed(asked, value, word, start=start),
        _summed_once(table, asked, value, word, start=start),
        table.nbytes,
    )


def _spans(tree: Tree) -> tuple[list[int], list[int], list[int]]:
    """First and last leaf below each node, counted from the left, and the leaves in that order."""
    left, right = tree.left.tolist(), tree.right.tolist()
    first, last = [0] * tree.nodes, [0] * tree.nodes
    order: list[int] = []
    ahead = [0]
    while ahead:  # leaves from left to right: no recursion
        node = ahead.pop()
        if left[node] < 0:
            first[node] = last[node] = len(order)
            order.append(node)
        else:
            ahead += [right[node], left[node]]
    for node in range(tree.nodes - 1, -1, -1):  # a child comes after its parent
        if left[node] >= 0:
            first[node], last[node] = first[left[node]], last[right[node]]
    return first, last, order


def _tables(
    questions: Sequence[tuple[int, float, bool, int, int]], trees: int, word: _Word
) -> tuple[Any, list[_Asked]]:
    """The whole table, (n_lines, n_trees), and what of it belongs to which input."""
    found: dict[int, list[tuple[int, float, bool, int, int]]] = {}
    for question in questions:
        found.setdefault(question[0], []).append(question)
    thresholds = {
        feature: np.unique([threshold for _, threshold, *_ in those])
        for feature, those in sorted(found.items())
    }
    lines = sum(len(cuts) + 2 for cuts in thresholds.values())
    if lines * trees * word.bits // 8 > MOST_TABLE_BYTES:
        raise CannotCompile("the tables of its trees would be very large")
    table = np.full((lines, trees), word.full, dtype=word.kind)
    told: list[_Asked] = []
    first = 0
    for feature, cuts in thresholds.items():
        stays = table[first : first + len(cuts) + 2]
        for _, threshold, missing_left, tree, mask in found[feature]:
            beyond = int(np.searchsorted(cuts, threshold)) + 1
            stays[beyond : len(cuts) + 1, tree] &= word.kind(mask)
            if not missing_left:
                stays[-1, tree] &= word.kind(mask)
        told.append(_Asked(feature, cuts, stays, first))
        first += len(stays)
    return table, told


def _summed(
    asked: Sequence[_Asked], value: Any, word: _Word, *, start: float
) -> Callable[[Any], Any]:
    trees = len(value)
    flat, offsets = value.ravel(), np.arange(trees, dtype=word.kind) * word.kind(word.bits)
    sequence, shift = word.kind(word.sequence), word.kind(word.shift)

    def total(rows: Any) -> Any:
        told = np.empty(len(rows))
        lines = [item.lines(rows[:, item.feature]) for item in asked]
        most = min(BLOCK_ROWS, len(rows))
        left = np.empty((most, trees), dtype=word.kind)
        taken = np.empty_like(left)
        for begin in range(0, len(rows), most):
            end = min(begin + most, len(rows))
            bits, also = left[: end - begin], taken[: end - begin]
            bits.fill(word.full)
            for item, line in zip(asked, lines, strict=True):
                np.take(item.stays, line[begin:end], axis=0, out=also, mode="clip")
                np.bitwise_and(bits, also, out=bits)
            np.negative(bits, out=also)
            np.bitwise_and(bits, also, out=bits)  # the lowest bit alone
            np.multiply(bits, sequence, out=bits)
            np.right_shift(bits, shift, out=bits)
            np.add(bits, offsets, out=bits)
            told[begin:end] = flat.take(bits.astype(np.intp)).sum(axis=1)
        return told + start

    return total


def _summed_once(
    table: Any, asked: Sequence[_Asked], value: Any, word: _Word, *, start: float
) -> Sum:
    """As ``_summed``, with as few calls of numpy as there can be."""
    plan = [
        (item.feature, item.thresholds.tolist(), item.first, item.first + len(item.stays) - 1)
        for item in asked
    ]
    flat, offsets = value.ravel(), np.arange(len(value), dtype=word.kind) * word.kind(word.bits)
    sequence, shift = word.kind(word.sequence), word.kind(word.shift)

    def total(inputs: Inputs) -> float:
        lines = []
        for feature, thresholds, first, missing in plan:
            given = inputs[feature]
            is_there = given == given
            lines.append(first + bisect_left(thresholds, given) if is_there else missing)
        bits = np.bitwise_and.reduce(table.take(lines, axis=0), axis=0)
        bits &= -bits  # the lowest bit alone
        bits *= sequence
        bits >>= shift
        bits += offsets
        return start + float(flat.take(bits.astype(np.intp)).sum())

    return total
