"""How an event becomes a line of the chain: body, link, seal.

``body``  the content of the event with a random salt, as SHA-256 of its canonical form
``link``  SHA-256 over chain, number, the link before, the key's name and the body's hash
``seal``  HMAC of the link with a key outside of the database

Whoever has no key can check every link, also across events of which only the body's hash is
given (the salt keeps short bodies from being guessed). Whoever can write the database can make
links, but no seals. See docs/decisions/0014-links-for-everybody-seals-for-the-installation.md.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from apps.projects.canonical import canonical

GENESIS = "0" * 64


class Line(NamedTuple):
    """The columns of an event that its body, link and seal are made of."""

    seq: int
    at: datetime
    actor_id: int | None
    actor_name: str
    verb: str
    says: str
    project_id: int | None
    facts: Mapping[str, Any]
    salt: str
    previous: str
    key: str
    hash: str
    seal: str


def body_of(line: Any) -> dict[str, Any]:
    """Content of a ``Line`` or an ``Event``, JSON-ready."""
    return {
        "at": line.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": line.actor_id,
        "actor_name": line.actor_name,
        "verb": line.verb,
        "says": line.says,
        "project": line.project_id,
        "facts": line.facts,
        "salt": line.salt,
    }


def link_of(line: Any, *, chain_id: int) -> str:
    """The public hash of a ``Line`` or an ``Event``."""
    body = hashlib.sha256(canonical(body_of(line))).hexdigest()
    text = f"mlcycle-link-1:{chain_id}:{line.seq}:{line.previous}:{line.key}:{body}"
    return hashlib.sha256(text.encode()).hexdigest()


def seal_of(link: str, *, secret: bytes) -> str:
    """What only the holder of the key can make of a link."""
    return hmac.digest(secret, b"mlcycle-seal-1:" + link.encode(), "sha256").hex()
