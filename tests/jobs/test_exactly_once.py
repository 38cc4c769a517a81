"""Each job ends exactly once, whatever dies: real workers, a real broker, real signals."""

import json
import os
import signal
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction

from apps.jobs.actions import enqueue, stop_job
from apps.jobs.models import Job, JobState, Queue
from apps.jobs.work import reap, send
from apps.projects.models import Event
from tests.workers import until

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

RECOVERED_S = 60


@pytest.fixture
def start(project, analyst, tmp_path):
    """``start(does="work", seconds=2)`` enqueues a rehearsal; its marker counts the runs."""

    def make(**told) -> Job:
        told.setdefault("marker", str(tmp_path / f"marker{Job.objects.count()}"))
        with transaction.atomic():
            return enqueue(
                "rehearsal.run",
                queue=Queue.DATA,
                title=json.dumps(told),
                project=project,
                by=analyst,
            )

    return make


def fresh(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def is_running(job: Job) -> bool:
    return fresh(job).state == JobState.RUNNING and fresh(job).done > 0


def has_ended(job: Job) -> bool:
    return not fresh(job).is_live


def runs(job: Job) -> list[int]:
    marker = Path(json.loads(job.title)["marker"])
    return [int(line) for line in marker.read_text().split()] if marker.exists() else []


def finished_events(job: Job) -> int:
    return Event.objects.filter(verb="rehearsal.finished", says=str(job.pk)).count()


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_job_runs_tells_its_progress_and_ends_once(crew, start):
    crew.worker()
    job = start(does="work", seconds=1.5)
    until(lambda: is_running(job), within_s=30, what="progress is told")
    assert fresh(job).total > 0
    assert "Rehearsing" in fresh(job).says
    until(lambda: has_ended(job), within_s=30, what="it ends")
    assert (fresh(job).state, fresh(job).attempt, len(runs(job))) == (JobState.DONE, 1, 1)
    assert finished_events(job) == 1


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
    crew.kill(frozen, signal.SIGSTOP)
    until(lambda: fresh(job).lease_ends_at < _now(), within_s=15, what="its lease runs out")
    reap()
    assert fresh(job).state == JobState.WAITING
    crew.worker()
    send(fresh(job))
    until(lambda: has_ended(job), within_s=RECOVERED_S, what="the other one finishes it")
    crew.kill(frozen, signal.SIGCONT)
    with pytest.raises(AssertionError):
        until(lambda: finished_events(job) != 1, within_s=5, what="a second end")
    assert (fresh(job).state, fresh(job).attempt) == (JobState.DONE, 2)


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
    from apps.jobs.children import Child, _environment

    assert settings.SECRET_KEY not in str(_environment("/tmp"))
    assert not {"DATABASE_URL", "SECRET_KEY", "REDIS_URL"} & set(_environment("/tmp"))
    with pytest.raises(EngineError, match="not part of the engine"):
        Child("os:system", {"command": "true"}).run(
            report=lambda *_: None, log=lambda _: None, check=lambda: None
        )
    assert os.getpid()


def _now():
    from django.utils import timezone

    return timezone.now()
