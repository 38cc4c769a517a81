"""All live models at once: is the promise kept, what did it earn, who has to act?

Health says what the last look of the watch saw on rows whose truth is known. Money is booked at
the payoff that was signed. Where truth or payoff are missing, it says so and counts nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.engine.monitoring.performance import BROKEN, UNKNOWN
from apps.governance.through import through
from apps.production.endpoint.standing import Standing
from apps.production.endpoint.standings import standings
from apps.production.models import Deployment, Release, WatchReport
from apps.production.queries import last_looks, open_alarm_counts
from apps.production.release import glass
from apps.projects.access import visible_projects
from apps.projects.models import Cycle, Project


class Health(models.TextChoices):
    """How a live model does, worst first."""

    BROKEN = "broken", "Promise broken"
    AT_RISK = "at_risk", "At risk"
    UNKNOWN = "unknown", "Cannot tell yet"
    KEPT = "kept", "Promise kept"


@dataclass(frozen=True)
class Look:
    """What the portfolio tells of the last look of the watch at a release."""

    at: datetime
    rows: int
    verdicts: list[dict[str, Any]]  # each promise on rows with a known truth, primary first
    untold: list[dict[str, Any]]
    money: dict[str, Any] | None  # booked at the signed payoff; None where the plan names none


@dataclass(frozen=True)
class LiveModel:
    """One release that answers requests now, as the last look saw it.

    ``away``: why it does not answer itself, where a person stopped it or set the rule in its place.
    ``canary``: percent of the keys that a canary answers beside it; 0 without one. ``shadowed``:
    another release answers copies of the calls.
    """

    release: int
    project: str
    slug: str
    team: str
    owner: str
    look: Look | None
    alarms: int
    away: str = ""
    canary: int = 0
    shadowed: bool = False

    @property
    def verdicts(self) -> list[dict[str, Any]]:
        """Each promise on rows with a known truth, primary first."""
        return self.look.verdicts if self.look else []

    @property
    def primary(self) -> dict[str, Any] | None:
        """The primary promise, or None while it cannot be judged."""
        return next((row for row in self.verdicts if row["role"] == "primary"), None)

    @property
    def money(self) -> dict[str, Any] | None:
        """Booked at the signed payoff; None where the plan names none."""
        return self.look.money if self.look else None

    @cached_property
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
        if self.look is None:
            return "the watch has not looked yet"
        if self.health == Health.BROKEN:
            names = [row["title"] for row in self.verdicts if row["kept"] == BROKEN]
            return f"{', '.join(names)} worse than promised"
        if self.health == Health.AT_RISK:
            return f"{self.alarms} alarm{'s' if self.alarms > 1 else ''} nobody has answered"
        if self.health == Health.UNKNOWN:
            untold = self.look.untold
            return untold[0]["says"].rstrip(".") if untold else "the interval holds the promise"
        return f"on {self.look.rows:,} rows with a known truth"

    @property
    def canary_says(self) -> str:
        """The canary beside it as a badge says it."""
        return f"canary {self.canary} %"

    @property
    def urgency(self) -> tuple[int, float, str]:
        """Worst health first; among equals what has most money at stake."""
        stake = self.money["at_stake"] if self.money else 0.0
        return list(Health).index(self.health), -stake, self.project


class Order(models.TextChoices):
    """What stands first in the list."""

    URGENT = "urgent", "Most urgent first"
    DELIVERED = "delivered", "Most delivered first"
    LEAST = "least", "Least delivered first"
    STAKE = "stake", "Most at stake first"
    NAME = "name", "By name"


def _by_money(key: str, sign: int) -> Callable[[LiveModel], tuple[bool, float, str]]:
    """Those whose plan names no payoff stand last, whichever end is first."""

    def place(model: LiveModel) -> tuple[bool, float, str]:
        return model.money is None, sign * (model.money[key] if model.money else 0.0), model.project

    return place


_PLACES: Mapping[str, Callable[[LiveModel], Any]] = {
    Order.URGENT: lambda model: model.urgency,
    Order.DELIVERED: _by_money("delivered", -1),
    Order.LEAST: _by_money("delivered", 1),
    Order.STAKE: _by_money("at_stake", -1),
    Order.NAME: lambda model: (model.project.lower(), model.release),
}


@dataclass(frozen=True)
class Portfolio:
    """The live models of a person's teams and their sums."""

    live: list[LiveModel]

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """Models by health."""
        found = Counter(str(each.health) for each in self.live)
        return {str(health): found[str(health)] for health in Health}

    @cached_property
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

    def listed(self, *, order: str = Order.URGENT, health: str = "") -> list[LiveModel]:
        """All of them in this order, or those of one health."""
        chosen = [each for each in self.live if health in {"", each.health}]
        return sorted(chosen, key=_PLACES[order])


