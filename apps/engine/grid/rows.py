"""The rows of a typed table column by column and piece by piece, wherever they lie.

A page of a sorted table holds rows from everywhere. Parquet has to unpack a whole row group for one
of them, so a large table is laid out once as an Arrow file, in which any row is where it was put.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from apps.engine.errors import BadFile, ColumnMissing
from apps.engine.reading.tables import PANDAS_TYPES, as_frame, read_rows
from apps.engine.types import Kind, Report

MOST_WORDS = 65_536
"""Different texts of a column up to which they are laid out as numbers into a sorted list."""
BATCH_ROWS = 4_096
"""Rows that are read at once on the way to those of a page."""
_KINDS = {
    pa.int64(): Kind.INTEGER,
    pa.float64(): Kind.NUMBER,
    pa.bool_(): Kind.BOOLEAN,
    pa.string(): Kind.TEXT,
}


class Rows:
    """A table's rows, from its layout when there is one, else from Parquet. Use it with ``with``.

    ``starts`` holds the place of the first row of each piece, and the number of rows at its end.
    """

    def __init__(self, parquet: Path | str, *, layout: Path | str | None = None) -> None:
        self.parquet = parquet
        self.is_laid_out = layout is not None
        try:
            self._metadata = pq.read_metadata(parquet)
            schema = self._metadata.schema.to_arrow_schema()
            self.kinds = {field.name: _KINDS.get(field.type, Kind.DATETIME) for field in schema}
            if layout is not None:
                self._map = pa.memory_map(str(layout))
                self._reader = pa.ipc.open_file(self._map)
                sizes = self._batch_rows()
            else:
                texts = [name for name, kind in self.kinds.items() if kind is Kind.TEXT]
                self._file = pq.ParquetFile(parquet, metadata=self._metadata, read_dictionary=texts)
                groups = range(self._metadata.num_row_groups)
                sizes = [self._metadata.row_group(group).num_rows for group in groups]
        except (OSError, pa.ArrowInvalid) as error:
            raise BadFile(f"The table {Path(parquet).name} cannot be read: {error}.") from error
        self.starts: NDArray[np.int64] = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    def _batch_rows(self) -> list[int]:
        count = self._reader.num_record_batches
        return [self._reader.get_batch(piece).num_rows for piece in range(count)]

    def __enter__(self) -> "Rows":
        return self

    def __exit__(self, *_: Any) -> None:
        (self._map if self.is_laid_out else self._file).close()

    @property
    def total(self) -> int:
        """Rows of the table."""
        return int(self._metadata.num_rows)

    @property
    def pieces(self) -> Iterator[tuple[int, slice]]:
        """Number of each piece, and where its rows stand in the table."""
        for piece in range(len(self.starts) - 1):
            yield piece, slice(int(self.starts[piece]), int(self.starts[piece + 1]))

    def cells(self, name: str, piece: int) -> pa.Array:
        """One column of one piece; texts that repeat are a dictionary. ColumnMissing if absent."""
        if name not in self.kinds:
            raise ColumnMissing(f"The table has no column named {name!r}.")
        if self.is_laid_out:
            batch = self._reader.get_batch(piece)
            return batch.column(batch.schema.get_field_index(name))
        column = self._file.read_row_group(piece, columns=[name], use_threads=False).column(0)
        if pa.types.is_dictionary(column.type):
            column = column.unify_dictionaries()
        whole = column.combine_chunks()
        return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole

    def has_words(self, name: str) -> bool:
        """Whether a column of texts was laid out as numbers into the sorted list of its texts."""
        return self.is_laid_out and pa.types.is_dictionary(self._reader.schema.field(name).type)

    def shared_start(self, name: str) -> int:
        """Bytes with which every text of a column begins alike, as far as the file's footer tells.

        So that the texts of "https://…" are told apart where they differ.
        """
        place = self._metadata.schema.to_arrow_schema().names.index(name)
        ends: list[bytes] = []
        for group in range(self._metadata.num_row_groups):
            told = self._metadata.row_group(group).column(place).statistics
            if told is None or not told.has_min_max:
                return 0
            ends += [str(told.min).encode(), str(told.max).encode()]
        least, most = (min(ends), max(ends)) if ends else (b"", b"")
        alike = [one == other for one, other in zip(least, most, strict=False)]
        return alike.index(False) if False in alike else len(alike)

    def texts(self, name: str, places: NDArray[np.int64]) -> pa.Array:
        """The texts of one column at ascending places. O(rows of the pieces that are touched)."""
        parts = []
        for piece, span in self.pieces:
            low, high = np.searchsorted(places, [span.start, span.stop])
            if low < high:
                mine = self.cells(name, piece).take(pa.array(places[low:high] - span.start))
                parts.append(mine.cast(pa.string()))
        return pa.concat_arrays(parts) if parts else pa.array([], pa.string())

    def page(self, places: NDArray[np.int64], *, columns: Sequence[str]) -> pd.DataFrame:
        """Rows at places in any order, in that order, with the engine's types."""
        order = np.argsort(places, kind="stable")
        back = np.argsort(order, kind="stable")
        if not len(places):
            return read_rows(self.parquet, first=0, count=0, columns=list(columns))
        found = (self._taken if self.is_laid_out else self._read)(places[order], columns)
        return found.take(back).reset_index(drop=True)

    def _read(self, places: NDArray[np.int64], columns: Sequence[str]) -> pd.DataFrame:
        parts: list[pa.RecordBatch] = []
        try:
            for piece, span in self.pieces:
                low, high = np.searchsorted(places, [span.start, span.stop])
                if low < high:
                    parts += self._picked(piece, places[low:high] - span.start, list(columns))
        except (OSError, pa.ArrowInvalid) as error:
            raise BadFile(
                f"The table {Path(self.parquet).name} cannot be read: {error}."
            ) from error
        return as_frame(parts)

    def _picked(
        self, piece: int, wanted: NDArray[np.int64], columns: list[str]
    ) -> Iterator[pa.RecordBatch]:
        """Rows of one piece at ascending places; nothing behind the last of them is read."""
        start = 0
        for batch in self._file.iter_batches(
            BATCH_ROWS, row_groups=[piece], columns=columns, use_threads=False
        ):
            end = start + batch.num_rows
            mine = wanted[(wanted >= start) & (wanted < end)] - start
            if len(mine):
                yield batch.select(columns).take(pa.array(mine))
            if end > wanted[-1]:
                return
            start = end

    def _taken(self, places: NDArray[np.int64], columns: Sequence[str]) -> pd.DataFrame:
        pieces = np.searchsorted(self.starts, places, side="right") - 1
        batches = {piece: self._reader.get_batch(piece) for piece in np.unique(pieces).tolist()}
        frame = {}
        for name in columns:
            values = []
            for piece, place in zip(pieces.tolist(), places.tolist(), strict=True):
                column = batches[piece].column(name)
                values.append(column[place - int(self.starts[piece])].as_py())
            frame[name] = pd.Series(values, dtype=PANDAS_TYPES[self.kinds[name]])
        return pd.DataFrame(frame, index=range(len(places)), columns=list(columns))


