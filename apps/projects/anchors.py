"""Anchors: heads of the ledgers, written where whoever has the database cannot reach them.

One JSON object a line: chain, seq, hash, at. The file is only ever appended to, and forced to the
disk before anybody is told. The names of teams are left out, so that it may be given away.
"""

import json
import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from apps.projects.models import Chain
from apps.web.refusals import Refusal


class AnchorsBroken(Refusal):
    """The file of anchors cannot be read or written."""


@dataclass(frozen=True, order=True)
class Anchor:
    """Event ``seq`` of the chain had this hash (or the start of it) at that time."""

    seq: int
    hash: str
    at: str = ""

    def fits(self, hash_: str) -> bool:
        """True when the hash is the anchor's."""
        return bool(self.hash) and hash_.startswith(self.hash)


def append(chains: Iterable[Chain]) -> None:
    """Write the heads as they are in these rows, force them to the disk, note it in the rows."""
    chains, now = list(chains), timezone.now()
    lines = [
        {"chain": chain.pk, "seq": chain.seq, "hash": chain.head, "at": now.isoformat()}
        for chain in chains
    ]
    try:
        _write("".join(json.dumps(line) + "\n" for line in lines).encode())
    except OSError as error:
        raise AnchorsBroken(
            f"The anchors cannot be written to {settings.ANCHOR_FILE}: {error.strerror}. Tell an "
            "administrator: the folder has to be there and to take files."
        ) from error
    for chain in chains:
        Chain.objects.filter(pk=chain.pk).update(anchored_seq=chain.seq, anchored_at=now)


def _write(text: bytes) -> None:
    path: Path = settings.ANCHOR_FILE
    is_new = not path.exists()
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":
            text = b"\n" + text  # the end of a write that a crash cut short
        os.write(file, text)
        os.fsync(file)
    finally:
        os.close(file)
    if is_new:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read(path: Path) -> dict[int, list[Anchor]]:
    """Anchors by chain, in the order of events. Raises AnchorsBroken, naming the line."""
    found: dict[int, list[Anchor]] = defaultdict(list)
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise AnchorsBroken(f"The anchors in {path} cannot be read: {error}.") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            chain, anchor = _parsed(line, f"Line {number} of {path}")
            found[chain].append(anchor)
    return {chain: sorted(set(anchors)) for chain, anchors in found.items()}


def _parsed(line: str, where: str) -> tuple[int, Anchor]:
    try:
        told: dict[str, Any] = json.loads(line)
        return int(told["chain"]), Anchor(int(told["seq"]), str(told["hash"]), str(told["at"]))
    except (ValueError, KeyError, TypeError) as error:
        raise AnchorsBroken(
            f"{where} is not an anchor. A write may have been cut short there: look at the line, "
            "take it out of a copy of the file and check with that."
        ) from error
