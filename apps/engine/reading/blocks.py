"""UTF-8 text cut into blocks of whole records, so that a block can be parsed by itself."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from apps.engine.errors import BadFile, TooLarge
from apps.engine.reading.content import line_ends

MOST_RECORD_BYTES = 67_108_864


@dataclass(frozen=True)
class Block:
    """Whole records, beginning at a line of the file (from 1).

    ``is_regular``: every quote opens or closes a cell, or is doubled inside one. When that does
    not hold, records cannot be told apart by counting quotes: the block then is all that was
    read, and ``rest`` brings what follows.
    """

    data: bytes | memoryview
    line: int
    has_quotes: bool = False
    is_regular: bool = True
    rest: Iterator[bytes] = field(default_factory=lambda: iter(()))


def blocks(
    chunks: Iterator[bytes], *, delimiter: str, quote: str, line: int = 1
) -> Iterator[Block]:
    """Cut at record ends; the text begins at ``line``. Memory: one chunk and one record.

    Raises
    ------
    BadFile
        If the last quote is never closed; with its line.
    TooLarge
        If one record is longer than 64 MB.
    """
    left = b""
    while True:
        chunk = next(chunks, None)
        data = left + (chunk or b"")
        quotes = _quotes(data, quote)
        end = len(data) if chunk is None else _last_end(data, quotes)
        if not _is_regular(data, quotes=quotes[quotes < end], delimiter=delimiter):
            yield Block(data, line, is_regular=False, rest=chunks)
            return
        if chunk is None and len(quotes) % 2:
            raise _never_closed(line + line_ends(data[: quotes[-1]]))
        if not end and len(data) > MOST_RECORD_BYTES:
            raise TooLarge(
                f"The record that begins in line {line:,} is longer than "
                f"{MOST_RECORD_BYTES:,} bytes: look for a quote that is not closed."
            )
        if end:
            yield Block(memoryview(data)[:end], line, has_quotes=len(quotes) > 0)
            line += line_ends(data) - line_ends(data[end:])
        left = data[end:]
        if chunk is None:
            return


def _never_closed(line: int) -> BadFile:
    return BadFile(
        f"The quote that opens in line {line:,} is never closed: close it, or say that the file "
        "does not use quotes."
    )


def _quotes(data: bytes, quote: str) -> np.ndarray:
    if not quote or quote.encode() not in data:
        return np.empty(0, np.int64)
    return np.flatnonzero(np.frombuffer(data, np.uint8) == ord(quote))


def _last_end(data: bytes, quotes: np.ndarray) -> int:
    """Offset after the last line end that is outside quotes; 0 when there is none."""
    # A CR at the very end may be half of a CR LF: it waits for the next chunk.
    inside = data[:-1] if data.endswith(b"\r") else data
    last = max(inside.rfind(b"\n"), inside.rfind(b"\r"))
    if last < 0 or len(quotes) == 0 or np.searchsorted(quotes, last) % 2 == 0:
        return last + 1
    letters = np.frombuffer(inside, np.uint8)
    ends = np.flatnonzero((letters == ord("\n")) | (letters == ord("\r")))
    outside = ends[np.searchsorted(quotes, ends) % 2 == 0]
    return int(outside[-1]) + 1 if len(outside) else 0


def _is_regular(data: bytes, *, quotes: np.ndarray, delimiter: str) -> bool:
    """Whether each opening quote begins a cell and each closing quote ends one."""
    if len(quotes) == 0:
        return True
    letters = np.frombuffer(data, np.uint8)
    borders = np.zeros(256, bool)
    borders[list(f"{delimiter}\r\n".encode())] = True
    opening, closing = quotes[::2], quotes[1::2]
    begins = (opening == 0) | borders[letters[opening - 1]]
    ends = (closing + 1 == len(letters)) | borders[letters[(closing + 1) % len(letters)]]
    # A quote is doubled where one closes and the next opens without a letter between them.
    doubled = np.diff(quotes)[1::2] == 1
    begins[1:] |= doubled
    ends[: len(doubled)] |= doubled
    return bool(begins.all() and ends.all())
