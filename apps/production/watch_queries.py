"""Reads about incidents, and the way back from one answer to the plan behind it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.datasets.models import Version
from apps.datasets.queries import in_words
from apps.engine.monitoring.keeping import is_mark
from apps.modeling.models import Opening
from apps.planning.models import Plan
from apps.planning.queries import veiled_columns
from apps.production.models import Deployment, Incident, Prediction, Release
from apps.production.queries import serving_release
from apps.production.watch.lessons import Lesson, lessons
from apps.production.watch.precision import Rate, rate_of
from apps.projects.models import Cycle, Decision, Project, Role
from apps.projects.queries import latest_decision
from apps.projects.stages import Stage
from apps.web.ordering import Alphabetical

GRAVEST_FIRST = {"high": 0, "medium": 1, "low": 2}
MOST_CLOSED = 20
SHA256_CHARACTERS = 64
VEILED = "not shown: sensitive"
UNKEPT = "not kept: sensitive"


def _worst_first(incident: Incident) -> tuple[float, int, int, Any]:
    """What it probably costs, then how grave, then the risk behind it, then the older."""
    return (
        -(incident.loss_a_month or 0.0),
        GRAVEST_FIRST[incident.severity],
        -incident.weight,
        incident.raised_at,
    )


def ranked(incidents: Iterable[Incident]) -> list[Incident]:
    """Open incidents, the most expensive first."""
    return sorted(incidents, key=_worst_first)


@dataclass(frozen=True)
class IncidentList:
    """The incidents of an endpoint, and how often its alarms were right."""

    open: list[Incident]
    closed: list[Incident]
    rate: Rate | None


def incidents_of(deployment: Deployment) -> IncidentList:
    """All open ones and the last closed ones."""
    found = deployment.incidents.select_related("owner", "closed_by")
    return IncidentList(
        open=ranked(found.filter(closed_at=None)),
        closed=list(found.exclude(closed_at=None).order_by("-closed_at")[:MOST_CLOSED]),
        rate=rate_of(deployment),
    )


@dataclass(frozen=True)
class IncidentPage:
    """One incident with its alarms, suspects, thread, and what the next plan would take over."""

    incident: Incident
    alarms: list[Any]
    suspects: list[dict[str, Any]]
    notes: list[Any]
    people: list[User]
    lessons: list[Lesson]
    is_still_so: bool
    may_start: bool

    @property
    def is_glass(self) -> bool:
        """No alarm of the watch: two people broke the glass."""
        return any(alarm.key.startswith("glass:") for alarm in self.alarms)

    @property
    def now(self) -> datetime:
        """What the deadline is held against."""
        return timezone.now()


def _suspects(causes: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of a look, with the moment since when as one; None: all rows."""
    return [
        {**cause, "since": datetime.fromisoformat(cause["since"]) if cause["since"] else None}
        for cause in causes
    ]


def incident_page(incident: Incident) -> IncidentPage:
    """What its owner has to know."""
    deployment = incident.deployment
    release = serving_release(deployment)
    report = release.watch_reports.order_by("-at").first() if release else None
    team = deployment.project.team_id
    return IncidentPage(
        incident=incident,
        alarms=list(incident.alarms.select_related("release").order_by("raised_at")),
        suspects=_suspects(report.causes) if report and incident.cause else [],
        notes=list(incident.notes.select_related("person")),
        people=list(
            User.objects.filter(memberships__team=team, is_active=True)
            .exclude(memberships__role=Role.VIEWER)
            .order_by(Alphabetical("name"))
        ),
        lessons=lessons(release) if release and incident.is_open else [],
        is_still_so=bool(report and incident.last_seen_at >= report.at),
        may_start=release is not None and release.cycle_id == deployment.project.cycle.pk,
    )


def open_incidents(person: User) -> QuerySet[Incident]:
    """Incidents that wait for this person."""
    mine = Incident.objects.filter(
        owner=person, closed_at=None, deployment__project__team__memberships__user=person
    )
    return mine.select_related("deployment__project").order_by("due_at")


@dataclass(frozen=True)
class Trace:
    """From one answer back to the plan: everything that it rests on, each by its hash."""

    prediction: Prediction
    release: Release
    plan: Plan
    signatures: list[Decision]
    openings: list[Opening]
    versions: list[Version]

    @property
    def cycle(self) -> Cycle:
        """The cycle that built the release."""
        return self.release.cycle

    @property
    def shown_row(self) -> list[tuple[str, Any]]:
        """The row as it was asked; of columns that are sensitive by plan or class, no value."""
        columns = self.plan.task("features").get("columns") or []
        veiled = {row["name"] for row in columns if row.get("sensitive")}
        veiled |= veiled_columns(self.cycle.project_id)
        row = self.prediction.row.items()
        return [(name, _shown(value, is_veiled=name in veiled)) for name, value in row]

    @property
    def recipe(self) -> list[str]:
        """What was done to the rows, in sentences."""
        return [in_words(step) for step in self.release.steps]

    @property
    def split(self) -> Any:
        """The rows that the model learnt from and was tested on."""
        return self.release.candidate.trial.experiment.split


def _shown(value: Any, *, is_veiled: bool) -> Any:
    if is_mark(value):
        return UNKEPT
    return VEILED if is_veiled else "missing" if value is None else value


def answer_of(project: Project, key: str) -> Prediction | None:
    """A prediction by its id, with all that stands behind it; None where nobody here gave it."""
    return (
        Prediction.objects.filter(pk=key, deployment__project=project)
        .select_related(
            "call__token",
            "actual",
            "deployment",
            "release__deployment",
            "release__created_by",
            "release__cycle__project",
            "release__candidate__frozen_by",
            "release__candidate__trial__experiment__plan__author",
            "release__candidate__trial__experiment__split__table",
        )
        .first()
    )


def trace_of(project: Project, prediction: Prediction) -> Trace:
    """What an answer of a model rests on; one of a fallback has no release and no trace."""
    release = prediction.release
    assert release is not None, "asked for answers of a model only"
    experiment = release.candidate.trial.experiment
    openings = release.candidate.openings.select_related("by", "evaluation").order_by("number")
    return Trace(
        prediction=prediction,
        release=release,
        plan=experiment.plan,
        signatures=_signatures(release.cycle),
        openings=list(openings),
        versions=_versions(project, experiment.split.table.inputs),
    )


def _signatures(cycle: Cycle) -> list[Decision]:
    """The newest decision at each gate of the cycle."""
    found = (latest_decision(cycle, stage) for stage in Stage)
    return [decision for decision in found if decision is not None]


def _versions(project: Project, inputs: dict[str, Any]) -> list[Version]:
    """The files that a table was made from."""
    return list(
        Version.objects.filter(source__project=project, parquet__in=_hashes(inputs))
        .select_related("source", "uploaded_by")
        .order_by("source__name", "number")
    )


def _hashes(inputs: Any) -> set[str]:
    """Every SHA-256 that stands anywhere in the inputs of a table."""
    if isinstance(inputs, dict):
        return set().union(*map(_hashes, inputs.values()))
    if isinstance(inputs, list):
        return set().union(*map(_hashes, inputs))
    return {inputs} if isinstance(inputs, str) and len(inputs) == SHA256_CHARACTERS else set()
