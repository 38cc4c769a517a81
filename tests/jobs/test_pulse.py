"""Processes tell that they live and how large they are; who falls silent without a word died."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from apps.jobs import processes as read
from apps.jobs import pulse
from apps.jobs.processes import AGAIN, DIED, processes
from apps.jobs.pulse import Heard, Pulse, Run
from tests.jobs.processes import wait_for

DAY = timedelta(days=1)


def test_a_process_is_told_with_its_memory_and_what_its_room_adds(broker):
    Pulse("web", queues=("quick",), more=lambda: {"models": 3}).beat()
    (run,) = pulse.heard().live
    assert (run.kind, run.pid, run.more) == ("web", os.getpid(), {"models": 3})
    assert 20e6 < run.rss_bytes < 8e9
    assert pulse.listening() == {"quick": [run.name]}


def test_a_goodbye_is_no_death_and_a_usual_one_leaves_nothing(broker):
    for kind, is_usual in (("web", False), ("pool", True)):
        told = Pulse(kind)
        told.beat()
        told.end(is_usual=is_usual)
    known = pulse.heard()
    assert not known.live
    assert [(run.kind, run.died) for run in known.ended] == [("web", False)]


def test_no_beat_comes_after_the_goodbye(broker):
    told = Pulse("pool")
    told.beat()
    told.end(is_usual=True)
    told.beat()  # the thread was about to
    assert not pulse.heard().live


def test_who_falls_silent_has_died_until_it_speaks_again(broker, monkeypatch):
    told = Pulse("web")
    told.beat()
    with monkeypatch.context() as later:
        later.setattr(pulse, "ALIVE_S", 0)
        for _ in range(2):
            assert [run.died for run in pulse.heard().ended] == [True]
    told.beat()
    known = pulse.heard()
    assert (len(known.live), len(known.ended)) == (1, 0)


def test_a_fork_does_not_say_goodbye_for_its_parent(broker):
    told = Pulse("web")
    told.beat()
    told._first = replace(told._first, pid=os.getpid() + 1)
    told.end()
    assert len(pulse.heard().live) == 1


def test_only_the_newest_of_those_that_ended_are_kept(broker, monkeypatch):
    monkeypatch.setattr(pulse, "MOST_ENDED", 3)
    for number in range(6):
        told = Pulse(f"web {number}")
        told.beat()
        told.end()
    assert [run.kind for run in pulse.heard().ended] == ["web 3", "web 4", "web 5"]


def test_without_a_broker_nothing_is_known(db):
    assert pulse.heard() is None
    assert processes(timezone.now()) is None


def test_each_end_is_followed_by_one_start(db, monkeypatch):
    def run(key, started, at, **but):
        return Run(key, "web", "host", 1, started, at, **but)

    known = Heard(
        live=(run("c", 130.0, 200.0), run("d", 131.0, 200.0), run("e", 132.0, 200.0)),
        ended=(run("a", 0.0, 100.0, died=True), run("b", 0.0, 120.0)),
        messages=dict.fromkeys(("quick", "data", "train", "watch"), 2),
    )
    monkeypatch.setattr(read, "heard", lambda queues: known)
    found = processes(datetime.fromtimestamp(0, tz=UTC))
    assert [each.again for each in found.live] == [True, True, False]
    assert (found.died, found.again) == (1, 2)  # b ended as it was told to
    assert [fate.what for fate in found.fates] == [AGAIN, AGAIN, DIED]
    assert [line.messages for line in found.queues] == [2, 2, 2, 2]


@pytest.mark.processes
def test_a_worker_that_is_killed_has_died_and_the_next_one_took_its_place(
    crew, broker, monkeypatch
):
    def live():
        return [(run.kind.partition(" ")[0], run.pid) for run in pulse.heard().live]

    first = crew.worker()
    wait_for(lambda: len(live()) == 2, within_s=30, what="the worker and its pool are heard")
    assert dict(live())["worker"] == first.pid
    assert set(pulse.listening()) == {"quick", "data", "train", "watch"}
    killed = live()
    crew.kill(first)
    second = crew.worker()
    wait_for(
        lambda: len(set(live()).difference(killed)) == 2,
        within_s=30,
        what="the next one and its pool are heard",
    )
    second.terminate()  # it alone, as its keeper does
    second.wait(20)
    monkeypatch.setattr(pulse, "ALIVE_S", 0)
    found = processes(timezone.now() - DAY)
    worker = [fate.what for fate in found.fates if fate.kind.startswith("worker")]
    assert worker == [AGAIN, DIED]  # the second one said goodbye
    assert found.crashes["pool process"] == 1
