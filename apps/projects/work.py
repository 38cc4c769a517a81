"""What a worker does here: write anchors."""

from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import F, Max, Q
from django.utils import timezone

from apps.projects import anchors
from apps.projects.models import Chain

EVERY = timedelta(minutes=5)
EVENTS = 1_000


def anchor() -> int:
    """Write the heads that are due: five minutes or 1,000 events after the last anchor.

    Returns how many. On the first write of a day (UTC) all heads are mailed too, when there is an
    address.
    """
    now = timezone.now()
    old = Q(anchored_at=None) | Q(anchored_at__lte=now - EVERY)
    many = Q(seq__gte=F("anchored_seq") + EVENTS)
    last = Chain.objects.aggregate(at=Max("anchored_at"))["at"]
    due = list(Chain.objects.filter(old | many).exclude(seq=F("anchored_seq")))
    if not due:
        return 0
    anchors.append(due)
    if settings.ANCHOR_MAIL and (last is None or last.date() < now.date()):
        mail()
    return len(due)


def mail() -> None:
    """Send all heads to the address in the settings."""
    lines = [f"{chain}: {chain.seq}:{chain.head}" for chain in Chain.objects.select_related("team")]
    send_mail(
        "Heads of the ledgers",
        "Keep this message. `manage.py verify_ledger --anchor SEQ:HASH` proves later that the "
        "ledger still has this event.\n\n" + "\n".join(lines),
        None,
        [settings.ANCHOR_MAIL],
    )
