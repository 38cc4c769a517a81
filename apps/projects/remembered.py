"""What follows from the rows of a project, as this process knows it until that can have changed.

Whatever changes what a gate is about or what was said there writes an event about its project in
the same transaction, so the hash of the project's newest event is the version of all that follows.
One thing happens without an event: an approval on a condition falls overdue. Then it is another
day. The age bounds what neither of them tells of. It is kept in the memory of the process: a new
version of the program starts as a new process, and knows nothing.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from threading import Lock

from apps.projects.rounds import house_today

OLDEST_S = 6 * 3600.0


@dataclass(frozen=True)
class _Kept[T]:
    """``head``: hash of the project's newest event; like day and time from before it was read."""

    head: str
    day: date
    at_s: float
    value: T


class Remembered[T]:
    """Values by the key of a row, at most ``most`` of them, none older than ``oldest_s``."""

    def __init__(self, most: int, *, oldest_s: float = OLDEST_S) -> None:
        self._most = most
        self._oldest_s = oldest_s
        self._kept: dict[int, _Kept[T]] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def of(
        self, heads: Mapping[int, str], ask: Callable[[Collection[int]], Mapping[int, T]]
    ) -> dict[int, T]:
        """Value by key; ``ask`` is called once, with the keys that are not known today.

        ``heads``: key to the hash of the newest event of its project, read before all else. What
        changes while ``ask`` reads is kept under a hash that is old already. Where it is empty
        nothing says when the value changes, so it is asked for each time.
        """
        day, at_s = house_today(), time.monotonic()
        known = {
            key: kept.value
            for key, head in heads.items()
            if (kept := self._kept.get(key)) is not None
            and head
            and (kept.head, kept.day) == (head, day)
            and at_s - kept.at_s < self._oldest_s
        }
        missing = [key for key in heads if key not in known]
        if not missing:
            return known
        fresh = ask(missing)
        self._keep({key: _Kept(heads[key], day, at_s, value) for key, value in fresh.items()})
        return known | dict(fresh)

    def _keep(self, fresh: Mapping[int, _Kept[T]]) -> None:
        """The oldest give way to the newest."""
        with self._lock:
            for key, kept in fresh.items():
                self._kept.pop(key, None)
                self._kept[key] = kept
            for key in list(self._kept)[: max(0, len(self._kept) - self._most)]:
                del self._kept[key]
