"""A house with doors for callers (``mlcycle_site.connections``), on a real socket."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from apps.production.endpoint.replies import Reply
from mlcycle_site import connections
from mlcycle_site.connections import Connection, Doors

MOST_BYTES = 200_000
READ = {
    b"content-length": "CONTENT_LENGTH",
    b"expect": "HTTP_EXPECT",
    b"x-slow": "SLOW",
}


class House:
    """Echoes what it is asked; what has the header X-Slow waits until it is told to go on."""

    def __init__(self):
        self.asked, self.waiting = [], []
        self.doors = Doors(
            at_once=self.at_once,
            later=self.later,
            headers=READ,
            most_body_bytes=MOST_BYTES,
            always={"X-Kind": "json"},
        )

    def at_once(self, request):
        self.asked.append(request)
        is_slow = "SLOW" in request.headers
        return partial(self.reply, request) if is_slow else self.reply(request)

    def later(self, work):
        answer = asyncio.get_running_loop().create_future()
        self.waiting.append(lambda: answer.set_result(work()))
        return answer

    def reply(self, request):
        told = {
            "method": request.method,
            "target": request.target.decode(),
            "bytes": len(request.body),
            "whole": request.is_whole,
        }
        return Reply(200 if request.is_whole else 413, json.dumps(told).encode())

    async def open(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        return Caller(reader, writer)


class Caller:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def reply(self, *, method="POST"):
        """Status, headers in small letters, body as JSON or bytes."""
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 5)
        first, *lines = head.decode().strip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ") for line in lines)}
        length = 0 if method == "HEAD" else int(headers["content-length"])
        body = await asyncio.wait_for(self.reader.readexactly(length), 5)
        return int(first.split()[1]), headers, json.loads(body) if body else body

    async def ends(self):
        return await asyncio.wait_for(self.reader.read(), 5) == b""


def request(body=b"{}", *, target="/a", method="POST", headers="", version="1.1"):
    head = f"{method} {target} HTTP/{version}\r\nHost: x\r\n{headers}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def run(scenario):
    """Play a scenario against a house on a real socket."""

    async def play():
        house = House()
        server = await asyncio.get_running_loop().create_server(
            lambda: Connection(house.doors), "127.0.0.1", 0
        )
        house.port = server.sockets[0].getsockname()[1]
        try:
            await scenario(house)
        finally:
            server.close()
            await house.doors.close(within_s=0.1)

    # In a thread: the main one may have Playwright's loop.
    with ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, play(), loop_factory=connections.loop).result()
