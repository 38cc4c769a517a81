"""The scoring process reads HTTP as it must, and nobody is held up by another caller."""

import asyncio
import selectors
import socket

import pytest

from mlcycle_site import connections
from tests.production.houses import MOST_BYTES, request, run

pytestmark = pytest.mark.once  # no database at all


def test_replies_come_in_the_order_of_the_requests_even_when_the_first_one_takes_long():
    async def scenario(house):
        caller = await house.open()
        slow = request(target="/slow", headers="X-Slow: 1\r\n")
        await caller.send(slow + request(target="/quick") + request(target="/last"))
        while not house.waiting:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert [one.target for one in house.asked] == [b"/slow"]
        house.waiting.pop()()
        told = [(await caller.reply())[2]["target"] for _ in range(3)]
        assert told == ["/slow", "/quick", "/last"]

    run(scenario)


def test_who_sends_slowly_or_breaks_off_holds_up_nobody():
    async def scenario(house):
        slow, gone, other = [await house.open() for _ in range(3)]
        whole = request(b"x" * 100)
        await slow.send(whole[:-50])
        await gone.send(whole[:30])
        gone.writer.close()
        for _ in range(3):
            await other.send(request())
            assert (await other.reply())[0] == 200
        for byte in whole[-50:]:
            await slow.send(bytes([byte]))
        status, _, told = await slow.reply()
        assert (status, told["bytes"]) == (200, 100)

    run(scenario)


@pytest.mark.parametrize("sent", [b"", b"POST /a HT", request(b"x" * 100)[:-1]])
def test_who_is_silent_for_too_long_is_sent_away(sent, monkeypatch):
    monkeypatch.setattr(connections, "WHOLE_WITHIN_S", 0.1)
    monkeypatch.setattr(connections, "IDLE_S", 0.1)

    async def scenario(house):
        caller, busy = await house.open(), await house.open()
        await caller.send(sent)
        await busy.send(request(headers="X-Slow: 1\r\n"))
        await asyncio.sleep(0.2)
        house.doors.look_round(asyncio.get_running_loop().time())
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await caller.reader.readexactly(1)
        house.waiting.pop()()
        assert (await busy.reply())[0] == 200  # it was the house that took long

    run(scenario)


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nA b: 1\r\n\r\n",
    ],
)
def test_what_is_no_plain_request_is_refused_in_a_sentence_and_ends_the_connection(sent):
    async def scenario(house):
        caller = await house.open()
        await caller.send(request() + sent)
        assert (await caller.reply())[0] == 200
        status, headers, told = await caller.reply()
        assert (status, headers["connection"]) == (400, "close")
        assert told["error"]["code"] == "bad_request"
        assert await caller.ends()
        assert len(house.asked) == 1

    run(scenario)


def test_a_head_without_an_end_is_refused():
    async def scenario(house):
        caller = await house.open()
        await caller.send(b"POST / HTTP/1.1\r\n")
        await asyncio.sleep(0.05)
        await caller.send(
            b"".join(b"X-%d: %b\r\n" % (number, b"y" * 1_000) for number in range(40))
        )
        status, _, told = await caller.reply()
        assert (status, told["error"]["code"]) == (431, "large_head")

    run(scenario)


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_that_is_too_large_is_answered_and_its_sender_can_read_why(is_chunked):
    body = b"x" * (5 * MOST_BYTES)

    async def scenario(house):
        caller = await house.open()
        if is_chunked:
            head = b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
            caller.writer.write(head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
        else:
            caller.writer.write(request(body))
        status, headers, told = await caller.reply()
        assert (status, headers["connection"], told["whole"]) == (413, "close", False)
        assert (told["bytes"], told["method"]) == (0, "POST")
        assert await caller.ends()

    run(scenario)


def test_many_requests_in_one_piece_are_no_large_head():
    async def scenario(house):
        caller, many = await house.open(), 600
        sending = asyncio.create_task(caller.send((request(target="/" + "y" * 100)) * many))
        assert {(await caller.reply())[0] for _ in range(many)} == {200}
        await sending

    run(scenario)


def test_a_large_body_may_take_longer_as_long_as_it_comes(monkeypatch):
    monkeypatch.setattr(connections, "WHOLE_WITHIN_S", 0.1)
    monkeypatch.setattr(connections, "LEAST_BYTES_A_S", 1_000)
    body = b"x" * 10_000

    async def scenario(house):
        slow, slower = await house.open(), await house.open()
        whole = request(body)
        await slow.send(whole[:-1_000])
        await slower.send(whole[: -len(body) + 10])
        await asyncio.sleep(0.3)
        house.doors.look_round(asyncio.get_running_loop().time())
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await slower.reader.readexactly(1)
        await slow.send(whole[-1_000:])
        assert (await slow.reply())[2]["bytes"] == len(body)

    run(scenario)


def test_a_chunked_body_is_put_together():
    async def scenario(house):
        caller = await house.open()
        head = b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        for piece in (head, b"3\r\nabc\r\n", b"2\r\n", b"de\r\n", b"0\r\n\r\n"):
            await caller.send(piece)
        assert (await caller.reply())[2]["bytes"] == 5
        assert house.asked[0].body == b"abcde"

    run(scenario)


def test_who_asks_first_whether_to_send_is_told_to_go_on_unless_it_is_too_large():
    async def scenario(house):
        caller = await house.open()
        whole = request(b"x" * 2_000, headers="Expect: 100-continue\r\n")
        await caller.send(whole[:-2_000])
        told = await asyncio.wait_for(caller.reader.readuntil(b"\r\n\r\n"), 5)
        assert told == b"HTTP/1.1 100 Continue\r\n\r\n"
        await caller.send(whole[-2_000:])
        assert (await caller.reply())[2]["bytes"] == 2_000
        large = request(b"x" * (MOST_BYTES + 1), headers="Expect: 100-continue\r\n")
        await caller.send(large[: -MOST_BYTES - 1])
        assert (await caller.reply())[0] == 413

    run(scenario)


@pytest.mark.parametrize(("version", "headers"), [("1.0", ""), ("1.1", "Connection: close\r\n")])
def test_a_connection_ends_where_its_caller_wants_it_to(version, headers):
    async def scenario(house):
        caller = await house.open()
        await caller.send(request(version=version, headers=headers) + request(target="/b"))
        status, told, _ = await caller.reply()
        assert (status, told["connection"]) == (200, "close")
        assert await caller.ends()
        assert len(house.asked) == 1

    run(scenario)


def test_a_caller_who_says_no_more_still_gets_his_answer():
    async def scenario(house):
        caller = await house.open()
        await caller.send(request(headers="X-Slow: 1\r\n"))
        caller.writer.write_eof()
        while not house.waiting:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        house.waiting.pop()()
        assert (await caller.reply())[0] == 200
        assert await caller.ends()

    run(scenario)


def test_a_head_alone_is_answered_without_a_body_and_each_reply_has_its_headers():
    async def scenario(house):
        caller = await house.open()
        await caller.send(request(b"", method="HEAD"))
        status, headers, body = await caller.reply(method="HEAD")
        assert (status, body, headers["x-kind"]) == (200, b"", "json")
        assert int(headers["content-length"]) > 0
        assert headers["date"].endswith("GMT")
        await caller.send(request())
        assert (await caller.reply())[0] == 200

    run(scenario)


def test_only_so_many_large_bodies_come_in_at_once(monkeypatch):
    monkeypatch.setattr(connections, "MOST_LARGE", 1)
    large = request(b"x" * (connections.LARGE_BYTES + 1))

    async def scenario(house):
        first, second = await house.open(), await house.open()
        await first.send(large[:-1])
        await asyncio.sleep(0.05)
        await second.send(large[:200])
        status, _, told = await second.reply()
        assert (status, told["error"]["code"]) == (503, "busy")
        await first.send(large[-1:])
        assert (await first.reply())[0] == 200
        again = await house.open()
        await again.send(large)
        assert (await again.reply())[0] == 200

    run(scenario)


def test_too_many_connections_are_told_to_come_again(monkeypatch):
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 1)

    async def scenario(house):
        first = await house.open()
        await first.send(request())
        assert (await first.reply())[0] == 200
        assert (await (await house.open()).reply())[0] == 503

    run(scenario)


