"""From alarms to incidents: told again, folded into one of the same cause, or opened."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max

from apps.accounts.models import User
from apps.engine.monitoring.alarms import alarms_of
from apps.engine.monitoring.cause import LABELS
from apps.production.models import Alarm, Deployment, Incident, IncidentNote, Release
from apps.production.release.reviews import review_due
from apps.production.watch import booking, changes
from apps.production.watch.looks import Looked, tripwires
from apps.projects import ledger

DUE = {"high": timedelta(days=1), "medium": timedelta(days=3), "low": timedelta(days=14)}
SEVERITIES = ("low", "medium", "high")
OF_SERVICE = ("error_rate", "refused_rate", "latency_p95_ms", "calls_a_day")
SIGNS = frozenset({"promise", "primary", "estimated", "money"})
"""Alarms about the result: what they lose a month is what is delivered less than promised."""


def raise_alarms(release: Release, looked: Looked) -> None:
    """Raise, or tell again, each alarm of a look, in the transaction that keeps it."""
    found = alarms_of(
        service=looked.service,
        drift=looked.drift,
        performance=looked.performance,
        tripwires=tripwires(release),
        wires=looked.wires,
    )
    found += review_due(release, now=looked.at)
    if not found:
        return
    Deployment.objects.select_for_update().get(pk=release.deployment_id)
    for told in found:
        _raise(release, looked, told)


def open_incident(release: Release, told: dict[str, Any], *, at: datetime) -> Incident:
    """An incident that no look found: ``key``, ``severity``, ``says``, ``action``.

    The deployment is locked by the caller.
    """
    nothing: dict[str, Any] = {"service": {}, "drift": [], "reference": {}, "performance": {}}
    looked = Looked(at=at, wires=[], causes=[], **nothing)
    _raise(release, looked, {"risk": "", "window_days": 0, **told})
    alarm = Alarm.objects.select_related("incident").get(
        release=release, key=told["key"], closed_at=None
    )
    assert alarm.incident is not None, "_raise gives each alarm one"
    return alarm.incident


def _raise(release: Release, looked: Looked, told: dict[str, Any]) -> None:
    alarm = Alarm.objects.filter(release=release, key=told["key"], closed_at=None).first()
    if alarm is None:
        if _rests(release, looked, told):
            return
        alarm = Alarm(release=release, key=told["key"], raised_at=looked.at)
        ledger.record(
            "production.alarm",
            told["says"],
            actor=None,
            project=release.cycle.project,
            facts={"key": told["key"], "release": release.number},
        )
    alarm.severity, alarm.says = told["severity"], told["says"][:400]
    alarm.action, alarm.last_seen_at = told["action"][:400], looked.at
    alarm.incident = alarm.incident or _open_one(release, looked, told)
    alarm.save()
    _tell_again(alarm.incident, release, looked, told)


def _rests(release: Release, looked: Looked, told: dict[str, Any]) -> bool:
    """The same was closed a moment ago: what it looked at is still in its window."""
    since = looked.at - timedelta(days=told["window_days"])
    closed = Alarm.objects.filter(release__deployment=release.deployment_id, key=told["key"])
    return closed.filter(closed_at__gt=since).exists()


def _open_one(release: Release, looked: Looked, told: dict[str, Any]) -> Incident:
    """The open incident that this alarm belongs to, or a new one."""
    cause = _suspect(looked.causes, told["key"])
    still = release.deployment.incidents.filter(closed_at=None)
    same = still.filter(alarms__key=told["key"]).first()
    if same is None and cause:
        same = still.filter(cause__kind=cause["kind"], cause__name=cause["name"]).first()
    if same is not None:
        _note(same, f"Folded into this incident: {told['says']}", at=looked.at)
        return same
    return _new(release, looked, told)


def _new(release: Release, looked: Looked, told: dict[str, Any]) -> Incident:
    deployment, risk = release.deployment, _risk(release, told.get("risk", ""))
    last = deployment.incidents.aggregate(last=Max("number"))["last"] or 0
    incident = Incident.objects.create(
        deployment=deployment,
        number=last + 1,
        severity=told["severity"],
        says=told["says"][:400],
        action=told["action"][:400],
        risk=told.get("risk", "")[:300],
        weight=int(risk.get("likelihood", 0)) * int(risk.get("impact", 0)),
        owner=_owner(release, str(risk.get("owner", ""))),
        due_at=looked.at + DUE[told["severity"]],
        raised_at=looked.at,
        last_seen_at=looked.at,
    )
    ledger.record(
        "production.incident_opened",
        f"Incident {incident.number} of {deployment}: {told['says']}",
        actor=None,
        project=release.cycle.project,
        facts={"incident": incident.number, "owner": incident.owner_id, "risk": incident.risk},
    )
    return incident


def _tell_again(incident: Incident, release: Release, looked: Looked, told: dict[str, Any]) -> None:
    """What this look adds: seen again, more grave, another suspect, what it costs."""
    incident.last_seen_at = looked.at
    if SEVERITIES.index(told["severity"]) > SEVERITIES.index(incident.severity):
        incident.severity = told["severity"]
        incident.due_at = min(incident.due_at, looked.at + DUE[told["severity"]])
        incident.says, incident.action = told["says"][:400], told["action"][:400]
    cause = _suspect(looked.causes, told["key"])
    if cause:
        before, suspect = incident.cause, changes.told(release, cause)
        incident.cause = suspect
        if before and (before["kind"], before["name"]) != (suspect["kind"], suspect["name"]):
            _note(incident, f"Another suspect: {suspect['sentence']}", at=looked.at)
    loss = _loss_a_month(release, looked, told["key"], cause)
    if loss is not None:
        incident.loss_a_month = max(loss, incident.loss_a_month or 0.0)
    incident.save()


def kind_of(key: str) -> str:
    """What an alarm is about: "promise", "review", or the metric of its tripwire."""
    head, *rest = key.split(":")
    return rest[0] if head == "tripwire" else head


def _suspect(causes: Sequence[dict[str, Any]], key: str) -> dict[str, Any] | None:
    """The likeliest cause of such an alarm; calls and reviews have none in the data."""
    kind = kind_of(key)
    if kind in OF_SERVICE or kind == "review":
        return None
    labels = kind == "coverage"
    return next((cause for cause in causes if (cause["kind"] == LABELS) is labels), None)


def _loss_a_month(
    release: Release, looked: Looked, key: str, cause: dict[str, Any] | None
) -> float | None:
    """Expected loss in the plan's money; None where the plan or the truth does not tell."""
    kind, money = kind_of(key), looked.performance.get("money") or {}
    if kind == "error_rate":
        month = booking.promised_a_month(release)
        return looked.service["error_rate"] * month["value"] if month else None
    short = money.get("loss_a_month")
    if short is None:
        return None
    if short <= 0:
        return 0.0
    if kind in SIGNS:
        return float(short)
    return float(short) * cause["share"] if cause and cause["of_loss"] else None


def _risk(release: Release, says: str) -> dict[str, Any]:
    items = release.candidate.trial.experiment.plan.task("risks").get("items") or []
    return next((item for item in items if item["says"] == says), {})


def _owner(release: Release, name: str) -> User:
    """The risk's owner where they are of the team, else the project's."""
    project = release.cycle.project
    team = User.objects.filter(memberships__team=project.team_id, is_active=True)
    found = team.filter(name__iexact=name).first() if name else None
    return found or project.owner


def _note(incident: Incident, text: str, *, at: datetime) -> None:
    IncidentNote.objects.create(incident=incident, text=text, at=at)
