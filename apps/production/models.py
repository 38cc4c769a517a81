"""Deployment, Release, ApiToken, what the log holds, what the watch finds; the words about them."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models

from apps.engine.serving.openapi_schemas import answers_in_words
from apps.jobs.models import Job
from apps.modeling.models import Candidate
from apps.production.score_models import Scores, Scoring, ScoringRemoval
from apps.production.sums import AnswerSum, CallSum
from apps.production.truth_models import ActualsFile
from apps.production.words import (
    DriftReference,
    Drill,
    Fallback,
    FallbackKind,
    FlipReport,
    GlassRequest,
    Removal,
    Retention,
    Switch,
    WirePolicy,
)
from apps.projects.models import Cycle, Project

__all__ = [  # those of the files beside this one; what is defined here needs no line
    "ActualsFile",
    "AnswerSum",
    "CallSum",
    "DriftReference",
    "Drill",
    "Fallback",
    "FallbackKind",
    "FlipReport",
    "GlassRequest",
    "Removal",
    "Retention",
    "Scores",
    "Scoring",
    "ScoringRemoval",
    "Switch",
    "WirePolicy",
]


class Deployment(models.Model):
    """An endpoint: an address that takes rows and returns predictions."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="deployments")
    slug = models.SlugField(max_length=60, unique=True, help_text="Part of its address.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    shadow = models.ForeignKey(
        "Release",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Answers copies of the calls afterwards; nobody is sent what it says.",
    )

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug


class Release(models.Model):
    """A signed model with its recipe, contract and threshold, content-hashed. Built once."""

    deployment = models.ForeignKey(Deployment, models.PROTECT, related_name="releases")
    number = models.PositiveIntegerField()
    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="releases")
    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="+")
    contract = models.JSONField(default=dict)
    steps = models.JSONField(default=list, help_text="Row-wise steps replayed on each request.")
    served_with = models.JSONField(
        default=dict, help_text="features, problem, classes, positive, threshold, versions"
    )
    monitor = models.JSONField(
        default=dict, help_text="Tripwires and windows; from the plan's risks and metrics."
    )
    content_hash = models.CharField(max_length=64, blank=True)
    job = models.ForeignKey(Job, models.PROTECT, related_name="+", null=True)
    report = models.JSONField(default=dict, help_text="What build_release returned.")
    compile_job = models.ForeignKey(Job, models.PROTECT, related_name="+", null=True)
    compiled_anew = models.JSONField(
        null=True, help_text="What compile_again returned last; null: it is as it was built."
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["deployment", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "number"], name="release_number_is_unique"
            )
        ]
        # Lists of thousands read from the index alone: a row of this table is large.
        indexes = [
            models.Index(
                fields=["cycle", "deployment", "number", "content_hash"], name="release_of_cycle"
            )
        ]

    def __str__(self) -> str:
        return f"{self.deployment} release {self.number}"

    @property
    def is_ready(self) -> bool:
        """Built and verified."""
        return bool(self.content_hash)

    @property
    def form(self) -> dict[str, Any]:
        """Which form serves, its Verdict, milliseconds of a row: as they were proven last.

        It is worked out of what the hash covers and no part of it, so it may become another one.
        """
        return self.compiled_anew or self.report

    @property
    def is_compiled(self) -> bool:
        """Its compiled form answers few rows; else scikit-learn does."""
        return self.form.get("engine") == "compiled"

    @property
    def loaded_as(self) -> str:
        """Under which a process keeps its scorer: compiled anew it is loaded once more."""
        is_new = self.compiled_anew is not None and self.is_compiled
        return f"{self.content_hash} compiled" if is_new else self.content_hash

    @property
    def level(self) -> float | None:
        """The quantile that its numbers are, 0 to 1; None for means and classes."""
        return self.served_with.get("level")

    @property
    def answers_say(self) -> str:
        """What its answers are, where it is neither one class nor a mean; else empty."""
        return answers_in_words(self.served_with)


