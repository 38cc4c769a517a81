"""Production for administrators: endpoints, what they answered, what the watch saw. Read-only."""

from django.contrib import admin

from apps.production.models import (
    Actual,
    ActualsFile,
    Alarm,
    AnswerSum,
    ApiToken,
    Call,
    CallSum,
    Deployment,
    DriftReference,
    Drill,
    Fallback,
    FlipReport,
    GlassRequest,
    Incident,
    IncidentNote,
    Prediction,
    Release,
    Removal,
    Retention,
    Scores,
    Scoring,
    ScoringRemoval,
    Segment,
    Switch,
    WatchReport,
    WirePolicy,
)
from apps.web.admin import ReadOnlyAdmin


@admin.register(Deployment)
class DeploymentAdmin(ReadOnlyAdmin):
    """Endpoints."""

    list_display = ["slug", "project", "created_by", "created_at", "retired_at"]
    list_filter = ["created_at", "retired_at"]
    list_select_related = ["project", "created_by"]
    search_fields = ["slug", "project__name"]


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    """What was built to be served."""

    list_display = ["deployment", "number", "cycle", "created_by", "created_at", "content_hash"]
    list_filter = ["created_at"]
    list_select_related = ["deployment", "cycle__project", "created_by"]
    search_fields = ["deployment__slug", "content_hash"]


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Who may call. Tokens are issued and revoked on the page of the endpoint."""

    list_display = [
        "name",
        "prefix",
        "deployment",
        "created_by",
        "created_at",
        "expires_at",
        "revoked_at",
    ]
    list_filter = ["created_at", "expires_at", "revoked_at"]
    list_select_related = ["deployment", "created_by"]
    search_fields = ["name", "prefix", "deployment__slug"]
    exclude = ["sha256"]


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin):
    """Requests."""

    list_display = [
        "at",
        "deployment",
        "release",
        "status",
        "error",
        "rows",
        "latency_ms",
        "is_rehearsal",
    ]
    list_filter = ["status", "is_rehearsal", "at"]
    list_select_related = ["deployment", "release__deployment"]
    search_fields = ["deployment__slug", "error", "id"]


@admin.register(Prediction)
class PredictionAdmin(ReadOnlyAdmin):
    """Answered rows."""

    list_display = ["id", "deployment", "release", "prediction", "at"]
    list_filter = ["at"]
    list_select_related = ["deployment", "release__deployment"]
    search_fields = ["id", "deployment__slug"]


@admin.register(Segment)
class SegmentAdmin(ReadOnlyAdmin):
    """Files of the log of calls, and how far each is taken up."""

    list_display = ["name", "taken_bytes"]
    search_fields = ["name"]


@admin.register(Actual)
class ActualAdmin(ReadOnlyAdmin):
    """What really happened."""

    list_display = ["prediction", "value", "at"]
    list_filter = ["at"]
    list_select_related = ["prediction"]
    search_fields = ["prediction__id", "prediction__deployment__slug"]


@admin.register(WatchReport)
class WatchReportAdmin(ReadOnlyAdmin):
    """What the watch saw."""

    list_display = ["release", "at"]
    list_filter = ["at"]
    list_select_related = ["release__deployment"]
    search_fields = ["release__deployment__slug"]


@admin.register(Alarm)
class AlarmAdmin(ReadOnlyAdmin):
    """Tripwires and promises that broke."""

    list_display = ["says", "release", "severity", "raised_at", "closed_at", "closed_by"]
    list_filter = ["severity", "raised_at", "closed_at"]
    list_select_related = ["release__deployment", "closed_by"]
    search_fields = ["says", "answer", "release__deployment__slug"]


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    """What somebody looks after."""

    list_display = ["number", "deployment", "says", "severity", "owner", "due_at", "outcome"]
    list_filter = ["severity", "outcome", "raised_at", "closed_at"]
    list_select_related = ["deployment", "owner"]
    search_fields = ["says", "resolution", "deployment__slug"]


@admin.register(IncidentNote)
class IncidentNoteAdmin(ReadOnlyAdmin):
    """What was said about incidents."""

    list_display = ["incident", "person", "text", "at"]
    list_filter = ["at"]
    list_select_related = ["incident__deployment", "person"]
    search_fields = ["text", "incident__says"]


@admin.register(Fallback)
class FallbackAdmin(ReadOnlyAdmin):
    """What endpoints fall back to."""

    list_display = ["deployment", "kind", "person", "at"]
    list_filter = ["kind", "at"]
    list_select_related = ["deployment", "person"]
    search_fields = ["deployment__slug"]


@admin.register(WirePolicy)
class WirePolicyAdmin(ReadOnlyAdmin):
    """At which tripwires the watch takes the fallback by itself."""

    list_display = ["deployment", "takes", "person", "at"]
    list_filter = ["at"]
    list_select_related = ["deployment", "person"]
    search_fields = ["deployment__slug"]


@admin.register(Retention)
class RetentionAdmin(ReadOnlyAdmin):
    """How long the log of an endpoint is kept, and why."""

    list_display = ["deployment", "inputs_days", "answers_days", "person", "at"]
    list_filter = ["at"]
    list_select_related = ["deployment", "person"]
    search_fields = ["deployment__slug", "reason"]


@admin.register(Removal)
class RemovalAdmin(ReadOnlyAdmin):
    """What was removed from the log of an endpoint because its time was over."""

    list_display = ["deployment", "inputs", "answers", "actuals", "calls", "at"]
    list_filter = ["at"]
    list_select_related = ["deployment"]
    search_fields = ["deployment__slug"]


@admin.register(DriftReference)
class DriftReferenceAdmin(ReadOnlyAdmin):
    """What the watch holds the answers of an endpoint against, and why."""

    list_display = ["deployment", "kind", "person", "at"]
    list_filter = ["kind", "at"]
    list_select_related = ["deployment", "person"]
    search_fields = ["deployment__slug"]


@admin.register(CallSum)
class CallSumAdmin(ReadOnlyAdmin):
    """Sums over the calls of half an hour."""

    list_display = ["deployment", "release", "start", "calls", "errors", "refused"]
    list_filter = ["start"]
    list_select_related = ["deployment", "release__deployment"]
    search_fields = ["deployment__slug"]


@admin.register(AnswerSum)
class AnswerSumAdmin(ReadOnlyAdmin):
    """Sums over the answered rows of a day."""

    list_display = ["release", "day", "told", "is_known", "actual", "rows"]
    list_filter = ["day", "is_known"]
    list_select_related = ["release__deployment"]
    search_fields = ["release__deployment__slug"]


@admin.register(GlassRequest)
class GlassRequestAdmin(ReadOnlyAdmin):
    """Who asked to switch without the gate's conditions, and why."""

    list_display = ["deployment", "kind", "release", "hours", "person", "at"]
    list_filter = ["kind", "at"]
    list_select_related = ["deployment", "release__deployment", "person"]
    search_fields = ["deployment__slug", "reason"]


