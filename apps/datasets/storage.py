"""Bytes in, hash out. Every file is named by its SHA-256 and never changed."""

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.files.uploadedfile import UploadedFile

from apps.web.refusals import Refusal

_PIECE_BYTES = 1024**2
_PREFIX = "scratch-"
_GRACE_S = 60
_SEEN = 512
_seen_whole: dict[str, tuple[int, int, int, int]] = {}  # files of this process's own checks


class FileBroken(Refusal):
    """A stored file is missing or its bytes are not those that were recorded."""


def _name(sha256: str, shelf: str = "") -> str:
    return f"{shelf}/{sha256}" if shelf else f"{sha256[:2]}/{sha256}"


def hash_of(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def keep(path: Path, *, shelf: str = "") -> str:
    """Store the bytes of ``path`` and return their hash. Equal bytes are stored once.

    What is to be removed one day has a ``shelf`` of its own, so that nothing else rests on it.
    A crash leaves either the whole file or none under its name.
    """
    sha256, size_bytes = hash_of(path), path.stat().st_size
    name = _name(sha256, shelf)
    if default_storage.exists(name) and default_storage.size(name) == size_bytes:
        return sha256
    target = _on_disk(name)
    if target is None:  # remote storage writes whole objects by itself
        with path.open("rb") as file:
            default_storage.save(name, File(file))
        return sha256
    target.parent.mkdir(parents=True, exist_ok=True)
    _copy_whole(path, target)
    return sha256


def _on_disk(name: str) -> Path | None:
    """Where a stored file lies on this machine; None when the storage is remote."""
    is_local = isinstance(default_storage, FileSystemStorage)
    return Path(default_storage.path(name)) if is_local else None


def _copy_whole(path: Path, target: Path) -> None:
    """Write a copy beside its final name, force it to the disk, then rename."""
    part = target.with_name(f"{target.name}.{uuid4().hex}.part")
    try:
        with path.open("rb") as source, part.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            shutil.copyfileobj(source, file, _PIECE_BYTES)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def clear(shelf: str) -> int:
    """Remove a shelf with its files, and copies of them on this machine; returns how many files."""
    if not shelf:
        raise ValueError("Files without a shelf stay: others may rest on them.")
    names = shelved(shelf)
    for name in names:
        default_storage.delete(f"{shelf}/{name}")
        (settings.VAR / "cache" / name).unlink(missing_ok=True)
    if folder := _on_disk(shelf):
        shutil.rmtree(folder, ignore_errors=True)  # what a killed process left half written
    return len(names)


def shelved(shelf: str) -> list[str]:
    """Names of what lies on a shelf; none where it is not there."""
    try:
        folders, files = default_storage.listdir(shelf)
    except FileNotFoundError:
        return []
    return sorted([*folders, *files])


def local(sha256: str, *, shelf: str = "") -> Path:
    """A path on this machine with the stored bytes. With remote storage, a cached copy.

    Raises FileBroken when the file is gone or its bytes changed: checked before use.
    """
    name = _name(sha256, shelf)
    if shelf and not default_storage.exists(name):
        name = _name(sha256)  # it was stored before there were shelves
    if not sha256 or not default_storage.exists(name):
        raise FileBroken(f"The stored file {sha256[:12]} is missing. Tell an administrator.")
    path = _on_disk(name) or _cached(sha256, name)
    if not _is_whole(path, sha256):
        raise FileBroken(
            f"The stored file {sha256[:12]} does not match its record: its bytes were changed. "
            "Tell an administrator."
        )
    return path


def _is_whole(path: Path, sha256: str) -> bool:
    """Hash the bytes; again only when the file system says that the file changed."""
    told = path.stat()
    mark = (told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns)
    if _seen_whole.get(sha256) == mark:
        return True
    if hash_of(path) != sha256:
        return False
    if len(_seen_whole) >= _SEEN:
        _seen_whole.clear()
    _seen_whole[sha256] = mark
    return True


def _cached(sha256: str, name: str) -> Path:
    path = settings.VAR / "cache" / sha256
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with default_storage.open(name) as stored, scratch() as folder:
            part = folder / sha256
            with part.open("wb") as file:
                for piece in stored.chunks(_PIECE_BYTES):
                    file.write(piece)
            part.replace(path)
    return path


def saved(file: UploadedFile, folder: Path) -> Path:
    """Write an upload into a folder, piece by piece; its path."""
    path = folder / "upload"
    with path.open("wb") as target:
        for piece in file.chunks():
            target.write(piece)
    return path


@contextmanager
def scratch() -> Iterator[Path]:
    """A private folder for files that are being made; gone afterwards, whatever happens.

    Its owner holds a lock on it, so that what a killed process left (test rows that were not
    sealed yet, for example) is found and removed by the next one.
    """
    root = settings.VAR / "tmp"
    root.mkdir(parents=True, exist_ok=True)
    _sweep(root)
    with tempfile.TemporaryDirectory(dir=root, prefix=_PREFIX) as folder:
        lock = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield Path(folder)
        finally:
            os.close(lock)


def _sweep(root: Path) -> None:
    """Remove scratch folders whose owner is gone. A minute's grace for those just being made."""
    for folder in root.glob(f"{_PREFIX}*"):
        try:
            if time.time() - folder.stat().st_mtime < _GRACE_S:
                continue
            lock = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue  # somebody works in it
        else:
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)