class ApiToken(models.Model):
    """A bearer token of one deployment. Only its SHA-256 is kept; it is shown once."""

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80, help_text="Who or what uses it.")
    prefix = models.CharField(max_length=12, help_text="First characters, to tell tokens apart.")
    sha256 = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    calls_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of each web process; empty: the installation's."
    )
    rows_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of each web process; empty: the installation's."
    )

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Call(models.Model):
    """One request to an endpoint, answered or refused."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    deployment = models.ForeignKey(Deployment, models.PROTECT, related_name="calls")
    release = models.ForeignKey(Release, models.PROTECT, null=True, related_name="calls")
    token = models.ForeignKey(ApiToken, models.PROTECT, null=True, related_name="+")
    is_rehearsal = models.BooleanField(default=False, help_text="Made from the form to try it.")
    status = models.PositiveSmallIntegerField(help_text="HTTP status of the answer.")
    error = models.CharField(max_length=60, blank=True, help_text="Code of the refusal.")
    rows = models.PositiveIntegerField(default=0)
    latency_ms = models.FloatField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["deployment", "-at"], name="call_of_deployment")]

    def __str__(self) -> str:
        return f"{self.deployment} {self.status} at {self.at}"


class Prediction(models.Model):
    """One answered row. Its id comes back with the actual value."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    call = models.ForeignKey(Call, models.PROTECT, related_name="predictions")
    deployment = models.ForeignKey(Deployment, models.PROTECT, related_name="predictions")
    release = models.ForeignKey(
        Release,
        models.PROTECT,
        null=True,
        related_name="predictions",
        help_text="Null where the fallback's rule answered in the model's place.",
    )
    row = models.JSONField(
        help_text="The checked input, sensitive columns as marks (see keeping.py); {} once removed."
    )
    seal = models.CharField(
        max_length=32,
        blank=True,
        default="",
        db_default="",
        help_text="Keyed hash of a row that has the caller's id and is not kept whole.",
    )
    prediction = models.JSONField()
    probabilities = models.JSONField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["release", "-at"], name="prediction_of_release"),
            models.Index(fields=["deployment", "-at"], name="prediction_of_deployment"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.prediction}"


class Segment(models.Model):
    """How far a file of the log of calls is taken up into Call and Prediction (see taking.py)."""

    name = models.CharField(max_length=80, primary_key=True)
    taken_bytes = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} up to {self.taken_bytes}"


class Actual(models.Model):
    """What really happened, for one prediction."""

    prediction = models.OneToOneField(Prediction, models.PROTECT, related_name="actual")
    value = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["at"], name="actual_by_time")]

    def __str__(self) -> str:
        return f"{self.prediction_id}: {self.value}"


class WatchReport(models.Model):
    """What the watch saw in one look at a release: service, drift, the promised metric."""

    release = models.ForeignKey(Release, models.CASCADE, related_name="watch_reports")
    at = models.DateTimeField()
    service = models.JSONField(default=dict)
    drift = models.JSONField(default=list)
    reference = models.JSONField(
        default=dict, help_text="What drift was held against: kind, and a sentence."
    )
    performance = models.JSONField(default=dict)
    wires = models.JSONField(
        default=list, help_text="Each tripwire: its value and state in its own days."
    )
    causes = models.JSONField(default=list, help_text="Suspects of this look, the likeliest first.")

    class Meta:
        ordering = ["-at"]
        get_latest_by = "at"
        indexes = [models.Index(fields=["release", "-at"], name="look_at_release")]

    def __str__(self) -> str:
        return f"Watch of {self.release} at {self.at}"


class Incident(models.Model):
    """What somebody has to look after: alarms of one cause, an owner, a deadline, an outcome."""

    class Outcome(models.TextChoices):
        TRUE = "true", "True alarm: something was wrong"
        FALSE = "false", "False alarm: nothing was wrong"

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="incidents")
    number = models.PositiveIntegerField(help_text="1, 2, 3 ... of the endpoint.")
    severity = models.CharField(max_length=6)
    says = models.CharField(max_length=400)
    action = models.CharField(max_length=400, blank=True, help_text="The plan's contingency.")
    risk = models.CharField(max_length=300, blank=True, help_text="The plan's risk, in its words.")
    weight = models.PositiveSmallIntegerField(
        default=0, help_text="Likelihood times impact of the risk, 1 to 9; 0 without a risk."
    )
    cause = models.JSONField(
        default=dict, help_text="Suspect: kind, name, says, share, since, change, sentence."
    )
    loss_a_month = models.FloatField(null=True, help_text="Expected, in the plan's money.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="incidents")
    due_at = models.DateTimeField()
    raised_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    outcome = models.CharField(max_length=5, choices=Outcome.choices, blank=True)
    resolution = models.TextField(blank=True)

    class Meta:
        ordering = ["-raised_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "number"], name="incident_number_is_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at__isnull=True)
                | (~models.Q(outcome="") & ~models.Q(resolution="")),
                name="incident_closed_has_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"Incident {self.number} of {self.deployment}"

    @property
    def is_open(self) -> bool:
        """Nobody has closed it."""
        return self.closed_at is None


class IncidentNote(models.Model):
    """One line in the thread of an incident; without a person it is the watch that speaks."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="notes")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.person or 'the watch'}: {self.text[:60]}"


class Alarm(models.Model):
    """A tripwire or a promise that broke. One open alarm per release and key."""

    release = models.ForeignKey(Release, models.CASCADE, related_name="alarms")
    incident = models.ForeignKey(
        Incident, models.SET_NULL, null=True, related_name="alarms", help_text="Who looks after it."
    )
    key = models.CharField(max_length=120)
    severity = models.CharField(max_length=6)
    says = models.CharField(max_length=400)
    action = models.CharField(max_length=400, blank=True, help_text="The plan's contingency.")
    raised_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ["-raised_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["release", "key"],
                condition=models.Q(closed_at__isnull=True),
                name="alarm_open_once",
            )
        ]

    def __str__(self) -> str:
        return self.says
