"""Tells of what the watch switched by itself and of a glass that is to be broken, each once."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from apps.governance.models import Notice, NoticeKind
from apps.governance.notices import notify
from apps.production.models import GlassRequest, Switch
from apps.production.release import glass
from apps.projects.models import Project, Role

TOLD_WITHIN = timedelta(days=7)
"""An older one was told of; what nobody could be told of then is not told now."""


def tell_of_switches() -> int:
    """Tell the team of new switches of the watch and by break-glass, and of requests; how many."""
    since = timezone.now() - TOLD_WITHIN
    words = Switch.objects.filter(Q(person=None) | Q(until__isnull=False), at__gt=since)
    asked = GlassRequest.objects.filter(at__gt=timezone.now() - glass.ASKED_FOR, switch=None)
    due = [(f"switch:{word.pk}", word) for word in words] + [
        (f"glass:{request.pk}", request) for request in asked
    ]
    told = set(Notice.objects.filter(key__in=[key for key, _ in due]).values_list("key", flat=True))
    fresh = [(key, row) for key, row in due if key not in told]
    for key, row in fresh:
        _tell(row, key)
    return len(fresh)


@transaction.atomic
def _tell(row: Switch | GlassRequest, key: str) -> None:
    project: Project = row.deployment.project
    team = project.team.memberships.exclude(role__in=[Role.VIEWER, Role.ADMIN])
    is_asked = isinstance(row, GlassRequest)
    page = "production:glass" if is_asked else "production:releases"
    notify(
        team.values_list("user", flat=True),
        kind=NoticeKind.INCIDENT,
        project=project,
        says=f"{project}: {row}: {row.reason}" if is_asked else f"{project}: {_did(row)}",
        link=reverse(page, args=[project.slug]),
        key=key,
        but=row.person if is_asked else None,
    )


def _did(word: Switch) -> str:
    if word.until is None and word.alarm_id is None:
        return f"The watch ended the canary. {word.reason}"
    return glass.says(word)