def test_nothing_more_is_answered_to_a_caller_who_does_not_read():
    async def scenario(house):
        caller = await house.open()
        many = 200_000
        sending = asyncio.create_task(caller.send(request() * many))
        async with asyncio.timeout(30):
            answered = 0
            while not answered or answered != len(house.asked):
                answered = len(house.asked)
                await asyncio.sleep(0.5)
        assert answered < many
        sending.cancel()
        caller.writer.transport.abort()

    run(scenario)


def test_an_end_in_order_answers_what_was_asked():
    async def scenario(house):
        caller, idle = await house.open(), await house.open()
        await caller.send(request(headers="X-Slow: 1\r\n"))
        while not house.waiting:
            await asyncio.sleep(0.01)
        closing = asyncio.create_task(house.doors.close(within_s=5))
        assert await idle.ends()
        house.waiting.pop()()
        status, headers, _ = await caller.reply()
        assert (status, headers["connection"]) == (200, "close")
        await asyncio.wait_for(closing, 2)

    run(scenario)


@pytest.mark.parametrize("is_slow", [False, True])
def test_what_nobody_thought_of_is_told_with_a_reference_that_the_log_has(is_slow, caplog):
    async def scenario(house):
        def fails(request):
            raise ZeroDivisionError("in the house")

        house.doors.at_once = house.at_once if is_slow else fails
        house.reply = fails
        caller, other = await house.open(), await house.open()
        await caller.send(request(headers="X-Slow: 1\r\n" if is_slow else ""))
        if is_slow:
            while not house.waiting:
                await asyncio.sleep(0.01)
            house.waiting.clear()
            connection = next(one for one in house.doors.open if one._is_busy)
            broken = asyncio.get_running_loop().create_future()
            broken.set_exception(ZeroDivisionError("in the house"))
            connection._told(house.asked[0], broken)
        status, headers, told = await caller.reply()
        assert (status, headers["connection"]) == (500, "close")
        assert told["error"]["code"] == "internal"
        reference = told["error"]["message"].split()[-1].rstrip(".")
        (record,) = caplog.records
        assert reference in record.getMessage()
        assert record.exc_info[0] is ZeroDivisionError
        del house.reply
        house.doors.at_once = house.at_once
        await other.send(request())
        assert (await other.reply())[0] == 200

    run(scenario)


def test_a_few_events_are_told_of_at_a_time():
    with selectors.DefaultSelector() as usual, connections.InTurn() as few:
        pairs = [socket.socketpair() for _ in range(connections.AT_ONCE + 3)]
        for one, other in pairs:
            usual.register(one, selectors.EVENT_READ)
            few.register(one, selectors.EVENT_READ)
            other.send(b"x")
        assert len(usual.select(0)) == len(pairs)
        first, second = few.select(0), few.select(0)
        assert len(first) == connections.AT_ONCE
        assert {key.fd for key, _ in first + second} == {one.fileno() for one, _ in pairs}
        for end in (end for pair in pairs for end in pair):
            end.close()
