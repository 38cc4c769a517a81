"""How often alerts were right: counted of incidents that were closed as true or as false."""

from dataclasses import dataclass

from apps.engine.evaluation.intervals import rate_interval
from apps.engine.monitoring.wires import KINDS
from apps.production.models import Alarm, Deployment, Incident
from apps.production.watch.incidents import kind_of
from apps.projects.models import Team

OTHER_WORDS = {"promise": "A promise is broken", "review": "It is time for a review"}


@dataclass(frozen=True)
class Rate:
    """So many of so many closed incidents were true alarms; with a 95 % interval (Wilson)."""

    title: str
    right: int
    closed: int

    @property
    def wrong(self) -> int:
        """False alarms."""
        return self.closed - self.right

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.right / self.closed

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return rate_interval(self.right, self.closed).low

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return rate_interval(self.right, self.closed).high


def rate_of(where: Deployment | Team) -> Rate | None:
    """Of an endpoint or of all endpoints of a team; None while nothing is closed."""
    found = Incident.objects.exclude(closed_at=None)
    if isinstance(where, Team):
        found = found.filter(deployment__project__team=where)
    else:
        found = found.filter(deployment=where)
    outcomes = list(found.values_list("outcome", flat=True))
    if not outcomes:
        return None
    return Rate("All alerts", outcomes.count(Incident.Outcome.TRUE), len(outcomes))


def rates_by_kind(team: Team) -> list[Rate]:
    """By what raised the alarm, the most often wrong first."""
    told = (
        Alarm.objects.filter(incident__deployment__project__team=team)
        .exclude(incident__closed_at=None)
        .values_list("key", "incident", "incident__outcome")
    )
    seen: dict[str, dict[int, str]] = {}
    for key, incident, outcome in told:
        seen.setdefault(kind_of(key), {})[incident] = outcome
    rates = [
        Rate(_title(kind), list(outcomes.values()).count(Incident.Outcome.TRUE), len(outcomes))
        for kind, outcomes in seen.items()
    ]
    return sorted(rates, key=lambda rate: (-rate.wrong, rate.title))


def _title(kind: str) -> str:
    if kind in KINDS:
        title = KINDS[kind].title
        return f"A column: {title}" if KINDS[kind].read is None else title
    return OTHER_WORDS.get(kind, kind)
