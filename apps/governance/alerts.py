"""The page of a team's alerts: what was held back, how often they were right, what was sent."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from apps.governance.incident_notices import budget_of, monday_of, told_this_week, untold
from apps.governance.models import Delivery, ToldIncident, Webhook
from apps.governance.outgoing import webhook_of
from apps.production.models import Incident
from apps.production.watch.precision import Rate, rate_of, rates_by_kind
from apps.production.watch_queries import ranked
from apps.projects.models import Team

MOST_DELIVERIES = 30
MOST_TOLD = 20


@dataclass(frozen=True)
class AlertsPage:
    """A team's alerts. ``hosts``: those that may be told; empty when none is listed."""

    a_week: int
    used: int
    week_ends: datetime
    held: list[Incident]
    told: list[ToldIncident]
    rate: Rate | None
    by_kind: list[Rate]
    webhook: Webhook | None
    deliveries: list[Delivery]
    hosts: list[str]


def alerts_page(team: Team) -> AlertsPage:
    """Everything on the page. A fixed number of queries."""
    now = timezone.now()
    told = ToldIncident.objects.filter(incident__deployment__project__team=team)
    sent = Delivery.objects.filter(webhook__team=team).select_related("webhook", "job")
    return AlertsPage(
        a_week=budget_of(team),
        used=told_this_week(team, now=now),
        week_ends=monday_of(now + timedelta(days=7)),
        held=ranked(untold(team).filter(closed_at=None)),
        told=list(told.select_related("incident__deployment__project")[:MOST_TOLD]),
        rate=rate_of(team),
        by_kind=rates_by_kind(team),
        webhook=webhook_of(team),
        deliveries=list(sent[:MOST_DELIVERIES]),
        hosts=list(settings.WEBHOOK_HOSTS),
    )
