"""What a person does with jobs: start one, stop one, start it again."""

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.jobs.models import Job, JobState, Queue
from apps.jobs.work import send
from apps.projects.models import Project
from apps.web.refusals import Refusal


def enqueue(
    task: str, *, queue: Queue, title: str, project: Project | None, by: User | None
) -> Job:
    """Write the job's row; its message goes out once the transaction is committed.

    A message that is lost on the way is sent again by the reaper within 30 s.
    """
    job = Job.objects.create(task=task, queue=queue, title=title[:160], project=project, by=by)
    transaction.on_commit(lambda: send(job))
    return job


def stop_job(job: Job) -> None:
    """Ask a job to stop. A waiting one ends at once, a running one within seconds."""
    now = timezone.now()
    stopped = Job.objects.filter(pk=job.pk, state=JobState.WAITING).update(
        state=JobState.STOPPED, finished_at=now, problem="Stopped by a person."
    )
    if not stopped:
        Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(stop_asked_at=now)


@transaction.atomic
def try_again(job: Job) -> None:
    """Put a failed or stopped job back into its queue."""
    changed = Job.objects.filter(pk=job.pk, state__in=[JobState.FAILED, JobState.STOPPED]).update(
        state=JobState.WAITING,
        attempt=0,
        problem="",
        says="",
        stop_asked_at=None,
        finished_at=None,
        sent_at=None,
    )
    if not changed:
        raise Refusal("Only a job that failed or was stopped can be started again.")
    transaction.on_commit(lambda: send(job))


def revive(job: Job | None) -> None:
    """Try a failed or stopped job again; one that is at work or done is left alone."""
    if job is not None and job.state in (JobState.FAILED, JobState.STOPPED):
        try_again(job)
