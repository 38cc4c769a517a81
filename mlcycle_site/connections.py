"""HTTP/1.1 as a caller of predictions speaks it: whole requests in, replies out, in their order.

One thread has all connections, so whoever is slow holds up nobody but himself. Bytes are read by
httptools, the parser of Node.js; what stands here is when a connection has said enough.
"""

import asyncio
import logging
import selectors
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache, partial
from http.client import responses
from typing import Any, cast

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpRequestParser

from apps.production.endpoint.replies import Reply, crashed, refused
from apps.production.refusals import ApiRefusal

Work = Callable[[], Reply]
"""What makes a reply and takes long."""

LOG = logging.getLogger(__name__)
AT_ONCE = 4
MOST_CONNECTIONS = 2_000
MOST_HEAD_BYTES = 32 * 1024
LARGE_BYTES = 64 * 1024
MOST_LARGE = 16
"""So many bodies above LARGE_BYTES are taken in at the same time."""
IDLE_S = 75.0
WHOLE_WITHIN_S = 30.0
"""A request is there in whole so long after its first byte, or its body comes in quickly enough."""
LEAST_BYTES_A_S = 50_000
LINGER_S = 2.0
"""Who is refused in the middle of a body may send so long: else he would not read why."""


class InTurn(selectors.EpollSelector):
    """Tells of a few callers at a time, so that each has his turn.

    The kernel puts whoever it told of at the end of its list. Asked for all of them as soon as the
    last one is answered, it leaves that one out, who is just about to ask again: of 16 busy callers
    one or two wait for two rounds, again and again.
    """

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Few(self._selector)


class _Few:
    """An epoll that tells of AT_ONCE events at most."""

    def __init__(self, epoll: Any) -> None:
        self._epoll = epoll

    def __getattr__(self, name: str) -> Any:
        return getattr(self._epoll, name)

    def poll(self, timeout: float, most: int) -> list[tuple[int, int]]:
        told: list[tuple[int, int]] = self._epoll.poll(timeout, min(most, AT_ONCE))
        return told


def loop() -> asyncio.AbstractEventLoop:
    """A loop for connections."""
    return asyncio.SelectorEventLoop(InTurn())


@dataclass(slots=True)
class Request:
    """A whole request; ``headers`` are those that were asked for, under the names asked for."""

    method: str = ""
    target: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_whole: bool = True  # else its body was not read
    keeps_alive: bool = False
    refusal: Reply | None = None  # it needs no other answer


@dataclass
class Doors:
    """What all connections of a process share: what is answered, and what is open.

    ``at_once`` answers where the bytes arrive, or gives the work that does: ``later`` has it done
    by a thread. ``headers`` names the headers that are read; ``always`` stand in each reply.
    """

    at_once: Callable[[Request], Reply | Work]
    later: Callable[[Work], "asyncio.Future[Reply]"]
    headers: Mapping[bytes, str]
    most_body_bytes: int
    always: Mapping[str, str]
    open: set["Connection"] = field(default_factory=set)
    large: int = 0

    def __post_init__(self) -> None:
        self._always = "".join(f"{name}: {value}\r\n" for name, value in self.always.items())
        self.look_round(0.0)

    def look_round(self, now: float) -> None:
        """Once a second: who was silent for too long goes, and the date is another."""
        self._head = f"{self._always}Date: {formatdate(usegmt=True)}\r\n".encode()
        for connection in list(self.open):
            connection.look(now)

    async def close(self, *, within_s: float) -> None:
        """Answer what was asked, then close all connections."""
        for connection in list(self.open):
            connection.close_when_idle()
        until = asyncio.get_running_loop().time() + within_s
        while self.open and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.01)

    def written(self, reply: Reply, *, keeps_alive: bool, has_body: bool) -> bytes:
        """A reply as it goes over the wire."""
        told = "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items())
        if not keeps_alive:
            told += "Connection: close\r\n"
        length = b"Content-Length: %d\r\n\r\n" % len(reply.body)
        body = reply.body if has_body else b""
        return b"".join((_status(reply.status), self._head, told.encode(), length, body))


def _failed(problem: BaseException) -> ApiRefusal:
    """Something that nobody thought of."""
    crash = crashed()
    LOG.error("A request failed (%s)", crash.reference, exc_info=problem)
    return crash


@cache
def _status(status: int) -> bytes:
    return f"HTTP/1.1 {status} {responses[status]}\r\n".encode()


