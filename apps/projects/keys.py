"""The keys that seal ledger, test rows and passwords: several, so that one can be replaced.

They live outside the database: in the file ``LEDGER_KEY_FILE`` (one a line, the oldest first, mode
0600) or, when the environment names them, in ``LEDGER_KEYS``. The last one seals; all of them are
read. A key is called by its name, the start of a hash of it, which says nothing about it.
"""

import base64
import hashlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings

from apps.web.refusals import Refusal

Ring = dict[str, bytes]
_read: dict[Path, tuple[tuple[int, int, int], Ring]] = {}  # of this process, with the file's mark


def name_of(secret: bytes) -> str:
    """Name of a key: 16 hexadecimal digits of a hash."""
    return hashlib.sha256(b"name of a ledger key:" + secret).hexdigest()[:16]


def _ring_of(secrets_: list[str]) -> Ring:
    return {name_of(secret.encode()): secret.encode() for secret in secrets_}


def ring() -> Ring:
    """All keys by name, the oldest first. The file is read again when it was replaced."""
    if settings.LEDGER_KEYS:
        return _ring_of(settings.LEDGER_KEYS)
    path: Path = settings.LEDGER_KEY_FILE
    told = path.stat()
    mark = (told.st_ino, told.st_mtime_ns, told.st_size)
    if path not in _read or _read[path][0] != mark:
        _read[path] = (mark, _ring_of(path.read_text().splitlines()))
    return _read[path][1]


def for_pseudonyms() -> bytes:
    """Key of the pseudonyms, from the oldest key: a new ledger key changes no pseudonym."""
    oldest = next(iter(ring().values()))
    return hmac.new(oldest, b"pseudonyms of recipes", hashlib.sha256).digest()


def cipher(purpose: bytes) -> MultiFernet:
    """Encrypts for one purpose with the newest key; decrypts what any key of the ring did."""

    def made(secret: bytes) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(hashlib.sha256(purpose + b":" + secret).digest()))

    return MultiFernet([made(secret) for secret in reversed(ring().values())])


def for_webhooks(salt: str) -> bytes:
    """Secret of a webhook, 32 bytes, from the oldest key: the database alone does not hold it."""
    oldest = next(iter(ring().values()))
    return hmac.new(oldest, f"webhook:{salt}".encode(), hashlib.sha256).digest()


def current() -> tuple[str, bytes]:
    """Name and bytes of the key that seals now."""
    return next(reversed(ring().items()))


def add_key() -> str:
    """Put a new key behind the others, at once and whole; return its name.

    Call it while nobody writes (see ``actions.rotate_key``).
    """
    if settings.LEDGER_KEYS:
        raise Refusal(
            "The keys come from MLCYCLE_LEDGER_KEY in the environment. Stop ML Cycle, put a comma "
            "and a new key behind the present one, and start it again."
        )
    path: Path = settings.LEDGER_KEY_FILE
    new = secrets.token_urlsafe(48)
    handle, written = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    with os.fdopen(handle, "w") as file:
        file.write("\n".join([*path.read_text().splitlines(), new]))
        file.flush()
        os.fsync(file.fileno())
    os.replace(written, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return name_of(new.encode())
