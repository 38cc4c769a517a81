"""Models for administrators: from experiments to what the sealed test showed. Read-only."""

from django.contrib import admin

from apps.modeling.models import (
    AttackRun,
    Candidate,
    Evaluation,
    Experiment,
    NotebookToken,
    Opening,
    Reproduction,
    RowExplanation,
    Trial,
)
from apps.web.admin import ReadOnlyAdmin


@admin.register(Experiment)
class ExperimentAdmin(ReadOnlyAdmin):
    """Rounds of training."""

    list_display = ["cycle", "number", "problem", "started_by", "created_at"]
    list_filter = ["problem", "created_at"]
    list_select_related = ["cycle__project", "started_by"]
    search_fields = ["cycle__project__name", "started_by__name"]


@admin.register(Trial)
class TrialAdmin(ReadOnlyAdmin):
    """Candidates that were cross-validated."""

    list_display = ["title", "experiment", "candidate", "is_baseline", "created_at"]
    list_filter = ["candidate", "is_baseline", "created_at"]
    list_select_related = ["experiment__cycle__project"]
    search_fields = ["title", "experiment__cycle__project__name"]


@admin.register(NotebookToken)
class NotebookTokenAdmin(ReadOnlyAdmin):
    """Keys of notebooks; the secrets themselves are stored nowhere."""

    list_display = ["name", "prefix", "experiment", "created_by", "expires_at", "revoked_at"]
    list_filter = ["created_at", "expires_at"]
    list_select_related = ["experiment__cycle__project", "created_by"]
    search_fields = ["name", "experiment__cycle__project__name", "created_by__name"]
    exclude = ["sha256"]


@admin.register(Reproduction)
class ReproductionAdmin(ReadOnlyAdmin):
    """Trials that were made again."""

    list_display = ["trial", "by", "created_at"]
    list_filter = ["created_at"]
    list_select_related = ["trial", "by"]
    search_fields = ["trial__title", "trial__experiment__cycle__project__name", "by__name"]


@admin.register(AttackRun)
class AttackRunAdmin(ReadOnlyAdmin):
    """Adversary suites."""

    list_display = ["trial", "by", "created_at"]
    list_filter = ["created_at"]
    list_select_related = ["trial", "by"]
    search_fields = ["trial__title", "trial__experiment__cycle__project__name", "by__name"]


@admin.register(RowExplanation)
class RowExplanationAdmin(ReadOnlyAdmin):
    """Rows whose answer was explained."""

    list_display = ["trial", "row", "by", "created_at"]
    list_filter = ["created_at"]
    list_select_related = ["trial", "by"]
    search_fields = ["trial__title", "trial__experiment__cycle__project__name", "by__name"]


@admin.register(Candidate)
class CandidateAdmin(ReadOnlyAdmin):
    """Models frozen for the test."""

    list_display = ["trial", "cycle", "frozen_by", "created_at", "model"]
    list_filter = ["created_at"]
    list_select_related = ["trial", "cycle__project", "frozen_by"]
    search_fields = ["trial__title", "cycle__project__name", "model"]


@admin.register(Opening)
class OpeningAdmin(ReadOnlyAdmin):
    """Openings of the sealed test."""

    list_display = ["cycle", "number", "candidate", "by", "at"]
    list_filter = ["at"]
    list_select_related = ["cycle__project", "candidate__trial", "by"]
    search_fields = ["cycle__project__name", "by__name"]


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnlyAdmin):
    """What openings showed."""

    list_display = ["opening", "at"]
    list_filter = ["at"]
    list_select_related = ["opening__cycle__project"]
    search_fields = ["opening__cycle__project__name"]
