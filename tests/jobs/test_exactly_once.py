"""Each job ends exactly once: real workers, a real broker, real signals."""

import os

import pytest
from django.conf import settings

from apps.jobs.actions import stop_job
from apps.jobs.models import JobState
from apps.jobs.work import send
from tests.jobs.processes import finished_events, fresh, has_ended, is_alive, is_running, runs
from tests.workers import Broker, Crew, until

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def worker(django_db_setup, tmp_path_factory):
    """One worker for all of these tests: whatever a job does, it goes on to serve."""
    broker, group = Broker(), Crew(tmp_path_factory.mktemp("worker") / "crew.log")
    broker.start()
    yield group.worker(concurrency=2, MLCYCLE_CHILD_MEMORY_MB="600")
    group.end()
    broker.kill()


def test_a_job_runs_tells_its_progress_and_ends_once(worker, start):
    job = start(does="work", seconds=1.5)
    until(lambda: is_running(job), within_s=30, what="progress is told")
    assert fresh(job).total > 0
    assert "Rehearsing" in fresh(job).says
    until(lambda: has_ended(job), within_s=30, what="it ends")
    assert (fresh(job).state, fresh(job).attempt, len(runs(job))) == (JobState.DONE, 1, 1)
    assert finished_events(job) == 1


def test_a_killed_child_is_told_in_plain_words_and_the_worker_lives_on(worker, start):
    job = start(does="die", seconds=0.5)
    until(lambda: has_ended(job), within_s=30, what="it ends")
    assert fresh(job).state == JobState.FAILED
    assert "memory" in fresh(job).problem
    after = start(does="work", seconds=0.2)
    until(lambda: fresh(after).state != JobState.WAITING, within_s=5, what="the next one begins")
    until(lambda: has_ended(after), within_s=30, what="the next one is served")
    assert fresh(after).state == JobState.DONE
    assert worker.poll() is None


def test_out_of_memory_is_not_tried_again_and_says_how_much_there_is(worker, start):
    job = start(does="eat", seconds=1, megabytes=1500)
    until(lambda: has_ended(job), within_s=30, what="it ends")
    assert (fresh(job).state, fresh(job).attempt) == (JobState.FAILED, 1)
    assert "600 MB" in fresh(job).problem
    after = start(does="work", seconds=0.2)
    until(lambda: fresh(after).state != JobState.WAITING, within_s=5, what="the next one begins")


def test_an_expected_failure_is_the_engines_own_sentence(worker, start):
    job = start(does="refuse", seconds=0.2)
    until(lambda: has_ended(job), within_s=30, what="it ends")
    assert fresh(job).problem == "The rehearsal was asked to refuse, and did."


def test_the_same_message_five_times_runs_the_job_once(worker, start):
    job = start(does="work", seconds=1)
    for _ in range(4):
        send(job)
    until(lambda: has_ended(job), within_s=30, what="it ends")
    after = start(does="work", seconds=0.1)
    until(lambda: has_ended(after), within_s=30, what="all messages are read")
    assert (len(runs(job)), finished_events(job), fresh(job).attempt) == (1, 1, 1)


@pytest.mark.parametrize("does", ["work", "hang"])
def test_stop_ends_what_runs_or_hangs_within_ten_seconds(worker, start, does):
    job = start(does=does, seconds=30)
    until(lambda: is_running(job), within_s=30, what="it runs")
    stop_job(job)
    until(lambda: has_ended(job), within_s=10, what="it is stopped")
    assert fresh(job).state == JobState.STOPPED
    assert finished_events(job) == 0
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
