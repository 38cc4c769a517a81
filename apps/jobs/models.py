"""Job: one piece of background work. Celery messages carry only its id."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from apps.projects.models import Project


class Queue(models.TextChoices):
    """Queues by cost."""

    QUICK = "quick", "Quick"
    DATA = "data", "Data"
    TRAIN = "train", "Training"
    WATCH = "watch", "Watching"


class JobState(models.TextChoices):
    """Exactly one of these at any time; the last three are final."""

    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    STOPPED = "stopped", "Stopped"


LIVE = (JobState.WAITING, JobState.RUNNING)


class Job(models.Model):
    """One piece of background work: what, for whom, how far, and how it ended."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.CharField(max_length=60, help_text="Celery task, for example datasets.read")
    queue = models.CharField(max_length=8, choices=Queue.choices)
    title = models.CharField(max_length=160, help_text="What it does, in the user's words.")
    project = models.ForeignKey(Project, models.CASCADE, null=True, related_name="jobs")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=JobState.choices, default=JobState.WAITING)
    attempt = models.PositiveSmallIntegerField(default=0, help_text="How often it was started.")

    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0, help_text="0 while it is not known.")
    says = models.CharField(max_length=200, blank=True, help_text="What it does right now.")
    log = models.TextField(blank=True, help_text="The last lines, newest at the end.")
    problem = models.TextField(blank=True, help_text="Why it failed, and what to do.")

    lease = models.UUIDField(null=True, help_text="Fencing token of the attempt that owns it.")
    lease_ends_at = models.DateTimeField(null=True)
    worker = models.CharField(max_length=80, blank=True)
    stop_asked_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True, help_text="Last time a message was published.")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["state", "lease_ends_at"],
                name="job_live",
                condition=Q(state__in=["waiting", "running"]),
            ),
            models.Index(fields=["project", "-created_at"], name="job_of_project"),
        ]
        permissions = [("see_queues", "May see the queues and jobs of all teams")]

    def __str__(self) -> str:
        return f"{self.title} ({self.get_state_display().lower()})"

    @property
    def is_live(self) -> bool:
        """Waiting or running."""
        return self.state in LIVE

    @property
    def is_done(self) -> bool:
        """Ended well."""
        return self.state == JobState.DONE

    @property
    def percent(self) -> int:
        """0 to 100; 0 while the total is not known."""
        if self.state == JobState.DONE:
            return 100
        return min(99, 100 * self.done // self.total) if self.total else 0

    @property
    def log_tail(self) -> list[str]:
        """The last 20 lines of the log."""
        return self.log.splitlines()[-20:]

    @property
    def url(self) -> str:
        """Page of this job."""
        return reverse("jobs:job", args=[self.pk])

    @property
    def stop_url(self) -> str:
        """Where to post the wish to stop."""
        return reverse("jobs:stop", args=[self.pk])
