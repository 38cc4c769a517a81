"""What a file is by its first bytes: the ones that are not tables are refused by name."""

from apps.engine.errors import BadFile

PARQUET = b"PAR1"
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"PARE", "an encrypted Parquet file"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x7fELF", "a Linux program"),
    (b"MZ\x90", "a Windows program"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x80\x02", "a Python pickle, which can run code when it is opened"),
    (b"\x80\x03", "a Python pickle, which can run code when it is opened"),
    (b"\x80\x04", "a Python pickle, which can run code when it is opened"),
    (b"\x80\x05", "a Python pickle, which can run code when it is opened"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"ARROW1", "an Arrow file"),
    (b"Obj\x01", "an Avro file"),
    (b"ORC", "an ORC file"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"\x1f\x8b", "a gzip file inside a gzip file"),
    (b"{\\rtf", "a rich text document"),
)
_WEB = (b"<!doctype html", b"<html", b"<head", b"<body")


def refuse_known(head: bytes) -> None:
    """Raise BadFile, with the name of what it is, when the bytes do not begin a table of text.

    ``head`` is the unpacked beginning of the file, some kilobytes long.
    """
    for signature, what in _SIGNATURES:
        if head.startswith(signature):
            raise _not_a_table(what)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(_WEB):
        raise _not_a_table("a web page")
    if text.startswith(b"<?xml"):
        raise _not_a_table("an XML document")


def _not_a_table(what: str) -> BadFile:
    return BadFile(
        f"This file is {what}, not a table: save the table as CSV, Excel, JSON or Parquet."
    )


def looks_like_json(text: str) -> bool:
    """Whether text begins as JSON does, and not as a line of cells in brackets."""
    text = text.removeprefix("\ufeff").lstrip()
    inner = text[1:].lstrip()
    if text.startswith("{"):
        return inner[:1] in ('"', "}") and ":" in inner[:1_000]
    return text.startswith("[") and (inner[:1] in ("{", "[", '"', "]") or inner[:1].isdigit())
