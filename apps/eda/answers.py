"""What is computed on demand and kept: the answer of an engine function to exact arguments.

The key of an answer is the hash of the function, of the rows (their own hash) and of every
parameter, so an answer never goes stale. Little is computed while the page waits; much by a worker.
"""

import hashlib
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow.parquet as pq

from apps.datasets.storage import local
from apps.eda.models import Answer
from apps.engine.profile.compare import compare_rows
from apps.engine.profile.labels import study_labels
from apps.engine.profile.slices import study_slice
from apps.engine.types import silent
from apps.projects.models import Cycle

CALLS: dict[str, Callable[..., dict[str, Any]]] = {
    "slice": study_slice,
    "compare": compare_rows,
    "labels": study_labels,
}
"""Job functions by the word that stands in the row."""
CELLS_AT_ONCE = 2_000_000
"""Cells (rows of the whole table times columns) that are computed while a page waits: one to
two seconds. A child process takes nearly as long to start. See docs/decisions/0025."""
MOST_KEPT = 300
"""Answers of a cycle; the oldest make room."""
EDITION = 5
"""Raise it when an engine function answers otherwise than before: answers are made again."""


@dataclass(frozen=True)
class Question:
    """An engine function and its arguments; ``tables`` are hashes of Parquet files."""

    call: str
    tables: tuple[str, ...]
    arguments: dict[str, Any]

    @property
    def key(self) -> str:
        """Hash of everything the answer follows from."""
        told = [EDITION, self.call, self.tables, self.arguments]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"call": self.call, "tables": list(self.tables), "arguments": self.arguments}

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> "Question":
        """Rebuild from ``as_dict``."""
        return cls(told["call"], tuple(told["tables"]), told["arguments"])

    @property
    def name(self) -> str:
        """The job function as a child process is asked for it."""
        function = CALLS[self.call]
        return f"{function.__module__}:{function.__name__}"

    def with_paths(self) -> dict[str, Any]:
        """The arguments as the engine takes them."""
        return {**self.arguments, "tables": [str(local(sha256)) for sha256 in self.tables]}

    @property
    def is_small(self) -> bool:
        """Few enough cells to compute while the page waits."""
        sizes = [pq.read_metadata(local(sha256)) for sha256 in set(self.tables)]
        return sum(each.num_rows * each.num_columns for each in sizes) <= CELLS_AT_ONCE


def find(cycle: Cycle, question: Question) -> Answer | None:
    """The answer, or the row of its job; None when nobody asked yet and it is much to compute."""
    found = cycle.answers.filter(key=question.key).select_related("job").first()
    if found is not None and (found.is_ready or found.job is not None):
        return found
    if not question.is_small:
        return None
    told = CALLS[question.call](**question.with_paths(), report=silent)
    answer = Answer(cycle=cycle, key=question.key, content=packed(told))
    # Somebody else may have asked the same at the same time: either answer is as good.
    Answer.objects.bulk_create([answer], ignore_conflicts=True)
    _make_room(cycle)
    return answer


def packed(told: dict[str, Any]) -> bytes:
    """As it is kept."""
    return zlib.compress(json.dumps(told, allow_nan=False).encode())


def unpacked(answer: Answer) -> dict[str, Any]:
    """What the engine answered."""
    told: dict[str, Any] = json.loads(zlib.decompress(bytes(answer.content)))
    return told


def _make_room(cycle: Cycle) -> None:
    kept = cycle.answers.order_by("-pk").values_list("pk", flat=True)[MOST_KEPT:]
    if old := list(kept):
        cycle.answers.filter(pk__in=old).delete()
