"""Profile and Finding."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.jobs.models import Job
from apps.projects.models import Cycle


class Profile(models.Model):
    """Statistics of one typed table, computed once per content hash and target."""

    cycle = models.ForeignKey(Cycle, models.CASCADE, related_name="profiles")
    parquet = models.CharField(max_length=64, help_text="SHA-256 of the rows that are profiled.")
    target = models.CharField(max_length=255, blank=True)
    scope = models.CharField(
        max_length=12,
        choices=[("table", "All rows, before the split"), ("development", "Development rows")],
    )
    job = models.ForeignKey(Job, models.PROTECT, related_name="+", null=True)
    result = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the JSON result.")
    study = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of what lies between the columns, as JSON."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cycle", "parquet", "target"], name="profile_once_per_content"
            )
        ]

    def __str__(self) -> str:
        return f"Profile of {self.parquet[:8]}"

    @property
    def is_ready(self) -> bool:
        """Computed."""
        return bool(self.result)


class Severity(models.TextChoices):
    """How much a finding matters at the gate."""

    HIGH = "high", "High: blocks the gate"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"

    @property
    def rank(self) -> int:
        """What lists of findings are sorted by: the gravest first."""
        return list(Severity).index(self)


class Finding(models.Model):
    """Something a person saw in the data that somebody has to answer before the gate closes."""

    cycle = models.ForeignKey(Cycle, models.CASCADE, related_name="findings")
    column = models.CharField(max_length=255, blank=True)
    says = models.CharField(max_length=400)
    severity = models.CharField(max_length=6, choices=Severity.choices)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    due_on = models.DateField(null=True, blank=True)
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    raised_at = models.DateTimeField(auto_now_add=True)
    answer = models.TextField(blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["closed_at", "severity", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | ~Q(answer=""),
                name="finding_closed_has_answer",
            )
        ]

    def __str__(self) -> str:
        return self.sentence

    @property
    def sentence(self) -> str:
        """What was seen, with the column it was seen in."""
        return f"“{self.column}”: {self.says}" if self.column else self.says

    @property
    def is_open(self) -> bool:
        """Not answered yet."""
        return self.closed_at is None
