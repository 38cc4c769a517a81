"""Messages about incidents to a team's webhook: written with the change they tell of, then sent.

A message is a ``Delivery`` with its bytes, and a job that delivers it. A job that fails is started
again when the next attempt is due. A receiver may get a message twice, with the same id, when a
worker dies between sending and writing that down.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.engine.errors import EngineError
from apps.engine.monitoring.cause import sentence_of
from apps.governance import webhooks
from apps.governance.models import Delivery, Webhook
from apps.jobs.actions import enqueue, revive
from apps.jobs.models import Job, JobState, Queue
from apps.jobs.runner import Desk
from apps.production.models import Incident
from apps.projects.canonical import canonical
from apps.projects.models import Project, Team

FIRST_PAUSE = timedelta(minutes=1)
MOST_TRIES = 6
MOST_DUE = 50  # of one round: the next one takes the rest
VEILED = "It is about a column that the plan marks as sensitive: read it in ML Cycle."


class NotDelivered(EngineError):
    """An attempt failed; the sentence says how, and when the next one is."""


def webhook_of(team: Team) -> Webhook | None:
    """The address in use."""
    return Webhook.objects.filter(team=team, ended_at=None).first()


def send_incident(incident: Incident, *, kind: str) -> None:
    """Have an incident told of outside, once a kind; an end only where its begin was told."""
    project = incident.deployment.project
    webhook = webhook_of(project.team)
    if webhook is None:
        return
    key = f"{kind}:{incident.pk}"
    if kind == "incident.overdue":
        key += f":{incident.due_at.date()}"
    if kind == "incident.closed":
        begun = Delivery.objects.filter(webhook=webhook, key=f"incident.raised:{incident.pk}")
        if not begun.exists():
            return
    _write(webhook, kind=kind, key=key, data=told_of(incident), project=project)


def send_digest(team: Team, held: Sequence[Incident], *, says: str, week: str) -> None:
    """Have the digest of a week told of outside."""
    webhook = webhook_of(team)
    if webhook is not None:
        data = {"says": says, "incidents": [told_of(incident) for incident in held]}
        _write(webhook, kind="alerts.digest", key=f"digest:{week}", data=data, project=None)


def send_test(webhook: Webhook, *, by: User) -> Delivery:
    """A message that says it is a test."""
    data = {"says": f"A test of the alerts of {webhook.team}. Nothing is wrong."}
    key = f"test:{timezone.now().timestamp():.3f}"
    return _write(webhook, kind="test", key=key, data=data, project=None, by=by)


def told_of(incident: Incident) -> dict[str, Any]:
    """An incident as it leaves the house: without owner, thread and resolution.

    Of the cause only what was measured: what our own ledger says beside it names people.
    """
    project = incident.deployment.project
    link = reverse("production:incident", args=[project.slug, incident.number])
    says, cause = _without_sensitive(incident)
    return {
        "incident": incident.number,
        "project": project.slug,
        "endpoint": incident.deployment.slug,
        "severity": incident.severity,
        "says": says,
        "cause": cause,
        "expected_loss_a_month": incident.loss_a_month,
        "raised_at": _utc(incident.raised_at),
        "due_at": _utc(incident.due_at),
        "closed_at": _utc(incident.closed_at) if incident.closed_at else None,
        "outcome": incident.outcome or None,
        "link": f"{settings.SITE_URL}{link}",
    }


def _without_sensitive(incident: Incident) -> tuple[str, str]:
    """What is wrong and its likely cause; neither where it may name a sensitive value."""
    cause = sentence_of(incident.cause) if "says" in incident.cause else ""
    if any(name in f"{incident.says} {cause}" for name in sensitive_names(incident)):
        return VEILED, ""
    return incident.says, cause


def sensitive_names(incident: Incident) -> list[str]:
    """Columns that the plan of the release marks as sensitive."""
    alarm = incident.alarms.select_related("release__candidate__trial__experiment__plan").first()
    if alarm is None:
        return []
    columns = alarm.release.candidate.trial.experiment.plan.task("features").get("columns") or []
    return [row["name"] for row in columns if row.get("sensitive")]


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


@transaction.atomic
def _write(
    webhook: Webhook,
    *,
    kind: str,
    key: str,
    data: dict[str, Any],
    project: Project | None,
    by: User | None = None,
) -> Delivery:
    """The message and its job, once under ``key``."""
    now = timezone.now()
    body = canonical({"type": kind, "timestamp": _utc(now), "data": data}).decode()
    made, is_new = Delivery.objects.get_or_create(
        webhook=webhook, key=key, defaults={"kind": kind, "body": body}
    )
    if is_new:
        made.job = enqueue(
            "governance.deliver",
            queue=Queue.QUICK,
            title=f"Send an alert to {webhook.host}",
            project=project,
            by=by,
        )
        made.save(update_fields=["job"])
    return made


def deliver(job: Job, desk: Desk) -> None:
    """One attempt; raises NotDelivered when it fails, and says when the next one is."""
    delivery = Delivery.objects.select_related("webhook").get(job=job)
    webhook = delivery.webhook
    if webhook.ended_at is not None:
        _give_up(delivery)
        raise NotDelivered("Nothing is sent to this address any more.")
    _count(delivery)
    answer = webhooks.post(
        webhook.url,
        secret=webhooks.secret_of(webhook.salt),
        message=message_id(delivery),
        body=delivery.body.encode(),
        listed=settings.WEBHOOK_HOSTS,
    )
    delivery.attempts = [
        *delivery.attempts,
        {
            "at": _utc(timezone.now()),
            "status": answer.status,
            "says": answer.says,
            "took_ms": answer.took_ms,
        },
    ]
    if answer.is_ok:
        with desk.finishing():
            delivery.state, delivery.due_at = Delivery.State.DELIVERED, None
            delivery.save(update_fields=["state", "due_at", "attempts"])
        return
    desk.check()  # an attempt that lost its job writes nothing
    delivery.save(update_fields=["attempts"])
    if delivery.due_at is None:
        _give_up(delivery)
        raise NotDelivered(f"{answer.says} It was tried {MOST_TRIES} times and is given up.")
    again = timezone.localtime(delivery.due_at)
    raise NotDelivered(f"{answer.says} The next attempt is at {again:%H:%M}.")


def message_id(delivery: Delivery) -> str:
    """The same at each attempt: by it a receiver knows what it had already."""
    return f"msg_{delivery.webhook_id}_{delivery.pk}"


def _count(delivery: Delivery) -> None:
    """Count the attempt before it is made, so that a worker that dies over it does so MOST_TRIES
    times at most."""
    delivery.tries += 1
    is_last = delivery.tries >= MOST_TRIES
    pause = FIRST_PAUSE * 4 ** (delivery.tries - 1)
    delivery.due_at = None if is_last else timezone.now() + pause
    delivery.state = Delivery.State.WAITING
    delivery.save(update_fields=["tries", "due_at", "state"])


def _give_up(delivery: Delivery) -> None:
    delivery.state, delivery.due_at = Delivery.State.GIVEN_UP, None
    delivery.save(update_fields=["state", "due_at"])


def deliver_due() -> int:
    """Start the jobs again whose next attempt is due; how many."""
    due = Delivery.objects.filter(
        state=Delivery.State.WAITING, due_at__lte=timezone.now(), job__state=JobState.FAILED
    ).select_related("job")
    jobs = [delivery.job for delivery in due.order_by("due_at")[:MOST_DUE]]
    for job in jobs:
        revive(job)
    return len(jobs)
