"""Exploration for administrators: profiles and findings. Read-only."""

from django.contrib import admin

from apps.eda.models import Answer, Finding, Profile, SealedLook, SealedSight, View
from apps.web.admin import ReadOnlyAdmin


@admin.register(Profile)
class ProfileAdmin(ReadOnlyAdmin):
    """Statistics of tables."""

    list_display = ["cycle", "scope", "target", "created_at", "parquet"]
    list_filter = ["scope", "created_at"]
    list_select_related = ["cycle__project"]
    search_fields = ["cycle__project__name", "target", "parquet"]


@admin.register(Finding)
class FindingAdmin(ReadOnlyAdmin):
    """What people saw in the data, and the answers."""

    list_display = ["says", "cycle", "severity", "owner", "raised_by", "raised_at", "closed_at"]
    list_filter = ["severity", "raised_at", "closed_at"]
    list_select_related = ["cycle__project", "owner", "raised_by"]
    search_fields = ["says", "answer", "cycle__project__name"]


@admin.register(Answer)
class AnswerAdmin(ReadOnlyAdmin):
    """What was computed on demand and is kept; what it holds is not shown."""

    list_display = ["cycle", "key", "created_at"]
    list_filter = ["created_at"]
    list_select_related = ["cycle__project"]
    search_fields = ["cycle__project__name", "key"]
    exclude = ["content"]


@admin.register(View)
class ViewAdmin(ReadOnlyAdmin):
    """Pages that people named."""

    list_display = ["name", "cycle", "page", "is_pinned", "made_by", "made_at"]
    list_filter = ["is_pinned", "made_at"]
    list_select_related = ["cycle__project", "made_by"]
    search_fields = ["name", "note", "cycle__project__name"]


@admin.register(SealedLook)
class SealedLookAdmin(ReadOnlyAdmin):
    """Who had the features of sealed rows compared, and why."""

    list_display = ["cycle", "number", "by", "at", "reason"]
    list_filter = ["at"]
    list_select_related = ["cycle__project", "by"]
    search_fields = ["cycle__project__name", "reason"]


@admin.register(SealedSight)
class SealedSightAdmin(ReadOnlyAdmin):
    """What those looks showed."""

    list_display = ["look", "at"]
    list_select_related = ["look__cycle__project"]
    search_fields = ["look__cycle__project__name"]
    exclude = ["result"]