@dataclass(frozen=True)
class _Answering:
    """What answers at an endpoint; ``away`` and ``canary`` as of ``LiveModel``."""

    release: int
    away: str = ""
    canary: int = 0


def _signed(projects: Any) -> dict[int, int]:
    """By endpoint: its newest release whose cycle is through all its gates today."""
    built = Release.objects.filter(
        cycle__project__in=projects, deployment__retired_at=None
    ).exclude(content_hash="")
    found = list(built.order_by("number").values_list("deployment", "pk", "cycle"))
    signed = through(Cycle.objects.filter(pk__in={cycle for _, _, cycle in found}))
    return {endpoint: release for endpoint, release, cycle in found if cycle in signed}


def _switched(projects: Iterable[Project], newest: Mapping[int, int]) -> dict[int, _Answering]:
    """Endpoint to what answers there by a switch. A canary begins with one.

    A broken glass has to be seen most where no release is signed; else only signed ones count.
    """
    endpoints = Deployment.objects.filter(
        project__in=projects, retired_at=None, switches__isnull=False
    ).distinct()
    found = {}
    for endpoint, standing in standings(endpoints).items():
        if standing.release is not None and (endpoint in newest or standing.glass):
            share = standing.terms.get("share", 0)
            found[endpoint] = _Answering(standing.release.pk, _away(standing), share)
    return found


def _away(standing: Standing) -> str:
    word = standing.switch
    if word and (word.until or word.alarm_id):
        return glass.says(word).rstrip(".")
    if standing.rule:
        return "the fallback's rule answers in its place"
    return f"stopped: {standing.stopped}" if standing.stopped else ""


MOST_REMEMBERED = 5_000
_KNOWN: dict[tuple[int, datetime], Look] = {}


def _looks(releases: Iterable[int]) -> dict[int, Look]:
    """The last look at each release. Its figures never change, so a process remembers them."""
    newest = {
        (pk, at): release
        for pk, at, release in last_looks(releases).values_list("pk", "at", "release")
    }
    known = {key: _KNOWN[key] for key in newest if key in _KNOWN}
    fresh = _read([pk for pk, at in newest if (pk, at) not in known])
    if len(_KNOWN) + len(fresh) > MOST_REMEMBERED:
        _KNOWN.clear()
    _KNOWN.update(fresh)
    return {newest[key]: look for key, look in (known | fresh).items()}


def _read(reports: Iterable[int]) -> dict[tuple[int, datetime], Look]:
    parts = (f"performance__{part}" for part in ("rows", "verdicts", "untold", "money"))
    found = WatchReport.objects.filter(pk__in=reports).values_list("pk", "at", *parts)
    return {
        (pk, at): Look(at, rows or 0, verdicts or [], untold or [], money)
        for pk, at, rows, verdicts, untold, money in found
    }


def portfolio_of(person: User, *, search: str = "") -> Portfolio:
    """Every live model that this person may see. The number of queries does not grow with them."""
    projects = visible_projects(person)
    if search:
        projects = projects.filter(Q(name__icontains=search) | Q(team__name__icontains=search))
    newest = _signed(projects)
    live = {endpoint: _Answering(release) for endpoint, release in newest.items()}
    live |= _switched(projects, newest)
    releases = [each.release for each in live.values()]
    looks, alarms = _looks(releases), open_alarm_counts(releases)
    names = Deployment.objects.filter(project__in=projects, retired_at=None).values_list(
        "pk",
        "shadow",
        "project__name",
        "project__slug",
        "project__team__name",
        "project__owner__name",
        "project__owner__email",
    )
    found = []
    for endpoint, shadow, project, slug, team, owner, email in names:
        if endpoint not in live:
            continue
        now = live[endpoint]
        found.append(
            LiveModel(
                now.release,
                project,
                slug,
                team,
                owner or email,
                looks.get(now.release),
                alarms.get(now.release, 0),
                now.away,
                now.canary,
                shadowed=shadow not in {None, now.release},
            )
        )
    return Portfolio(found)
