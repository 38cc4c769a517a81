"""Jobs for administrators: to find out what ran, where, and how it ended. Read-only."""

from django.contrib import admin

from apps.jobs.models import Job
from apps.web.admin import ReadOnlyAdmin


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Background work. It is stopped and started again on its own page."""

    list_display = [
        "title",
        "project",
        "queue",
        "state",
        "attempt",
        "worker",
        "created_at",
        "finished_at",
    ]
    list_filter = ["state", "queue", "created_at"]
    list_select_related = ["project"]
    search_fields = ["title", "task", "project__name", "worker", "problem", "id"]
