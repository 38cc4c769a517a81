"""Reads about jobs: the queues, who listens, why something waits."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Avg, Case, Count, F, Q, QuerySet, Sum, When
from django.utils import timezone

from apps.accounts.models import User
from apps.jobs.models import LIVE, Job, JobState, Queue
from apps.jobs.pulse import listening
from apps.projects.models import Project


@dataclass(frozen=True)
class QueueLine:
    """One queue: how many wait and run, who listens, and why nothing moves."""

    name: str
    title: str
    waiting: int
    running: int
    workers: tuple[str, ...]
    says: str


def jobs_of(user: User) -> QuerySet[Job]:
    """Jobs of this person's projects and of no project but theirs; all with `jobs.see_queues`."""
    if user.has_perm("jobs.see_queues"):
        return Job.objects.select_related("project", "by")
    return _own_jobs(user)


def _own_jobs(user: User) -> QuerySet[Job]:
    """Jobs of this person's projects and of no project but theirs, whatever else they may see."""
    own = Q(project__team__memberships__user=user) | Q(project__isnull=True, by=user)
    return Job.objects.select_related("project", "by").filter(own)


def live_jobs(user: User, *, project: Project | None = None, count: int = 3) -> list[Job]:
    """What runs or waits in this person's projects now: first what does in ``project``, whoever
    started it, then the newest."""
    live = _own_jobs(user).filter(state__in=LIVE)
    if project is not None:
        live = live.order_by(Case(When(project=project, then=0), default=1), *Job._meta.ordering)
    return list(live[:count])


def worker_seconds(project: Project) -> float:
    """How long workers were at the jobs of a project that have ended, in s; the last attempt of
    each, since a job keeps no times of earlier ones."""
    took = project.jobs.exclude(started_at=None).exclude(finished_at=None).order_by()
    total = took.aggregate(total=Sum(F("finished_at") - F("started_at")))["total"]
    return max(0.0, total.total_seconds()) if total else 0.0


def estimate_s(job: Job) -> float | None:
    """Seconds until the end: from its own pace, else from how long its like took before."""
    if job.state != JobState.RUNNING or job.started_at is None:
        return None
    spent = (timezone.now() - job.started_at).total_seconds()
    if job.done and job.total:
        return max(0.0, spent * (job.total - job.done) / job.done)
    before = Job.objects.filter(task=job.task, state=JobState.DONE).order_by("-finished_at")[:20]
    mean = Job.objects.filter(pk__in=[row.pk for row in before]).aggregate(
        mean=Avg(F("finished_at") - F("started_at"))
    )["mean"]
    return max(0.0, mean.total_seconds() - spent) if mean else None


def estimate_text(job: Job) -> str:
    """The estimate as a person would say it."""
    seconds = estimate_s(job)
    if seconds is None:
        return ""
    if seconds < 10:
        return "a few seconds left"
    if seconds < 90:
        return f"about {round(seconds, -1):.0f} seconds left"
    return f"about {seconds / 60:.0f} minutes left"


def why_waiting(queue: str, workers: Any) -> str:
    """Say why a waiting job does not start."""
    if workers is None:
        return "The broker does not answer. The work is kept and starts when it is back."
    if not workers:
        return (
            f"No worker listens on `{queue}`; start one with "
            f"`celery -A mlcycle_site worker -Q {queue}`."
        )
    return "All workers of this queue are busy."


def queue_lines() -> list[QueueLine]:
    """All queues with what waits and why."""
    workers = listening()
    counts = {
        row["queue"]: row
        for row in Job.objects.filter(state__in=LIVE)
        .values("queue")
        .annotate(
            waiting=Count("pk", filter=Q(state=JobState.WAITING)),
            running=Count("pk", filter=Q(state=JobState.RUNNING)),
        )
    }
    lines = []
    for queue in Queue:
        count = counts.get(queue.value, {"waiting": 0, "running": 0})
        names = None if workers is None else workers.get(queue.value, ())
        stuck = count["waiting"] and not (names and count["running"])
        lines.append(
            QueueLine(
                name=queue.value,
                title=queue.label,
                waiting=count["waiting"],
                running=count["running"],
                workers=tuple(names or ()),
                says=why_waiting(queue.value, names) if stuck or not names else "",
            )
        )
    return lines


def expired(now: Any) -> QuerySet[Job]:
    """Running jobs whose worker has not been heard of within its lease."""
    return Job.objects.filter(state=JobState.RUNNING, lease_ends_at__lt=now)


def unsent(now: Any) -> QuerySet[Job]:
    """Waiting jobs whose message may be lost: none was published in the last 15 seconds."""
    return Job.objects.filter(state=JobState.WAITING).filter(
        Q(sent_at=None) | Q(sent_at__lt=now - timedelta(seconds=15))
    )
