"""One column of a typed table as plain arrays, read straight from Parquet."""

import os
import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from apps.engine.errors import BadFile, ColumnMissing
from apps.engine.reading.tables import read_table
from apps.engine.types import Kind

_KINDS = {
    pa.int64(): Kind.INTEGER,
    pa.float64(): Kind.NUMBER,
    pa.bool_(): Kind.BOOLEAN,
    pa.string(): Kind.TEXT,
}
_YES_NO = pa.array(["False", "True"])


@dataclass(frozen=True)
class Cells:
    """A column as an array, and which rows have one.

    ``data`` has shape (n_rows,): int64, float64, microseconds since 1970 (int64) of a date,
    or for texts and yes/no the position (int32) of the value in ``words``. What stands in a
    row without a value is arbitrary.
    """

    kind: Kind
    data: NDArray[Any]
    present: NDArray[np.bool_]  # shape (n_rows,)
    words: pa.Array | None = None
    nbytes: int = 0  # in memory, texts written out

    @property
    def missing(self) -> int:
        """Rows without a value."""
        return len(self.present) - int(np.count_nonzero(self.present))

    def of(self, rows: NDArray[np.bool_]) -> "Cells":
        """The same column on some of the rows."""
        kept = self.data[rows]
        nbytes = self.nbytes * len(kept) // max(len(self.data), 1)
        return Cells(self.kind, kept, self.present[rows], self.words, nbytes)


class Columns:
    """The columns of a Parquet file, each read when it is asked for; safe for threads.

    ``narrow`` leaves some of the rows only, ``without`` some of the columns unread.
    """

    def __init__(self, path: Path | str, *, without: Collection[str] = ()) -> None:
        self.path = path
        self._files = threading.local()
        self.kept: NDArray[np.bool_] | None = None  # shape (rows of the file,); None: all
        try:
            self._metadata = pq.read_metadata(path)
        except (OSError, pa.ArrowInvalid) as error:
            raise BadFile(f"The table {Path(path).name} cannot be read: {error}.") from error
        schema = self._metadata.schema.to_arrow_schema()
        self.names: list[str] = [name for name in schema.names if name not in without]
        self.rows: int = self._metadata.num_rows
        self.groups: int = self._metadata.num_row_groups
        kinds = {field.name: field.type for field in schema}
        self._texts = [name for name, kind in kinds.items() if kind == pa.string()]
        self.dates: list[str] = [name for name in self.names if pa.types.is_temporal(kinds[name])]

    def narrow(self, kept: NDArray[np.bool_]) -> None:
        """From now on read these rows only; ``kept`` has a place for every row of the file."""
        self.kept, self.rows = kept, int(np.count_nonzero(kept))

    def read(self, name: str, *, group: int | None = None) -> Cells:
        """One column, or its part in a group of rows. Raises ColumnMissing when there is none."""
        if name not in self.names:
            raise ColumnMissing(f"The table has no column named {name!r}.")
        file = self._open()
        if group is None:
            read = file.read(columns=[name], use_threads=False)
        else:
            read = file.read_row_group(group, columns=[name], use_threads=False)
        whole = cells_of(read.column(0))
        if self.kept is None:
            return whole
        if group is None:
            return whole.of(self.kept)
        before = sum(self._metadata.row_group(place).num_rows for place in range(group))
        return whole.of(self.kept[before : before + len(whole.data)])

    def _open(self) -> pq.ParquetFile:
        """The file, opened once by each thread of each process; closed with the last of them."""
        if getattr(self._files, "of", None) != os.getpid():
            self._files.of = os.getpid()
            # Read ahead, the bytes of a column would stay in memory beside the column.
            self._files.file = pq.ParquetFile(
                self.path,
                metadata=self._metadata,
                read_dictionary=self._texts,
                pre_buffer=False,
            )
        file: pq.ParquetFile = self._files.file
        return file

    def series(self, name: str) -> pd.Series:
        """One column as pandas holds it, with a RangeIndex."""
        whole = read_table(self.path, columns=[name])[name]
        return whole if self.kept is None else whole[self.kept].reset_index(drop=True)


def cells_of(column: "pd.Series | pa.ChunkedArray") -> Cells:
    """A column of the engine's kinds as arrays. O(n)."""
    if isinstance(column, pd.Series):
        column = pa.chunked_array([pa.array(column, from_pandas=True)])
    if pa.types.is_large_string(column.type):
        column = column.cast(pa.string())
    if pa.types.is_string(column.type):
        column = column.dictionary_encode()
    if pa.types.is_dictionary(column.type):
        return _texts(column)
    kind = _KINDS.get(column.type, Kind.DATETIME)
    if kind == Kind.DATETIME:
        column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
        column = column.cast(pa.int64())
    if kind == Kind.BOOLEAN:
        codes = column.fill_null(False).cast(pa.uint8()).to_numpy().astype(np.int32)
        return Cells(kind, codes, _present(column.combine_chunks()), _YES_NO, column.nbytes)
    whole = column.combine_chunks()
    return Cells(kind, _data(whole), _present(whole), None, column.nbytes)


def _data(whole: pa.Array) -> NDArray[Any]:
    """Numbers as they lie there, and so what stands for those that are missing."""
    memory = [None, whole.buffers()[1]]
    data: NDArray[Any] = pa.Array.from_buffers(
        whole.type, len(whole), memory, offset=whole.offset
    ).to_numpy()
    return data


def _present(whole: pa.Array) -> NDArray[np.bool_]:
    if not whole.null_count:
        return np.ones(len(whole), dtype=bool)
    bits = np.frombuffer(whole.buffers()[0], dtype=np.uint8)
    told = np.unpackbits(bits, bitorder="little")
    return told[whole.offset : whole.offset + len(whole)].view(bool)


def _texts(column: pa.ChunkedArray) -> Cells:
    whole = column.unify_dictionaries().combine_chunks()
    if isinstance(whole, pa.ChunkedArray):  # a column without rows
        nothing = np.empty(0, dtype=np.int32)
        return Cells(Kind.TEXT, nothing, nothing.astype(bool), pa.array([], pa.string()))
    present = _present(whole.indices)
    codes = whole.indices.fill_null(0).to_numpy().astype(np.int32, copy=False)
    words = whole.dictionary.cast(pa.string())
    lengths = pc.binary_length(words).to_numpy(zero_copy_only=False)
    counts = np.bincount(codes[present], minlength=len(words)) if len(words) else np.zeros(0)
    return Cells(Kind.TEXT, codes, present, words, 4 * len(codes) + int(lengths @ counts))
