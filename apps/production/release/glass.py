"""Reads about break-glass: what is asked for, what is in force, which one nobody answered yet."""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from apps.accounts.models import User
from apps.production.endpoint.standings import standings
from apps.production.models import Deployment, FallbackKind, GlassRequest, Incident, Switch
from apps.projects.models import Project

MOST_HOURS = 24
ASKED_FOR = timedelta(hours=1)
"""So long a request waits for a second person."""
MOST_SHOWN = 20


def key_of(request: GlassRequest) -> str:
    """The key of its alarm."""
    return f"glass:{request.pk}"


def asked_for(deployment: Deployment) -> QuerySet[GlassRequest]:
    """Requests that a second person may still agree to, the newest first."""
    return (
        deployment.glass_requests.filter(at__gt=timezone.now() - ASKED_FOR, switch=None)
        .select_related("person", "release")
        .order_by("-pk")
    )


def to_agree(person: User) -> QuerySet[GlassRequest]:
    """Requests of others in this person's teams that wait for a second one."""
    teams = Q(deployment__project__team__memberships__user=person)
    waiting = GlassRequest.objects.filter(teams, at__gt=timezone.now() - ASKED_FOR, switch=None)
    asked = waiting.select_related("person", "deployment__project")
    return asked.exclude(person=person).order_by("-pk")


def broken(deployment: Deployment) -> QuerySet[Switch]:
    """What was switched by break-glass, the newest first; ``next_at``: when the next word came."""
    following = Switch.objects.filter(
        deployment=OuterRef("deployment"), number__gt=OuterRef("number")
    )
    return (
        deployment.switches.exclude(until=None)
        .annotate(next_at=Subquery(following.order_by("number").values("at")[:1]))
        .select_related("person", "glass__person", "release")
        .order_by("-number")[:MOST_SHOWN]
    )


def unanswered(deployment: Deployment) -> QuerySet[Incident]:
    """Incidents of break-glass that nobody has closed."""
    return deployment.incidents.filter(closed_at=None, alarms__key__startswith="glass:").distinct()


def away_by(projects: Iterable[Project]) -> dict[int, Switch]:
    """By project: what answers by break-glass, or because the watch took the fallback."""
    now = timezone.now()
    special = Q(switches__until__gt=now) | Q(switches__alarm__isnull=False)
    endpoints = Deployment.objects.filter(special, project__in=projects, retired_at=None)
    chosen = list(endpoints.distinct())
    told = standings(chosen)
    found = {}
    for endpoint in chosen:
        word = told[endpoint.pk].switch
        if word is not None and (word.until or word.alarm_id):
            found[endpoint.project_id] = word
    return found


def says(word: Switch) -> str:
    """A break-glass in force, or the watch's fallback, as a sentence for whoever passes by."""
    what = {
        FallbackKind.RELEASE: f"release {word.release.number} answers" if word.release else "",
        FallbackKind.RULE: "a rule answers in the model's place",
        FallbackKind.STOP: "the endpoint is stopped",
    }[FallbackKind(word.kind)]
    if word.until:
        until = f"{timezone.localtime(word.until):%-d %B %H:%M}"
        return f"Break-glass until {until}: {what}. {word.who}: {word.reason.rstrip('.')}."
    return f"The watch took the fallback: {what}. {word.reason}"
