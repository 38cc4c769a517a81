"""Profile, Answer, View, Finding; looks at sealed features."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.datasets.models import Split
from apps.jobs.models import Job
from apps.projects.models import Cycle, InsertOnly


class Profile(models.Model):
    """Statistics of one typed table, computed once per content hash and reading of the target."""

    cycle = models.ForeignKey(Cycle, models.CASCADE, related_name="profiles")
    parquet = models.CharField(max_length=64, help_text="SHA-256 of the rows that are profiled.")
    target = models.CharField(max_length=255, blank=True)
    reading = models.CharField(
        max_length=20, blank=True, help_text="How the plan says that the target is read."
    )
    positive = models.CharField(
        max_length=255, blank=True, help_text="The plan's positive class, whose rate is told."
    )
    scope = models.CharField(
        max_length=12,
        choices=[("table", "All rows, before the split"), ("development", "Development rows")],
    )
    job = models.ForeignKey(Job, models.PROTECT, related_name="+", null=True)
    # Until the study is there, the result is that of the first columns.
    result = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the JSON result.")
    study = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of what lies between the columns, as JSON."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cycle", "parquet", "target", "reading", "positive"],
                name="profile_once_per_content",
            )
        ]

    def __str__(self) -> str:
        return f"Profile of {self.parquet[:8]}"

    @property
    def is_ready(self) -> bool:
        """Computed, all of it."""
        return bool(self.study)

    @property
    def shelf(self) -> str:
        """Where the store keeps parts of the result until the whole is there."""
        return f"so-far/{self.pk}"


class Answer(models.Model):
    """Something computed on demand for exact rows and parameters. A cache: it may be deleted."""

    cycle = models.ForeignKey(Cycle, models.CASCADE, related_name="answers")
    key = models.CharField(max_length=64, help_text="SHA-256 of function, rows and parameters.")
    job = models.ForeignKey(Job, models.CASCADE, related_name="+", null=True)
    question = models.JSONField(default=dict, help_text="What the worker computes.")
    content = models.BinaryField(null=True, help_text="The result, JSON packed by zlib.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cycle", "key"], name="answer_once_per_question")
        ]

    def __str__(self) -> str:
        return f"Answer {self.key[:8]}"

    @property
    def is_ready(self) -> bool:
        """Computed."""
        return self.content is not None


class View(models.Model):
    """A page of exploration with its slice and parameters, under a name that the team shares."""

    cycle = models.ForeignKey(Cycle, models.CASCADE, related_name="views")
    name = models.CharField(max_length=80)
    note = models.CharField(max_length=400, blank=True, help_text="What it shows.")
    page = models.CharField(max_length=20, help_text="Name of the address.")
    columns = models.JSONField(
        default=list, help_text="Columns in the address, by name: places change with the table."
    )
    query = models.TextField(blank=True, help_text="Slice and parameters.")
    is_pinned = models.BooleanField(default=False, help_text="Shown at the data gate.")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["cycle", "name"], name="view_name_is_unique")
        ]

    def __str__(self) -> str:
        return self.name


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


class SealedLook(InsertOnly):
    """Somebody had the features of the sealed test rows compared: who, when, why. Never labels."""

    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="sealed_looks")
    number = models.PositiveSmallIntegerField(help_text="1, 2, 3 ... within the cycle")
    split = models.ForeignKey(Split, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=400)
    left_out = models.JSONField(help_text="Columns that are not read: name and why.")
    job = models.ForeignKey(Job, models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["cycle", "number"]
        constraints = [
            models.UniqueConstraint(fields=["cycle", "number"], name="sealed_look_number_is_unique")
        ]

    def __str__(self) -> str:
        return f"Look {self.number} at the sealed features of {self.cycle}"


class SealedSight(InsertOnly):
    """What a look at the sealed features showed: summary numbers for each column."""

    TEAM = "look__cycle__project__team"

    look = models.OneToOneField(SealedLook, models.PROTECT, related_name="sight")
    result = models.JSONField(help_text="What compare_sealed returned.")
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"What {self.look} showed"
