"""Having somebody else sign for some days, and taking that back."""

import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from apps.accounts.models import User
from apps.governance.models import Delegation, Revocation
from apps.projects import ledger
from apps.projects.access import ALLOWS, Verb
from apps.projects.models import Membership, Role, Team
from apps.projects.rounds import house_today
from apps.web.refusals import Refusal

LONGEST = datetime.timedelta(days=92)


def _role(team: Team, person: User) -> Role | None:
    mine = Membership.objects.filter(team=team, user=person, user__is_active=True).first()
    return Role(mine.role) if mine else None


def _check_days(starts_on: datetime.date, ends_on: datetime.date) -> None:
    if starts_on < house_today():
        raise Refusal("The first day has passed already: a delegation does not begin in the past.")
    if ends_on < starts_on:
        raise Refusal("The last day is before the first day.")
    if ends_on - starts_on > LONGEST:
        raise Refusal("A delegation lasts three months at most. Give a nearer last day.")


@transaction.atomic
def delegate_signing(
    *,
    team: Team,
    delegate: User,
    starts_on: datetime.date,
    ends_on: datetime.date,
    reason: str,
    by: User,
) -> Delegation:
    """Have another member of the team sign for ``by`` on these days."""
    mine, theirs = _role(team, by), _role(team, delegate)
    if mine is None or Verb.SIGN not in ALLOWS[mine]:
        raise PermissionDenied("Only who may sign can have somebody else sign for them.")
    if theirs is None or delegate.pk == by.pk:
        raise Refusal("Choose another member of the team.")
    if Verb.SIGN in ALLOWS[theirs]:
        raise Refusal(f"{delegate} is a manager and signs in their own right.")
    _check_days(starts_on, ends_on)
    if not reason.strip():
        raise Refusal("Say why somebody else signs for you.")
    made = Delegation.objects.create(
        team=team,
        giver=by,
        delegate=delegate,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=reason.strip(),
    )
    ledger.record(
        "team.signing_delegated",
        f"{delegate} signs for {by} from {starts_on} to {ends_on}: {made.reason}",
        actor=by,
        team=team,
        facts={
            "delegation": made.pk,
            "delegate": delegate.pk,
            "from": starts_on.isoformat(),
            "to": ends_on.isoformat(),
        },
        row=made,
    )
    return made


@transaction.atomic
def revoke_delegation(*, delegation: Delegation, reason: str, by: User) -> Revocation:
    """End a delegation before its last day: its giver, or a team admin."""
    mine = _role(delegation.team, by)
    may = mine is not None and (by.pk == delegation.giver_id or Verb.MANAGE_TEAM in ALLOWS[mine])
    if not may:
        raise PermissionDenied("Only who gave it or a team admin takes a delegation back.")
    Team.objects.select_for_update().get(pk=delegation.team_id)
    if Revocation.objects.filter(delegation=delegation).exists():
        raise Refusal("This delegation was taken back already.")
    if not reason.strip():
        raise Refusal("Say why the delegation is taken back.")
    made = Revocation.objects.create(delegation=delegation, person=by, reason=reason.strip())
    ledger.record(
        "team.delegation_revoked",
        f"{delegation.delegate} does not sign for {delegation.giver} any more: {made.reason}",
        actor=by,
        team=delegation.team,
        facts={"delegation": delegation.pk},
        row=made,
    )
    return made
