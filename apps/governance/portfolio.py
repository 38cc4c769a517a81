"""All live models at once: is the promise kept, what did it earn, who has to act?

Health says what the last look of the watch saw on rows whose truth is known. Money is booked at
the payoff that was signed. Where truth or payoff are missing, it says so and counts nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Count, Q

from apps.accounts.models import User
from apps.engine.monitoring.performance import BROKEN, UNKNOWN
from apps.governance.state import GateState, glances
from apps.production import glass
from apps.production.models import Deployment, Release, WatchReport
from apps.production.queries import newest_reports, open_alarm_counts
from apps.production.standing import answering
from apps.projects.access import visible_projects
from apps.projects.models import Cycle, Project
from apps.projects.stages import Stage


class Health(models.TextChoices):
    """How a live model does, worst first."""

    BROKEN = "broken", "Promise broken"
    AT_RISK = "at_risk", "At risk"
    UNKNOWN = "unknown", "Cannot tell yet"
    KEPT = "kept", "Promise kept"


@dataclass(frozen=True)
class LiveModel:
    """One release that answers requests now, as the last look saw it.

    ``away``: why it does not answer itself, where a person stopped it or set the rule in its place.
    """

    release: Release
    report: WatchReport | None
    alarms: int
    away: str = ""

    @property
    def verdicts(self) -> list[dict[str, Any]]:
        """Each promise on rows with a known truth, primary first."""
        return self.report.performance.get("verdicts", []) if self.report else []

    @property
    def primary(self) -> dict[str, Any] | None:
        """The primary promise, or None while it cannot be judged."""
        return next((row for row in self.verdicts if row["role"] == "primary"), None)

    @property
    def money(self) -> dict[str, Any] | None:
        """Booked at the signed payoff; None where the plan names none."""
        return self.report.performance.get("money") if self.report else None

    @property
    def health(self) -> Health:
        """Broken before at risk before unknown: the worst that is true."""
        if any(row["kept"] == BROKEN for row in self.verdicts):
            return Health.BROKEN
        if self.alarms or self.away:
            return Health.AT_RISK
        if self.primary is None or any(row["kept"] == UNKNOWN for row in self.verdicts):
            return Health.UNKNOWN
        return Health.KEPT

    @property
    def why(self) -> str:
        """The reason for its health, as half a sentence."""
        if self.away:
            return self.away
        if self.report is None:
            return "the watch has not looked yet"
        if self.health == Health.BROKEN:
            names = [row["title"] for row in self.verdicts if row["kept"] == BROKEN]
            return f"{', '.join(names)} worse than promised"
        if self.health == Health.AT_RISK:
            return f"{self.alarms} alarm{'s' if self.alarms > 1 else ''} nobody has answered"
        if self.health == Health.UNKNOWN:
            untold = self.report.performance.get("untold", [])
            return untold[0]["says"].rstrip(".") if untold else "the interval holds the promise"
        return f"on {self.report.performance['rows']:,} rows with a known truth"

    @property
    def urgency(self) -> tuple[int, float, str]:
        """Worst health first; among equals what has most money at stake."""
        stake = self.money["at_stake"] if self.money else 0.0
        return list(Health).index(self.health), -stake, self.release.cycle.project.name


@dataclass(frozen=True)
class Portfolio:
    """The live models of a person's teams and their sums."""

    live: list[LiveModel]

    @property
    def counts(self) -> Mapping[str, int]:
        """Models by health."""
        found = Counter(str(each.health) for each in self.live)
        return {str(health): found[str(health)] for health in Health}

    @property
    def booked(self) -> list[LiveModel]:
        """Those whose plan names a payoff."""
        return [each for each in self.live if each.money]

    @property
    def delivered(self) -> dict[str, float]:
        """Sum of what was delivered, with its range, and of what was at stake."""
        keys = ("delivered", "low", "high", "at_stake")
        return {key: sum(each.money[key] for each in self.booked if each.money) for key in keys}

    @property
    def alarms(self) -> int:
        """Alarms nobody has answered."""
        return sum(each.alarms for each in self.live)

    @property
    def worst(self) -> list[LiveModel]:
        """All of them, the one to act on first."""
        return sorted(self.live, key=lambda each: each.urgency)


def _live_releases(cycles: Iterable[Cycle]) -> list[Release]:
    """The newest release of each endpoint whose production gate is passed today."""
    cycles = list(cycles)
    passed = {
        cycle.pk
        for cycle, gates in zip(cycles, glances(cycles), strict=True)
        for gate in gates
        if gate.stage == Stage.PRODUCTION and gate.state == GateState.PASSED
    }
    built = (
        Release.objects.filter(cycle__in=passed, deployment__retired_at=None)
        .exclude(content_hash="")
        .select_related("cycle__project__owner", "cycle__project__team", "deployment")
        .defer("contract", "steps", "served_with", "monitor", "report")
        .order_by("number")
    )
    return list({release.deployment_id: release for release in built}.values())


def _switched(releases: list[Release]) -> dict[int, tuple[Release, str]]:
    """Endpoint to what answers there by a switch, and why the model does not, if it does not."""
    endpoints = Deployment.objects.filter(
        pk__in={release.deployment_id for release in releases}, switches__isnull=False
    ).distinct()
    found = {}
    for endpoint in endpoints:  # one by one: switches are rare
        standing = answering(endpoint)
        if standing.release is not None:
            away = f"stopped: {standing.stopped}" if standing.stopped else ""
            away = "the fallback's rule answers in its place" if standing.rule else away
            word = standing.switch
            if word and (word.until or word.alarm_id):
                away = glass.says(word)
            found[endpoint.pk] = (standing.release, away)
    return found


def _by_glass(projects: Iterable[Project], *, but: Iterable[Release]) -> list[Release]:
    """What answers by break-glass where no production gate is passed: it has to be seen most."""
    known = {release.deployment_id for release in but}
    found = glass.away_by(projects).values()
    standings = [answering(word.deployment) for word in found if word.deployment_id not in known]
    return [standing.release for standing in standings if standing.release and standing.glass]


def portfolio_of(person: User, *, search: str = "") -> Portfolio:
    """Every live model that this person may see. The number of queries does not grow with them."""
    projects = visible_projects(person)
    if search:
        projects = projects.filter(Q(name__icontains=search) | Q(team__name__icontains=search))
    cycles = (
        Cycle.objects.filter(project__in=projects)
        .annotate(built=Count("releases", filter=~Q(releases__content_hash="")))
        .filter(built__gt=0)
        .select_related("project__team")
    )
    newest = _live_releases(cycles)
    newest += _by_glass(projects, but=newest)
    switched = _switched(newest)
    live = [switched.get(release.deployment_id, (release, "")) for release in newest]
    releases = [release for release, _ in live]
    reports, alarms = newest_reports(releases), open_alarm_counts(releases)
    return Portfolio(
        [
            LiveModel(release, reports.get(release.pk), alarms.get(release.pk, 0), away)
            for release, away in live
        ]
    )
