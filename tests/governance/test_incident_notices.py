"""Who is told of an incident: its owner and the managers, once, and once more when it is late."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from apps.governance import work
from apps.governance.inbox import waiting_for
from apps.governance.incident_notices import tell_of_incidents
from apps.governance.models import Notice
from apps.production.models import Incident
from tests.rows import Rows


@pytest.fixture
def incident(project, analyst):
    Rows(project, analyst).prediction_and_alarm(0)
    made = Incident.objects.get()
    made.due_at = timezone.now() + timedelta(days=1)
    made.cause = {"sentence": "Likely: 60% of amount are missing."}
    made.save()
    return made


def test_owner_and_managers_are_told_once_and_by_mail(incident, analyst, manager, viewer):
    assert [tell_of_incidents(), tell_of_incidents()] == [1, 0]
    assert {notice.person for notice in Notice.objects.all()} == {analyst, manager}
    assert work.mail() == 2
    assert mail.outbox[0].subject == "ML Cycle: incident"
    assert "Incident 1 of Card fraud: x Likely: 60% of amount are missing." in mail.outbox[0].body
    assert f"/p/card-fraud/production/incidents/{incident.number}/" in mail.outbox[0].body


def test_an_overdue_one_is_told_once_more_and_a_closed_one_never(incident, analyst, manager):
    tell_of_incidents()
    incident.due_at = timezone.now() - timedelta(hours=1)
    incident.save()
    assert [tell_of_incidents(), tell_of_incidents()] == [1, 0]
    assert Notice.objects.filter(says__contains="is overdue").count() == 2
    Notice.objects.all().delete()
    incident.outcome, incident.resolution = "true", "Mended"
    incident.closed_at = timezone.now()
    incident.save()
    assert tell_of_incidents() == 0


def test_it_waits_in_the_inbox_of_its_owner_only(incident, analyst, manager):
    asked = [item.asks for item in waiting_for(analyst)]
    assert "Close incident 1" in asked
    assert "Close incident 1" not in [item.asks for item in waiting_for(manager)]
