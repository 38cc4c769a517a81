"""The sealed test: rows encrypted at rest with a key outside the database and the file store.

Two doors open it. ``modeling.work``: for a counted opening of a frozen candidate. ``eda.work``:
for a counted look at the features, from which only summary numbers come out.
"""

from pathlib import Path

from cryptography.fernet import InvalidToken

from apps.datasets.storage import FileBroken, keep, local, scratch
from apps.projects import keys

_PURPOSE = b"sealed test rows"


def seal(path: Path) -> str:
    """Encrypt the file, store the result, remove the plain bytes; return the stored hash."""
    with scratch() as folder:
        sealed = folder / "sealed"
        sealed.write_bytes(keys.cipher(_PURPOSE).encrypt(path.read_bytes()))
        path.unlink()
        return keep(sealed)


def unseal(sha256: str, *, to: Path) -> None:
    """Write the plain rows to ``to``, a path inside a scratch folder."""
    try:
        to.write_bytes(keys.cipher(_PURPOSE).decrypt(local(sha256).read_bytes()))
    except InvalidToken as error:
        raise FileBroken(
            "The sealed test rows cannot be opened with a ledger key of this installation."
        ) from error
