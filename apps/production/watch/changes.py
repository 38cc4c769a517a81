"""Our own change log beside a suspect: what was done shortly before the trouble began?"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from apps.engine.monitoring.cause import COLUMN, sentence_of
from apps.planning.models import Plan
from apps.production.models import Release
from apps.projects.models import Event, Project

LONGEST_BEFORE = timedelta(hours=48)
VERBS = (
    "data.uploaded",
    "data.version_taken",
    "data.joined",
    "data.join_removed",
    "data.step_added",
    "data.step_removed",
    "data.step_switched",
    "data.step_moved",
    "production.released",
    "production.deployed",
    "gate.decided",
    "gate.withdrawn",
)
OF_SERVICE = (
    *VERBS,
    "production.switched",
    "production.compiled",
    "production.shadow_set",
    "production.drift_reference_set",
)
MOST_MARKED = 12
"""Events after which a column, a recipe or what answers may be another one."""


@dataclass(frozen=True)
class Change:
    """The last thing that was done before a moment, and how long before."""

    says: str
    seq: int
    before: timedelta

    @property
    def ago(self) -> str:
        """The distance in words: "2 hours after"."""
        hours = round(self.before / timedelta(hours=1))
        if not hours:
            return f"{max(1, round(self.before / timedelta(minutes=1)))} min after"
        return f"{hours} hour{'' if hours == 1 else 's'} after"


def change_before(project: Project, moment: datetime) -> Change | None:
    """The newest event of VERBS in the LONGEST_BEFORE before a moment."""
    event = (
        Event.objects.filter(
            project=project, verb__in=VERBS, at__lte=moment, at__gt=moment - LONGEST_BEFORE
        )
        .order_by("-at", "-seq")
        .first()
    )
    return Change(event.says.rstrip("."), event.seq, moment - event.at) if event else None


def changes_since(project: Project, moment: datetime) -> list[Event]:
    """The newest events of OF_SERVICE since a moment, the newest first; at most MOST_MARKED."""
    found = Event.objects.filter(project=project, verb__in=OF_SERVICE, at__gt=moment)
    return list(found.order_by("-seq")[:MOST_MARKED])


def source_of(plan: Plan, column: str) -> str:
    """Where the plan says that a column comes from."""
    columns = plan.task("features").get("columns") or []
    return next((str(row.get("source") or "") for row in columns if row["name"] == column), "")


def told(release: Release, cause: dict[str, Any]) -> dict[str, Any]:
    """A suspect with ``source``, ``change`` (the event before it) and one ``sentence``."""
    plan = release.candidate.trial.experiment.plan
    source = source_of(plan, cause["name"]) if cause["kind"] == COLUMN else ""
    since, change = "", None
    if cause["since"]:
        moment = datetime.fromisoformat(cause["since"])
        since = f"since {timezone.localtime(moment):%-d %B %H:%M}"
        change = change_before(release.cycle.project, moment)
    if change is not None:
        since = f"{since}, {change.ago}: {change.says}"
    return {
        **cause,
        "source": source,
        "change": {"says": change.says, "seq": change.seq} if change else None,
        "sentence": sentence_of(cause, source=source, since=since),
    }
