"""What the reaper does: jobs whose process died go back to the queue, or end in plain words."""

import logging

from celery import current_app
from django.conf import settings
from django.db.models import F
from django.utils import timezone
from kombu.exceptions import OperationalError

from apps.jobs.models import Job, JobState
from apps.jobs.queries import expired, unsent

logger = logging.getLogger(__name__)


def send(job: Job) -> bool:
    """Publish the job's message. False when the broker is away: the reaper sends it later."""
    try:
        current_app.send_task(job.task, [str(job.pk)], queue=job.queue)
    except OperationalError:
        logger.warning("The broker does not answer; job %s is sent later", job.pk)
        return False
    Job.objects.filter(pk=job.pk).update(sent_at=timezone.now())
    return True


def reap() -> None:
    """Bring back what lost its worker; send again what lost its message."""
    now = timezone.now()
    for job in expired(now):
        mine = Job.objects.filter(pk=job.pk, lease=job.lease, state=JobState.RUNNING)
        if job.stop_asked_at:
            mine.update(
                state=JobState.STOPPED, lease=None, finished_at=now, problem="Stopped by a person."
            )
        elif job.attempt >= settings.JOB_MAX_ATTEMPTS:
            mine.update(
                state=JobState.FAILED,
                lease=None,
                finished_at=now,
                problem=(
                    f"The worker died {job.attempt} times while running this. It may need more "
                    "memory than the machine has: try fewer rows, or tell an administrator."
                ),
            )
        else:
            mine.update(
                state=JobState.WAITING,
                lease=None,
                sent_at=None,
                says="Its worker died; it starts again",
            )
    for job in unsent(now).order_by(F("sent_at").asc(nulls_first=True))[:500]:
        if not send(job):
            break
