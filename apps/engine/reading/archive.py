"""Zip archives: judged by their directory before a byte is unpacked, and one member taken out."""

import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from apps.engine.errors import BadFile, TooLarge
from apps.engine.reading.content import CHUNK_BYTES
from apps.engine.reading.options import Limits

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
MOST_RATIO = 200  # unpacked to packed; tables of text stay well below
_LEAST_BOMB_BYTES = 10_000_000
_LOCAL_HEADER_BYTES = 30
_ENCRYPTED = 0x1
# zipfile says NotImplementedError of a packing that it cannot undo.
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError)


@contextmanager
def opened_zip(path: Path, *, limits: Limits) -> Iterator[zipfile.ZipFile]:
    """An archive whose directory is within the limits. Damage while it is read is a BadFile.

    Raises
    ------
    BadFile
        If it is damaged or encrypted, holds links, or its members overlap or lie outside.
    TooLarge
        If it announces too many members, too many bytes, or is packed like a bomb.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _judge(archive.infolist(), limits=limits)
            yield archive
    except DAMAGE as error:
        raise BadFile(
            "The zip archive is cut off or damaged: upload it again, or upload it unpacked."
        ) from error


def _judge(members: Sequence[zipfile.ZipInfo], *, limits: Limits) -> None:
    if len(members) > limits.archive_members:
        raise TooLarge(
            f"The archive holds {len(members):,} files and the limit is "
            f"{limits.archive_members:,}: pack only the table."
        )
    total = sum(each.file_size for each in members)
    if total > limits.bytes:
        raise TooLarge(
            f"The archive announces {total:,} bytes unpacked and the limit is {limits.bytes:,}."
        )
    for each in members:
        _judge_member(each)
    end = 0
    for each in sorted(members, key=lambda member: member.header_offset):
        if each.header_offset < end:
            raise BadFile("Files in the archive overlap, which only a bomb has: pack it again.")
        name = len(each.orig_filename.encode(errors="replace"))
        end = each.header_offset + _LOCAL_HEADER_BYTES + min(name, 1) + each.compress_size


def _judge_member(member: zipfile.ZipInfo) -> None:
    name = shown(member.filename)
    if member.flag_bits & _ENCRYPTED:
        raise BadFile("The archive is protected by a password: upload it without.")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise BadFile(f"The archive holds a link ({name}) in place of a file: pack the file.")
    parts = PurePosixPath(member.filename.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in member.filename[:2]:
        raise BadFile(f"The archive holds a path that leads outside of it ({name}): pack it again.")
    is_bomb = member.file_size > MOST_RATIO * max(1, member.compress_size)
    if member.file_size > _LEAST_BOMB_BYTES and is_bomb:
        raise TooLarge(
            f"{name} unpacks to {member.file_size:,} bytes from {member.compress_size:,}, as only "
            "a bomb does: upload it unpacked if it is a table."
        )


def shown(name: str) -> str:
    """A name for sentences: short, and without letters that cannot be seen."""
    return ascii(name if len(name) <= 80 else f"{name[:79]}...")


def tables_in(archive: zipfile.ZipFile) -> list[str]:
    """Members that may be tables: no folders, no hidden files."""
    return [
        each.filename
        for each in archive.infolist()
        if not each.is_dir()
        and not each.filename.startswith("__MACOSX/")
        and not PurePosixPath(each.filename).name.startswith(".")
    ]


def take_out(
    path: Path, *, member: str, folder: Path, limits: Limits
) -> tuple[Path, str, tuple[str, ...]]:
    """Unpack one member into ``folder``; return its path, its name and all there are.

    Raises
    ------
    BadFile
        If no member is named and there are several, or the named one is not there.
    """
    with opened_zip(path, limits=limits) as archive:
        names = tables_in(archive)
        chosen = _chosen(names, member=member)
        target, size = folder / "member", 0
        with archive.open(chosen) as packed, target.open("wb") as file:
            while piece := packed.read(CHUNK_BYTES):
                size += len(piece)
                if size > limits.bytes:  # whatever the directory announced
                    raise TooLarge(f"{shown(chosen)} unpacks to more than {limits.bytes:,} bytes.")
                file.write(piece)
    return target, chosen, tuple(names)


def _chosen(names: Sequence[str], *, member: str) -> str:
    if not names:
        raise BadFile("The archive holds no file: pack the table into it.")
    if member and member not in names:
        raise BadFile(f"The archive has no file named {shown(member)}: choose another.")
    if not member and len(names) > 1:
        few = ", ".join(shown(name) for name in names[:5])
        more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
        raise BadFile(f"The archive holds {len(names):,} files ({few}{more}): choose one of them.")
    return member or names[0]
