"""The processes behind an endpoint: who lives, what they loaded of it, what happened to them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.jobs.processes import Fate, Line, Process, Processes, processes
from apps.production.models import Deployment


@dataclass(frozen=True)
class Load:
    """A release that a web process loaded, or tried to."""

    number: int
    at: datetime
    took_s: float
    why_not: str


@dataclass(frozen=True)
class Alive:
    """A process that lives. ``models``: how many a web process has in memory; else None."""

    process: Process
    models: int | None
    load: Load | None  # the last one of this endpoint


@dataclass(frozen=True)
class Running:
    """All processes, those of the whole installation, as one endpoint sees them."""

    alive: list[Alive]
    known: Processes

    @property
    def fates(self) -> list[Fate]:
        """What died and what was started again, the newest first."""
        return self.known.fates

    @property
    def queues(self) -> list[Line]:
        """What waits."""
        return self.known.queues


def running(deployment: Deployment, since: datetime) -> Running | None:
    """What the broker knows of processes; None where it does not answer. One query."""
    known = processes(since)
    if known is None:
        return None
    return Running([_alive(each, deployment) for each in known.live], known)


def _alive(process: Process, deployment: Deployment) -> Alive:
    more = process.run.more
    loads = [_load(told) for told in more.get("loads", []) if told["endpoint"] == deployment.pk]
    return Alive(process, more.get("models"), loads[-1] if loads else None)


def _load(told: dict[str, Any]) -> Load:
    at = datetime.fromtimestamp(told["at"], tz=UTC)
    return Load(told["number"], at, told["took_s"], told["why_not"])
