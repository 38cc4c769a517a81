"""Which of two releases answers a key: the same key always gets the same one."""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any

_STEPS = 2**64
_ROW = json.JSONEncoder(default=datetime.isoformat, sort_keys=True)


def bucket(key: str, *, salt: str) -> float:
    """Place of a key in [0, 100), unitless: a canary of 10 % answers those below 10.

    ``salt`` (the canary's own hash) shuffles, so that not the same keys are always first. A larger
    share keeps the keys that it had. O(length); uniform as far as BLAKE2b is.
    """
    digest = blake2b(key.encode(), key=salt.encode()[:64], digest_size=8).digest()
    return 100.0 * int.from_bytes(digest, "big") / _STEPS


def key_of(row: Mapping[str, Any], *, column: str, given: str = "") -> str:
    """What decides about a row: a value of ``column``, else the caller's id, else the whole row."""
    value = row.get(column) if column else None
    if value is not None:
        return f"column:{value}"
    return f"id:{given}" if given else f"row:{_ROW.encode(row)}"
