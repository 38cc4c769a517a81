"""A small HTTP load: N connections kept alive, one request in flight on each, one thread.

One thread on epoll, or on a single socket, costs the machine less than N threads would. What it
costs falls on every server alike, and is kept small: a quick server would be measured with it. A
piece that is not the last is acknowledged at once, so that no server pays 40 ms for sending head
and body in two pieces.
"""

import re
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from itertools import cycle

from benchmarks.rig.figures import CannotMeasure, Load

ANSWER_WITHIN_S = 30.0
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def request_bytes(
    path: str, body: bytes, *, port: int, headers: Sequence[tuple[str, str]] = ()
) -> bytes:
    """A whole POST request of a JSON body, as it goes over the wire."""
    told = [
        ("Host", f"127.0.0.1:{port}"),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        *headers,
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in told)
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def body_of(answer: bytes) -> bytes | None:
    """The body of an answer that is there in full, else None. Raises CannotMeasure unless 200."""
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return None
    length = LENGTH.search(head)
    if length is None:
        raise CannotMeasure(
            "A server answered without Content-Length, which this load cannot read."
        )
    if len(body) < int(length[1]):
        return None
    if head[8:13] != b" 200 ":
        status = head.partition(b"\r\n")[0]
        raise CannotMeasure(f"A server answered {status.decode()}: {body[:200].decode()}")
    return body


class Connection:
    """One connection: sends a request, collects its answer."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_WITHIN_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answer = b""
        self.sent_at = 0.0

    def send(self, request: bytes) -> None:
        """Send the next request; its time runs from here."""
        self.answer, self.sent_at = b"", time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bytes | None:
        """Take what has come; the body once it is there in full."""
        piece = self.socket.recv(1 << 18)
        if not piece:
            raise CannotMeasure("A server closed the connection in the middle of the load.")
        self.answer += piece
        body = body_of(self.answer)
        if body is None:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return body

    def ask(self, request: bytes) -> bytes:
        """Send and wait for the body."""
        self.send(request)
        while (body := self.receive()) is None:
            pass
        return body


def answers(requests: Sequence[bytes], *, port: int) -> list[bytes]:
    """The body of each request's answer, one after the other on one connection."""
    connection = Connection(port)
    try:
        return [connection.ask(request) for request in requests]
    finally:
        connection.socket.close()


def press(requests: Sequence[bytes], *, port: int, clients: int, for_s: float) -> Load:
    """Send requests from ``clients`` connections for a time, each as soon as it was answered."""
    following: Iterator[bytes] = cycle(requests)
    connections = [Connection(port) for _ in range(clients)]
    try:
        if clients == 1:
            return _alone(connections[0], following, for_s=for_s)
        return _together(connections, following, for_s=for_s)
    finally:
        for connection in connections:
            connection.socket.close()


def _alone(connection: Connection, following: Iterator[bytes], *, for_s: float) -> Load:
    """One has nobody to look after but itself."""
    latencies_ms: list[float] = []
    now = began = time.perf_counter()
    while now - began < for_s:
        connection.ask(next(following))
        now = time.perf_counter()
        latencies_ms.append(1000 * (now - connection.sent_at))
    return Load(latencies_ms, now - began)


def _together(
    connections: Sequence[Connection], following: Iterator[bytes], *, for_s: float
) -> Load:
    latencies_ms: list[float] = []
    with selectors.DefaultSelector() as selector:
        now = began = time.perf_counter()
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(next(following))
        while now - began < for_s:
            ready = selector.select(timeout=ANSWER_WITHIN_S)
            if not ready:
                raise CannotMeasure(f"A server did not answer within {ANSWER_WITHIN_S:.0f} s.")
            for key, _ in ready:
                connection = key.data
                if connection.receive() is not None:
                    now = time.perf_counter()
                    latencies_ms.append(1000 * (now - connection.sent_at))
                    connection.send(next(following))
    return Load(latencies_ms, now - began)
