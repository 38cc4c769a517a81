"""Plans for administrators: to look at, never to change."""

from django.contrib import admin

from apps.planning.models import ColumnClass, Draft, Plan
from apps.web.admin import ReadOnlyAdmin


@admin.register(Plan)
class PlanAdmin(ReadOnlyAdmin):
    """Versions."""

    list_display = ["cycle", "number", "author", "created_at", "content_hash"]
    list_filter = ["created_at"]
    list_select_related = ["cycle__project", "author"]
    search_fields = ["cycle__project__name", "author__name", "content_hash", "reason"]


@admin.register(Draft)
class DraftAdmin(ReadOnlyAdmin):
    """Drafts."""

    list_display = ["cycle", "revision", "edited_by", "edited_at"]
    list_filter = ["edited_at"]
    list_select_related = ["cycle__project", "edited_by"]
    search_fields = ["cycle__project__name"]


@admin.register(ColumnClass)
class ColumnClassAdmin(ReadOnlyAdmin):
    """Classes of columns."""

    list_display = ["column", "sensitivity", "project", "person", "at"]
    list_filter = ["sensitivity", "at"]
    list_select_related = ["project", "person"]
    search_fields = ["column", "project__name", "person__name"]
