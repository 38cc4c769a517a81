"""Runs one job on a worker: claim, heartbeat, child process, exactly one end.

A body gets ``(job, desk)``. It computes with ``desk.child(...)`` and writes its results inside
``with desk.finishing():`` - one transaction that first proves that this attempt still owns the
job. An attempt that lost its lease (a frozen worker that woke up) writes nothing.
"""

import logging
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from os import getpid
from typing import Any

from django.conf import settings
from django.db import OperationalError, close_old_connections, connection, transaction
from django.db.models import F
from django.utils import timezone

from apps.engine.errors import EngineError, OutOfTime, Outraced, Stopped
from apps.jobs.children import Child
from apps.jobs.models import Job, JobState
from apps.jobs.work import send

logger = logging.getLogger(__name__)

LOG_BYTES = 20_000
TELL_S = 0.5


class LostLease(Exception):
    """Another attempt owns the job; what this one found out is thrown away."""


Body = Callable[[Job, "Desk"], None]


class Desk:
    """What a job body holds while it runs: progress, child processes, the right to finish."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.stop = threading.Event()  # a person asked to stop
        self.lost = threading.Event()  # the lease went to somebody else
        self.finished = False
        self._child: Child | None = None
        self._told_at = 0.0
        self._logged, self._logged_at = job.log, 0.0

    def _mine(self) -> Any:
        return Job.objects.filter(pk=self.job.pk, lease=self.job.lease, state=JobState.RUNNING)

    def report(self, done: int, total: int, says: str) -> None:
        """Tell progress, at most twice a second; raise Stopped when a person asked to stop."""
        self.check()
        now = time.monotonic()
        if now - self._told_at < TELL_S and done < total:
            return
        self._told_at = now
        if not self._mine().update(done=done, total=total, says=says[:200]):
            self.lost.set()
            self.check()

    def check(self) -> None:
        """Raise Stopped or LostLease when this attempt should end."""
        if self.lost.is_set():
            raise LostLease
        if self.stop.is_set():
            raise Stopped

    def log(self, line: str) -> None:
        """Add a line to the log that the job's page shows; written at most twice a second."""
        self.job.log = (self.job.log + line.rstrip() + "\n")[-LOG_BYTES:]
        self._write_log()

    def _write_log(self) -> None:
        now = time.monotonic()
        if self.job.log != self._logged and now - self._logged_at >= TELL_S:
            self._logged, self._logged_at = self.job.log, now
            self._mine().update(log=self.job.log)

    def child(
        self,
        call: str,
        *,
        wall_s: float | None = None,
        beside: Callable[[int], None] | None = None,
        **arguments: Any,
    ) -> dict[str, Any]:
        """Run an engine function in a limited child process and return what it returns.

        ``call`` names a job function, for example "apps.engine.reading.imports:import_file".
        ``wall_s``: seconds after which it is ended with OutOfTime. ``beside`` is called four times
        a second meanwhile, with the most memory that the child has held (bytes).
        Raises the EngineError that the child raised, OutOfTime, Stopped, or LostLease.
        """
        self.check()
        child = self._child = Child(call, arguments, wall_s)

        def check() -> None:
            self.check()
            self._write_log()
            if beside is not None:
                beside(child.memory_bytes)

        try:
            return child.run(report=self.report, log=self.log, check=check)
        finally:
            self._child = None

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """Open the transaction in which the results are written and the job ends as done."""
        with transaction.atomic():
            won = self._mine().update(
                state=JobState.DONE,
                done=F("total"),
                says="",
                problem="",
                log=self.job.log,
                finished_at=timezone.now(),
                lease=None,
                lease_ends_at=None,
            )
            if not won:
                raise LostLease
            yield
        self.finished = True

    @contextmanager
    def pausing(self, says: str) -> Iterator[None]:
        """Open the transaction in which the job goes back to the end of its queue, with no result.

        It is claimed again as if for the first time, behind what waits now; what is written inside
        of the block is there by then. ``says`` stands at the job meanwhile.
        """
        with transaction.atomic():
            paused = self._mine().update(
                state=JobState.WAITING,
                attempt=0,
                says=says[:200],
                log=self.job.log,
                sent_at=None,
                lease=None,
                lease_ends_at=None,
            )
            if not paused:
                raise LostLease
            yield
            transaction.on_commit(lambda: send(self.job))
        self.finished = True

    def end(self, state: JobState, problem: str = "") -> bool:
        """End without results. False when another attempt owns the job."""
        return bool(
            self._mine().update(
                state=state,
                problem=problem,
                says="",
                log=self.job.log,
                finished_at=timezone.now(),
                lease=None,
                lease_ends_at=None,
            )
        )


def _claim(job_id: str) -> Job | None:
    """Take a waiting job. None when it is not waiting: a second delivery does nothing."""
    now = timezone.now()
    claimed = Job.objects.filter(pk=job_id, state=JobState.WAITING).update(
        state=JobState.RUNNING,
        attempt=F("attempt") + 1,
        lease=uuid.uuid4(),
        lease_ends_at=now + timedelta(seconds=settings.JOB_LEASE_S),
        started_at=now,
        done=0,
        total=0,
        says="Starting",
        problem="",
        worker=f"{socket.gethostname()}:{getpid()}"[:80],
    )
    return Job.objects.get(pk=job_id) if claimed else None


def _heartbeat(desk: Desk, over: threading.Event) -> None:
    """Renew the lease and look for a wish to stop, until the body is over."""
    renewed_at = time.monotonic()
    while not over.wait(1.0):
        close_old_connections()
        try:
            row = Job.objects.filter(pk=desk.job.pk, lease=desk.job.lease).values("stop_asked_at")
            found = row.first()
            if found is None:
                if not over.is_set():
                    desk.lost.set()
                break
            if found["stop_asked_at"]:
                desk.stop.set()
            if time.monotonic() - renewed_at >= settings.JOB_HEARTBEAT_S:
                ends_at = timezone.now() + timedelta(seconds=settings.JOB_LEASE_S)
                Job.objects.filter(pk=desk.job.pk, lease=desk.job.lease).update(
                    lease_ends_at=ends_at
                )
                renewed_at = time.monotonic()
        except OperationalError:
            # The database is away for a moment; the lease outlives a short outage.
            logger.warning("Heartbeat of job %s could not reach the database", desk.job.pk)
    connection.close()


def run(job_id: str, body: Body) -> None:
    """Run a waiting job to exactly one end. Safe to deliver any number of times."""
    job = _claim(job_id)
    if job is None:
        return
    desk = Desk(job)
    over = threading.Event()
    beat = threading.Thread(target=_heartbeat, args=(desk, over), daemon=True)
    beat.start()
    try:
        body(job, desk)
        if not desk.finished:
            with desk.finishing():
                pass
    except LostLease:
        logger.warning("Job %s: another attempt owns it, this one wrote nothing", job.pk)
    except Stopped:
        desk.end(JobState.STOPPED, "Stopped by a person.")
    except (OutOfTime, Outraced) as error:
        desk.end(JobState.STOPPED, str(error))
    except EngineError as error:
        desk.end(JobState.FAILED, str(error))
    except Exception:
        # Ours to mend: the row says so in plain words, the log has the traceback.
        logger.exception("Job %s broke", job.pk)
        desk.end(
            JobState.FAILED,
            f"Something unexpected happened inside ML Cycle. Tell an administrator: job {job.pk}.",
        )
        raise
    finally:
        over.set()
        beat.join(timeout=5)
