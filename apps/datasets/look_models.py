"""Examination and FittedLook: what a look at rows found out, kept for what it rests on."""

from django.conf import settings
from django.db import models

from apps.jobs.models import Job
from apps.projects.models import Cycle


class Looked(models.Model):
    """What a worker found out once about one subject, kept as a JSON file."""

    subject = models.CharField(max_length=64, help_text="Hash of what is examined.")
    job = models.ForeignKey(Job, models.PROTECT, related_name="+", null=True)
    result = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the JSON result.")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True

    @property
    def is_ready(self) -> bool:
        """Finished."""
        return bool(self.result)


class Examination(Looked):
    """What is wrong with one table, looked for once for each subject and target."""

    cycle = models.ForeignKey(Cycle, models.CASCADE, related_name="examinations")
    inputs = models.JSONField(help_text="Versions, joins and steps, or the development rows.")
    target = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cycle", "subject", "target"], name="examined_once_per_subject"
            )
        ]

    def __str__(self) -> str:
        return f"Examination {self.pk} of {self.cycle}"


class FittedLook(Looked):
    """What fitted choices make of the development rows, found out once for what it rests on."""

    cycle = models.ForeignKey(Cycle, models.CASCADE, related_name="fitted_looks")
    split = models.ForeignKey("datasets.Split", models.CASCADE, related_name="+")
    choices = models.JSONField(help_text="All that count, the one that is drafted among them.")
    features = models.JSONField(help_text="Column specs that a model may use.")
    draft = models.JSONField(default=dict, help_text="The choice that is not made yet, or {}.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cycle", "subject"], name="fitted_looked_once")
        ]

    def __str__(self) -> str:
        return f"Look {self.pk} at fitted choices of {self.cycle}"
