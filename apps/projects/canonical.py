"""One way to write a value as bytes, so that equal content has an equal hash on every machine.

``apps/governance/pack/verify.py`` writes the same bytes on its own: change both or none.
"""

import hashlib
import json
import unicodedata
from typing import Any

WHOLE_AS_FLOAT = 10**16  # from here Python writes a float with an exponent
_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode


def _text(value: str) -> str:
    return value if value.isascii() else unicodedata.normalize("NFC", value)


def _plain(value: Any) -> Any:
    """Round floats to 6 significant digits; write text in NFC; sort nothing but keys.

    What comes back from PostgreSQL has to be the same: it has no -0.0 (adding zero takes the
    sign off), and floats from 1e16 come back as whole numbers, so these are rounded alike.
    """
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) or (isinstance(value, int) and abs(value) >= WHOLE_AS_FLOAT):
        return float(f"{float(value):.6g}") + 0.0
    if isinstance(value, dict):
        return {_text(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def canonical(value: Any) -> bytes:
    """Return JSON with sorted keys, no spaces, UTF-8. ``value`` is JSON-ready and finite."""
    return _encode(_plain(value)).encode()


def content_hash(value: Any) -> str:
    """SHA-256 of the canonical form, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()
