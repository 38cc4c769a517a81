"""Where a team's alerts go outside, and how many a week it wants at once."""

import secrets

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.governance import outgoing
from apps.governance.models import AlertBudget, Delivery, Webhook
from apps.governance.webhooks import NotAllowed, check, secret_of
from apps.projects import ledger
from apps.projects.access import Verb, require_in_team
from apps.projects.models import Team
from apps.web.refusals import Refusal

MOST_A_WEEK = 1000


def _begin(team: Team, by: User) -> None:
    """Permission, and the team, locked: two who change it at once come one after the other."""
    require_in_team(by, Verb.SET_ALERTS, team)
    Team.objects.select_for_update().get(pk=team.pk)


@transaction.atomic
def set_webhook(*, team: Team, url: str, by: User) -> str:
    """Send the team's incidents to an address from now on; the secret to check them with."""
    _begin(team, by)
    try:
        check(url, listed=settings.WEBHOOK_HOSTS)
    except NotAllowed as error:
        raise Refusal(str(error)) from error
    _end(team, by)
    made = Webhook.objects.create(team=team, url=url, salt=secrets.token_hex(16), made_by=by)
    ledger.record(
        "team.webhook_set",
        f"{by} has the alerts of {team} sent to {made.host}",
        actor=by,
        team=team,
        facts={"webhook": made.pk, "host": made.host},
    )
    return secret_of(made.salt)


@transaction.atomic
def end_webhook(*, team: Team, by: User) -> None:
    """Send nothing outside any more."""
    _begin(team, by)
    ended = _end(team, by)
    if ended is None:
        raise Refusal("No address is set.")
    ledger.record(
        "team.webhook_ended",
        f"{by} has no alerts of {team} sent to {ended.host} any more",
        actor=by,
        team=team,
        facts={"webhook": ended.pk, "host": ended.host},
    )


def _end(team: Team, by: User) -> Webhook | None:
    before = outgoing.webhook_of(team)
    if before is not None:
        before.ended_at, before.ended_by = timezone.now(), by
        before.save(update_fields=["ended_at", "ended_by"])
    return before


@transaction.atomic
def send_test(*, team: Team, by: User) -> Delivery:
    """Send a message that says it is a test."""
    _begin(team, by)
    webhook = outgoing.webhook_of(team)
    if webhook is None:
        raise Refusal("Set an address first.")
    return outgoing.send_test(webhook, by=by)


@transaction.atomic
def set_budget(*, team: Team, a_week: int, by: User) -> None:
    """How many alerts a week are told at once."""
    _begin(team, by)
    if not 0 <= a_week <= MOST_A_WEEK:
        raise Refusal(f"Give a number from 0 to {MOST_A_WEEK}.")
    AlertBudget.objects.update_or_create(team=team, defaults={"a_week": a_week})
    ledger.record(
        "team.alert_budget_set",
        f"{by} lets {team} be told of {a_week} alerts a week at once",
        actor=by,
        team=team,
        facts={"a_week": a_week},
    )