class Connection(asyncio.Protocol):
    """One caller. A request is looked at when the one before it was answered."""

    def __init__(self, doors: Doors) -> None:
        self._doors, self._read = doors, doors.headers
        self._parser = HttpRequestParser(self)
        self._now = asyncio.get_running_loop().time
        self._since = self._now()
        self._coming: Request | None = None
        self._is_head = False
        self._bytes = 0  # of its head, then of its body
        self._pieces: list[bytes] = []
        self._is_large = False
        self._whole: deque[Request] = deque()
        self._is_busy = False  # a thread answers
        self._is_slow = False  # the caller does not read what he is sent
        self._is_last = False  # nothing is read any more

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody calls."""
        self._transport = cast(asyncio.Transport, transport)  # of a stream
        self._doors.open.add(self)
        if len(self._doors.open) > MOST_CONNECTIONS:
            self._refuse(503, "busy", "There are too many connections. Try again in a moment.")

    def connection_lost(self, problem: Exception | None) -> None:
        """He is gone; what a thread still answers is in the log."""
        self._let_go()
        self._doors.open.discard(self)

    def eof_received(self) -> bool:
        """He says no more: what he asked is answered first."""
        self._is_last = True
        return self._is_busy or bool(self._whole)

    def pause_writing(self) -> None:
        """He does not read: nothing more is taken from him."""
        self._is_slow = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """He reads again."""
        self._is_slow = False
        self._go_on()

    def data_received(self, data: bytes) -> None:
        """Bytes of a request, of several, or of a part of one."""
        if self._is_last:
            return
        before = self._coming
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self._is_last = True  # answered as it stands; what follows is another protocol
        except HttpParserCallbackError as problem:
            self._refuse_with(_failed(problem.__context__ or problem))
        except HttpParserError as problem:
            if not self._is_last:
                self._refuse(400, "bad_request", f"This is no HTTP request: {problem}.")
        if self._is_head and self._coming is before:  # it was coming before these bytes
            self._bytes += len(data)
            if self._bytes > MOST_HEAD_BYTES:
                self._refuse(431, "large_head", "The head of the request has more than 32 kB.")

    # What the parser calls.

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._coming = None if self._is_last else Request()
        self._since, self._bytes, self._is_head = self._now(), 0, True

    def on_url(self, piece: bytes) -> None:
        """The target, or a part of it."""
        if self._coming is not None:
            self._coming.target += piece

    def on_header(self, name: bytes, value: bytes) -> None:
        """A whole header."""
        key = self._read.get(name.lower())
        if key is not None and self._coming is not None:
            self._coming.headers[key] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """The head is there; a caller who asks first is told to go on."""
        self._is_head = False
        if self._coming is None:
            return
        self._bytes = 0
        told = int(self._coming.headers.get("CONTENT_LENGTH") or 0)
        if told > self._doors.most_body_bytes:
            self._take_without_body()
        elif told > LARGE_BYTES and not self._may_be_large():
            return
        elif self._coming.headers.get("HTTP_EXPECT", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, piece: bytes) -> None:
        """A part of the body."""
        if self._coming is None:
            return
        self._bytes += len(piece)
        if self._bytes > self._doors.most_body_bytes:
            self._take_without_body()
        elif self._bytes <= LARGE_BYTES or self._may_be_large():
            self._pieces.append(piece)

    def on_message_complete(self) -> None:
        """The whole request is there."""
        if self._coming is not None:
            self._coming.body = b"".join(self._pieces)
            is_new = self._parser.get_http_version() == "1.1"
            self._coming.keeps_alive = is_new and self._parser.should_keep_alive()
            self._take(self._coming)

    # What follows from it.

    def look(self, now: float) -> None:
        """Close the connection if it has been silent for too long."""
        if self._is_busy:
            return
        most = LINGER_S if self._is_last else IDLE_S
        if self._coming is not None:
            most = WHOLE_WITHIN_S + self._bytes / LEAST_BYTES_A_S
        if now - self._since > most:
            self._transport.abort()

    def close_when_idle(self) -> None:
        """Nothing more is read; what was asked is answered."""
        self._is_last = True
        if not self._is_busy and not self._whole:
            self._transport.close()

    def _take(self, request: Request) -> None:
        """Answer a request now, or when those before it are answered."""
        request.method = self._parser.get_method().decode("latin-1")
        self._coming, self._pieces = None, []
        self._is_last = self._is_last or not request.keeps_alive
        self._whole.append(request)
        self._go_on()

    def _take_without_body(self) -> None:
        """It is too large: answered for what its head says, and the last of this connection."""
        if self._coming is not None:
            self._coming.is_whole = False
            self._coming.headers["CONTENT_LENGTH"] = str(self._doors.most_body_bytes + 1)
            self._take(self._coming)

    def _refuse(self, status: int, code: str, says: str) -> None:
        self._refuse_with(ApiRefusal(status, code, says))

    def _refuse_with(self, refusal: ApiRefusal) -> None:
        """What is wrong with the connection itself, or with us; it ends with it."""
        self._coming, self._pieces, self._is_head, self._is_last = None, [], False, True
        self._whole.append(Request(is_whole=False, refusal=refused(refusal)))
        self._go_on()

    def _go_on(self) -> None:
        """Answer what is there, as far as nothing has to be waited for; then read on."""
        while self._whole and not (self._is_busy or self._is_slow):
            request = self._whole.popleft()
            told = request.refusal or self._doors.at_once(request)
            if isinstance(told, Reply):
                self._send(told, request)
                continue
            self._is_busy = True
            self._transport.pause_reading()
            self._doors.later(told).add_done_callback(partial(self._told, request))
        if not (self._is_busy or self._is_slow):
            self._transport.resume_reading()

    def _told(self, request: Request, done: "asyncio.Future[Reply]") -> None:
        """A thread has answered."""
        self._is_busy = False
        if self._transport.is_closing():
            return
        if (problem := done.exception()) is None:
            self._send(done.result(), request)
            self._go_on()
        else:
            self._whole.clear()
            self._refuse_with(_failed(problem))

    def _send(self, reply: Reply, request: Request) -> None:
        keeps_alive = (request.keeps_alive and not self._is_last) or bool(self._whole)
        has_body = request.method != "HEAD"
        self._transport.write(
            self._doors.written(reply, keeps_alive=keeps_alive, has_body=has_body)
        )
        self._let_go()
        self._since = self._now()
        if keeps_alive:
            return
        if request.is_whole:
            self._transport.close()
        else:
            self._transport.write_eof()

    def _may_be_large(self) -> bool:
        """Take one of the places for large bodies; without one the caller is to come again."""
        if self._is_large:
            return True
        if self._doors.large >= MOST_LARGE:
            self._refuse(503, "busy", "Too many large calls come in at once. Send it again.")
            return False
        self._doors.large += 1
        self._is_large = True
        return True

    def _let_go(self) -> None:
        if self._is_large:
            self._doors.large -= 1
            self._is_large = False
