"""Source, Version, Join, Step, Table, Split. Bytes live in the store, named by their SHA-256."""

from functools import cached_property
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import models

from apps.datasets.contract_models import Acceptance as Acceptance
from apps.datasets.contract_models import Contract as Contract
from apps.datasets.contract_models import ContractRun as ContractRun
from apps.datasets.contract_models import Datasheet as Datasheet
from apps.datasets.database_models import Query
from apps.datasets.look_models import Examination as Examination
from apps.datasets.look_models import FittedLook as FittedLook
from apps.engine.joining.how import TITLES, JoinHow, JoinKind
from apps.engine.types import TableSpec
from apps.jobs.models import Job
from apps.planning.models import Plan
from apps.projects.models import Cycle, Project


class Source(models.Model):
    """Where rows come from: an uploaded file that gets new versions over time."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="sources")
    name = models.CharField(max_length=80, help_text="Name within the project, e.g. customers.")
    owner = models.CharField(max_length=120, blank=True, help_text="Who answers for the data.")
    describes = models.CharField(max_length=300, blank=True, help_text="What one row is.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="source_name_is_unique")
        ]

    def __str__(self) -> str:
        return self.name


class Version(models.Model):
    """One upload of a source: the original bytes, how they were read, the typed table."""

    source = models.ForeignKey(Source, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    filename = models.CharField(max_length=255, help_text="As the user named it; only shown.")
    query = models.ForeignKey(Query, models.PROTECT, related_name="versions", null=True, blank=True)
    sha256 = models.CharField(
        max_length=64, blank=True, help_text="Of the original bytes; empty until a query gave some."
    )
    size_bytes = models.PositiveBigIntegerField()
    options = models.JSONField(default=dict, help_text="Reading options the user chose.")
    job = models.ForeignKey(Job, models.PROTECT, related_name="+", null=True)
    parquet = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the typed table.")
    rows = models.PositiveBigIntegerField(null=True)
    spec = models.JSONField(default=dict)
    report = models.JSONField(default=dict, help_text="Decisions, warnings, rejected rows.")
    waits = models.BooleanField(
        default=False, help_text="Read and compared, and not used before a person takes it."
    )
    taken_at = models.DateTimeField(null=True, blank=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["source", "number"]
        constraints = [
            models.UniqueConstraint(fields=["source", "number"], name="version_number_is_unique")
        ]

    def __str__(self) -> str:
        return f"{self.source} v{self.number}"

    @property
    def is_ready(self) -> bool:
        """Read into a typed table."""
        return bool(self.parquet)

    @property
    def table_spec(self) -> TableSpec:
        """Typed columns; only when it is ready."""
        return TableSpec.from_dict(self.spec)


class Upload(models.Model):
    """A file on its way here in pieces. Gone once a version was made of it, or after two days."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    filename = models.CharField(max_length=255, help_text="As the user named it; only shown.")
    size_bytes = models.PositiveBigIntegerField(help_text="As announced; no byte more is taken.")
    known_sha256 = models.CharField(
        max_length=64, blank=True, help_text="Of bytes that the project has already."
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return f"{self.filename} of {self.created_by}"


class Consolidation(models.Model):
    """How one table is made from the sources of a cycle: a base source and what is joined to it."""

    cycle = models.OneToOneField(Cycle, models.CASCADE, related_name="consolidation")
    base = models.ForeignKey(Source, models.PROTECT, related_name="+")
    edited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    edited_at = models.DateTimeField(auto_now=True)
    job = models.ForeignKey(
        Job, models.SET_NULL, related_name="+", null=True, help_text="Computes the joins."
    )

    def __str__(self) -> str:
        return f"Consolidation of {self.cycle}"


class Join(models.Model):
    """One source joined to the table so far. Taken out or replaced instead of deleted."""

    consolidation = models.ForeignKey(Consolidation, models.CASCADE, related_name="joins")
    position = models.PositiveSmallIntegerField()
    source = models.ForeignKey(Source, models.PROTECT, related_name="+")
    kind = models.CharField(
        max_length=10,
        default=JoinKind.LEFT.value,
        choices=[(kind.value, title) for kind, title in TITLES.items()],
    )
    left_on = models.JSONField(help_text="Key columns of the table so far.")
    right_on = models.JSONField(help_text="Key columns of the joined source, in the same order.")
    prefix = models.CharField(max_length=40, help_text="Put before names that clash.")
    options = models.JSONField(
        default=dict, help_text="Everything else that apps.engine.joining JoinHow takes."
    )
    is_enabled = models.BooleanField(default=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    replaces = models.ForeignKey(
        "self", models.SET_NULL, related_name="replaced_by", null=True, blank=True
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display().lower()} of {self.source} on {', '.join(self.left_on)}"

    def as_dict(self) -> dict[str, Any]:
        """The form the engine takes. What is as it was before there were kinds is left out, so
        that the hash of the inputs of an older table stays."""
        data = {"left_on": self.left_on, "right_on": self.right_on, "prefix": self.prefix}
        if self.kind != JoinKind.LEFT:
            data["kind"] = self.kind
        if self.options:
            data["options"] = self.options
        return data

    @property
    def how(self) -> JoinHow:
        """As the engine reads it. Raises BadParameter."""
        return JoinHow.from_dict(self.as_dict())


class JoinResult(models.Model):
    """The table after one join, computed once for the contents of both sides and the way."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="join_results")
    key = models.CharField(max_length=64, help_text="Hash of both typed tables and the join.")
    join = models.ForeignKey(
        Join, models.SET_NULL, related_name="results", null=True, help_text="First computed for."
    )
    parquet = models.CharField(max_length=64)
    rows = models.PositiveBigIntegerField()
    columns = models.PositiveIntegerField()
    report = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["project", "key"], name="join_computed_once")
        ]

    def __str__(self) -> str:
        return f"Result {self.key[:8]}"


class JoinPreview(models.Model):
    """What a join would do, found out once for the hashes of its inputs, before it is made."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="join_previews")
    source = models.ForeignKey(Source, models.CASCADE, related_name="+")
    inputs = models.JSONField(help_text="Base, joins before it, the joined table, and the way.")
    key = models.CharField(max_length=64, help_text="Hash of the inputs.")
    job = models.ForeignKey(Job, models.SET_NULL, related_name="+", null=True)
    report = models.JSONField(default=dict)
    unmatched_left = models.CharField(max_length=64, blank=True, help_text="SHA-256 of a CSV.")
    unmatched_right = models.CharField(max_length=64, blank=True, help_text="SHA-256 of a CSV.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["project", "key"], name="join_previewed_once")
        ]

    def __str__(self) -> str:
        return f"Preview of joining {self.source}"

    @property
    def is_ready(self) -> bool:
        """Looked at."""
        return bool(self.report)


class Step(models.Model):
    """A row-wise step or a fitted choice. A removed one is disabled and kept in the history."""

    cycle = models.ForeignKey(Cycle, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    step = models.CharField(max_length=40, help_text="A key of the engine's STEPS or CHOICES.")
    params = models.JSONField(default=dict)
    is_enabled = models.BooleanField(default=True)
    is_removed = models.BooleanField(
        default=False, help_text="Not in the recipe now; an earlier state may bring it back."
    )
    is_fitted = models.BooleanField(default=False, help_text="Learnt inside of the pipelines.")
    reason = models.CharField(max_length=300, blank=True, help_text="Why; shown at the gate.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.position}. {self.step}"

    def as_choice(self) -> dict[str, Any]:
        """A fitted one as ``apps.engine.training.fitted`` takes it."""
        return {"choice": self.step, "params": self.params}

    def as_dict(self) -> dict[str, Any]:
        """The form the engine takes."""
        return {"step": self.step, "params": self.params}


class RecipeState(models.Model):
    """What a recipe was after one change. Going back makes an earlier one current again, so every
    branch stays; the states of a cycle are a tree by their parents."""

    cycle = models.ForeignKey(Cycle, models.CASCADE, related_name="recipe_states")
    parent = models.ForeignKey("self", models.CASCADE, related_name="children", null=True)
    is_current = models.BooleanField(default=True)
    steps = models.JSONField(help_text="Steps in the recipe: id, params, reason, is_enabled.")
    says = models.CharField(max_length=300, help_text="The change that led here.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cycle"], condition=models.Q(is_current=True), name="one_current_recipe"
            )
        ]

    def __str__(self) -> str:
        return self.says


class Table(models.Model):
    """One build of the cycle's table: exactly these versions, joins and steps. Never changed
    once built; the same inputs give the same ``inputs_hash`` and are not built twice."""

    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="tables")
    inputs = models.JSONField(help_text="Versions, joins and steps it is made from.")
    inputs_hash = models.CharField(max_length=64)
    job = models.ForeignKey(Job, models.PROTECT, related_name="+", null=True)
    consolidated = models.CharField(max_length=64, blank=True, help_text="Before the recipe.")
    parquet = models.CharField(max_length=64, blank=True, help_text="After the recipe.")
    rows = models.PositiveBigIntegerField(null=True)
    spec = models.JSONField(default=dict)
    consolidated_spec = models.JSONField(default=dict)
    report = models.JSONField(default=dict, help_text="Joins, effects and waterfall.")
    built_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["cycle", "inputs_hash"], name="table_inputs_once")
        ]

    def __str__(self) -> str:
        return f"Table {self.pk} of {self.cycle}"

    @property
    def is_ready(self) -> bool:
        """Built."""
        return bool(self.parquet)

    @cached_property
    def table_spec(self) -> TableSpec:
        """Typed columns; only when it is ready. A page asks for them many times."""
        return TableSpec.from_dict(self.spec)


