"""Names that stand for values: the same value, the same name, and no way back without the key.

The key is made from the oldest ledger key, outside of database and file store. This process is
told it by whoever starts it (``datasets.apps`` for web and workers, ``jobs.children`` for a child
whose recipe asks for it).
"""

import hashlib
import hmac
from collections.abc import Callable

from apps.engine.errors import EngineError

LETTERS = 32
_source: list[Callable[[], bytes]] = []


def take_key_from(source: Callable[[], bytes]) -> None:
    """Ask ``source`` for the key when one is needed."""
    _source[:] = [source]


def pseudonym(text: str) -> str:
    """32 hexadecimal digits of an HMAC-SHA-256 (RFC 2104); 128 bits, so no two values meet."""
    if not _source:
        raise EngineError(
            "This process was not given the key for pseudonyms: the step cannot be done here."
        )
    return hmac.new(_source[0](), text.encode(), hashlib.sha256).hexdigest()[:LETTERS]
