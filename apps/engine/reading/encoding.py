"""Which encoding bytes of text have, told for sure or not at all."""

import codecs
from pathlib import Path

from charset_normalizer import from_bytes

from apps.engine.errors import BadFile
from apps.engine.reading.content import CHUNK_BYTES, line_ends, unpacked

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8", "UTF-8 with a byte order mark"),
    (b"\xff\xfe", "utf-16-le", "UTF-16 (little-endian) with a byte order mark"),
    (b"\xfe\xff", "utf-16-be", "UTF-16 (big-endian) with a byte order mark"),
)
_WESTERN = {"cp1252", "latin_1", "iso8859_15", "cp1250", "cp1254", "cp1257", "iso8859_9"}
_ACCENTS = frozenset("àâäáãåæçèéêëìíîïñòóôöõøœùúûüýÿßÀÂÄÁÅÆÇÈÉÊËÍÎÑÓÔÖØŒÙÚÜ€‘’“”–—…°£§«»")


def encoding_of(path: Path, head: bytes, *, most_bytes: int | None = None) -> tuple[str, str]:
    """Encoding and the reason. Reads the file once, or its first ``most_bytes``.

    Raises BadFile when lines are of several encodings, or of one that cannot be told for sure.
    """
    for mark, name, title in _MARKS:
        if head.startswith(mark):
            return name, f"The text is {title}."
    if head[1:2] == b"\0" and head[3:4] == b"\0":
        return "utf-16-le", "The text looks like UTF-16 (little-endian): each second byte is NUL."
    if _is_utf8(path, most_bytes=most_bytes):
        return "utf-8", "The text is UTF-8."
    foreign, first_line, has_utf8 = _foreign_lines(path)
    if has_utf8:
        raise BadFile(
            f"The text is UTF-8 in other places, but line {first_line:,} holds bytes that are "
            "not: correct the line, or choose the encoding."
        )
    best = from_bytes(foreign).best()
    name = best.encoding if best else "unknown"
    if name not in _WESTERN and not _is_western(foreign):
        raise BadFile(
            f"The text is not UTF-8 and its encoding cannot be told for sure (line {first_line:,}; "
            f"perhaps {name}): choose the encoding."
        )
    return "cp1252", (
        f"The text is not UTF-8 (first seen in line {first_line:,}); it is read as Western "
        "European (cp1252): look at the accents in the preview."
    )


def _is_utf8(path: Path, *, most_bytes: int | None) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with unpacked(path) as stream:
            read = 0
            while chunk := stream.read(CHUNK_BYTES):
                read += len(chunk)
                if not chunk.isascii() or decoder.getstate()[0]:
                    decoder.decode(chunk)
                if most_bytes is not None and read >= most_bytes:
                    return True
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _foreign_lines(path: Path) -> tuple[bytes, int, bool]:
    """Up to a few kilobytes of the lines that are not UTF-8, the first's number, other UTF-8?"""
    found, first, has_utf8, lines, left = b"", 0, False, 0, b""
    with unpacked(path) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            data = left + chunk
            end = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
            whole, left = (data[:end], data[end:]) if end else (data, b"")
            try:
                has_utf8 = not whole.decode().isascii() or has_utf8
            except UnicodeDecodeError:
                bad, place, good = _split_lines(whole)
                found = (found + bad)[:16_384]
                first = first or lines + place
                has_utf8 = has_utf8 or good
            lines += line_ends(whole)
    try:
        has_utf8 = not left.decode().isascii() or has_utf8
    except UnicodeDecodeError:
        found, first = (found + left)[:16_384], first or lines + 1
    return found, first, has_utf8


def _split_lines(data: bytes) -> tuple[bytes, int, bool]:
    bad, first, good = [], 0, False
    for place, line in enumerate(data.splitlines(keepends=True), start=1):
        try:
            good = not line.decode().isascii() or good
        except UnicodeDecodeError:
            first = first or place
            bad.append(line)
    return b"".join(bad)[:16_384], first, good


def _is_western(data: bytes) -> bool:
    """Whether the letters above ASCII are mostly single accents inside Latin words."""
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return False
    accents = [at for at, letter in enumerate(text) if letter > "\x7f"]
    alone = [at for at in accents if not any(each > "\x7f" for each in _beside(text, at))]
    common = sum(text[at] in _ACCENTS for at in alone)
    return common >= 0.9 * len(accents)


def _beside(text: str, at: int) -> str:
    return text[max(at - 1, 0) : at] + text[at + 1 : at + 2]
