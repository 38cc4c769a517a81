"""A random key that is made on the first start and kept in a file only the owner can read."""

import os
import secrets
import sys
import tempfile
from contextlib import suppress
from pathlib import Path


def _make(path: Path) -> None:
    """Put a new key at ``path`` at once and whole, unless there is one already."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, written = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        # A link never overwrites: of two processes that start together, one key is for both.
        with suppress(FileExistsError):
            os.link(written, path)
    finally:
        os.unlink(written)


def secret_from(path: Path) -> str:
    """Return the key in ``path``; make it (384 bit, mode 0600) when there is none yet."""
    try:
        if not path.exists():
            _make(path)
    except OSError as error:
        sys.exit(f"Cannot write {path}: {error.strerror}. Give the user write access to it.")
    try:
        key = path.read_text().strip()
    except OSError as error:
        sys.exit(f"Cannot read {path}: {error.strerror}. Give the user read access to it.")
    if not key:
        # Never made by us: an empty key would sign and seal with nothing.
        sys.exit(f"{path} is empty. Put the key back; remove the file only if nothing was sealed.")
    return key
