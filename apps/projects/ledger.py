"""The ledger: every change of state is one event in the same transaction, chained and sealed.

How an event is hashed stands in ``links``, how a chain is checked in ``verifying``.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.projects import keys
from apps.projects.links import link_of, seal_of
from apps.projects.models import Chain, Event, Project, Team
from apps.projects.rowprints import print_of


def _now() -> datetime:
    """Now, in whole milliseconds: what Django's dumpdata keeps of a time."""
    now = timezone.now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def record(
    verb: str,
    says: str,
    *,
    actor: User | None,
    project: Project | None = None,
    team: Team | None = None,
    facts: Mapping[str, Any] | None = None,
    row: models.Model | None = None,
) -> Event:
    """Append one event. Call it inside the transaction that makes the change.

    ``row`` is the insert-only row that the event is about: the event keeps a print of it, so that
    a row that is changed, copied or removed later does not match.
    Raises RuntimeError outside of a transaction: an event without its change would be a lie.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("ledger.record belongs inside the transaction of its change")
    team_id = project.team_id if project else (team.pk if team else None)
    # Created first: get_or_create of two first events in parallel leaves one chain.
    Chain.objects.get_or_create(team_id=team_id)
    chain = Chain.objects.select_for_update().get(team_id=team_id)
    key, secret = keys.current()  # asked behind the lock: a rotation holds all of them
    event = Event(
        chain=chain,
        seq=chain.seq + 1,
        at=_now(),
        actor=actor,
        actor_name=str(actor) if actor else "the system",
        verb=verb,
        says=says[:400],
        project=project,
        facts={**(facts or {}), **({"row": print_of(row)} if row else {})},
        salt=secrets.token_hex(16),
        key=key,
        previous=chain.head,
    )
    event.hash = link_of(event, chain_id=chain.pk)
    event.seal = seal_of(event.hash, secret=secret)
    event.save()
    chain.seq, chain.head = event.seq, event.hash
    chain.save(update_fields=["seq", "head"])
    return event