def lay_out(*, table: str, target: str, report: Report) -> dict[str, Any]:
    """Write a typed table as an Arrow file in which any row is found at once. Job function.

    Texts with at most ``MOST_WORDS`` different values become numbers into their sorted list.

    Returns {"rows", "bytes"}. Memory: one row group, and the words of one column at a time.
    """
    with Rows(table) as rows:
        names = list(rows.kinds)
        total = len(names) + len(rows.starts) - 1
        words: dict[str, pa.Array] = {}
        for done, name in enumerate(names):
            report(done, total, f"Looking through {name}")
            found = _words(rows, name) if rows.kinds[name] is Kind.TEXT else None
            if found is not None:
                words[name] = found
        schema = pa.schema([(name, _laid_type(rows, name, words)) for name in names])
        with pa.OSFile(target, "wb") as file, pa.ipc.new_file(file, schema) as writer:
            for piece, _ in rows.pieces:
                report(len(names) + piece, total, "Laying out the rows")
                arrays = [_laid(rows.cells(name, piece), words.get(name)) for name in names]
                writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
        report(total, total, "Laid out")
        return {"rows": rows.total, "bytes": Path(target).stat().st_size}


def _words(rows: Rows, name: str) -> pa.Array | None:
    """The different texts of a column, sorted; None when there are more than MOST_WORDS."""
    found = pa.array([], pa.string())
    for piece, _ in rows.pieces:
        told = rows.cells(name, piece).dictionary.cast(pa.string())
        if len(told) > MOST_WORDS:
            return None
        found = pa.concat_arrays([found, told]).unique()
        if len(found) > MOST_WORDS:
            return None
    return found.take(pc.sort_indices(found))


def _laid_type(rows: Rows, name: str, words: dict[str, pa.Array]) -> pa.DataType:
    if name in words:
        return pa.dictionary(pa.int32(), pa.string())
    return {kind: told for told, kind in _KINDS.items()}.get(rows.kinds[name], pa.timestamp("us"))


def _laid(cells: pa.Array, words: pa.Array | None) -> pa.Array:
    if words is None:
        return cells.cast(pa.string()) if pa.types.is_dictionary(cells.type) else cells
    new = pc.index_in(cells.dictionary.cast(pa.string()), value_set=words)
    return pa.DictionaryArray.from_arrays(new.take(cells.indices).cast(pa.int32()), words)
