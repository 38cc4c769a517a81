"""Batch scoring: what a person had scored, and the answers. Facts, as the words of an endpoint are.

They are models of this room, told apart from ``models`` for their length; import them from there.
"""

from django.conf import settings
from django.db import models

from apps.datasets.models import Version
from apps.jobs.models import Job
from apps.projects.models import InsertOnly

SHELVES = "batches"


class Scoring(InsertOnly):
    """A person had the rows of a file, or of a version of a source, scored by one release."""

    TEAM = "deployment__project__team"

    deployment = models.ForeignKey("production.Deployment", models.PROTECT, related_name="scorings")
    number = models.PositiveIntegerField(help_text="1, 2, 3 ... of the endpoint.")
    release = models.ForeignKey("production.Release", models.PROTECT, related_name="scorings")
    filename = models.CharField(max_length=255, help_text="As the user named it; only shown.")
    version = models.ForeignKey(
        Version, models.PROTECT, null=True, related_name="+", help_text="Instead of a file."
    )
    sha256 = models.CharField(max_length=64, help_text="Of the file, or of the version's table.")
    all_or_nothing = models.BooleanField(
        default=False, help_text="One refused row stops all, as in a call of the endpoint."
    )
    job = models.OneToOneField(Job, models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    token = models.ForeignKey(
        "production.ApiToken",
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="A program asked, in the person's name.",
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "number"], name="scoring_number_is_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.deployment} batch {self.number}"

    @property
    def shelf(self) -> str:
        """Where its files lie, alone, so that they can be removed."""
        return f"{SHELVES}/{self.job_id}"


class Scores(InsertOnly):
    """The answers of a batch, one file of all rows: answered, or refused with the reason."""

    TEAM = "scoring__deployment__project__team"

    scoring = models.OneToOneField(Scoring, models.PROTECT, related_name="scores")
    sha256 = models.CharField(max_length=64, help_text="Of the Parquet file of answers.")
    unread = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of a CSV of records that are no rows."
    )
    rows = models.PositiveBigIntegerField()
    answered = models.PositiveBigIntegerField()
    refused = models.PositiveBigIntegerField()
    report = models.JSONField(default=dict, help_text="What score_file returned.")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "scores"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rows=models.F("answered") + models.F("refused")),
                name="scores_lose_no_row",
            )
        ]

    def __str__(self) -> str:
        return f"Scores of {self.scoring}"


class ScoringRemoval(InsertOnly):
    """File and answers of a batch were removed; what was asked, by whom and how it went stays."""

    TEAM = "scoring__deployment__project__team"

    scoring = models.OneToOneField(Scoring, models.PROTECT, related_name="removal")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="Without one its time was over.",
    )
    reason = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"Removal of {self.scoring}"
