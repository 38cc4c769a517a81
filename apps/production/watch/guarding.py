"""What the watch does by itself: it ends a canary that is worse, and takes the fallback."""

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.engine.monitoring.alarms import PROMISE, hangs_on, wire_key
from apps.engine.monitoring.guard import WORSE
from apps.production.endpoint.standing import answering
from apps.production.models import (
    Alarm,
    Deployment,
    Fallback,
    FallbackKind,
    IncidentNote,
    Release,
    Switch,
    WirePolicy,
)
from apps.production.release.releases import fallback_of, fallback_says, last_good, policy_of
from apps.production.release.switching import load, lock, write_switch
from apps.production.watch.incidents import SEVERITIES, open_incident
from apps.production.watch.looks import Looked
from apps.web.refusals import Refusal


@transaction.atomic
def end_canary(deployment: Deployment, compared: dict[str, Any], *, at: datetime) -> Switch | None:
    """Let the release answer alone again where a bound is crossed, with an incident."""
    crossed = [line["says"] for line in compared["guard"] if line["state"] == WORSE]
    if not crossed:
        return None
    now = answering(lock(deployment))
    if not (now.canary and now.release and now.switch) or now.switch.number != compared["switch"]:
        return None  # somebody was quicker
    reason = f"The canary, release {now.canary.number}, is worse. {' '.join(crossed)}"
    open_incident(
        now.canary,
        {
            "key": f"canary:{now.switch.number}",
            "severity": "medium",
            "says": reason,
            "action": f"Release {now.release.number} answers all keys again. Find out why.",
        },
        at=at,
    )
    return write_switch(
        deployment,
        FallbackKind.RELEASE,
        f"The watch ended the canary of {deployment}: {reason}",
        reason,
        by=None,
        release=now.release,
        seen=compared,
    )


@transaction.atomic
def fall_back(release: Release, looked: Looked) -> Switch | None:
    """Take the fallback where a tripwire tripped at which a manager had said so.

    Once for each alarm; and for none that was open already when a manager said so, or let the
    model go on: they had it in view.
    """
    policy, fallback = policy_of(release.deployment), fallback_of(release.deployment)
    if policy is None or not policy.takes or fallback is None:
        return None
    deployment = lock(release.deployment)
    now = answering(deployment)
    alarm = _tripped(release, policy, at=looked.at)
    if alarm is None or now.release != release or not now.answers or now.rule or now.glass:
        return None
    reason = f"A tripwire tripped: {alarm.says}"
    try:
        told = _to(deployment, fallback)
    except Refusal as problem:
        _tell(alarm, f"The fallback could not be taken: {problem}", at=looked.at)
        return None
    made = write_switch(
        deployment,
        FallbackKind(fallback.kind),
        f"The watch took the fallback of {deployment}. {reason}",
        reason,
        by=None,
        alarm=alarm,
        seen=_figures(alarm.key, looked),
        **told,
    )
    _tell(alarm, f"The watch took the fallback: {fallback_says(fallback)}", at=looked.at)
    return made


def _tripped(release: Release, policy: WirePolicy, *, at: datetime) -> Alarm | None:
    """The gravest alarm of this look that may take the fallback."""
    lifted = release.deployment.switches.filter(by_manager=True, kind=FallbackKind.RELEASE)
    last = lifted.order_by("-number").values_list("at", flat=True).first()
    raised = release.alarms.filter(
        closed_at=None,
        last_seen_at=at,
        switch=None,
        raised_at__gt=max(last or policy.at, policy.at),
    )
    found = [alarm for alarm in raised if hangs_on(alarm.key, policy.takes)]
    return max(found, key=lambda alarm: SEVERITIES.index(alarm.severity), default=None)


def _to(deployment: Deployment, fallback: Fallback) -> dict[str, Any]:
    """What the switch to the fallback names. Raises Refusal where there is nothing to take."""
    if fallback.kind != FallbackKind.RELEASE:
        return {"rule": fallback.rule}
    release = last_good(deployment)
    load(release)
    return {"release": release}


def _figures(key: str, looked: Looked) -> dict[str, Any]:
    """What the tripwire had seen: its value and threshold, or the broken promise."""
    wire = next((wire for wire in looked.wires if wire_key(wire) == key), None)
    if wire is not None:
        return {
            name: wire.get(name) for name in ("metric", "operator", "threshold", "value", "told")
        }
    names = ("metric", "result", "low", "high", "threshold", "rows")
    for verdict in looked.performance.get("verdicts", []):
        if key == f"{PROMISE}:{verdict['metric']}":
            return {name: verdict[name] for name in names}
    return {"key": key}


def _tell(alarm: Alarm, text: str, *, at: datetime) -> None:
    """A line in the thread of the alarm's incident, once."""
    if alarm.incident and not alarm.incident.notes.filter(text=text).exists():
        IncidentNote.objects.create(incident=alarm.incident, text=text, at=at)
