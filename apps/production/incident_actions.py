"""What a person does about an incident: take it, say something, close it as true or false."""

from datetime import date, datetime, time

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.production.models import Alarm, Incident, IncidentNote
from apps.projects import ledger
from apps.projects.access import Verb, require
from apps.projects.models import Project
from apps.web.refusals import Refusal


def _begin(incident: Incident, by: User) -> Project:
    """Permission, and an incident that is still open, locked."""
    project = incident.deployment.project
    require(by, Verb.DISCUSS, project)
    Incident.objects.select_for_update().get(pk=incident.pk)
    incident.refresh_from_db()
    if not incident.is_open:
        raise Refusal(f"Incident {incident.number} is closed already, by {incident.closed_by}.")
    return project


@transaction.atomic
def say(*, incident: Incident, text: str, by: User) -> IncidentNote:
    """Add a line to its thread."""
    _begin(incident, by)
    if not text.strip():
        raise Refusal("Write what you want to say.")
    return IncidentNote.objects.create(
        incident=incident, person=by, text=text.strip(), at=timezone.now()
    )


@transaction.atomic
def assign(*, incident: Incident, owner: User, due_on: date, by: User) -> None:
    """Give it an owner of the team, and the day until which it is answered."""
    project = _begin(incident, by)
    if not owner.memberships.filter(team=project.team_id).exists():
        raise Refusal(f"{owner} does not belong to {project.team}. Choose somebody who does.")
    if due_on < timezone.localdate():
        raise Refusal(f"{due_on:%-d %B} is over. Choose today or a later day.")
    incident.owner = owner
    incident.due_at = timezone.make_aware(datetime.combine(due_on, time(23, 59)))
    incident.save(update_fields=["owner", "due_at"])
    ledger.record(
        "production.incident_assigned",
        f"{by} gave incident {incident.number} of {incident.deployment} to {owner}",
        actor=by,
        project=project,
        facts={"incident": incident.number, "owner": owner.pk, "due": due_on.isoformat()},
    )


@transaction.atomic
def close(*, incident: Incident, outcome: str, resolution: str, by: User) -> None:
    """Close it and its alarms: was the alarm right, and what was done?"""
    project = _begin(incident, by)
    if outcome not in Incident.Outcome.values:
        raise Refusal("Say whether the alarm was right: true or false.")
    if not resolution.strip():
        raise Refusal("Say what was done.")
    now = timezone.now()
    incident.outcome, incident.resolution = outcome, resolution.strip()
    incident.closed_by, incident.closed_at = by, now
    incident.save(update_fields=["outcome", "resolution", "closed_by", "closed_at"])
    Alarm.objects.filter(incident=incident, closed_at=None).update(
        answer=incident.resolution, closed_by=by, closed_at=now
    )
    ledger.record(
        "production.incident_closed",
        f"{by} closed incident {incident.number} of {incident.deployment} as a {outcome} alarm",
        actor=by,
        project=project,
        facts={
            "incident": incident.number,
            "outcome": outcome,
            "resolution": incident.resolution,
        },
    )
