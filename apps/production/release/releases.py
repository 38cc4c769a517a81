"""Reads for the pages of releases and drills: what answered when, what is drilled."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Max, Q
from django.utils import timezone

from apps.engine.monitoring.alarms import PROMISE, wire_key
from apps.engine.monitoring.wires import BELOW, KINDS, operator_of
from apps.engine.serving.fallback import Rule
from apps.planning.queries import current_plan
from apps.production.endpoint.standing import Standing, answering, signed_releases
from apps.production.models import (
    Deployment,
    DriftReference,
    Drill,
    Fallback,
    FlipReport,
    Release,
    WirePolicy,
)
from apps.production.release.history import Event, history
from apps.projects.models import Cycle, Tier
from apps.web.refusals import Refusal

HIGH_RISK = 6
"""From this product of likelihood and impact (each 1 to 3) on, a risk is high."""
ANSWERED_WITHIN = timedelta(days=30)


@dataclass(frozen=True)
class Risk:
    """A risk of the plan and the newest drill of its contingency in this cycle."""

    says: str
    contingency: str
    grade: int
    owner: str
    drill: Drill | None = None

    @property
    def is_high(self) -> bool:
        """Likely and harmful enough that its contingency has to be known to work."""
        return self.grade >= HIGH_RISK

    @property
    def is_drilled(self) -> bool:
        """The newest drill of exactly this contingency passed."""
        return self.drill is not None and self.drill.passed


def risks_of(cycle: Cycle) -> list[Risk]:
    """Risks of the newest plan that have a contingency, the gravest first, with their drills."""
    plan = current_plan(cycle)
    items = plan.task("risks").get("items") or [] if plan else []
    drills = {
        (drill.risk, drill.contingency): drill for drill in cycle.drills.select_related("person")
    }
    found = [
        Risk(
            item["says"],
            item["contingency"],
            int(item.get("likelihood") or 0) * int(item.get("impact") or 0),
            item.get("owner", ""),
            drills.get((item["says"], item["contingency"])),
        )
        for item in items
        if item.get("contingency")
    ]
    return sorted(found, key=lambda risk: -risk.grade)


def risk_of(cycle: Cycle, says: str) -> Risk:
    """The risk that is said like this. Raises Refusal."""
    found = next((risk for risk in risks_of(cycle) if risk.says == says), None)
    if found is None:
        raise Refusal("The plan names no such risk with a contingency. Choose one of its risks.")
    return found


def must_be_drilled(cycle: Cycle) -> bool:
    """At tier 1 the production gate stays closed while a high risk is not drilled."""
    return cycle.project.tier == Tier.HIGH


def fallback_of(deployment: Deployment) -> Fallback | None:
    """What is set as its fallback."""
    return deployment.fallbacks.select_related("person").order_by("-pk").first()


def fallback_says(fallback: Fallback | None) -> str:
    """The fallback as a sentence."""
    if fallback is None:
        return ""
    if fallback.rule:
        return f"A rule answers: {Rule(**fallback.rule).says}"
    return f"{fallback.get_kind_display()}."


def policy_of(deployment: Deployment) -> WirePolicy | None:
    """At which tripwires the watch falls back by itself, as it was last said."""
    return deployment.wire_policies.select_related("person").order_by("-pk").first()


def reference_of(deployment: Deployment) -> DriftReference | None:
    """What its answers are held against for drift, as it was last said; None: all rows."""
    return deployment.drift_references.select_related("person").order_by("-pk").first()


@dataclass(frozen=True)
class WireLine:
    """A tripwire of a release, and whether the watch falls back at it by itself."""

    key: str
    says: str
    trips: str
    takes: bool


def wire_lines(release: Release) -> list[WireLine]:
    """The tripwires that may take the fallback: the promise, then those of the plan."""
    policy = policy_of(release.deployment)
    takes = policy.takes if policy else []
    found = {PROMISE: ("A promised metric is broken", "its whole interval is on the wrong side")}
    for wire in release.monitor.get("tripwires", []):
        if wire["metric"] in KINDS and wire.get("threshold") is not None:
            beyond = "below" if operator_of(wire) == BELOW else "above"
            title = KINDS[wire["metric"]].title
            found[wire_key(wire)] = (wire["says"], f"{title} {beyond} {wire['threshold']:g}")
    return [WireLine(key, says, trips, key in takes) for key, (says, trips) in found.items()]


def last_good(deployment: Deployment) -> Release:
    """The newest signed release before the one that answers. Raises Refusal."""
    now = answering(deployment).release
    for one in signed_releases(deployment):
        if now is not None and one.release.number < now.number:
            return one.release
    raise Refusal("There is no earlier signed release to go back to.")


def kept_from_answering(standing: Standing) -> Release | None:
    """The release that answers once a manager lets it, or a person ends what stands before it."""
    held = standing.held
    return held.alarm.release if held and held.alarm else standing.release


def flips_between(before: Release | None, after: Release) -> FlipReport | None:
    """The newest finished comparison of two releases."""
    if before is None:
        return None
    found = FlipReport.objects.filter(before=before, after=after).exclude(report={})
    return found.order_by("-pk").first()


@dataclass(frozen=True)
class ReleaseLine:
    """A release in the list: may it answer, does it, what did it answer of late."""

    release: Release
    is_signed: bool
    is_answering: bool
    flips: FlipReport | None
    answered: dict[str, Any]


@dataclass(frozen=True)
class ReleasesPage:
    """Everything on the page of releases."""

    deployment: Deployment
    standing: Standing
    lines: list[ReleaseLine]
    events: list[Event]
    fallback: Fallback | None
    pending: FlipReport | None

    @property
    def fallback_says(self) -> str:
        """The fallback as a sentence."""
        return fallback_says(self.fallback)


def releases_page(deployment: Deployment) -> ReleasesPage:
    """Releases with what answered in the last 30 days; signatures and switches as they came."""
    standing = answering(deployment)
    signed = {one.release.pk for one in signed_releases(deployment)}
    releases = list(
        deployment.releases.exclude(content_hash="")
        .select_related("cycle", "candidate__trial")
        .order_by("-number")
    )
    answered = _answered(deployment)
    now = standing.release
    lines = [
        ReleaseLine(
            release,
            release.pk in signed,
            standing.answers and release == now and standing.rule is None,
            flips_between(now, release) if now != release else None,
            answered.get(release.pk, {}),
        )
        for release in releases
    ]
    pending = FlipReport.objects.filter(after__deployment=deployment, report={})
    return ReleasesPage(
        deployment,
        standing,
        lines,
        history(deployment, releases),
        fallback_of(deployment),
        pending.select_related("job", "before", "after").order_by("-pk").first(),
    )


def _answered(deployment: Deployment) -> dict[int, dict[str, Any]]:
    """Calls of the last 30 days by release: how many, how many failed, when the last was."""
    calls = deployment.calls.filter(
        at__gte=timezone.now() - ANSWERED_WITHIN, is_rehearsal=False, release__isnull=False
    )
    rows = calls.order_by().values("release")
    rows = rows.annotate(
        calls=Count("pk"), errors=Count("pk", filter=Q(status__gte=500)), last=Max("at")
    )
    return {row["release"]: row for row in rows}