@admin.register(Switch)
class SwitchAdmin(ReadOnlyAdmin):
    """Who changed what answers, and why."""

    list_display = ["deployment", "number", "kind", "release", "person", "at"]
    list_filter = ["kind", "at"]
    list_select_related = ["deployment", "release__deployment", "person"]
    search_fields = ["deployment__slug", "reason"]


@admin.register(FlipReport)
class FlipReportAdmin(ReadOnlyAdmin):
    """Comparisons of two releases on logged calls."""

    list_display = ["after", "before", "at"]
    list_filter = ["at"]
    list_select_related = ["after__deployment", "before__deployment"]
    search_fields = ["after__deployment__slug"]


@admin.register(Drill)
class DrillAdmin(ReadOnlyAdmin):
    """Contingencies that were tried out."""

    list_display = ["cycle", "risk", "passed", "took_s", "person", "at"]
    list_filter = ["passed", "at"]
    list_select_related = ["cycle__project", "person"]
    search_fields = ["risk", "contingency"]


@admin.register(Scoring)
class ScoringAdmin(ReadOnlyAdmin):
    """Files whose rows were scored."""

    list_display = ["deployment", "number", "filename", "release", "person", "at"]
    list_select_related = ["deployment", "release__deployment", "person"]
    search_fields = ["deployment__slug", "filename"]


@admin.register(Scores)
class ScoresAdmin(ReadOnlyAdmin):
    """What became of their rows."""

    list_display = ["scoring", "rows", "answered", "refused", "at"]
    list_select_related = ["scoring__deployment"]
    search_fields = ["scoring__deployment__slug", "sha256"]


@admin.register(ScoringRemoval)
class ScoringRemovalAdmin(ReadOnlyAdmin):
    """Batches whose file and answers were removed."""

    list_display = ["scoring", "person", "reason", "at"]
    list_select_related = ["scoring__deployment", "person"]
    search_fields = ["scoring__deployment__slug", "reason"]


@admin.register(ActualsFile)
class ActualsFileAdmin(ReadOnlyAdmin):
    """Files of what really happened; the values are with the predictions."""

    list_display = ["deployment", "filename", "person", "at"]
    list_select_related = ["deployment", "person"]
    search_fields = ["deployment__slug", "filename"]
