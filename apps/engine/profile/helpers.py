"""Columns shared out to processes: of one process, Python runs one thread at a time.

A helper is forked, so that it has the table's target and calendars already. It is told what to do,
and tells what it finds, line by line through pipes; arrays lie in shared memory.
"""

import contextlib
import json
import mmap
import os
import select
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

HELPERS = min(4, len(os.sched_getaffinity(0))) - 1
LEAST_CELLS = 500_000
"""A smaller table is profiled sooner than it is shared out."""
LAST = -1
"""Stands for an item in what a helper tells besides its items."""
_TICKET = np.dtype(np.uint16)
_READ_BYTES = 2**16
_PAGE = 4_096

Types = dict[str, Callable[..., Any]]


class Crew[Item, Result]:
    """This process and its helpers: they share items out, and a helper may be asked once more.

    Parameters
    ----------
    call
        Makes the result of an item. Results are made of ``types`` (dataclasses), arrays, and what
        JSON holds.
    aside
        Answers what is asked once all items are done; of the same parts.
    helpers : int
        Processes beside this one.
    shelf_bytes : int
        What the arrays of a helper may take, and those that it is asked about.
    gathered, gather
        What a helper has gathered while it worked, in a copy of what was here when it began, is
        given to ``gather`` when all items are done.
    """

    def __init__(
        self,
        call: Callable[[Item], Result],
        *,
        aside: Callable[[Any], Any],
        helpers: int,
        shelf_bytes: int,
        types: Types,
        gathered: Callable[[], Any] = lambda: None,
        gather: Callable[[Any], None] = lambda _: None,
    ) -> None:
        self._call, self._aside, self._gathered, self._gather = call, aside, gathered, gather
        self._helpers, self._shelf_bytes, self._types = helpers, shelf_bytes, types
        self._crew: list[_Helper] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the helpers, wherever they are."""
        for helper in self._crew:
            helper.end()

    def results(self, items: list[Item]) -> Iterator[Result]:
        """Results in the order of the items; whoever is free takes the next one."""
        tickets = _tickets(len(items))

        def work(asked: Iterator[Any]) -> Iterator[tuple[int, Any]]:
            for place in _taken(tickets):
                yield place, self._call(items[place])
            yield LAST, self._gathered()
            for one in asked:
                yield LAST, self._aside(one)

        for _ in range(self._helpers):
            self._crew.append(_Helper(work, self._crew, self._shelf_bytes, self._types))
        done: dict[int, Result] = {}
        following = 0
        try:
            for place in self._turns(tickets):
                if place is not None:
                    done[place] = self._call(items[place])
                done |= self._told()
                while following in done:
                    yield done.pop(following)
                    following += 1
        finally:
            os.close(tickets)

    def _turns(self, tickets: int) -> Iterator[int | None]:
        """Items for this process; then None, whenever a helper has told something."""
        yield from _taken(tickets)
        yield None
        while busy := [helper for helper in self._crew if not helper.is_idle]:
            select.select(busy, [], [])
            yield None

    def _told(self) -> dict[int, Result]:
        """What helpers told meanwhile of their items."""
        told: dict[int, Result] = {}
        for helper in self._crew:
            for place, result in helper.heard():
                if place == LAST:
                    self._gather(result)
                else:
                    told[place] = result
        return told

    def ask(self, question: Any) -> Callable[[], Any]:
        """Gives what waits for the answer of ``aside``: a helper is at it meanwhile."""
        if not self._crew:
            return lambda: self._aside(question)
        self._crew[0].ask(question)
        return self._answer

    def _answer(self) -> Any:
        helper = self._crew[0]
        while True:
            select.select([helper], [], [])
            for _, answer in helper.heard():
                return answer


def _tickets(count: int) -> int:
    """A pipe with the numbers of items, of which the kernel lets one process read at a time."""
    reads, writes = os.pipe()
    with os.fdopen(writes, "wb") as pipe:
        pipe.write(np.arange(count, dtype=_TICKET).tobytes())
    return reads


def _taken(tickets: int) -> Iterator[int]:
    while ticket := os.read(tickets, _TICKET.itemsize):
        yield int.from_bytes(ticket, sys.byteorder)


class _Helper:
    """One forked process, what it is asked and what it tells."""

    def __init__(
        self,
        work: Callable[[Iterator[Any]], Iterator[tuple[int, Any]]],
        others: list["_Helper"],
        shelf_bytes: int,
        types: Types,
    ) -> None:
        asked, self._asks = os.pipe()
        self._hears, tells = os.pipe()
        self._question, self._found = Shelf(shelf_bytes, types), Shelf(shelf_bytes, types)
        self._begun = b""
        self.is_idle = False
        with warnings.catch_warnings():
            # Numerical libraries keep threads, which do nothing meanwhile.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = os.fork()
        if self._pid == 0:
            for pipe in (self._asks, self._hears, *(other._asks for other in others)):
                os.close(pipe)  # so that whoever waits at the other end learns of a death
            self._work(work, asked, tells)
        os.close(asked)
        os.close(tells)
        os.set_blocking(self._hears, False)

    def fileno(self) -> int:
        """Where to wait until it tells something."""
        return self._hears

    def ask(self, question: Any) -> None:
        """Ask what it answers after its items."""
        self.is_idle = False
        with contextlib.suppress(BrokenPipeError):  # it has died, as will be heard
            os.write(self._asks, json.dumps(self._question.put(question)).encode() + b"\n")

    def heard(self) -> list[tuple[int, Any]]:
        """What it told since, without waiting: numbers of items and their results.

        Raises what the helper raised, MemoryError when it died.
        """
        found: list[tuple[int, Any]] = []
        while not self.is_idle:
            try:
                more = os.read(self._hears, _READ_BYTES)
            except BlockingIOError:
                break
            if not more:
                raise MemoryError("A process that helped to profile the table has died.")
            *lines, self._begun = (self._begun + more).split(b"\n")
            found += map(self._result, lines)
            self.is_idle = bool(found) and found[-1][0] == LAST
        return found

    def _result(self, line: bytes) -> tuple[int, Any]:
        told = json.loads(line)
        if "raised" in told:
            if told["raised"] == "MemoryError":
                raise MemoryError
            raise RuntimeError(told["says"])
        return told["item"], self._found.get(told["result"])

    def end(self) -> None:
        """Stop it, wherever it is."""
        os.close(self._asks)
        os.close(self._hears)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)

    def _work(
        self, work: Callable[[Iterator[Any]], Iterator[tuple[int, Any]]], asked: int, tells: int
    ) -> None:
        """In the helper: answer until nobody asks, and never come back."""
        try:
            with os.fdopen(tells, "wb") as tell, os.fdopen(asked, "rb") as questions:
                try:
                    for item, result in work(self._question.get(json.loads(q)) for q in questions):
                        told = {"item": item, "result": self._found.put(result)}
                        tell.write(json.dumps(told).encode() + b"\n")
                        tell.flush()
                except Exception as error:  # noqa: BLE001  # the one who asked raises it
                    told = {"raised": type(error).__name__, "says": repr(error)}
                    tell.write(json.dumps(told).encode() + b"\n")
        finally:
            os._exit(0)


class Shelf:
    """Shared memory in which one process puts arrays for another, as they come.

    What is put becomes JSON, in which arrays stand by their place; ``types`` name the dataclasses.
    """

    def __init__(self, size: int, types: Types) -> None:
        try:
            self._memory = mmap.mmap(-1, max(size, _PAGE))
        except OSError as error:  # what a limit of memory makes of it
            raise MemoryError from error
        self._used, self._types = 0, types

    def put(self, value: Any) -> Any:
        """JSON of a value whose arrays, of one dimension, are copied in."""
        if isinstance(value, np.ndarray):
            told = [self._used, len(value), value.dtype.str]
            self._at(told)[:] = value
            self._used += -(-value.nbytes // 64) * 64
            return {"@array": told}
        if is_dataclass(value):
            held = {each.name: self.put(getattr(value, each.name)) for each in fields(value)}
            return {"@type": type(value).__name__, **held}
        return [self.put(one) for one in value] if isinstance(value, list) else value

    def get(self, told: Any) -> Any:
        """The value that ``put`` told of; its arrays stay where they are."""
        if isinstance(told, list):
            return [self.get(one) for one in told]
        if not isinstance(told, dict):
            return told
        if "@array" in told:
            return self._at(told["@array"])
        if "@type" in told:
            held = {name: self.get(value) for name, value in told.items() if name != "@type"}
            return self._types[told["@type"]](**held)
        return told

    def _at(self, told: list[Any]) -> NDArray[Any]:
        offset, count, dtype = told
        return np.frombuffer(self._memory, dtype=dtype, count=count, offset=offset)
