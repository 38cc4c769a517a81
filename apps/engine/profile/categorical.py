"""Profile of one column of texts or yes/no: its values, how often, how long."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from apps.engine.profile.cells import Cells
from apps.engine.profile.gap_words import hides_a_gap
from apps.engine.profile.lookup import crossed, taken
from apps.engine.profile.marks import Marks

TOP = 20
WORDS_OF_A_TEXT = 2
_BLANKS = r"[\t-\r\x1c-\x20]+"
"""What ``str.split`` takes for blanks, in ASCII."""
LONGEST_SHOWN = 200
"""Characters of a value that are kept for display."""


@dataclass(frozen=True)
class Coded:
    """A column as numbers of its values, most frequent value first."""

    codes: NDArray[np.int32]  # shape (n_rows,), -1 when missing
    words: pa.Array  # shape (n_distinct,), texts
    counts: NDArray[np.int64]  # rows of each value, descending

    @property
    def distinct(self) -> int:
        """Number of different values."""
        return len(self.words)

    @cached_property
    def numbers(self) -> NDArray[np.unsignedinteger[Any]]:
        """``codes`` in as few bytes as hold them, n_distinct when missing."""
        told = np.minimum(self.codes.view(np.uint32), np.uint32(self.distinct))  # -1 is the most
        return told.astype(np.min_scalar_type(self.distinct))

    def marked(self, marks: Marks) -> NDArray[np.int64]:
        """Rows by value and mark, shape (n_distinct + 1, marks.size); missing ones come last."""
        return crossed(self.numbers, marks.codes, shape=(self.distinct + 1, marks.size))

    @cached_property
    def labels(self) -> list[str]:
        """All values as Python texts: for columns with few of them."""
        texts: list[str] = self.words.to_pylist()
        return texts

    @cached_property
    def hides(self) -> NDArray[np.bool_]:
        """Which of ``words`` usually mean "no value"."""
        return hides_a_gap(self.words)

    def of_rows[Scalar: np.generic](
        self, told: NDArray[Scalar], *, missing: Any
    ) -> NDArray[Scalar]:
        """What is told of every value, for every row; others get ``missing``."""
        return taken(np.append(told, told.dtype.type(missing)), self.numbers)

    def first(self, count: int) -> list[str]:
        """The most frequent values."""
        texts: list[str] = self.words.slice(0, count).to_pylist()
        return texts


def code_values(column: Cells) -> Coded:
    """Number the values of a column, most frequent first, ties in alphabetical order.

    O(n + k log k) for k different values; the column is not changed.
    """
    words = column.words
    assert words is not None  # numbers and dates have none
    whole = bool(column.present.all())
    filled = column.data if whole else column.data[column.present]
    counts = np.bincount(filled, minlength=len(words))
    order = pc.array_sort_indices(words).to_numpy()
    order = order[np.argsort(-counts[order], kind="stable")]
    order = order[counts[order] > 0]
    new_code = np.full(len(words) + 1, -1, dtype=np.int32)
    new_code[order] = np.arange(len(order), dtype=np.int32)
    codes = taken(new_code, column.data)
    if not whole:
        codes = codes.copy()
        codes[np.flatnonzero(~column.present)] = -1
    return Coded(codes, words.take(pa.array(order)), counts[order])


def profile_values(column: Coded) -> dict[str, Any]:
    """Most frequent values, how many rows the others have, and text lengths in characters."""
    filled = int(column.counts.sum())
    shown = [
        {"value": value[:LONGEST_SHOWN], "rows": int(rows), "share": int(rows) / filled}
        for value, rows in zip(column.first(TOP), column.counts, strict=False)
    ]
    lengths = pc.utf8_length(column.words).to_numpy(zero_copy_only=False)
    return {
        "distinct": column.distinct,
        "top": shown,
        "rest": {
            "values": max(column.distinct - TOP, 0),
            "rows": int(column.counts[TOP:].sum()),
        },
        "common_words": common_words(column),
        "lengths": {
            "shortest": int(lengths.min()),
            "mean": float((lengths * column.counts).sum() / filled),
            "longest": int(lengths.max()),
        }
        if filled
        else None,
    }


def same_but_for_spelling(column: Coded) -> list[list[str]]:
    """Groups of values which differ only in letter case or blanks, most rows first."""
    if _are_plainly_different(column.words):
        return []
    groups: dict[str, list[str]] = {}
    for value in column.labels:
        groups.setdefault(" ".join(value.casefold().split()), []).append(value)
    return [group for group in groups.values() if len(group) > 1]


def common_words(column: Coded) -> list[dict[str, Any]]:
    """Words in lower case with the rows whose text holds them, where texts have several words.

    O(words). Empty for values of one or two words, which are values and no texts.
    """
    parts = pc.utf8_split_whitespace(pc.utf8_lower(column.words))
    flat = pc.list_flatten(parts)
    if not len(flat) > WORDS_OF_A_TEXT * len(column.words):
        return []
    coded = flat.dictionary_encode()
    texts = pc.list_parent_indices(parts).to_numpy(zero_copy_only=False).astype(np.int64)
    width = len(coded.dictionary)
    once = np.unique(texts * width + coded.indices.to_numpy())
    rows = np.bincount(once % width, weights=column.counts[once // width], minlength=width)
    first = np.argsort(-rows, kind="stable")[:TOP]
    words = coded.dictionary.take(pa.array(first)).to_pylist()
    return [
        {"word": word[:LONGEST_SHOWN], "rows": int(held)}
        for word, held in zip(words, rows[first], strict=True)
        if held > 1
    ]


def _are_plainly_different(words: pa.Array) -> bool:
    """Quick to tell of plain ASCII: no two texts are the same in lower case without blanks."""
    if not pc.all(pc.string_is_ascii(words)).as_py():
        return False
    plain = pc.replace_substring_regex(pc.ascii_lower(words), pattern=_BLANKS, replacement="")
    return bool(pc.count_distinct(plain).as_py() == len(words))
