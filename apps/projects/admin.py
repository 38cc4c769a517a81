"""Teams and projects for administrators. History can be looked at and never changed."""

from typing import Any

from django.contrib import admin
from django.forms import BaseInlineFormSet
from django.http import HttpRequest

from apps.projects import ledger
from apps.projects.models import (
    Chain,
    ConditionMet,
    Cycle,
    Decision,
    Event,
    Membership,
    Project,
    Submission,
    Team,
    Tiering,
)
from apps.web.admin import ReadOnlyAdmin


class MembershipInline(admin.TabularInline):
    """Who is in the team."""

    model = Membership
    extra = 1
    autocomplete_fields = ["user"]


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):
    """Teams and their members."""

    list_display = ["name", "created_at"]
    search_fields = ["name"]
    inlines = [MembershipInline]

    def save_formset(
        self, request: HttpRequest, form: Any, formset: BaseInlineFormSet, change: bool
    ) -> None:
        """Roles given here stand in the team's ledger like those given on the team's page."""
        super().save_formset(request, form, formset, change)
        changed = [row for row, _ in formset.changed_objects]
        told = [(row, row.role, str(row)) for row in (*formset.new_objects, *changed)]
        gone = [(row, "", f"{row.user} is out of {row.team}") for row in formset.deleted_objects]
        for row, role, says in (*told, *gone):
            ledger.record(
                "team.role_set",
                f"{request.user} in the administration: {says}",
                actor=request.user,
                team=row.team,
                facts={"user": row.user_id, "role": role},
            )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: projects and the ledger hang on it."""
        return False


@admin.register(Project)
class ProjectAdmin(admin.ModelAdmin):
    """Projects: names, owners, archiving."""

    list_display = ["name", "team", "owner", "tier", "created_at", "archived_at"]
    list_filter = ["team", "tier", "archived_at"]
    search_fields = ["name", "slug", "sentence"]
    list_select_related = ["team", "owner"]
    # The tier follows from what is at stake and is set by a manager, on the project's own page.
    readonly_fields = ["slug", "team", "tier", "created_at"]

    def save_model(self, request: HttpRequest, obj: Project, form: Any, change: bool) -> None:
        """The ledger tells of it."""
        super().save_model(request, obj, form, change)
        if form.changed_data:
            facts = {name: str(getattr(obj, name)) for name in form.changed_data}
            ledger.record(
                "project.changed",
                f"{request.user} changed in the administration: {', '.join(facts)}",
                actor=request.user,
                project=obj,
                facts=facts,
            )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Projects are started on their own page, with a cycle and a line in the ledger."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: archive instead."""
        return False


@admin.register(Tiering)
class TieringAdmin(ReadOnlyAdmin):
    """How tiers were found."""

    list_display = ["project", "purpose", "computed", "tier", "why", "person", "at"]
    list_filter = ["purpose", "tier", "at"]
    list_select_related = ["project", "person"]
    search_fields = ["project__name", "why", "reason"]


@admin.register(Cycle)
class CycleAdmin(ReadOnlyAdmin):
    """Cycles."""

    list_display = ["project", "number", "reason", "started_at"]
    list_filter = ["started_at"]
    list_select_related = ["project"]
    search_fields = ["project__name", "reason"]


@admin.register(Submission)
class SubmissionAdmin(ReadOnlyAdmin):
    """Submissions."""

    list_display = ["cycle", "stage", "person_name", "at"]
    list_filter = ["stage", "at"]
    list_select_related = ["cycle__project"]
    search_fields = ["cycle__project__name", "person_name", "evidence_hash"]


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    """Signatures."""

    list_display = ["cycle", "stage", "number", "verdict", "person_name", "role", "at"]
    list_filter = ["stage", "verdict", "role", "at"]
    list_select_related = ["cycle__project"]
    search_fields = ["cycle__project__name", "person_name", "evidence_hash"]


@admin.register(ConditionMet)
class ConditionMetAdmin(ReadOnlyAdmin):
    """Conditions that were met."""

    list_display = ["decision", "person", "note", "at"]
    list_filter = ["at"]
    list_select_related = ["decision__cycle__project", "person"]
    search_fields = ["decision__cycle__project__name", "person__name", "note"]


@admin.register(Chain)
class ChainAdmin(ReadOnlyAdmin):
    """Heads of the ledgers."""

    list_display = ["__str__", "seq", "head"]
    list_select_related = ["team"]
    search_fields = ["team__name", "head"]


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """The ledger."""

    list_display = ["chain", "seq", "at", "actor_name", "verb", "says"]
    list_filter = ["chain", "verb", "at"]
    list_select_related = ["chain__team"]
    search_fields = ["says", "actor_name", "verb", "hash"]
