"""Data for administrators: sources, their versions, and what was made of them. Read-only."""

from django.contrib import admin

from apps.datasets.database_models import Connection, Query
from apps.datasets.models import (
    Acceptance,
    Consolidation,
    Contract,
    ContractRun,
    Datasheet,
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


@admin.register(Connection)
class ConnectionAdmin(ReadOnlyAdmin):
    """Databases that teams may read. The sealed password is not shown."""

    list_display = ["name", "team", "dialect", "host", "port", "database", "works", "removed_at"]
    list_filter = ["dialect", "created_at", "removed_at"]
    list_select_related = ["team"]
    search_fields = ["name", "team__name", "host", "database"]
    exclude = ["sealed"]


@admin.register(Query)
class QueryAdmin(ReadOnlyAdmin):
    """What databases were asked for, one row for each version of a text or its parameters."""

    list_display = ["id", "source", "connection", "asked_by", "created_at"]
    list_filter = ["created_at"]
    list_select_related = ["source", "connection", "asked_by"]
    search_fields = ["source__name", "connection__name", "sql"]


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


@admin.register(Contract)
class ContractAdmin(ReadOnlyAdmin):
    """Versions of data contracts."""

    list_display = ["project", "source", "number", "says", "author", "created_at"]
    list_filter = ["created_at"]
    list_select_related = ["project", "source", "author"]
    search_fields = ["project__name", "source__name", "says", "content_hash"]


@admin.register(Acceptance)
class AcceptanceAdmin(ReadOnlyAdmin):
    """Who took which version into force."""

    list_display = ["contract", "person", "at"]
    list_filter = ["at"]
    list_select_related = ["contract__project", "contract__source", "person"]
    search_fields = ["contract__project__name", "person__name"]


@admin.register(ContractRun)
class ContractRunAdmin(ReadOnlyAdmin):
    """Checks and drafts."""

    list_display = ["project", "source", "contract", "created_at", "parquet"]
    list_filter = ["created_at"]
    list_select_related = ["project", "source", "contract__project", "contract__source"]
    search_fields = ["project__name", "source__name", "parquet"]


@admin.register(Datasheet)
class DatasheetAdmin(ReadOnlyAdmin):
    """Versions of datasheets."""

    list_display = ["source", "number", "person", "at"]
    list_filter = ["at"]
    list_select_related = ["source", "person"]
    search_fields = ["source__name", "source__project__name", "person__name"]
