"""Models in memory: each loaded once for all requests, the longest unused ones leave first."""

import gc
import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sklearn import __version__ as sklearn_version

from apps.datasets.storage import local
from apps.engine.errors import EngineError
from apps.engine.serving.compile_verify import compile_and_verify, made_up, verify_many
from apps.engine.serving.contract import Contract
from apps.engine.serving.score import Scorer
from apps.engine.training.files import load_model
from apps.engine.types import Problem
from apps.production.models import Release

LOG = logging.getLogger(__name__)
MOST_MODELS = 512
MOST_BYTES = 768 * 1024**2
LAST_LOADS = 5
FILE_TIMES = 4
"""A model in memory, with its plain form, takes about so many times the bytes of its file."""


class NotLoaded(Exception):
    """A release whose model is not loaded; ``code`` names the reason for a machine."""

    def __init__(self, code: str, says: str) -> None:
        super().__init__(says)
        self.code = code


@dataclass
class Models:
    """The scorers of this process by what their release is loaded as."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: "OrderedDict[str, tuple[Scorer, int]]" = field(default_factory=OrderedDict)
    _loading: dict[str, threading.Lock] = field(default_factory=dict)
    _bytes: int = 0
    _loads: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=LAST_LOADS))

    def __len__(self) -> int:
        """How many are in memory."""
        return len(self._kept)

    def scorer(self, release: Release) -> Scorer:
        """The loaded scorer of a release. Raises NotLoaded.

        Who asks for one that is just being loaded waits for it instead of loading it again.
        """
        return self.kept(release.loaded_as, lambda: self._load(release))

    def at_hand(self, release: Release) -> Scorer | None:
        """The scorer of a release if it is in memory."""
        found = self._kept.get(release.loaded_as)
        return found[0] if found else None

    def told(self) -> dict[str, Any]:
        """What pages tell of it, as JSON: how many models, and the last that were loaded or not."""
        return {"models": len(self), "loads": list(self._loads)}

    def _load(self, release: Release) -> tuple[Scorer, int]:
        """``load``, remembered for the pages."""
        began, why_not = time.monotonic(), ""
        try:
            return load(release)
        except NotLoaded as reason:
            why_not = str(reason)
            raise
        finally:
            took_s = round(time.monotonic() - began, 3)
            told: dict[str, Any] = {"endpoint": release.deployment_id, "number": release.number}
            told |= {"at": time.time(), "took_s": took_s, "why_not": why_not}
            self._loads.append(told)

    def kept(self, key: str, make: Callable[[], tuple[Scorer, int]]) -> Scorer:
        """The scorer under a key, made if it is not there: it comes with its size in bytes."""
        if (known := self._known(key)) is not None:
            return known
        with self._lock:
            mine = self._loading.setdefault(key, threading.Lock())
        try:
            with mine:
                if (known := self._known(key)) is not None:
                    return known
                made, size = make()
                self._keep(key, made, size)
                return made
        finally:
            with self._lock:
                self._loading.pop(key, None)

    def forget(self) -> None:
        """Drop them all; for tests."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0

    def _known(self, key: str) -> Scorer | None:
        found = self._kept.get(key)
        if found is None:
            return None
        with suppress(KeyError):  # it has just left: whoever has it goes on with it
            self._kept.move_to_end(key)
        return found[0]

    def _keep(self, key: str, made: Scorer, size: int) -> None:
        with self._lock:
            self._kept[key] = (made, size)
            self._bytes += size
            while len(self._kept) > 1 and (
                len(self._kept) > MOST_MODELS or self._bytes > MOST_BYTES
            ):
                _, (_, gone) = self._kept.popitem(last=False)
                self._bytes -= gone
        gc.collect()
        gc.freeze()  # models stay: else the collector walks through all of them, amid a call


def require_version(release: Release) -> None:
    """Raise NotLoaded where the model was trained with another scikit-learn than is here."""
    trained: str = release.served_with["versions"]["scikit-learn"]
    if sklearn_version.split(".")[:2] != trained.split(".")[:2]:
        raise NotLoaded(
            "other_version",
            f"The model was trained with scikit-learn {trained} and this server has "
            f"{sklearn_version}: it is not loaded.",
        )


def load(release: Release) -> tuple[Scorer, int]:
    """A release's scorer, ready to answer, and about the bytes it takes. Raises NotLoaded."""
    require_version(release)
    told = release.served_with
    path = local(release.candidate.model)
    try:
        model = load_model(path, sha256=release.candidate.model)
    except EngineError as error:
        raise NotLoaded("model_broken", str(error)) from error
    scorer = Scorer(
        model,
        contract=Contract.from_dict(release.contract),
        steps=release.steps,
        features=told["features"],
        problem=Problem(told["problem"]),
        positive=told["positive"],
        threshold=told["threshold"],
    )
    _compile(scorer, release)
    tables = scorer.many.table_bytes if scorer.many else 0
    return scorer, FILE_TIMES * path.stat().st_size + tables


def _compile(scorer: Scorer, release: Release) -> None:
    """Compile again what was proven; this program may be a newer one than then."""
    if not release.is_compiled:
        verify_many(scorer, made_up(scorer.contract, []))
        return
    verdict = compile_and_verify(scorer, [])
    if scorer.compiled is not None:
        scorer.use(scorer.compiled, rows=release.form["compiled"]["rows_up_to"])
    else:
        LOG.error("%s is served by scikit-learn: %s.", release, verdict.why_not)
