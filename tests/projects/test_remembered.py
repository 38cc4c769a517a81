"""A value is remembered until an event, a day, its age or too many others say otherwise."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.projects import remembered
from apps.projects.remembered import Remembered

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch, time_machine):
    """``clock(hours)`` goes on, and the steady clock with it."""
    now = {"s": 1e6}
    monkeypatch.setattr(remembered.time, "monotonic", lambda: now["s"])
    time_machine.move_to(NOON, tick=False)

    def go_on(hours):
        now["s"] += 3600 * hours
        time_machine.shift(timedelta(hours=hours))

    return go_on


@pytest.fixture
def asked():
    """Asks, and which keys it was asked for."""

    def ask(keys):
        ask.keys.append(sorted(keys))
        return {key: f"{key} the {len(ask.keys)}." for key in keys}

    ask.keys = []
    return ask


def test_only_what_is_not_known_is_asked_and_all_of_it_at_once(asked, clock):
    known = Remembered(10)
    assert known.of({1: "a", 2: "b"}, asked) == {1: "1 the 1.", 2: "2 the 1."}
    assert known.of({1: "a", 2: "b", 3: "c", 4: "d"}, asked)[2] == "2 the 1."
    assert known.of({4: "d", 1: "a"}, asked) == {4: "4 the 2.", 1: "1 the 1."}
    assert asked.keys == [[1, 2], [3, 4]]


def test_a_newer_event_of_the_project_ends_it_and_one_without_events_is_always_asked(asked, clock):
    known = Remembered(10)
    known.of({1: "a", 2: ""}, asked)
    assert known.of({1: "b", 2: ""}, asked) == {1: "1 the 2.", 2: "2 the 2."}
    assert known.of({1: "a"}, asked) == {1: "1 the 3."}
    known.of({2: ""}, asked)
    assert asked.keys == [[1, 2], [1, 2], [1], [2]]


def test_another_day_ends_it_though_no_event_came(asked, clock):
    known = Remembered(10, oldest_s=1e9)
    known.of({1: "a"}, asked)
    clock(11)
    known.of({1: "a"}, asked)
    assert asked.keys == [[1]]
    clock(2)
    known.of({1: "a"}, asked)
    assert asked.keys == [[1], [1]]


def test_its_age_ends_it_within_the_day(asked, clock):
    known = Remembered(10, oldest_s=3600)
    known.of({1: "a"}, asked)
    clock(0.9)
    known.of({1: "a"}, asked)
    clock(0.1)
    known.of({1: "a"}, asked)
    assert asked.keys == [[1], [1]]


def test_no_more_than_so_many_are_kept_and_the_oldest_go_first(asked, clock):
    known = Remembered(3)
    for key in range(1, 4):
        known.of({key: "a"}, asked)
    known.of({1: "b"}, asked)  # read anew: 2 is the oldest now
    assert known.of(dict.fromkeys((1, 3, 4), "b"), asked).keys() == {1, 3, 4}
    assert len(known) == 3
    asked.keys.clear()
    known.of({1: "b"}, asked)
    known.of({2: "a"}, asked)
    assert asked.keys == [[2]]
    assert known.of(dict.fromkeys(range(9), "x"), asked).keys() == set(range(9))
    assert len(known) == 3


def test_what_changes_while_it_is_read_is_read_again(asked, clock):
    """The hash was read before: the change has another one, and midnight another day."""
    known = Remembered(10)

    def over_midnight(keys):
        clock(12)
        return asked(keys)

    known.of({1: "a"}, over_midnight)
    known.of({1: "a"}, asked)
    assert asked.keys == [[1], [1]]
