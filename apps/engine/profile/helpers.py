"""Columns shared out to processes: of one process, Python runs one thread at a time.

A helper is forked, so that it has the table's target and calendars already. It tells what it finds
line by line through a pipe, arrays through shared memory. It ends when nobody reads the pipe.
"""

import contextlib
import json
import mmap
import os
import signal
import warnings
from collections.abc import Callable, Generator, Iterator
from dataclasses import fields, is_dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

HELPERS = min(4, len(os.sched_getaffinity(0))) - 1
LEAST_CELLS = 500_000
"""A smaller table is profiled sooner than it is shared out."""
_PAGE = 4_096


class Shelf:
    """Shared memory in which one process puts arrays for another; laid out as they come."""

    def __init__(self, size: int) -> None:
        try:
            self._memory = mmap.mmap(-1, max(size, _PAGE))
        except OSError as error:  # what a limit of memory makes of it
            raise MemoryError from error
        self._used = 0

    def put(self, array: NDArray[Any]) -> list[Any]:
        """Copy an array of one dimension in; where it is."""
        told = [self._used, len(array), array.dtype.str]
        self.at(told)[:] = array
        self._used += -(-array.nbytes // 64) * 64
        return told

    def at(self, told: list[Any]) -> NDArray[Any]:
        """The array that ``put`` told of."""
        offset, count, dtype = told
        return np.frombuffer(self._memory, dtype=dtype, count=count, offset=offset)


def shared_out[Item, Result](
    call: Callable[[Item], Result],
    items: list[Item],
    *,
    helpers: int,
    shelf_bytes: int,
    types: dict[str, Callable[..., Any]],
    gathered: Callable[[], Any] = lambda: None,
    gather: Callable[[Any], None] = lambda _: None,
) -> Generator[Result]:
    """Results in the order of the items, every so many of which a helper does.

    Results are made of ``types`` (dataclasses), arrays, and what JSON holds; ``shelf_bytes`` is
    what the arrays of one helper may take. What a helper has ``gathered`` beside, in a copy of
    what was here when it began, is given to ``gather`` at the end.
    """

    def answers(mine: list[Item]) -> Iterator[Any]:
        yield from map(call, mine)
        yield gathered()

    crew = [
        _Helper(answers(items[place + 1 :: helpers + 1]), shelf_bytes=shelf_bytes, types=types)
        for place in range(helpers)
    ]
    try:
        for place, item in enumerate(items):
            who = place % (helpers + 1)
            yield crew[who - 1].next() if who else call(item)
        for helper in crew:
            gather(helper.next())
    finally:
        for helper in crew:
            helper.end()


@contextlib.contextmanager
def aside(call: Callable[[], Any], *, helps: bool) -> Iterator[Callable[[], Any]]:
    """Gives what waits for the result (JSON-ready) of a call that a helper is at meanwhile."""
    if not helps:
        yield call
        return
    helper = _Helper((call() for _ in range(1)), shelf_bytes=0, types={})
    try:
        yield helper.next
    finally:
        helper.end()


class _Helper:
    """One forked process and what it says."""

    def __init__(
        self,
        answers: Iterator[Any],
        *,
        shelf_bytes: int,
        types: dict[str, Callable[..., Any]],
    ) -> None:
        self._shelf = Shelf(shelf_bytes)
        self._types = types
        reads, writes = os.pipe()
        with warnings.catch_warnings():
            # Numerical libraries keep threads, which do nothing meanwhile.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = os.fork()
        if self._pid == 0:
            os.close(reads)
            self._work(answers, writes)
        os.close(writes)
        self._said: IO[bytes] = os.fdopen(reads, "rb")

    def next(self) -> Any:
        """The next result. Raises what the helper raised, MemoryError when it died."""
        line = self._said.readline()
        if not line.endswith(b"\n"):
            raise MemoryError("A process that helped to profile the table has died.")
        told = json.loads(line)
        if "raised" in told:
            if told["raised"] == "MemoryError":
                raise MemoryError
            raise RuntimeError(told["says"])
        return self._rebuilt(told["result"])

    def end(self) -> None:
        """Stop it, wherever it is."""
        self._said.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)

    def _work(self, answers: Iterator[Any], writes: int) -> None:
        """In the helper: answer, and never come back."""
        try:
            with os.fdopen(writes, "wb") as tell:
                try:
                    for answer in answers:
                        told = {"result": self._plain(answer)}
                        tell.write(json.dumps(told).encode() + b"\n")
                        tell.flush()
                except Exception as error:  # noqa: BLE001  # the one who asked raises it
                    told = {"raised": type(error).__name__, "says": repr(error)}
                    tell.write(json.dumps(told).encode() + b"\n")
        finally:
            os._exit(0)

    def _plain(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return {"@array": self._shelf.put(value)}
        if is_dataclass(value):
            held = {each.name: self._plain(getattr(value, each.name)) for each in fields(value)}
            return {"@type": type(value).__name__, **held}
        return value

    def _rebuilt(self, told: Any) -> Any:
        if not isinstance(told, dict):
            return told
        if "@array" in told:
            return self._shelf.at(told["@array"])
        if "@type" in told:
            held = {name: self._rebuilt(value) for name, value in told.items() if name != "@type"}
            return self._types[told["@type"]](**held)
        return told
