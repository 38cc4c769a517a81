"""The processes as pages show them: who lives, how large, what died and was started again."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Count, Min

from apps.jobs.models import Job, JobState, Queue
from apps.jobs.pulse import Heard, Run, heard

DIED, AGAIN = "died", "started again"


@dataclass(frozen=True)
class Process:
    """One that lives."""

    run: Run
    since: datetime
    again: bool  # another of its kind had ended before

    @property
    def at(self) -> datetime:
        """When it was last heard of."""
        return _moment(self.run.at)


@dataclass(frozen=True)
class Fate:
    """Something that happened to a process."""

    at: datetime
    kind: str
    name: str
    what: str  # DIED or AGAIN

    @property
    def says(self) -> str:
        """As a sentence."""
        return f"The process “{self.kind}” ({self.name}) {self.what}"


@dataclass(frozen=True)
class Line:
    """A queue: how many jobs wait in it, since when the oldest does, and messages in the broker."""

    title: str
    name: str
    waiting: int
    oldest: datetime | None
    messages: int


@dataclass(frozen=True)
class Processes:
    """All of it; ``fates`` and the counts by kind are of the time that was asked for."""

    live: list[Process]
    fates: list[Fate]
    crashes: Counter[str]
    restarts: Counter[str]
    queues: list[Line]

    @property
    def died(self) -> int:
        """How many processes died."""
        return sum(self.crashes.values())

    @property
    def again(self) -> int:
        """How many were started again."""
        return sum(self.restarts.values())


def processes(since: datetime) -> Processes | None:
    """As the broker knows them; None where it does not answer. One query: what waits."""
    known = heard(queue.value for queue in Queue)
    if known is None:
        return None
    again = _that_follow(known)
    fates = sorted(
        [
            *(_fate(run, run.at, DIED) for run in known.ended if run.died),
            *(_fate(run, run.started, AGAIN) for run in again.values()),
        ],
        key=lambda fate: fate.at,
        reverse=True,
    )
    fates = [fate for fate in fates if fate.at > since]
    return Processes(
        live=[Process(run, _moment(run.started), run.key in again) for run in known.live],
        fates=fates,
        crashes=Counter(fate.kind for fate in fates if fate.what == DIED),
        restarts=Counter(fate.kind for fate in fates if fate.what == AGAIN),
        queues=_lines(known.messages),
    )


def _that_follow(known: Heard) -> dict[str, Run]:
    """Runs that took the place of one of their kind, by key: each end is followed by one start."""
    ends: defaultdict[str, list[float]] = defaultdict(list)
    for run in known.ended:
        ends[run.kind].append(run.at)
    found = {}
    for run in sorted([*known.live, *known.ended], key=lambda run: run.started):
        open_ends = ends[run.kind]  # the oldest first
        if open_ends and open_ends[0] <= run.started:
            open_ends.pop(0)
            found[run.key] = run
    return found


def _fate(run: Run, at: float, what: str) -> Fate:
    return Fate(_moment(at), run.kind, run.name, what)


def _lines(messages: dict[str, int]) -> list[Line]:
    waiting = {
        row["queue"]: row
        for row in Job.objects.filter(state=JobState.WAITING)
        .order_by()
        .values("queue")
        .annotate(count=Count("pk"), oldest=Min("created_at"))
    }
    return [
        Line(
            title=queue.label,
            name=queue.value,
            waiting=waiting.get(queue.value, {}).get("count", 0),
            oldest=waiting.get(queue.value, {}).get("oldest"),
            messages=messages[queue.value],
        )
        for queue in Queue
    ]


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, tz=UTC)
