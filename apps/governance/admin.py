"""What was said, signed, told and proved at gates, for administrators. Read-only."""

from django.contrib import admin

from apps.governance.models import (
    AlertBudget,
    Delegation,
    Delivery,
    EvidenceView,
    FindingClosing,
    FindingReply,
    GateFinding,
    GateNote,
    Notice,
    Pack,
    PasswordCount,
    Revocation,
    SignedPage,
    ToldIncident,
    Verification,
    WarningAccepted,
    Webhook,
)
from apps.web.admin import ReadOnlyAdmin


@admin.register(GateNote)
class GateNoteAdmin(ReadOnlyAdmin):
    """Remarks in discussions."""

    list_display = ["cycle", "stage", "person", "text", "at"]
    list_filter = ["stage", "at"]
    list_select_related = ["cycle__project", "person"]
    search_fields = ["text", "person__name", "cycle__project__name"]


@admin.register(Delegation)
class DelegationAdmin(ReadOnlyAdmin):
    """Who signs for whom."""

    list_display = ["team", "delegate", "giver", "starts_on", "ends_on", "reason"]
    list_filter = ["team", "ends_on"]
    list_select_related = ["team", "delegate", "giver"]
    search_fields = ["delegate__name", "giver__name", "reason"]


@admin.register(Revocation)
class RevocationAdmin(ReadOnlyAdmin):
    """Delegations that were taken back."""

    list_display = ["delegation", "person", "reason", "at"]
    list_filter = ["at"]
    list_select_related = ["delegation__delegate", "delegation__giver", "person"]
    search_fields = ["delegation__delegate__name", "delegation__giver__name", "reason"]


@admin.register(EvidenceView)
class EvidenceViewAdmin(ReadOnlyAdmin):
    """Evidence that signers opened."""

    list_display = ["cycle", "stage", "check_key", "person", "at"]
    list_filter = ["stage", "at"]
    list_select_related = ["cycle__project", "person"]
    search_fields = ["cycle__project__name", "person__name", "check_key"]


@admin.register(PasswordCount)
class PasswordCountAdmin(ReadOnlyAdmin):
    """Wrong passwords at signing: five close it for a quarter of an hour."""

    list_display = ["person", "wrong", "last_at"]
    list_filter = ["last_at"]
    list_select_related = ["person"]
    search_fields = ["person__name", "person__email"]


@admin.register(Pack)
class PackAdmin(ReadOnlyAdmin):
    """Evidence packs."""

    list_display = ["cycle", "decision", "by", "seq", "size_bytes", "created_at"]
    list_filter = ["created_at"]
    list_select_related = ["cycle__project", "decision__cycle__project", "by"]
    search_fields = ["cycle__project__name", "by__name", "sha256"]


@admin.register(Verification)
class VerificationAdmin(ReadOnlyAdmin):
    """What checks of ledgers found."""

    list_display = ["chain", "by", "events", "anchored_to", "found", "created_at"]
    list_filter = ["created_at"]
    list_select_related = ["chain__team", "by"]
    search_fields = ["chain__team__name", "by__name"]


@admin.register(GateFinding)
class GateFindingAdmin(ReadOnlyAdmin):
    """Findings at gates."""

    list_display = ["cycle", "stage", "number", "severity", "says", "owner", "due_on", "at"]
    list_filter = ["stage", "severity", "at"]
    list_select_related = ["cycle__project", "owner"]
    search_fields = ["says", "owner__name", "cycle__project__name"]


@admin.register(FindingReply)
class FindingReplyAdmin(ReadOnlyAdmin):
    """Answers and questions in the threads of findings."""

    list_display = ["finding", "person", "text", "answers", "at"]
    list_select_related = ["finding", "person"]
    search_fields = ["text", "person__name"]


@admin.register(FindingClosing)
class FindingClosingAdmin(ReadOnlyAdmin):
    """Who settled a finding."""

    list_display = ["finding", "person", "note", "at"]
    list_select_related = ["finding", "person"]
    search_fields = ["note", "person__name"]


@admin.register(WarningAccepted)
class WarningAcceptedAdmin(ReadOnlyAdmin):
    """Warnings that were accepted as they stood."""

    list_display = ["cycle", "stage", "check_key", "person", "note", "at"]
    list_filter = ["stage", "at"]
    list_select_related = ["cycle__project", "person"]
    search_fields = ["check_key", "note", "person__name"]


@admin.register(SignedPage)
class SignedPageAdmin(ReadOnlyAdmin):
    """Which bytes were signed, by their hash; the page itself is read at its gate."""

    fields = ["decision", "sha256"]
    list_display = ["decision", "sha256"]
    list_select_related = ["decision__cycle__project"]
    search_fields = ["sha256", "decision__person_name"]


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """What people were told, and whether the e-mail went out."""

    list_display = ["person", "kind", "says", "at", "read_at", "mail_tries", "mailed_at"]
    list_filter = ["kind", "at"]
    list_select_related = ["person", "project"]
    search_fields = ["says", "person__name", "project__name"]


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin):
    """Where alerts of teams go outside. Of the address only the host is shown."""

    list_display = ["host", "team", "made_by", "made_at", "ended_by", "ended_at"]
    list_filter = ["team", "made_at"]
    list_select_related = ["team", "made_by", "ended_by"]
    search_fields = ["team__name", "made_by__name"]
    fields = ["host", "team", "made_by", "made_at", "ended_by", "ended_at"]


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Messages to addresses outside, and how it went."""

    list_display = ["kind", "webhook", "state", "tries", "due_at", "at"]
    list_filter = ["state", "at"]
    list_select_related = ["webhook__team"]
    search_fields = ["kind", "key", "body"]


@admin.register(AlertBudget)
class AlertBudgetAdmin(ReadOnlyAdmin):
    """How many alerts a week a team is told of at once."""

    list_display = ["team", "a_week"]
    list_filter = ["team"]
    list_select_related = ["team"]
    search_fields = ["team__name"]


@admin.register(ToldIncident)
class ToldIncidentAdmin(ReadOnlyAdmin):
    """Incidents that were told of, at once or in a digest."""

    list_display = ["incident", "how", "at"]
    list_filter = ["how", "at"]
    list_select_related = ["incident__deployment"]
    search_fields = ["incident__says", "incident__deployment__slug"]
