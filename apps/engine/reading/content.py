"""Bytes of a file as checked UTF-8 chunks: unpacked, decoded, without NUL, within the cap."""

import codecs
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np

from apps.engine.errors import BadFile, TooLarge
from apps.engine.reading.options import Limits

CHUNK_BYTES = 8_388_608
GZIP = b"\x1f\x8b"
_ABOVE_ASCII = {"utf-8", "cp1252", "iso8859-1"}  # the same bytes as ASCII where it is that
_BOMS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
}


@contextmanager
def unpacked(path: Path) -> Iterator[BinaryIO]:
    """The file's bytes, unpacked when it is gzip. Damage in the packing is a BadFile."""
    with path.open("rb") as raw:
        packed = raw.read(2) == GZIP
        raw.seek(0)
        if not packed:
            yield raw
            return
        try:
            with gzip.open(raw) as stream:
                yield stream  # type: ignore[misc]  # a GzipFile reads as a BinaryIO does
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise BadFile(
                "The gzip file is cut off or damaged: upload it again, or upload it unpacked."
            ) from error


def line_ends(data: bytes) -> int:
    """Lines that end in the bytes, whether by LF, CR LF or CR alone."""
    # NumPy counts in half the time that bytes.count takes; to look for a letter takes a tenth.
    feeds = int(np.count_nonzero(np.frombuffer(data, np.uint8) == ord("\n")))
    return feeds if b"\r" not in data else feeds + data.count(b"\r") - data.count(b"\r\n")


def utf8_chunks(path: Path, *, encoding: str, limits: Limits) -> Iterator[bytes]:
    """Chunks of UTF-8 text without byte order mark. Memory: a few chunks.

    Raises
    ------
    BadFile
        With a line number: bytes that are not of the encoding, or a NUL.
    TooLarge
        As soon as the unpacked bytes exceed ``limits.bytes``.
    """
    name = codecs.lookup(encoding).name
    mark = _BOMS.get(name, b"")
    decoder = codecs.getincrementaldecoder(name)()
    done, size = 0, 0

    def lines() -> int:
        """Lines before this chunk: counted anew for the one file in which a sentence names one."""
        before = islice(utf8_chunks(path, encoding=encoding, limits=limits), done)
        return sum(map(line_ends, before))

    with unpacked(path) as stream:
        while True:
            raw = stream.read(CHUNK_BYTES)
            if not size:
                raw = raw.removeprefix(mark)
            size += len(raw)
            if size > limits.bytes:
                raise TooLarge(
                    f"The file holds more than {limits.bytes:,} bytes of text, which is the limit: "
                    "split it, or leave out columns."
                )
            pending = decoder.getstate()[0]
            is_plain = raw.isascii() and name in _ABOVE_ASCII and not pending
            text = "" if is_plain else _decoded(decoder, raw, encoding=encoding, lines=lines)
            data = pending + raw if is_plain or name == "utf-8" else text.encode()
            if name == "utf-8" and (kept := len(decoder.getstate()[0])):
                data = data[:-kept]
            _refuse_nul(data, lines=lines)
            if data:
                yield data
                done += 1
            if not raw:
                return


def _decoded(
    decoder: codecs.IncrementalDecoder, raw: bytes, *, encoding: str, lines: Callable[[], int]
) -> str:
    try:
        return decoder.decode(raw, final=not raw)
    except UnicodeDecodeError as error:
        line = lines() + 1 + line_ends(bytes(error.object[: error.start]))
        raise BadFile(
            f"Line {line:,} holds bytes that are not {encoding} text: choose another encoding, or "
            "correct the line."
        ) from error


def _refuse_nul(data: bytes, *, lines: Callable[[], int]) -> None:
    at = data.find(b"\0")
    if at >= 0:
        line = lines() + 1 + line_ends(data[:at])
        raise BadFile(
            f"Line {line:,} holds a NUL character, which no text file has: choose another encoding "
            "(UTF-16 is the usual reason), or remove it."
        )


def without_lines(chunks: Iterator[bytes], count: int) -> Iterator[bytes]:
    """The same text without its first lines, whether they end in LF, CR LF or CR."""
    while count and (chunk := next(chunks, None)) is not None:
        while count and chunk:
            end = _first_end(chunk)
            if end == len(chunk):  # the line, or its CR LF, may go on in the next chunk
                following = next(chunks, b"")
                chunk, end = chunk + following, _first_end(chunk + following)
                if not following:
                    return
            chunk, count = chunk[end:], count - 1
        if chunk:
            yield chunk
    yield from chunks


def _first_end(data: bytes) -> int:
    """Offset after the first line end; all of it when there is none."""
    ends = [at for at in (data.find(b"\n"), data.find(b"\r")) if at >= 0]
    if not ends:
        return len(data)
    return min(ends) + (2 if data[min(ends) : min(ends) + 2] == b"\r\n" else 1)


class ChunkStream(io.RawIOBase):
    """Chunks of bytes as a raw stream, for readers that want lines."""

    def __init__(self, first: bytes | memoryview, chunks: Iterator[bytes]) -> None:
        self._left = memoryview(first)
        self._chunks = chunks

    def readable(self) -> bool:
        """Return True: it is there to be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer as far as the current chunk reaches."""
        if not self._left:
            self._left = memoryview(next(self._chunks, b""))
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


def text_lines(first: bytes | memoryview, chunks: Iterator[bytes]) -> io.TextIOWrapper:
    """Lines of UTF-8 chunks, each with the line end that it has in the file."""
    buffered = io.BufferedReader(ChunkStream(first, chunks), buffer_size=65_536)
    return io.TextIOWrapper(buffered, encoding="utf-8", newline="")
