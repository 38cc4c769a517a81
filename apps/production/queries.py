"""Reads about endpoints: what serves, what the watch saw."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.utils import timezone

from apps.engine.monitoring.performance import BROKEN, KEPT, UNKNOWN
from apps.engine.monitoring.seasons import KINDS as REFERENCES
from apps.engine.monitoring.wires import KINDS, TRIPPED
from apps.jobs.processes import Fate
from apps.modeling.queries import model_subject
from apps.production.endpoint import serving
from apps.production.endpoint.keeping import keeping_of, says_of
from apps.production.endpoint.running import Running, running
from apps.production.endpoint.standing import Standing, answering, release_subject
from apps.production.log.retention import Terms, is_held, terms_of
from apps.production.log.tallying import service_by_release, service_of
from apps.production.models import (
    Alarm,
    Deployment,
    DriftReference,
    Prediction,
    Release,
    Removal,
    WatchReport,
)
from apps.production.release.canaries import last_comparison
from apps.production.release.releases import reference_of
from apps.production.watch.booking import Cost, cost_of
from apps.production.watch.changes import changes_since
from apps.projects.models import Cycle, Event, Project
from apps.projects.queries import passed_by
from apps.projects.stages import Stage
from apps.web.once import read_once

WINDOW = timedelta(hours=24)


@read_once
def current_release(cycle: Cycle) -> Release | None:
    """Newest release of this cycle that is built and verified."""
    return cycle.releases.exclude(content_hash="").order_by("-pk").first()


def production_subject(cycle: Cycle) -> str:
    """What the production gate is about: signed model, release, monitor; empty without one."""
    release, model = current_release(cycle), model_subject(cycle)
    if release is None or not model:
        return ""
    return release_subject(release, model)


def signed_release(cycle: Cycle) -> Release | None:
    """The cycle's newest release, if its production gate is passed today.

    It may answer requests. What does answer at the endpoint can be another release, a rule or
    nothing: that is ``serving_release``.
    """
    subject = production_subject(cycle)
    if not subject or passed_by(cycle, Stage.PRODUCTION, subject=subject) is None:
        return None
    return current_release(cycle)


def serving_release(deployment: Deployment) -> Release | None:
    """The release that answers requests now: see ``standing.answering``."""
    return answering(deployment).release


@dataclass(frozen=True)
class ReleaseSummary:
    """A release as the deploy page and the gate show it."""

    release: Release
    fields: list[dict[str, Any]]
    is_live: bool

    @property
    def tripwires(self) -> list[dict[str, Any]]:
        """What raises an alarm, each with the title of what it watches."""
        return [
            {**wire, "title": KINDS[wire["metric"]].title if wire["metric"] in KINDS else ""}
            for wire in self.release.monitor.get("tripwires", [])
        ]


def release_summary(cycle: Cycle) -> ReleaseSummary | None:
    """The cycle's newest release, for the gate page."""
    release = current_release(cycle)
    if release is None:
        return None
    return ReleaseSummary(release, release.contract["fields"], signed_release(cycle) == release)


@dataclass(frozen=True)
class MonitorPage:
    """Everything on the monitor page."""

    deployment: Deployment
    standing: Standing
    service: dict[str, Any]
    report: WatchReport | None
    latest: list[Prediction]
    reference: DriftReference | None = None
    changes: Sequence[Event] = ()
    releases: Sequence[dict[str, Any]] = ()
    running: Running | None = None

    @property
    def release(self) -> Release | None:
        """The release that the watch looks at: it answers, or would if nothing stood in its way."""
        return self.standing.release

    @property
    def canary(self) -> Release | None:
        """The release that answers a share of the keys."""
        return self.standing.canary

    @property
    def unkept(self) -> list[tuple[str, str]]:
        """Columns of which the log keeps less than the value, in words."""
        return says_of(serving.keeping_for(self.release)) if self.release else []

    @property
    def cost(self) -> Cost:
        """What workers spent on the project, beside what the model delivers."""
        return cost_of(self.deployment.project)

    @property
    def references(self) -> dict[str, str]:
        """What drift can be measured against, in words."""
        return REFERENCES

    @property
    def beside(self) -> dict[str, Any] | None:
        """The canary and the release side by side, as the watch last saw them."""
        return last_comparison(self.canary) if self.canary else None

    @property
    def now(self) -> datetime:
        """What deadlines are held against."""
        return timezone.now()

    @property
    def has_course(self) -> bool:
        """There is more than one day to draw."""
        estimated = (self.performance.get("estimate") or {}).get("periods", [])
        return len(self.performance.get("periods", [])) + len(estimated) > 1

    @property
    def promise(self) -> str:
        """The worst of the promises: broken, cannot tell yet, or kept."""
        verdicts = self.report.performance["verdicts"] if self.report else []
        states = {verdict["kept"] for verdict in verdicts} or {UNKNOWN}
        return next(state for state in (BROKEN, UNKNOWN, KEPT) if state in states)

    @property
    def drifted(self) -> int:
        """How many columns have drifted."""
        rows = self.report.drift if self.report else []
        return sum(1 for row in rows if row["state"] == "drifted")

    @property
    def performance(self) -> dict[str, Any]:
        """What the last look found of the promise; empty before it."""
        return self.report.performance if self.report else {}

    @property
    def money(self) -> dict[str, Any] | None:
        """What was delivered at the signed payoff; None where the plan names none."""
        return self.performance.get("money")

    @property
    def tripped(self) -> int:
        """How many tripwires have tripped."""
        wires = self.report.wires if self.report else []
        return sum(1 for wire in wires if wire["state"] == TRIPPED)


