"""Whether a call can be answered with what this process has in memory.

Then whoever looks after all connections may answer it himself: nothing asks the database or the
disk, and nothing computes for long. All else is for a thread
(docs/decisions/0054-predictions-have-a-process-of-their-own.md).
"""

import re

from django.conf import settings

from apps.production.endpoint.serving import KNOWN, token_key
from apps.production.models import Release

SHORT_BYTES = 16 * 1024
MOST_ROWS = 8
LOOKED_UP = re.compile(rb'"(?:ids?|reasons)"').search
"""Ids of the caller are looked up in the database, and reasons take as long as many rows."""


def is_at_hand(authorization: str, body: bytes) -> bool:
    """Whether token, release and compiled model are known, and the call is a short one.

    O(bytes). A body that only looks long (a brace in a text) costs a thread, not an answer.
    """
    if len(body) > SHORT_BYTES or settings.CALL_LOG_FSYNC:
        return False
    key = token_key(authorization)
    if key is None:
        return True  # refused for it
    if not KNOWN.has(key):
        return False
    token = KNOWN.seen[key][1]
    if token is None:
        return True
    standing_key = ("standing", token.deployment_id)
    if not KNOWN.has(standing_key) or LOOKED_UP(body):
        return False
    standing = KNOWN.seen[standing_key][1]
    rows = max(1, body.count(b"{") - 1)
    return rows <= MOST_ROWS and all(
        _has_scorer(release, rows) and KNOWN.has(("keeping", release.pk))
        for release in (standing.release, standing.canary)
        if release is not None
    )


def _has_scorer(release: Release, rows: int) -> bool:
    scorer = KNOWN.models.at_hand(release)
    return scorer is not None and scorer.compiled is not None and rows <= scorer.compiled_rows
