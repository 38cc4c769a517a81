"""Contract, Acceptance, ContractRun, Datasheet: what is agreed about data and told of it."""

from typing import Any

from django.conf import settings
from django.db import models

from apps.engine.contract.rule import REFUSE, WARN, Rule, rules_from
from apps.jobs.models import Job
from apps.projects.models import InsertOnly, Project


class Contract(InsertOnly):
    """A version of the rules for a source, or without one for the project's table.

    It counts from its acceptance until a later version is accepted.
    """

    TEAM = "project__team"

    project = models.ForeignKey(Project, models.PROTECT, related_name="contracts")
    source = models.ForeignKey(
        "datasets.Source", models.PROTECT, related_name="contracts", null=True, blank=True
    )
    number = models.PositiveIntegerField(help_text="1, 2, 3 … for the source, or for the table")
    rules = models.JSONField(help_text="Rule.as_dict of apps.engine.contract, in their order.")
    content_hash = models.CharField(max_length=64)
    says = models.CharField(max_length=300, help_text="What was changed.")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "number"], name="contract_number_of_a_source_is_unique"
            ),
            models.UniqueConstraint(
                fields=["project", "number"],
                condition=models.Q(source=None),
                name="contract_number_of_the_table_is_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"Contract {self.number} of {self.about}"

    @property
    def about(self) -> str:
        """The source, or the table."""
        return self.source.name if self.source else "the table"

    @property
    def agreed(self) -> tuple[Rule, ...]:
        """The rules."""
        return rules_from(self.rules)


class Acceptance(InsertOnly):
    """A person took a version of a contract into force."""

    TEAM = "contract__project__team"

    contract = models.OneToOneField(Contract, models.PROTECT, related_name="acceptance")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.contract}, accepted by {self.person}"


class ContractRun(models.Model):
    """A worker holds a typed table against a contract, or without one drafts one from it."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="contract_runs")
    source = models.ForeignKey(
        "datasets.Source", models.CASCADE, related_name="contract_runs", null=True, blank=True
    )
    contract = models.ForeignKey(
        Contract, models.PROTECT, related_name="runs", null=True, help_text="Null: drafts one."
    )
    parquet = models.CharField(max_length=64, help_text="SHA-256 of the typed table.")
    split_file = models.CharField(
        max_length=64, blank=True, help_text="Whose development rows the table is, if any."
    )
    job = models.ForeignKey(Job, models.PROTECT, related_name="+", null=True)
    report = models.JSONField(default=dict, help_text="What check_table returned.")
    failing = models.CharField(max_length=64, blank=True, help_text="SHA-256 of failing rows.")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "parquet"], name="contract_checked_once")
        ]

    def __str__(self) -> str:
        return f"Check of {self.contract}" if self.contract else "Draft of a contract"

    @property
    def is_ready(self) -> bool:
        """Finished."""
        return bool(self.report)

    @property
    def refused(self) -> list[dict[str, Any]]:
        """Rules that refuse and do not hold."""
        return self.broken(REFUSE)

    @property
    def warned(self) -> list[dict[str, Any]]:
        """Rules that warn and do not hold."""
        return self.broken(WARN)

    def broken(self, severity: str) -> list[dict[str, Any]]:
        """The rules of a severity that do not hold, or could not be asked of the table."""
        rules: list[dict[str, Any]] = self.report.get("rules", [])
        return [rule for rule in rules if rule["severity"] == severity and rule["state"] != "held"]


class Datasheet(InsertOnly):
    """What people say about a source, after Gebru and others (2021). The newest counts."""

    TEAM = "source__project__team"

    source = models.ForeignKey("datasets.Source", models.PROTECT, related_name="datasheets")
    number = models.PositiveIntegerField()
    answers = models.JSONField(help_text="Key of a question to its answer.")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["source", "number"], name="datasheet_number_is_unique")
        ]

    def __str__(self) -> str:
        return f"Datasheet {self.number} of {self.source}"
