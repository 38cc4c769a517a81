"""Each job ends exactly once: real workers, a real broker, real signals."""

import os

import pytest
from django.conf import settings

from apps.jobs.actions import stop_job
from apps.jobs.models import JobState
from apps.jobs.work import send
from tests.jobs.processes import finished_events, fresh, has_ended, is_alive, is_running, runs
from tests.workers import until

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


def test_a_job_runs_tells_its_progress_and_ends_once(crew, start):
    crew.worker()
    job = start(does="work", seconds=1.5)
    until(lambda: is_running(job), within_s=30, what="progress is told")
    assert fresh(job).total > 0
    assert "Rehearsing" in fresh(job).says
    until(lambda: has_ended(job), within_s=30, what="it ends")
    assert (fresh(job).state, fresh(job).attempt, len(runs(job))) == (JobState.DONE, 1, 1)
    assert finished_events(job) == 1


def test_a_killed_child_is_told_in_plain_words_and_the_worker_lives_on(crew, start):
    worker = crew.worker()
    job = start(does="die", seconds=0.5)
    until(lambda: has_ended(job), within_s=30, what="it ends")
    assert fresh(job).state == JobState.FAILED
    assert "memory" in fresh(job).problem
    after = start(does="work", seconds=0.2)
    until(lambda: has_ended(after), within_s=30, what="the next one is served")
    assert fresh(after).state == JobState.DONE
    assert worker.poll() is None


def test_out_of_memory_is_not_tried_again_and_says_how_much_there_is(crew, start):
    crew.worker(MLCYCLE_CHILD_MEMORY_MB="600")
    job = start(does="eat", seconds=1, megabytes=1500)
    until(lambda: has_ended(job), within_s=30, what="it ends")
    assert (fresh(job).state, fresh(job).attempt) == (JobState.FAILED, 1)
    assert "600 MB" in fresh(job).problem


def test_an_expected_failure_is_the_engines_own_sentence(crew, start):
    crew.worker()
    job = start(does="refuse", seconds=0.2)
    until(lambda: has_ended(job), within_s=30, what="it ends")
    assert fresh(job).problem == "The rehearsal was asked to refuse, and did."


def test_the_same_message_five_times_runs_the_job_once(crew, start):
    job = start(does="work", seconds=1)
    for _ in range(4):
        send(job)
    crew.worker(concurrency=2)
    until(lambda: has_ended(job), within_s=30, what="it ends")
    after = start(does="work", seconds=0.1)
    until(lambda: has_ended(after), within_s=30, what="all messages are read")
    assert (len(runs(job)), finished_events(job), fresh(job).attempt) == (1, 1, 1)


@pytest.mark.parametrize("phase", ["waiting", "running", "hanging"])
def test_stop_ends_it_in_every_phase_within_ten_seconds(crew, start, phase):
    job = start(does="hang" if phase == "hanging" else "work", seconds=30)
    if phase != "waiting":
        crew.worker()
        until(lambda: is_running(job), within_s=30, what="it runs")
    stop_job(job)
    until(lambda: has_ended(job), within_s=10, what="it is stopped")
    assert fresh(job).state == JobState.STOPPED
    assert finished_events(job) == 0
    if phase != "waiting":
        until(lambda: not is_alive(runs(job)[0]), within_s=5, what="its child is gone")


def test_the_child_sees_no_secret_and_cannot_call_outside_of_the_engine():
    from apps.engine.errors import EngineError
    from apps.jobs.children import Child
    from apps.jobs.nursery import environment

    assert settings.SECRET_KEY not in str(environment())
    assert not {"DATABASE_URL", "SECRET_KEY", "REDIS_URL"} & set(environment())
    with pytest.raises(EngineError, match="not part of the engine"):
        Child("os:system", {"command": "true"}).run(
            report=lambda *_: None, log=lambda _: None, check=lambda: None
        )
    assert os.getpid()
