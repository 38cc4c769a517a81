"""Tells of incidents: production raises them and cannot see this room, so they are looked up here.

A team has a budget of alerts a week. Of what is new the most expensive is told first; what is over
the budget waits for the digest of the week, and a grave one never waits. Each is told once.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from apps.governance.models import AlertBudget, Notice, NoticeKind, ToldIncident
from apps.governance.notices import notify
from apps.governance.outgoing import send_digest, send_incident
from apps.production.models import Incident
from apps.production.watch_queries import ranked
from apps.projects.models import Role, Team

TOLD_WITHIN = timedelta(days=7)
"""What ended or fell due earlier and could not be told of then is not told now."""
DEFAULT_BUDGET = 10
NEVER_WAITS = "high"
MOST_LINES = 40


def monday_of(moment: datetime) -> datetime:
    """Begin of its week in the time zone of the installation."""
    day = timezone.localtime(moment, timezone.get_default_timezone()).date()
    first = datetime.combine(day - timedelta(days=day.weekday()), time())
    return timezone.make_aware(first, timezone.get_default_timezone())


def budget_of(team: Team) -> int:
    """Alerts a week that are told at once."""
    found = AlertBudget.objects.filter(team=team).first()
    return found.a_week if found else DEFAULT_BUDGET


def untold(team: Team) -> QuerySet[Incident]:
    """Incidents of a team that nobody was told of."""
    found = Incident.objects.filter(deployment__project__team=team, told=None)
    return found.select_related("deployment__project__team", "owner")


def told_this_week(team: Team, *, now: datetime) -> int:
    """How much of the budget is used."""
    mine = ToldIncident.objects.filter(incident__deployment__project__team=team)
    return mine.filter(how=ToldIncident.How.AT_ONCE, at__gte=monday_of(now)).count()


def tell_of_incidents() -> int:
    """Tell owner and managers of incidents that are new or overdue; how many were told of."""
    now = timezone.now()
    teams = Team.objects.filter(projects__deployments__incidents__isnull=False).distinct()
    return sum(_tell_team(team, now) for team in teams)


@transaction.atomic
def _tell_team(team: Team, now: datetime) -> int:
    Team.objects.select_for_update().get(pk=team.pk)
    _digest(team, now)
    fresh = _within_budget(team, now)
    for incident in fresh:
        _tell(incident, f"incident:{incident.pk}")
        ToldIncident.objects.create(incident=incident, how=ToldIncident.How.AT_ONCE, at=now)
        send_incident(incident, kind="incident.raised")
    late = _overdue(team, now)
    for incident, key in late:
        _tell(incident, key)
        send_incident(incident, kind="incident.overdue")
    for incident in _ended(team, now):
        send_incident(incident, kind="incident.closed")
    return len(fresh) + len(late)


def _within_budget(team: Team, now: datetime) -> list[Incident]:
    """What is told now: the most expensive first, the grave whatever the budget says."""
    new = ranked(untold(team).filter(closed_at=None))
    room = budget_of(team) - told_this_week(team, now=now) if new else 0
    grave = [incident for incident in new if incident.severity == NEVER_WAITS]
    others = [incident for incident in new if incident.severity != NEVER_WAITS]
    return grave + others[: max(0, room - len(grave))]


def _digest(team: Team, now: datetime) -> None:
    """Tell of all that earlier weeks held back, in one message."""
    monday = monday_of(now)
    earlier = untold(team).filter(raised_at__lt=monday)
    held = ranked(earlier.exclude(severity=NEVER_WAITS, closed_at=None))
    if not held:
        return
    ToldIncident.objects.bulk_create(
        ToldIncident(incident=incident, how=ToldIncident.How.DIGEST, at=now) for incident in held
    )
    says = digest_says(held, monday)
    notify(
        {incident.owner_id for incident in held} | _managers(team),
        kind=NoticeKind.DIGEST,
        project=held[0].deployment.project,
        says=says,
        lines=[line_of(incident) for incident in held[:MOST_LINES]],
        link=reverse("governance:alerts", args=[team.pk]),
        key=f"digest:{team.pk}:{monday.date()}",
    )
    send_digest(team, held[:MOST_LINES], says=says, week=monday.date().isoformat())


def digest_says(held: Sequence[Incident], monday: datetime) -> str:
    """The sentence over a digest."""
    still = sum(incident.is_open for incident in held)
    word = "incident was" if len(held) == 1 else "incidents were"
    before = monday - timedelta(days=7)
    return (
        f"{len(held)} {word} held back for the digest of the week from {before:%-d %B}; "
        f"{still} {'is' if still == 1 else 'are'} still open."
    )


def line_of(incident: Incident) -> str:
    """One incident of a digest."""
    loss = incident.loss_a_month
    much = f" Expected loss: {loss:,.0f} a month." if loss else ""
    state = "" if incident.is_open else f" Closed: {incident.get_outcome_display()}."
    project = incident.deployment.project
    return f"Incident {incident.number} of {project}: {incident.says}{much}{state}"


def _overdue(team: Team, now: datetime) -> list[tuple[Incident, str]]:
    """Told ones whose day is over and whose owner was not reminded of it yet."""
    due = Incident.objects.filter(
        deployment__project__team=team,
        told__isnull=False,
        closed_at=None,
        due_at__lt=now,
        due_at__gt=now - TOLD_WITHIN,
    ).select_related("deployment__project__team", "owner")
    keyed = [(item, f"incident-overdue:{item.pk}:{item.due_at.date()}") for item in due]
    keys = [key for _, key in keyed]
    told = set(Notice.objects.filter(key__in=keys).values_list("key", flat=True))
    return [(item, key) for item, key in keyed if key not in told]


def _ended(team: Team, now: datetime) -> QuerySet[Incident]:
    """Told ones that were closed lately."""
    return Incident.objects.filter(
        deployment__project__team=team, told__isnull=False, closed_at__gt=now - TOLD_WITHIN
    ).select_related("deployment__project__team")


def _managers(team: Team) -> set[int]:
    return set(team.memberships.filter(role=Role.MANAGER).values_list("user", flat=True))


def _tell(incident: Incident, key: str) -> None:
    project = incident.deployment.project
    is_late = key.startswith("incident-overdue")
    says = f"waits for {incident.owner} and is overdue" if is_late else incident.says
    cause = incident.cause.get("sentence", "")
    notify(
        {incident.owner_id} | _managers(project.team),
        kind=NoticeKind.INCIDENT,
        project=project,
        says=f"Incident {incident.number} of {project}: {says}{' ' if cause else ''}{cause}",
        link=reverse("production:incident", args=[project.slug, incident.number]),
        key=key,
    )
