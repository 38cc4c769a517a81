"""A budget of alerts a week: the most expensive at once, the rest in one digest, none twice."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from apps.governance import work
from apps.governance.actions import alerting
from apps.governance.incident_notices import monday_of, tell_of_incidents
from apps.governance.models import Notice, ToldIncident
from apps.production import incident_actions
from apps.production.models import Incident
from apps.production.watch.precision import rate_of, rates_by_kind
from tests.rows import Rows


@pytest.fixture
def midweek(time_machine):
    """A Wednesday at noon."""
    now = monday_of(timezone.now()) + timedelta(days=2, hours=12)
    time_machine.move_to(now, tick=False)
    return now


@pytest.fixture
def raise_one(project, analyst, midweek):
    rows = Rows(project, analyst)

    def make(number, *, loss=None, severity="medium"):
        rows.prediction_and_alarm(number)
        made = Incident.objects.get(number=number + 1)
        made.loss_a_month, made.severity, made.says = loss, severity, f"Wire {number}"
        made.raised_at = timezone.now()
        made.due_at = made.raised_at + timedelta(days=30)
        made.save()
        return made

    return make


def told(kind):
    found = Notice.objects.filter(kind=kind).order_by("pk")
    return list(dict.fromkeys(notice.says for notice in found))


def test_the_most_expensive_are_told_at_once_and_the_rest_in_the_digest_of_the_week(
    raise_one, manager, analyst, team, time_machine
):
    alerting.set_budget(team=team, a_week=2, by=manager)
    for number, loss in enumerate([10.0, 4000.0, None, 300.0]):
        raise_one(number, loss=loss)
    assert [tell_of_incidents(), tell_of_incidents()] == [2, 0]
    assert told("incident") == [
        "Incident 2 of Card fraud: Wire 1",
        "Incident 4 of Card fraud: Wire 3",
    ]
    time_machine.shift(timedelta(days=7))
    assert [tell_of_incidents(), tell_of_incidents()] == [0, 0]
    [says] = told("digest")
    assert says.startswith("2 incidents were held back for the digest of the week from ")
    assert {notice.person for notice in Notice.objects.filter(kind="digest")} == {analyst, manager}
    work.mail()
    body = next(one.body for one in mail.outbox if one.subject == "ML Cycle: weekly digest")
    first, second = (
        "Incident 1 of Card fraud: Wire 0 Expected loss: 10 a month.",
        "Incident 3 of Card fraud: Wire 2",
    )
    assert 0 < body.index(first) < body.index(second)
    assert reverse("governance:alerts", args=[team.pk]) in body
    assert set(ToldIncident.objects.values_list("how", flat=True)) == {"at_once", "digest"}


def test_a_high_one_never_waits_and_uses_the_budget(raise_one, manager, team):
    alerting.set_budget(team=team, a_week=1, by=manager)
    for number, severity in enumerate(["medium", "high", "high"]):
        raise_one(number, severity=severity, loss=1000.0 - number)
    assert tell_of_incidents() == 2
    assert told("incident") == [
        "Incident 2 of Card fraud: Wire 1",
        "Incident 3 of Card fraud: Wire 2",
    ]


def test_one_that_was_held_back_is_told_at_once_when_it_becomes_grave(raise_one, manager, team):
    alerting.set_budget(team=team, a_week=0, by=manager)
    held = raise_one(0)
    assert tell_of_incidents() == 0
    held.severity = "high"
    held.save()
    assert tell_of_incidents() == 1


def test_each_week_has_its_own_budget(raise_one, manager, team, time_machine):
    alerting.set_budget(team=team, a_week=1, by=manager)
    raise_one(0)
    assert tell_of_incidents() == 1
    time_machine.shift(timedelta(days=7))
    raise_one(1)
    assert tell_of_incidents() == 1
    assert told("digest") == []


def test_one_that_was_closed_before_the_digest_is_named_as_closed(
    raise_one, manager, team, time_machine
):
    alerting.set_budget(team=team, a_week=0, by=manager)
    held = raise_one(0)
    incident_actions.close(incident=held, outcome="false", resolution="A test", by=manager)
    time_machine.shift(timedelta(days=7))
    tell_of_incidents()
    assert told("digest")[0].endswith("0 are still open.")
    assert "Closed: False alarm" in Notice.objects.filter(kind="digest").first().lines[0]


def test_the_page_tells_what_waits_and_the_rate_of_true_alerts(raise_one, manager, team, client):
    alerting.set_budget(team=team, a_week=0, by=manager)
    raise_one(9, loss=77.0)
    for number in range(4):
        made = raise_one(number)
        made.alarms.update(key="tripwire:psi:0.25" if number else "promise:recall")
        outcome = "false" if number == 2 else "true"
        incident_actions.close(incident=made, outcome=outcome, resolution="Seen", by=manager)
    rate = rate_of(team)
    assert (rate.right, rate.closed) == (3, 4)
    # Wilson, as in Brown, Cai and DasGupta (2001): 3 of 4
    assert (rate.low, rate.high) == pytest.approx((0.3006, 0.9544), abs=1e-4)
    assert [(one.title, one.right, one.closed) for one in rates_by_kind(team)] == [
        ("A column: PSI", 2, 3),
        ("A promise is broken", 1, 1),
    ]
    client.force_login(manager)
    page = client.get(reverse("governance:alerts", args=[team.pk])).content.decode()
    assert "3 of 4 closed incidents were true alarms" in page
    assert "Wire 9" in page
    assert "77" in page
