"""A worker or the broker dies or freezes: each job still ends exactly once."""

import os
import signal

import pytest
from django.utils import timezone

from apps.jobs.actions import stop_job
from apps.jobs.models import JobState
from apps.jobs.work import reap, send
from tests.jobs.processes import finished_events, fresh, has_ended, is_alive, is_running, runs
from tests.workers import until

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

RECOVERED_S = 60


def test_what_nobody_has_begun_is_stopped_at_once(broker, start):
    job = start(does="work")
    stop_job(job)
    assert (fresh(job).state, finished_events(job)) == (JobState.STOPPED, 0)


def test_a_worker_killed_in_the_middle_is_noticed_and_the_job_done_by_another(crew, start):
    victim = crew.worker()
    job = start(does="work", seconds=3)
    until(lambda: is_running(job), within_s=30, what="it runs")
    child = runs(job)[0]
    crew.kill(victim)
    until(lambda: not is_alive(child), within_s=5, what="the child dies with its worker")
    crew.worker()
    crew.beat()
    until(lambda: has_ended(job), within_s=RECOVERED_S, what="another worker finishes it")
    assert (fresh(job).state, fresh(job).attempt) == (JobState.DONE, 2)
    assert finished_events(job) == 1


def test_a_frozen_worker_that_wakes_up_writes_nothing(crew, start):
    frozen = crew.worker()
    job = start(does="work", seconds=3)
    until(lambda: is_running(job), within_s=30, what="it runs")
    os.killpg(frozen.pid, signal.SIGSTOP)
    until(lambda: fresh(job).lease_ends_at < timezone.now(), within_s=15, what="its lease runs out")
    reap()
    assert fresh(job).state == JobState.WAITING
    crew.worker()
    send(fresh(job))
    until(lambda: has_ended(job), within_s=RECOVERED_S, what="the other one finishes it")
    os.killpg(frozen.pid, signal.SIGCONT)
    with pytest.raises(AssertionError):
        until(lambda: finished_events(job) != 1, within_s=5, what="a second end")
    assert (fresh(job).state, fresh(job).attempt) == (JobState.DONE, 2)


def test_a_job_that_kills_its_worker_each_time_ends_after_three_attempts(crew, start):
    job = start(does="work", seconds=60)
    crew.beat()
    for attempt in (1, 2, 3):
        worker = crew.worker()
        until(
            lambda: fresh(job).attempt == attempt and is_running(job),  # noqa: B023
            within_s=RECOVERED_S,
            what=f"attempt {attempt} runs",
        )
        crew.kill(worker)
    crew.worker()
    until(lambda: has_ended(job), within_s=RECOVERED_S, what="it is given up")
    assert fresh(job).state == JobState.FAILED
    assert "died 3 times" in fresh(job).problem


def test_a_killed_broker_loses_no_job(crew, broker, start):
    crew.worker()
    crew.beat()
    running = start(does="work", seconds=3)
    until(lambda: is_running(running), within_s=30, what="one runs")
    waiting = [start(does="work", seconds=0.3) for _ in range(3)]
    broker.kill()
    during = start(does="work", seconds=0.3)  # accepted while the broker is away
    assert fresh(during).state == JobState.WAITING
    broker.start()
    for job in (running, *waiting, during):
        until(lambda: has_ended(job), within_s=90, what="every job ends")  # noqa: B023
        assert fresh(job).state == JobState.DONE
        assert finished_events(job) == 1
