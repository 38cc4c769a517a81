"""Draft, Plan, ColumnClass. A plan is an immutable numbered version; an amendment is the next."""

from typing import Any

from django.conf import settings
from django.db import models

from apps.projects.models import Cycle, InsertOnly, Project


class Draft(models.Model):
    """What the team is writing: one per cycle, saved as people type."""

    cycle = models.OneToOneField(Cycle, models.CASCADE, related_name="draft")
    content = models.JSONField(
        default=dict, help_text="One object per planning task; see planning.content."
    )
    editors = models.ManyToManyField(
        settings.AUTH_USER_MODEL, help_text="Who wrote in it since the last version."
    )
    revision = models.PositiveIntegerField(
        default=0, help_text="Counts saves; two tabs cannot overwrite each other unseen."
    )
    touched = models.JSONField(
        default=dict,
        help_text='Task to its last save: {"revision", "by"}. Saves of two tasks do not collide.',
    )
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    edited_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"Draft of {self.cycle}"


class Plan(InsertOnly):
    """One version of a cycle's promise. What is signed is its ``content_hash``."""

    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="plans")
    number = models.PositiveSmallIntegerField(help_text="1, 2, 3 ... within the cycle")
    content = models.JSONField()
    content_hash = models.CharField(max_length=64)
    foundation = models.CharField(
        max_length=64, default="", help_text="Hash of the part that later rooms rest on."
    )
    reason = models.CharField(
        max_length=300, blank=True, help_text="Why it amends the version before it."
    )
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    editor_ids = models.JSONField(
        default=list, help_text="Everyone who wrote in it: none of them may sign it."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["cycle", "number"]
        constraints = [
            models.UniqueConstraint(fields=["cycle", "number"], name="plan_number_is_unique")
        ]

    def __str__(self) -> str:
        return f"Plan {self.number} of {self.cycle}"

    def task(self, key: str) -> dict[str, Any]:
        """Content of one planning task, for example ``plan.task("objective")``."""
        return self.content.get(key, {})


class Sensitivity(models.TextChoices):
    """How a column is to be treated, the harmless first."""

    PUBLIC = "public", "Public: anybody may see it"
    INTERNAL = "internal", "Internal: the team may see it"
    PERSONAL = "personal", "Personal: about a person; no single value is shown"
    SECRET = "secret", "Secret: special or protected; no single value is shown"

    @property
    def is_veiled(self) -> bool:
        """Whether values are taken out of results, pages and downloads."""
        return self in (Sensitivity.PERSONAL, Sensitivity.SECRET)


class ColumnClass(InsertOnly):
    """The class that a person gave to a column of the project. The newest row of a column counts.

    What a plan marks as sensitive stays so, whatever the class.
    """

    TEAM = "project__team"

    project = models.ForeignKey(Project, models.PROTECT, related_name="column_classes")
    column = models.CharField(max_length=255)
    sensitivity = models.CharField(max_length=8, choices=Sensitivity.choices)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "column classes"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.column}: {self.sensitivity}"
