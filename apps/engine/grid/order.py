"""Which rows stand on one page of a table sorted by a column, without sorting the table.

A page needs the rows of some ranks only, and those are selected in O(rows): a partition tells the
keys at both ends of the page, and what lies between them is the page. Rows with equal keys stand in
the order of the table, rows without a value last whatever the direction.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from apps.engine.grid.rows import Rows
from apps.engine.types import Kind

Places = NDArray[np.int64]
Keys = NDArray[np.uint64]
_FEW = 20_000  # texts that are compared whole
_KEY_BYTES = 8
_TOP = np.uint64(1 << 63)


@dataclass(frozen=True)
class Sort:
    """By one column; ``descending``: the highest first."""

    column: str
    descending: bool = False


def ranked(
    rows: Rows, sort: Sort, *, kept: NDArray[np.bool_] | None, first: int, count: int
) -> Places:
    """Places of the rows of ranks ``first`` to ``first + count`` among those ``kept`` (None: all).

    Texts stand in the order of their code points: capital letters before small ones.

    Notes
    -----
    O(rows). Memory: some 30 bytes for each row that is kept, and one piece of the column; of a
    column of texts that hardly repeat also those that begin alike.
    """
    return _Ranking(rows, sort).places(kept, first=first, count=count)


class _Ranking:
    def __init__(self, rows: Rows, sort: Sort) -> None:
        self.rows, self.sort = rows, sort
        is_text = rows.kinds[sort.column] is Kind.TEXT
        self.is_plain_text = is_text and not rows.has_words(sort.column)
        self.skip = rows.shared_start(sort.column) if self.is_plain_text else 0

    def places(self, kept: NDArray[np.bool_] | None, *, first: int, count: int) -> Places:
        keys, known, missing = self._read(kept)
        found = self._pick(keys, known, first, first + count, seen=self.skip + _KEY_BYTES)
        over = max(first - len(known), 0)
        return np.concatenate([found, missing[over : over + count - len(found)]])

    def _read(self, kept: NDArray[np.bool_] | None) -> tuple[Keys, Places, Places]:
        """Keys and places of the rows with a value, places of those without."""
        keys, known, missing = [], [], []
        for piece, span in self.rows.pieces:
            cells = self.rows.cells(self.sort.column, piece)
            present = np.asarray(cells.is_valid().to_numpy(zero_copy_only=False), dtype=bool)
            mine = np.ones(len(cells), bool) if kept is None else kept[span]
            keys.append(self._keys(cells)[present & mine])
            known.append(np.flatnonzero(present & mine) + span.start)
            missing.append(np.flatnonzero(~present & mine) + span.start)
        if not keys:
            return np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0, np.int64)
        return np.concatenate(keys), np.concatenate(known), np.concatenate(missing)

    def _keys(self, cells: pa.Array) -> Keys:
        """A number for each cell, in the order that is asked for; arbitrary where missing."""
        if self.is_plain_text:
            keys, _ = text_keys(cells.cast(pa.string()), skip=self.skip)
        elif pa.types.is_dictionary(cells.type):  # codes into a sorted list
            keys = cells.indices.fill_null(0).to_numpy().astype(np.uint64)
        elif pa.types.is_boolean(cells.type):
            keys = cells.fill_null(False).cast(pa.uint8()).to_numpy().astype(np.uint64)
        elif pa.types.is_floating(cells.type):
            keys = _float_keys(cells.fill_null(0.0).to_numpy())
        else:
            whole = cells.cast(pa.int64()).fill_null(0).to_numpy()
            keys = whole.view(np.uint64) ^ _TOP
        return ~keys if self.sort.descending else keys

    def _pick(self, keys: Keys, among: Places, low: int, high: int, *, seen: int) -> Places:
        """``among`` in the order of their keys, ranks low to high; ``seen`` bytes are in a key."""
        low, high = max(low, 0), min(high, len(keys))
        if low >= high:
            return among[:0]
        ends = np.partition(keys, [low, high - 1])
        begin, end = ends[low], ends[high - 1]
        del ends
        before = int(np.count_nonzero(keys < begin))
        head = among[keys == begin]
        if begin == end:
            return self._equal(head, low - before, high - before, seen=seen)
        parts = [self._equal(head, low - before, len(head), seen=seen)]
        inside = np.flatnonzero((keys > begin) & (keys < end))
        for key in np.unique(keys[inside]):
            alike = among[inside[keys[inside] == key]]
            parts.append(self._equal(alike, 0, len(alike), seen=seen))
        before_end = int(np.count_nonzero(keys < end))
        parts.append(self._equal(among[keys == end], 0, high - before_end, seen=seen))
        return np.concatenate(parts)

    def _equal(self, group: Places, low: int, high: int, *, seen: int) -> Places:
        """Rows whose keys are equal; of texts what follows after the bytes ``seen`` decides."""
        if not self.is_plain_text or len(group) == 1:
            return group[low:high]
        texts = self.rows.texts(self.sort.column, group)
        if len(group) <= _FEW:
            values = texts.to_pylist()
            order = sorted(range(len(group)), key=values.__getitem__, reverse=self.sort.descending)
            return group[order][low:high]
        keys, longest = text_keys(texts, skip=seen)
        if longest <= 0:
            return group[low:high]
        keys = ~keys if self.sort.descending else keys
        return self._pick(keys, group, low, high, seen=seen + _KEY_BYTES)


def text_keys(texts: pa.Array, *, skip: int) -> tuple[Keys, int]:
    """Eight bytes of each text behind the first ``skip``, as a number in the order of the bytes.

    Also how many bytes the longest text has behind ``skip``.
    """
    if not len(texts):
        return np.empty(0, np.uint64), 0
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset :][: len(texts) + 1]
    data = texts.buffers()[2]
    inside = np.frombuffer(data or b"", np.uint8)[offsets[0] : offsets[-1]]
    padded = np.concatenate([inside, np.zeros(_KEY_BYTES, np.uint8)])
    starts = offsets[:-1].astype(np.int64) - offsets[0] + skip
    left = (offsets[1:].astype(np.int64) - offsets[0]) - starts
    # Eight bytes from any place on, read as one number: overlapping, so no copy for each text.
    windows = np.ndarray((len(padded) - 7,), dtype=">u8", buffer=padded.data, strides=(1,))
    keys = windows[np.minimum(starts, len(windows) - 1)].astype(np.uint64)
    beyond = ((_KEY_BYTES - left.clip(0, _KEY_BYTES)) * 8).astype(np.uint64)
    some = np.minimum(beyond, np.uint64(63))
    keys = np.where(beyond == 64, np.uint64(0), (keys >> some) << some)
    return keys, int(left.max(initial=0))


def _float_keys(numbers: NDArray[np.float64]) -> Keys:
    """IEEE 754 numbers as whole ones in the same order; -0.0 is 0.0."""
    bits = (numbers + 0.0).view(np.uint64)
    return np.where(bits >> np.uint64(63) == 1, ~bits, bits | _TOP)