@dataclass(frozen=True)
class ServiceCourse:
    """The last 24 hours of an endpoint, half hour by half hour, and what happened meanwhile."""

    periods: list[dict[str, Any]]
    changes: Sequence[Event]
    fates: Sequence[Fate]


def service_course(deployment: Deployment) -> ServiceCourse:
    """What the chart of the service shows."""
    now = timezone.now()
    seen = running(deployment, now - WINDOW)
    return ServiceCourse(
        periods=service_of(deployment, WINDOW, now=now)["periods"],
        changes=changes_since(deployment.project, now - WINDOW),
        fates=seen.fates if seen else (),
    )


def last_look(deployment: Deployment) -> WatchReport | None:
    """What the watch saw last of the release that answers."""
    release = answering(deployment).release
    return release.watch_reports.order_by("-at").first() if release else None


def monitor_page(deployment: Deployment) -> MonitorPage:
    """Service from the call log of the last 24 hours; drift and promise from the last look."""
    now = timezone.now()
    standing = answering(deployment)
    release = standing.release
    whole, by_release = service_by_release(deployment, WINDOW, now=now)
    return MonitorPage(
        deployment=deployment,
        standing=standing,
        service=whole,
        releases=by_release,
        report=release.watch_reports.order_by("-at").first() if release else None,
        latest=list(
            Prediction.objects.filter(deployment=deployment, call__is_rehearsal=False)
            .select_related("actual", "release")
            .only("prediction", "at", "actual__value", "release__number", "release__deployment")
            .order_by("-at")[:10]
        ),
        reference=reference_of(deployment),
        changes=changes_since(deployment.project, now - WINDOW),
        running=running(deployment, now - WINDOW),
    )


@dataclass(frozen=True)
class Kept:
    """What the log keeps of an endpoint's calls, and how long."""

    terms: Terms
    is_held: bool
    columns: list[tuple[str, str]]
    last: Removal | None


def kept_of(deployment: Deployment) -> Kept:
    """As it holds now; the columns are those of the newest release."""
    release = deployment.releases.exclude(content_hash="").order_by("-number").first()
    return Kept(
        terms=terms_of(deployment),
        is_held=is_held(deployment),
        columns=says_of(keeping_of(release)) if release else [],
        last=deployment.removals.order_by("-pk").first(),
    )


def endpoint_of(project: Project) -> Deployment | None:
    """The project's endpoint."""
    return project.deployments.filter(retired_at=None).first()


def last_looks(releases: Iterable[int]) -> QuerySet[WatchReport]:
    """The last look of the watch at each of these releases.

    A report is large and the releases may be thousands: ask for the ``values`` that are needed.
    """
    newest = WatchReport.objects.filter(release=OuterRef("pk")).order_by("-at").values("pk")[:1]
    looks = Release.objects.filter(pk__in=releases).annotate(look=Subquery(newest)).values("look")
    return WatchReport.objects.filter(pk__in=looks)


def open_alarm_counts(releases: Iterable[int]) -> dict[int, int]:
    """How many alarms nobody has answered, by the release's key; releases without are left out."""
    found = Alarm.objects.filter(release__in=releases, closed_at=None).values_list("release")
    return dict(found.annotate(Count("pk")).order_by())
