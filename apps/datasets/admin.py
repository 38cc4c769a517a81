"""Data for administrators: sources, their versions, and what was made of them. Read-only."""

from django.contrib import admin

from apps.datasets.models import (
    Consolidation,
    Examination,
    FittedLook,
    Join,
    JoinPreview,
    JoinResult,
    RecipeState,
    Source,
    Split,
    Step,
    Table,
    Upload,
    Version,
)
from apps.web.admin import ReadOnlyAdmin


@admin.register(Source)
class SourceAdmin(ReadOnlyAdmin):
    """Where rows come from."""

    list_display = ["name", "project", "owner", "created_by", "created_at", "removed_at"]
    list_filter = ["created_at", "removed_at"]
    list_select_related = ["project", "created_by"]
    search_fields = ["name", "project__name", "owner", "describes"]


@admin.register(Version)
class VersionAdmin(ReadOnlyAdmin):
    """Uploads. The bytes lie in the store under their SHA-256."""

    list_display = [
        "source",
        "number",
        "filename",
        "size_bytes",
        "rows",
        "uploaded_by",
        "created_at",
        "sha256",
    ]
    list_filter = ["created_at"]
    list_select_related = ["source", "uploaded_by"]
    search_fields = ["source__name", "source__project__name", "filename", "sha256", "parquet"]


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    """Files on their way here."""

    list_display = ["filename", "project", "size_bytes", "created_by", "created_at"]
    list_filter = ["created_at"]
    list_select_related = ["project", "created_by"]
    search_fields = ["filename", "project__name"]


@admin.register(Consolidation)
class ConsolidationAdmin(ReadOnlyAdmin):
    """How one table is made from the sources."""

    list_display = ["cycle", "base", "edited_by", "edited_at"]
    list_filter = ["edited_at"]
    list_select_related = ["cycle__project", "base", "edited_by"]
    search_fields = ["cycle__project__name", "base__name"]


@admin.register(Join)
class JoinAdmin(ReadOnlyAdmin):
    """Joins."""

    list_display = ["consolidation", "position", "source", "kind", "left_on", "created_by"]
    list_filter = ["kind", "is_enabled"]
    list_select_related = ["consolidation__cycle__project", "source", "created_by"]
    search_fields = ["source__name", "consolidation__cycle__project__name"]


@admin.register(JoinResult)
class JoinResultAdmin(ReadOnlyAdmin):
    """Computed joins."""

    list_display = ["key", "project", "join", "rows", "columns", "created_at"]
    list_select_related = ["project", "join__source"]
    search_fields = ["key", "project__name"]


@admin.register(JoinPreview)
class JoinPreviewAdmin(ReadOnlyAdmin):
    """Joins that were looked at."""

    list_display = ["project", "source", "created_by", "created_at"]
    list_select_related = ["project", "source", "created_by"]
    search_fields = ["source__name", "project__name"]


@admin.register(Step)
class StepAdmin(ReadOnlyAdmin):
    """Steps of recipes."""

    list_display = ["cycle", "position", "step", "is_enabled", "reason", "created_by", "created_at"]
    list_filter = ["step", "is_enabled"]
    list_select_related = ["cycle__project", "created_by"]
    search_fields = ["cycle__project__name", "step", "reason"]


@admin.register(RecipeState)
class RecipeStateAdmin(ReadOnlyAdmin):
    """What recipes were after each change."""

    list_display = ["says", "cycle", "is_current", "by", "created_at"]
    list_filter = ["is_current", "created_at"]
    list_select_related = ["cycle__project", "by"]
    search_fields = ["says", "cycle__project__name"]


@admin.register(Examination)
class ExaminationAdmin(ReadOnlyAdmin):
    """What tables were looked at for issues."""

    list_display = ["cycle", "target", "asked_by", "created_at", "result"]
    list_filter = ["created_at"]
    list_select_related = ["cycle__project", "asked_by"]
    search_fields = ["cycle__project__name", "subject"]


@admin.register(FittedLook)
class FittedLookAdmin(ReadOnlyAdmin):
    """What fitted choices were looked at."""

    list_display = ["cycle", "split", "asked_by", "created_at", "result"]
    list_filter = ["created_at"]
    list_select_related = ["cycle__project", "split__table__cycle__project", "asked_by"]
    search_fields = ["cycle__project__name", "subject"]


@admin.register(Table)
class TableAdmin(ReadOnlyAdmin):
    """Built tables."""

    list_display = ["cycle", "rows", "built_by", "created_at", "parquet"]
    list_filter = ["created_at"]
    list_select_related = ["cycle__project", "built_by"]
    search_fields = ["cycle__project__name", "inputs_hash", "parquet"]


@admin.register(Split)
class SplitAdmin(ReadOnlyAdmin):
    """Drawn splits. The test rows stay sealed."""

    list_display = ["table", "method", "target", "test_share", "folds", "drawn_by", "created_at"]
    list_filter = ["method", "created_at"]
    list_select_related = ["table__cycle__project", "drawn_by"]
    search_fields = ["table__cycle__project__name", "target", "split_file"]