class SplitMethod(models.TextChoices):
    """How rows are divided into development and test."""

    STRATIFIED = "stratified", "Stratified: the same share of each class in both parts"
    RANDOM = "random", "Random"
    GROUP = "group", "By group: an entity is never in both parts"
    TIME = "time", "By time: the test is the latest part"


class Split(models.Model):
    """Development rows that everyone may see, and test rows that are sealed (encrypted)."""

    table = models.ForeignKey(Table, models.PROTECT, related_name="splits")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+")
    method = models.CharField(max_length=10, choices=SplitMethod.choices)
    target = models.CharField(max_length=255)
    group = models.CharField(max_length=255, blank=True)
    time = models.CharField(max_length=255, blank=True)
    test_share = models.FloatField()
    folds = models.PositiveSmallIntegerField()
    seed = models.PositiveIntegerField()
    job = models.ForeignKey(Job, models.PROTECT, related_name="+", null=True)
    split_file = models.CharField(max_length=64, blank=True)
    development = models.CharField(max_length=64, blank=True, help_text="Typed development rows.")
    raw_development = models.CharField(
        max_length=64, blank=True, help_text="The same rows before the recipe, for the contract."
    )
    sealed_test = models.CharField(max_length=64, blank=True, help_text="Encrypted test rows.")
    report = models.JSONField(default=dict)
    drawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"Split {self.pk} of {self.table}"

    @property
    def is_ready(self) -> bool:
        """Drawn and sealed."""
        return bool(self.sealed_test)

    @property
    def giveaways(self) -> dict[str, str]:
        """Columns that tell the target too well to be known before it, each with what it shows.

        Found on development rows; splits drawn before this was looked for know of none.
        """
        return {item["column"]: item["says"] for item in self.report.get("giveaways", [])}
