"""What leaves the house about incidents: where to, how often, what was sent, how it went."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.jobs.models import Job
from apps.production.models import Incident
from apps.projects.models import Team


class Webhook(models.Model):
    """The address outside to which a team's incidents are sent. At most one is in use."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="webhooks")
    url = models.CharField(max_length=500)
    salt = models.CharField(
        max_length=32, help_text="The signing secret is made of it and of a key outside."
    )
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, help_text="Nothing is sent there from then on.")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["team"], condition=Q(ended_at__isnull=True), name="webhook_one_in_use"
            )
        ]

    def __str__(self) -> str:
        return f"{self.host} for {self.team}"

    @property
    def host(self) -> str:
        """All that is told of the address: paths of webhooks often hold a secret."""
        return urlsplit(self.url).hostname or "?"


class AlertBudget(models.Model):
    """How many alerts a week a team wants at once; what is over it comes in the weekly digest."""

    team = models.OneToOneField(Team, models.CASCADE, related_name="alert_budget")
    a_week = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return f"{self.a_week} alerts a week for {self.team}"


class ToldIncident(models.Model):
    """That an incident was told of: at once, or with others in the digest of its week."""

    class How(models.TextChoices):
        AT_ONCE = "at_once", "At once"
        DIGEST = "digest", "In the weekly digest"

    incident = models.OneToOneField(Incident, models.CASCADE, related_name="told")
    how = models.CharField(max_length=7, choices=How.choices)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.incident}: {self.get_how_display().lower()}"


class Delivery(models.Model):
    """One message to a webhook: its bytes, and how each attempt to deliver it went."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        GIVEN_UP = "given_up", "Given up"

    webhook = models.ForeignKey(Webhook, models.PROTECT, related_name="deliveries")
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(max_length=20, help_text="For example incident.raised")
    key = models.CharField(max_length=80, help_text="What it tells of: sent to an address once.")
    body = models.TextField(help_text="Canonical JSON, as it is signed and sent.")
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, help_text="The next attempt; empty: there is none.")
    attempts = models.JSONField(default=list, help_text="Each: at, status, took_ms, says.")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["webhook", "key"], name="delivery_is_made_once")
        ]
        indexes = [
            models.Index(fields=["due_at"], name="delivery_due", condition=Q(state="waiting"))
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.webhook.host}"

    @property
    def last(self) -> dict[str, Any] | None:
        """The newest attempt."""
        return self.attempts[-1] if self.attempts else None

    @property
    def badge(self) -> str:
        """The state in the words of badges."""
        words = {self.State.DELIVERED: "done", self.State.GIVEN_UP: "failed"}
        return words.get(self.State(self.state), "waiting")
