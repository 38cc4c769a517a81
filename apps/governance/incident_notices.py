"""Tells of incidents: production raises them and cannot see this room, so they are looked up here.

Each is told once, whoever asks how often: the notices carry its key.
"""

from datetime import timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.governance.models import Notice, NoticeKind
from apps.governance.notices import notify
from apps.production.models import Incident
from apps.projects.models import Role

TOLD_WITHIN = timedelta(days=7)
"""An incident that is older was told of; what nobody could be told of then is not told now."""


def tell_of_incidents() -> int:
    """Tell owner and managers of new incidents, and of overdue ones; how many were new."""
    now = timezone.now()
    open_ones = Incident.objects.filter(closed_at=None).select_related(
        "deployment__project__team", "owner"
    )
    fresh_ones = open_ones.filter(raised_at__gt=now - TOLD_WITHIN)
    due = [(item, f"incident:{item.pk}") for item in fresh_ones]
    due += [
        (item, f"incident-overdue:{item.pk}:{item.due_at.date()}")
        for item in open_ones.filter(due_at__lt=now, due_at__gt=now - TOLD_WITHIN)
    ]
    told = set(Notice.objects.filter(key__in=[key for _, key in due]).values_list("key", flat=True))
    fresh = [(item, key) for item, key in due if key not in told]
    for item, key in fresh:
        _tell(item, key)
    return len(fresh)


@transaction.atomic
def _tell(incident: Incident, key: str) -> None:
    project = incident.deployment.project
    managers = project.team.memberships.filter(role=Role.MANAGER).values_list("user", flat=True)
    is_late = key.startswith("incident-overdue")
    says = f"waits for {incident.owner} and is overdue" if is_late else incident.says
    cause = incident.cause.get("sentence", "")
    notify(
        {incident.owner_id, *managers},
        kind=NoticeKind.INCIDENT,
        project=project,
        says=f"Incident {incident.number} of {project}: {says}{' ' if cause else ''}{cause}",
        link=reverse("production:incident", args=[project.slug, incident.number]),
        key=key,
    )
